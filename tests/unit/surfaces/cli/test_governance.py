"""`bursar gate`, `budgets`, `exceptions` on a published book, as the contract says."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from planned_changes import TAGS, binary, plan, resource, written

from bursar.domain.errors import BursarError
from bursar.surfaces.cli.main import cli, exit_code

Run = Callable[..., tuple[int, str, str]]

BUDGETS = """
- {id: usd, scope: "provider IN ('aws', 'gcp')", currency: USD, amounts: {default: 1000}, thresholds: [{at: 0.5, of: actual, severity: high}]}
- {id: core, parent: usd, owner: nobody, scope: "team = 'core'", currency: USD, amounts: {default: 1}}
"""


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """A verb in a project with budgets, over a copy of nothing: state that tests change is their own."""
    (tmp_path / "bursar.yaml").write_text(f"opa: {{binary: {binary()}}}\n")
    (tmp_path / "budgets.yaml").write_text(BUDGETS)

    def verb(*words: str, state: Path | None = None) -> tuple[int, str, str]:
        done = CliRunner().invoke(cli, ["--home", str(state or home), "--config", str(tmp_path / "bursar.yaml"), *words])
        if isinstance(done.exception, BursarError):
            return exit_code(done.exception), done.stdout, done.exception.message
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return verb


def valid(name: str, text: str) -> Any:  # noqa: ANN401 - a JSON document
    """The document, held to its committed schema."""
    document = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text())).validate(document)
    return document


def test_budgets_stand_in_rows(run: Run) -> None:
    """The contract's fields, in its three forms, with what is wrong beside."""
    code, out, _ = run("budgets", "status", "--format", "json")
    document = valid("budgets", out)
    assert code == 0
    assert [(row["id"], row["status"]) for row in document["rows"]] == [("usd", "exceeded"), ("core", "exceeded")]
    assert {one["kind"] for one in document["findings"]} >= {"unassigned"}
    assert run("budgets", "status", "--format", "csv")[1].startswith("id,parent,owner,period,currency,amount,actual")
    _, table, said = run("budgets", "status", "--format", "table")
    assert "exceeded" in table
    assert "is in no child" in said


def test_alerts_are_settled_by_check(run: Run, tmp_path: Path) -> None:
    """A state without a bill opens nothing; a change that holds nothing cannot be released."""
    code, out, _ = run("budgets", "check", state=tmp_path / "home")
    assert (code, out) == (0, "No alert opened, got worse or cleared.\n")
    assert run("budgets", "release", "a/b#1", state=tmp_path / "home")[0] == 2


def test_exceptions_are_granted_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    """From the command line, told in rows; a self-approved one is refused."""
    state = tmp_path / "home"
    words = ("--rule", "BRS-TAG-001", "--resource", "vm-*", "--owner", "core", "--reason", "moves", "--expires")
    assert run("exceptions", "grant", "one", *words, "2026-01-01", "--approver", "ana", state=state)[0] == 2
    soon = _soon()
    assert run("exceptions", "grant", "one", *words, soon, "--approver", "core", state=state)[0] == 1
    assert run("exceptions", "grant", "one", *words, soon, "--approver", "ana", state=state)[0] == 0
    code, out, _ = run("exceptions", "list", "--format", "json", state=state)
    document = valid("exceptions", out)
    assert code == 0
    assert [(row["id"], row["applies"], row["origin"], row["cost_to_date"]) for row in document["rows"]] == [("one", True, "store", None)]
    assert "vm-*" in run("exceptions", "list", "--format", "csv", state=state)[1]
    assert "yes" in run("exceptions", "list", state=state)[1]
    assert run("exceptions", "revoke", "one", state=state)[0] == 0
    assert run("exceptions", "list", state=state)[1] == "There are no exceptions.\n"


def _soon() -> str:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - only here

    return (datetime.now(UTC) + timedelta(days=60)).date().isoformat()


@pytest.mark.parametrize("form", ["json", "sarif", "markdown", "junit", "table"])
def test_the_gate_speaks_in_every_form(form: str, run: Run, tmp_path: Path) -> None:
    """Denied is exit 1 whatever the form, and every form names the resource and the rule."""
    path = written(tmp_path / "plan.json", plan(resource(tags=None)))
    code, out, _ = run("gate", str(path), "--format", form, state=tmp_path / "home")
    assert code == 1
    assert "aws_instance.a" in out
    assert "BRS-TAG-001" in out
    if form == "json":
        assert valid("gate", out)["decision"] == "deny"


def test_a_change_and_its_head_go_together(run: Run, tmp_path: Path) -> None:
    """A reservation names both."""
    path = written(tmp_path / "plan.json", plan(resource(tags=TAGS)))
    assert run("gate", str(path), "--change", "a/b#1", state=tmp_path / "home")[0] == 2


def test_an_undecided_gate_exits_two(run: Run, tmp_path: Path) -> None:
    """Malformed input blocks with a document all the same."""
    path = tmp_path / "plan.json"
    path.write_text("{")
    code, out, _ = run("gate", str(path), "--format", "json", state=tmp_path / "home")
    assert code == 2
    assert valid("gate", out)["decision"] == "undecided"


def test_the_rules_tests_pass(run: Run) -> None:
    """`bursar policy test` proves format, strictness, tests and full coverage."""
    code, out, _ = run("policy", "test")
    assert code == 0
    assert "Every line is covered" in out


def test_a_rule_without_a_test_is_refused(run: Run, tmp_path: Path) -> None:
    """A rule of the project must be tested to the last line."""
    (tmp_path / "policies").mkdir()
    rule = tmp_path / "policies" / "mine.rego"
    rule.write_text("package bursar.rules.acme.mine\n\nviolation contains 1 if input.never\n")
    assert run("policy", "test")[0] == 1
    rule.write_text("package bursar.rules.acme.mine\nviolation contains 1   if input.never\n")
    assert "formatted" in run("policy", "test")[2]
