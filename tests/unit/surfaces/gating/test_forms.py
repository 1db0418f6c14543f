"""A decision in every form: complete, valid, and inert whatever strangers called their resources."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.exception_registry import Finding, Grant
from bursar.policies.decisions import Decision, Used
from bursar.policies.pricing import Estimate
from bursar.policies.reservations import Change
from bursar.surfaces.cli.gate import tell
from bursar.surfaces.gating.document import gate_document
from bursar.surfaces.gating.junit import junit
from bursar.surfaces.gating.markdown import LIMIT, inert, markdown, marker
from bursar.surfaces.gating.sarif import sarif

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NASTY = (
    "<script>alert(1)</script>", "@everyone", "[x](https://evil.example)", "a|b", "`code`", "``` \n# head", "\x1b[31mred", "\u202egpj.exe",
    "-->\n<!-- bursar:gate:other -->", "![i](http://x/y.png)", "https://evil.example", "=1+1", "\r\n| deny | no |", "#1 fixes #2", "\ufffe\uffff", "",
    "]]>", "&amp;", "'\"", "${{ secrets.X }}", "::error::x", "a" * 5000,
)  # fmt: skip

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))


def violation(address: str = "aws_instance.a", message: str = "tag team is missing", **more: object) -> dict[str, object]:
    """One finding as the engine gives it."""
    return {
        "id": "BRS-TAG-001", "rule": "An ownership tag is missing", "severity": "high", "resource": address, "key": "team", "message": message,
        "level": "deny", "unknown": False, "fix": {"kind": "add_tag", "key": "team", "value": None}, "location": None, "evidence": {}, **more,
    }  # fmt: skip


def decision(*violations: Mapping[str, object], **more: object) -> Decision:
    """A decision with these findings."""
    fields: dict[str, object] = {
        "id": "dec_" + "0" * 24,
        "at": NOW,
        "subject": "plan.json",
        "answer": "deny" if violations else "allow",
        "env": "prod",
        "violations": tuple(violations),
        "policy_digest": "f" * 64,
        **more,
    }
    return Decision(**fields)  # pyright: ignore[reportArgumentType]


ESTIMATE = Estimate(
    price_source="infracost",
    currency="USD",
    deltas={"aws_instance.a": Decimal("70.08")},
    delta_monthly=Decimal("70.08"),
    low=Decimal("50.1"),
    high=Decimal("70.08"),
    delta_effective=Decimal("50.1"),
    planned=1,
    priced=1,
    unpriced=(),
    usage_based=(),
)
GRANT = Grant(
    id="e-1",
    rule="BRS-TAG-001",
    resource="vm-*",
    owner="core",
    approver="ana",
    reason="moves | out",
    created=NOW,
    expires=NOW.replace(year=2027),
)
FULL = decision(
    violation(),
    violation(level="warn", unknown=True),
    excepted=(violation("vm-1", exceptions=["e-1"], level=None),),
    exceptions_used=(Used(grant=GRANT, resources=("vm-1",), cost_to_date={"USD": Decimal("12.5")}),),
    exception_findings=(Finding(id="BRS-EXC-005", exception="e-1", message="ends soon"),),
    estimate=ESTIMATE,
    change=Change(name="acme/infra#12", head="abc"),
    generation=3,
)
UNDECIDED = decision(answer="undecided", reason="engine.missing: no opa", cure="Install OPA.")


def schema(name: str) -> dict[str, object]:
    """A committed schema."""
    return json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text())


@pytest.mark.parametrize("found", [FULL, UNDECIDED, decision()], ids=["full", "undecided", "allowed"])
def test_the_document_keeps_its_schema(found: Decision) -> None:
    """JSON is as its committed schema says, and every finding carries address, key and cure."""
    document = json.loads(json.dumps(gate_document(found)))
    jsonschema.Draft202012Validator(schema("gate")).validate(document)
    assert all(one["resource"] and one["key"] and one["cure"] for one in document["violations"])


def test_the_comment_says_what_matters() -> None:
    """Decision, findings with cures, cost, exceptions with their cost to date, and the marker it is found by."""
    text = markdown(FULL, command="bursar gate plan.json")
    assert text.startswith("<!-- bursar:gate:acme/infra#12 -->\n")
    for part in (
        "denies",
        "BRS-TAG-001",
        "aws_instance.a",
        "Add the tag team.",
        "70.08 USD a month",
        "50.1 USD",
        "12.50 USD",
        "BRS-EXC-005",
        "bursar gate plan.json",
    ):
        assert part in text


def test_what_could_not_be_decided_never_reads_as_allowed() -> None:
    """Its cause and cure are in every form, and none of them passes."""
    assert "could not decide" in markdown(UNDECIDED)
    run = sarif(UNDECIDED)["runs"][0]  # pyright: ignore[reportIndexIssue]
    assert run["invocations"][0]["executionSuccessful"] is False
    suite = ET.fromstring(junit(UNDECIDED))  # noqa: S314 - our own
    assert suite.get("errors") == "1"
    assert gate_document(UNDECIDED)["decision"] == "undecided"


def test_sarif_tells_findings_apart() -> None:
    """Each has its rule, level and what stays the same of it; an excepted one is suppressed with its exception."""
    run = sarif(FULL)["runs"][0]  # pyright: ignore[reportIndexIssue]
    assert [one["level"] for one in run["results"]][:2] == ["error", "warning"]
    assert all(run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert run["results"][2]["suppressions"][0]["justification"] == "exception e-1"
    moved = sarif(decision(violation(message="another sentence")))["runs"][0]  # pyright: ignore[reportIndexIssue]
    assert moved["results"][0]["partialFingerprints"] == run["results"][0]["partialFingerprints"]


@pytest.mark.parametrize("key", NASTY)
def test_a_marker_is_one_hidden_line(key: str) -> None:
    """No name of a change ends the comment it stands in, or makes another."""
    line = marker(key)
    assert re.fullmatch(r"<!-- bursar:gate:[A-Za-z0-9._#/]* -->", line)


@pytest.mark.parametrize("text", NASTY)
def test_text_of_strangers_is_one_code_span(text: str) -> None:
    """A code span whose fence is longer than any run of backticks within, on one line, without a cell's end."""
    span = inert(text)
    fence = re.match(r"`+", span)
    assert fence
    inner = span[len(fence[0]) : -len(fence[0])]
    assert not re.search(f"(?<!`){fence[0]}(?!`)", inner)
    assert all(sign.isprintable() for sign in span)
    assert "|" not in span
    assert len(span) < 400


@given(address=texts, message=texts, key=texts, subject=texts, reason=texts)
@settings(max_examples=150, deadline=None)
def test_nothing_of_strangers_acts(address: str, message: str, key: str, subject: str, reason: str) -> None:
    """Whatever resources are called: tables stay tables, no element, mention, link or marker arises outside of code, XML and JSON parse."""
    grant = replace(GRANT, id=key or "k", reason=reason)
    found = decision(
        violation(address, message, key=key),
        subject=subject,
        exceptions_used=(Used(grant=grant, resources=(address,), cost_to_date={}),),
        estimate=replace(ESTIMATE, unpriced=(address,)),
        notes=(reason,),
    )
    text = markdown(found, key="k", command=f"bursar gate {subject}")
    outside = re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)
    assert outside.count("<!--") == 1
    assert not re.search(r"<(?!!-- bursar|sub>|/sub>)|@|\]\(|https?:", outside)
    assert all(line.count("|") == 6 for line in text.splitlines() if line.startswith("| ⛔"))
    ET.fromstring(junit(found))  # noqa: S314 - our own
    json.loads(json.dumps(sarif(found)))
    json.loads(json.dumps(gate_document(found)))


def test_a_comment_is_always_taken() -> None:
    """However much is wrong, it stays below the limit, counts the rest, and still says how to see all."""
    many = [violation(f"module.{'`' * 150}{number}.aws_instance.a", "m" * 160) for number in range(3000)]
    notes = tuple("n" * 160 for _ in range(1000))
    text = markdown(decision(*many, notes=notes), command="bursar gate plan.json")
    assert len(text) < LIMIT
    assert "does not fit" in text
    assert text.rstrip().endswith("</sub>")
    assert "…and 2950 more." in markdown(decision(*(violation(f"vm-{number}") for number in range(3000))))


@pytest.mark.parametrize("text", ["\x1b[31mred\x07", "\u202eevil", "a\rb"])
def test_a_name_does_not_steer_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Control and direction signs are left out of the table."""
    tell(decision(violation(text, text), notes=(text,), reason=text, cure=text))
    said = capsys.readouterr()
    assert not set("\x1b\x07\u202e\r") & set(re.sub(r"\x1b\[[0-9;]*m", "", said.out + said.err))


def test_help_ends_with_an_example() -> None:
    """Every verb of this room shows how it is called."""
    from bursar.surfaces.cli.main import cli  # noqa: PLC0415 - as the command line does

    for verb in ("gate", "budgets", "exceptions", "policy"):
        said = CliRunner().invoke(cli, [verb, "--help"])
        assert said.exit_code == 0
        assert f"bursar {verb}" in said.output.rpartition("Example")[2]


def test_the_action_takes_no_input_as_code() -> None:
    """The composite action hands its inputs over as variables; no script of it holds an expression."""
    root = Path(__file__).parents[4]
    import yaml  # noqa: PLC0415 - only here

    action = yaml.safe_load((root / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]
    script = (root / ".ci" / "gate").read_text()
    assert "${{" not in script
    assert "eval" not in script
