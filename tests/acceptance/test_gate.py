"""The gate as a pull request meets it: a process, its exit code, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planned_changes import TAGS, binary, plan, resource, written

from tests.acceptance.conftest import House


@pytest.fixture
def gated(tmp_path: Path) -> House:
    """A project that knows where the engine is."""
    (tmp_path / "bursar.yaml").write_text(f"opa: {{binary: {binary()}}}\n")
    return House(project=tmp_path)


def test_a_pull_request_that_breaks_policy_is_blocked(gated: House) -> None:
    """An untagged machine in production is denied: exit 1, its address, the key that is missing, and the cure."""
    written(gated.project / "plan.json", plan(resource(tags={"team": "", "service": "web"})))
    said = gated.run("gate", "plan.json", "--env", "prod", "--format", "json", code=1)
    assert said.json["decision"] == "deny"
    assert {(one["id"], one["resource"], one["key"]) for one in said.json["violations"]} == {
        ("BRS-TAG-001", "aws_instance.a", "team"),
        ("BRS-TAG-001", "aws_instance.a", "env"),
    }
    assert all(one["cure"] for one in said.json["violations"])
    comment = gated.run("gate", "plan.json", "--env", "prod", "--format", "markdown", code=1)
    assert "denies" in comment.out
    assert gated.run("audit", "verify").code == 0


def test_a_pull_request_that_keeps_policy_passes(gated: House) -> None:
    """The same machine with its owner's tags is allowed: exit 0, no violation, under the same rules."""
    written(gated.project / "plan.json", plan(resource(tags=TAGS)))
    said = gated.run("gate", "plan.json", "--env", "prod", "--format", "json")
    assert (said.json["decision"], said.json["violations"]) == ("allow", [])
    assert len(said.json["policy_digest"]) == 64


def test_a_gate_without_its_engine_blocks(gated: House) -> None:
    """A named engine that is not there is exit 2 with a cure, and no other is looked for."""
    (gated.project / "bursar.yaml").write_text("opa: {binary: /nonexistent/opa}\n")
    written(gated.project / "plan.json", plan(resource(tags=TAGS)))
    said = gated.run("gate", "plan.json", "--format", "json", code=2)
    assert said.json["decision"] == "undecided"
    assert said.json["reason"].startswith("engine.missing")
    assert said.json["cure"]


@pytest.mark.parametrize("text", ["{", "", '{"format_version": "7.0", "resource_changes": []}'])
def test_a_plan_nobody_understands_blocks(text: str, gated: House) -> None:
    """Malformed or unknown input is exit 2, told without a traceback."""
    (gated.project / "plan.json").write_text(text)
    said = gated.run("gate", "plan.json", code=2)
    assert "Cause" in said.err
    assert "Cure" in said.err


def test_an_exception_is_told_in_the_comment(gated: House) -> None:
    """What is excepted passes, and the comment says by whom and until when."""
    project = gated.project
    written(project / "plan.json", plan(resource("aws_instance.legacy", tags=None)))
    (project / "exceptions.yaml").write_text(
        "exceptions:\n- {id: legacy, rule: BRS-TAG-001, resource: aws_instance.legacy, owner: core, approver: ana, reason: moves, "
        f"created: {_day(-1)}, expires: {_day(20)}}}\n"
    )
    said = gated.run("gate", "plan.json", "--format", "markdown")
    assert "Exception `legacy` of `core`, approved by `ana`" in said.out
    told = json.loads(gated.run("gate", "plan.json", "--format", "json").out)
    assert [one["id"] for one in told["exceptions_used"]] == ["legacy"]


def _day(ahead: int) -> str:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - only here

    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()
