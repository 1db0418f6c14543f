"""The command line as scripts rely on it: verbs, options, JSON fields and exit codes of the contract."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.acceptance.conftest import MONTH, House

OPTIONS = {
    "doctor": {"--format"},
    "simulate": {"--out", "--clouds", "--from", "--months", "--rows", "--seed"},
    "ingest": {"--format", "--no-build", "--source"},
    "reconcile": {"--period", "--as-of", "--format"},
    "build": set(),
    "costs": {"--group-by", "--metric", "--window", "--period", "--granularity", "--filter", "--format", "--as-of"},
    "history": {"--period", "--format"},
    "serve": {"--port"},
    "export focus": {"--focus-version", "--period", "--out"},
}
RECONCILED = {
    "provider",
    "billing_account_id",
    "invoice_id",
    "billing_period",
    "currency",
    "billed_cost",
    "invoice_total",
    "difference",
    "difference_ratio",
    "status",
    "waterfall",
}
STATUSES = {"reconciled", "within_tolerance", "out_of_tolerance", "open", "no_invoice"}


@pytest.mark.parametrize("verb", [*OPTIONS, "demo", "init"])
def test_every_verb_of_the_contract_is_there(simulated: House, verb: str) -> None:
    """With its options, and an example to copy."""
    said = simulated.run(*verb.split(), "--help")
    assert {option for option in OPTIONS.get(verb, set()) if option not in said.out} == set()
    assert "bursar " in said.out.partition("Example")[2]


def test_only_verbs_that_work_are_listed(simulated: House) -> None:
    """No stubs: what is listed can be asked for help, and what is to come is not listed."""
    said = simulated.run("--help")
    listed = [line.split()[0] for line in said.out.partition("Verbs:")[2].splitlines() if line.startswith("  ") and line.strip()]
    assert {verb.split()[0] for verb in OPTIONS} <= set(listed)
    assert not {"backup", "restore", "drill", "shadow", "tags"} & set(listed)


def test_reconcile_tells_every_invoice(simulated: House) -> None:
    """The contract's fields, decimals as text, and every invoice of the simulated month reconciled."""
    document = simulated.run("reconcile", "--period", MONTH, "--format", "json").json
    assert document["generation"] == 1
    assert document["rows"]
    for row in document["rows"]:
        assert row.keys() >= RECONCILED
        assert row["status"] in STATUSES
        assert isinstance(row["billed_cost"], str)
        assert Decimal(row["difference"]) == Decimal(row["billed_cost"]) - Decimal(row["invoice_total"])
    assert {row["status"] for row in document["rows"]} == {"reconciled"}


def test_reconcile_as_csv_is_the_same_rows(simulated: House) -> None:
    """The contract's columns, a header, and as many rows."""
    rows = list(csv.DictReader(io.StringIO(simulated.run("reconcile", "--format", "csv").out)))
    told = simulated.run("reconcile", "--format", "json").json["rows"]
    assert [row["invoice_id"] for row in rows] == [row["invoice_id"] for row in told]
    assert rows[0].keys() >= RECONCILED - {"waterfall"}


def test_what_was_ingested_is_what_the_truth_says(simulated: House) -> None:
    """Four costs and the invoices of every provider, to the last digit, through files, lake, marts and command."""
    truth = json.loads((simulated.project / "bills" / "truth.json").read_text())["periods"][MONTH]
    for metric in ("billed", "effective", "contracted", "list"):
        rows = simulated.costs(f"{metric}_cost", "--group-by", "provider")["rows"]
        told = {(row["provider"], row["currency"]): Decimal(row["value"]) for row in rows}
        assert told == {(provider, one["currency"]): Decimal(one[metric]) for provider, one in truth.items()}
    invoices = {row["invoice_key"]: Decimal(row["invoice_total"]) for row in simulated.run("reconcile", "--format", "json").json["rows"]}
    assert invoices == {name: Decimal(total) for one in truth.values() for name, total in one["invoices"].items()}


def test_history_tells_every_delivery(simulated: House) -> None:
    """Source, order, state and sums of each."""
    rows = simulated.run("history", "--period", MONTH, "--format", "json").json["rows"]
    assert {row["source"] for row in rows} == {"aws-cur2-finops", "aws-cur-globex-555555555555", "gcp-01aaaa-bbbbbb-cccccc"}
    assert all(row.keys() >= {"source", "billing_period", "state", "exported_at", "published_at", "rows", "sums", "change"} for row in rows)


def test_doctor_finds_a_good_house_good(simulated: House) -> None:
    """Exit 0, each check with verdict and cause; a table on a terminal says the same."""
    findings = simulated.run("doctor", "--format", "json").json["findings"]
    assert {one["verdict"] for one in findings} <= {"ok", "warn"}
    assert all(one.keys() == {"check", "verdict", "cause", "cure"} for one in findings)
    assert {"configuration", "state folder", "database", "engine", "ingest box", "rules", "decisions", "channels", "policies", "data"} <= {
        one["check"] for one in findings
    }


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("recncile",), "Did you mean 'reconcile'?"),
        (("costs", "--metrc", "x"), "Cause  no such option '--metrc'. Did you mean '--metric'?\nCure   See: bursar costs --help"),
        (("simulate",), "Cause  missing option '--out'\nCure   See: bursar simulate --help"),
        (("ingest",), "Give the paths of bills"),
        (("ingest", "nowhere.csv"), "no such file or folder"),
        (("ingest", "--format", "excel", "."), "unknown format 'excel'"),
        (("ingest", "--source", "main"), "no source named 'main'"),
        (("reconcile", "--period", "soon"), "not a billing period: 'soon'"),
        (("reconcile", "--as-of", "yesterday"), "not a day: 'yesterday'"),
        (("reconcile", "--format", "xml"), "xml"),
        (("costs", "--metric", "blended_cost"), "blended_cost"),
        (("costs", "--filter", "team ="), "filter"),
        (("--config", "nowhere.yaml", "doctor"), "nowhere.yaml"),
        (("simulate", "--out", "bills"), "bills"),
    ],
)
def test_a_wrong_command_is_exit_2_with_its_cause(simulated: House, words: tuple[str, ...], cause: str) -> None:
    """Usage and configuration are the operator's to mend; nothing is done and nothing printed on stdout."""
    said = simulated.run(*words, code=2)
    assert cause in said.err
    assert said.out == ""


@pytest.mark.parametrize("form", [("--format", "json"), ("--format=json",)])
def test_an_error_is_a_document_where_a_document_was_asked_for(simulated: House, form: tuple[str, ...]) -> None:
    """Title, detail and cure as JSON on stderr."""
    problem = json.loads(simulated.run("reconcile", "--period", "soon", *form, code=2).err)
    assert problem == {
        "title": "ConfigError",
        "detail": "not a billing period: 'soon'",
        "cure": "Write it as YYYY-MM, for example 2026-10.",
    }


def test_a_state_folder_that_cannot_be_is_exit_2(tmp_path: Path) -> None:
    """A file in its place, or a place where none can be made."""
    (tmp_path / "file").touch()
    house = House(project=tmp_path)
    for home in ("file", "file/below"):
        assert home in house.run("--home", home, "doctor", code=2).err


def test_an_empty_house_says_what_to_do_next(tmp_path: Path) -> None:
    """Before the first bill every verb ends well and names the next one."""
    house = House(project=tmp_path)
    for verb in ("reconcile", "build", "history"):
        said = house.run(verb)
        assert "bursar ingest" in said.out + said.err
    assert house.run("reconcile", "--format", "json").json == {"generation": None, "rows": []}


def test_a_configured_source_is_pulled_by_name(house: House) -> None:
    """From its folder; an error names the sources there are."""
    (house.project / "bursar.yaml").write_text(f"sources: [{{name: drop, uri: 'file://{house.project / 'bill.csv'}'}}]\n")
    assert "unchanged" in house.run("ingest", "--source", "drop").out
    assert "Sources in bursar.yaml: drop" in house.run("ingest", "--source", "dorp", code=2).err
