"""The gate: what breaks a rule is denied, what is not known is told, and two changes cannot take the same last dollar."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_changes import DEPLOYMENT, TAGS, plan, resource, written

from bursar.domain.errors import ConfigError, Unavailable
from bursar.lake.generations import Generation
from bursar.policies import reservations
from bursar.policies.reservations import Change
from bursar.ports import Verdict
from bursar.store import journal
from bursar.store.database import open_store
from bursar.store.schema import journal as entries
from bursar.store.schema import reservation
from tests.unit.policies.conftest import NOW, MakeGate

CORE = """
- id: core
  scope: "team = 'core'"
  currency: USD
  amounts: {default: 100000000}
  gate: {mode: hard, max_delta_monthly: 2000}
"""


def infracost(path: Path, costs: Mapping[str, str | None], currency: str = "USD") -> Path:
    """Infracost's file with these monthly costs."""
    resources = [{"name": name, "monthlyCost": cost, "costComponents": []} for name, cost in costs.items()]
    project = {"name": "p", "pastBreakdown": {"resources": []}, "breakdown": {"resources": resources}}
    return written(path, {"version": "0.2", "currency": currency, "projects": [project], "summary": {}})


@pytest.fixture
def compliant(tmp_path: Path) -> Path:
    """A plan that breaks no rule of tags."""
    return written(tmp_path / "plan.json", plan(resource(tags=TAGS)))


def test_untagged_is_denied_and_tagged_is_allowed(make_gate: MakeGate, tmp_path: Path, compliant: Path) -> None:
    """Each missing tag is a finding with its address, its key and a fix; a compliant plan has none."""
    gate = make_gate()
    denied = gate.decide(written(tmp_path / "bad.json", plan(resource(tags={"team": ""}))))
    assert denied.answer == "deny"
    assert {(one["id"], one["resource"], one["key"], one["level"]) for one in denied.violations} == {
        ("BRS-TAG-001", "aws_instance.a", key, "deny") for key in ("team", "service", "env")
    }
    allowed = gate.decide(compliant)
    assert (allowed.answer, allowed.violations, allowed.env) == ("allow", (), "prod")
    assert allowed.policy_digest == denied.policy_digest
    assert allowed.id != denied.id


@pytest.mark.parametrize(
    ("tags", "env", "expected"),
    [
        ({**TAGS, "env": "dev"}, None, "dev"),
        ({**TAGS, "env": "Development"}, None, "dev"),
        ({"team": "core", "service": "web"}, None, "prod"),
        ({**TAGS, "env": "dev"}, "staging", "staging"),
    ],
)
def test_the_environment_is_the_option_else_the_tags_else_production(
    tags: Mapping[str, str], env: str | None, expected: str, make_gate: MakeGate, tmp_path: Path
) -> None:
    """What nobody names is judged as production."""
    assert make_gate().decide(written(tmp_path / "plan.json", plan(resource(tags=tags))), env=env).env == expected


def test_two_environments_are_judged_as_production(make_gate: MakeGate, tmp_path: Path) -> None:
    """A plan that touches two environments is judged by the strictest."""
    document = plan(resource(tags={**TAGS, "env": "dev"}), resource("aws_instance.b", tags={**TAGS, "env": "staging"}))
    assert make_gate().decide(written(tmp_path / "plan.json", document)).env == "prod"


def test_what_is_known_only_after_apply_warns(make_gate: MakeGate, tmp_path: Path) -> None:
    """An unknown tag is a warning, never a deny."""
    unknown = {"tags": {"team": True}, "tags_all": {"team": True}}
    document = plan(resource(tags={"service": "web", "env": "prod"}, unknown=unknown))
    decision = make_gate().decide(written(tmp_path / "plan.json", document))
    assert decision.answer == "allow"
    assert [(one["level"], one["unknown"]) for one in decision.violations] == [("warn", True)]


def test_manifests_are_judged(make_gate: MakeGate, tmp_path: Path) -> None:
    """A workload needs owners on its pods and requests in its containers."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(DEPLOYMENT)
    bad.write_text(
        DEPLOYMENT.replace("{requests: {cpu: 100m, memory: 64Mi}}", "{}").replace("      labels: {team: core, service: web, env: prod}", "")
    )
    gate = make_gate()
    assert gate.decide(good).answer == "allow"
    assert {one["id"] for one in gate.decide(bad).violations} == {"BRS-K8S-001", "BRS-K8S-002"}


@pytest.mark.parametrize("text", ["{", "", '{"format_version": "9.0", "resource_changes": []}', '{"hello": 1}'])
def test_what_is_not_understood_is_undecided(text: str, make_gate: MakeGate, store: sa.Engine, tmp_path: Path) -> None:
    """A malformed or unknown input blocks, with its cause and cure, and is journalled like any decision."""
    path = tmp_path / "plan.json"
    path.write_text(text)
    decision = make_gate().decide(path)
    assert decision.answer == "undecided"
    assert decision.reason
    assert decision.cure
    with store.connect() as connection:
        assert connection.execute(sa.select(entries.c.kind)).scalars().all() == ["decision"]


class Silent:
    """An engine that does not answer."""

    def evaluate(self, entrypoint: str, document: Mapping[str, object], *, seconds: float | None = None) -> Verdict:  # noqa: ARG002 - the port's
        """No verdict."""
        return Verdict(allow=False, reason="engine.unavailable", detail="gone")

    def close(self) -> None:
        """Nothing to end."""


def test_no_engine_is_no_decision(make_gate: MakeGate, store: sa.Engine, compliant: Path) -> None:
    """Without an answer the change is blocked and nothing is reserved."""
    decision = make_gate(engine=Silent()).decide(compliant, change=Change(name="a/b#1", head="h"))
    assert decision.answer == "undecided"
    assert decision.reason == "engine.unavailable: gone"
    with store.connect() as connection:
        assert connection.execute(sa.select(reservation)).all() == []


def test_a_decision_is_recorded(make_gate: MakeGate, store: sa.Engine, compliant: Path) -> None:
    """The journal tells what was asked, by which rules and engine, and what was said; its chain is whole."""
    decision = make_gate().decide(compliant)
    with store.connect() as connection:
        (payload,) = connection.execute(sa.select(entries.c.payload).where(entries.c.kind == "decision")).scalars().all()
        assert journal.first_broken(connection) is None
    told = json.loads(payload)
    assert (told["id"], told["decision"], told["input_digest"], told["bundle_digest"]) == (
        decision.id,
        "allow",
        decision.input_digest,
        decision.policy_digest,
    )
    assert told["engine"]["version"]


def test_an_exception_lets_pass_and_is_told(make_gate: MakeGate, store: sa.Engine, tmp_path: Path) -> None:
    """A covered finding does not deny; the exception, its use and its file are in the decision and in the journal, once."""
    file = tmp_path / "exceptions.yaml"
    file.write_text(
        'exceptions:\n- {id: legacy, rule: BRS-TAG-001, resource: "aws_instance.b[*", owner: core, approver: ana, reason: moves, '
        "created: 2026-07-01, expires: 2026-09-01}\n"
        "- {id: old, rule: BRS-TAG-001, resource: '*', scope: \"team = 'x'\", owner: core, approver: ana, reason: r, "
        "created: 2026-01-01, expires: 2026-02-01}\n"
    )
    path = written(tmp_path / "plan.json", plan(resource('aws_instance.b["x.y"]'), resource("aws_instance.c", tags=TAGS)))
    gate = make_gate(exceptions=file)
    decision = gate.decide(path)
    assert decision.answer == "allow"
    assert [used.grant.id for used in decision.exceptions_used] == ["legacy"]
    assert decision.exceptions_used[0].resources == ('aws_instance.b["x.y"]',)
    assert [(one.id, one.exception) for one in decision.exception_findings] == [("BRS-EXC-001", "old")]
    gate.decide(path)
    with store.connect() as connection:
        kinds = connection.execute(sa.select(entries.c.kind).order_by(entries.c.seq)).scalars().all()
    assert kinds == ["exception.file", "decision", "exception.used", "decision", "exception.used"]
    later = replace(gate, clock=lambda: NOW + timedelta(days=90))
    assert later.decide(path).answer == "deny"


def test_a_team_nobody_names_is_denied(make_gate: MakeGate, compliant: Path) -> None:
    """Where bursar.yaml names owners, a tag must be one of them."""
    assert make_gate(owners=("core",)).decide(compliant).answer == "allow"
    assert {one["id"] for one in make_gate(owners=("ml",)).decide(compliant).violations} == {"BRS-TAG-002"}


def found(gate: MakeGate, generation: Generation, path: Path, budgets: str = CORE, *, infracost: Path | None = None) -> dict[str, str]:
    """What the gate finds with a budget: rule and level."""
    return {str(one["id"]): str(one["level"]) for one in gate(budgets, generation).decide(path, infracost=infracost).violations}


def test_a_price_is_asked_for_where_there_is_a_budget(make_gate: MakeGate, generation: Generation, tmp_path: Path, compliant: Path) -> None:
    """Without a price a budget denies in production; with one of its currency it does not."""
    assert found(make_gate, generation, compliant) == {"BRS-CST-001": "deny", "BRS-BUD-005": "warn"}
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "70.08"})
    assert found(make_gate, generation, compliant, infracost=priced) == {"BRS-BUD-005": "warn"}
    euro = infracost(tmp_path / "euro.json", {"aws_instance.a": "70.08"}, currency="EUR")
    assert found(make_gate, generation, compliant, infracost=euro)["BRS-CST-002"] == "deny"


def test_a_change_may_not_add_more_than_a_budget_lets_it(
    make_gate: MakeGate, generation: Generation, tmp_path: Path, compliant: Path
) -> None:
    """The limit is to the cent."""
    at = infracost(tmp_path / "at.json", {"aws_instance.a": "2000.00"})
    above = infracost(tmp_path / "above.json", {"aws_instance.a": "2000.000001"})
    assert "BRS-BUD-002" not in found(make_gate, generation, compliant, infracost=at)
    assert found(make_gate, generation, compliant, infracost=above)["BRS-BUD-002"] == "deny"
    soft = CORE.replace("hard", "soft")
    assert found(make_gate, generation, compliant, soft, infracost=above)["BRS-BUD-002"] == "warn"


def test_a_budget_that_is_spent_denies(make_gate: MakeGate, generation: Generation, tmp_path: Path, compliant: Path) -> None:
    """What is certain needs no forecast."""
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "70.08"})
    assert found(make_gate, generation, compliant, CORE.replace("100000000", "1"), infracost=priced)["BRS-BUD-001"] == "deny"


def test_old_bills_and_no_bill_are_no_measure(make_gate: MakeGate, generation: Generation, tmp_path: Path, compliant: Path) -> None:
    """A budget measured by nothing, or by a bill of days ago, denies in production."""
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "70.08"})
    old = replace(generation, data_as_of=NOW - timedelta(hours=38))
    assert found(make_gate, old, compliant, infracost=priced)["BRS-BUD-004"] == "deny"
    nothing = make_gate(CORE).decide(compliant, infracost=priced)
    assert "BRS-BUD-004" in {one["id"] for one in nothing.denying}


def test_what_no_budget_covers_is_told(make_gate: MakeGate, generation: Generation, tmp_path: Path) -> None:
    """A resource of another team is in no budget; what costs nothing needs none."""
    path = written(
        tmp_path / "plan.json", plan(resource(tags={**TAGS, "team": "ml"}), resource("aws_iam_role.r", tags={**TAGS, "team": "ml"}))
    )
    decision = make_gate(CORE, generation).decide(path)
    assert {(one["id"], one["resource"]) for one in decision.violations} == {("BRS-BUD-003", "aws_instance.a")}


def test_an_owner_that_is_not_known_may_be_any_budgets(make_gate: MakeGate, generation: Generation, tmp_path: Path) -> None:
    """A planned resource whose team comes after apply counts against every budget it may belong to; its savings do not."""
    unknown = {"tags": {"team": True}, "tags_all": {"team": True}}
    tags = {"service": "web", "env": "prod"}
    path = written(
        tmp_path / "plan.json", plan(resource(tags=tags, unknown=unknown), resource("aws_instance.b", tags=tags, unknown=unknown))
    )
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "100", "aws_instance.b": "-90"})
    (view,) = make_gate(CORE, generation).decide(path, infracost=priced).budgets
    assert view.delta_monthly == Decimal(100)
    sure = written(tmp_path / "sure.json", plan(resource(tags=TAGS), resource("aws_instance.b", tags=TAGS)))
    (view,) = make_gate(CORE, generation).decide(sure, infracost=priced).budgets
    assert view.delta_monthly == Decimal(10)


def _room(generation: Generation, gate: MakeGate, path: Path, priced: Path, share: Decimal) -> str:
    """A budget with room for a part of what the change adds until the month ends."""
    (view,) = gate(CORE, generation).decide(path, infracost=priced).budgets
    hours = Decimal(254 + 1)
    assert view.measure.actual is not None
    amount = view.measure.actual + Decimal(1000) * hours / 730 * share
    return CORE.replace("100000000", str(amount.quantize(Decimal("0.01"))))


def test_two_changes_cannot_take_the_same_last_dollar(make_gate: MakeGate, generation: Generation, tmp_path: Path, compliant: Path) -> None:
    """Of twelve changes at once that each fit alone, only as many pass as fit together."""
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "1000"})
    budget = _room(generation, make_gate, compliant, priced, Decimal("3.5"))
    gate = make_gate(budget, generation)
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda n: gate.decide(compliant, infracost=priced, change=Change(name=f"a/b#{n}", head="h")).answer, range(12))
        )
    assert sorted(answers) == ["allow"] * 3 + ["deny"] * 9


def test_a_new_head_replaces_and_closing_releases(
    make_gate: MakeGate, generation: Generation, store: sa.Engine, tmp_path: Path, compliant: Path
) -> None:
    """A change holds once what its newest head adds; closed it holds nothing, merged it is committed for a while."""
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "1000"})
    gate = make_gate(_room(generation, make_gate, compliant, priced, Decimal("1.5")), generation)
    first, second = Change(name="a/b#1", head="one"), Change(name="a/b#2", head="one")
    assert gate.decide(compliant, infracost=priced, change=first).answer == "allow"
    assert gate.decide(compliant, infracost=priced, change=Change(name="a/b#1", head="two")).answer == "allow"
    assert gate.decide(compliant, infracost=priced, change=second).answer == "deny"
    with store.begin() as connection:
        assert reservations.close(connection, "a/b#1", merged=False, actor="ci", now=NOW) == 1
    assert gate.decide(compliant, infracost=priced, change=second).answer == "allow"
    with store.begin() as connection:
        reservations.close(connection, "a/b#2", merged=True, actor="ci", now=NOW)
        assert reservations.reserved(connection, now=NOW) == {("core", "USD"): Decimal(1000)}
        assert reservations.reserved(connection, now=NOW + timedelta(days=15)) == {}
        with pytest.raises(ConfigError):
            reservations.close(connection, "a/b#2", merged=True, actor="ci", now=NOW)


@settings(deadline=None, max_examples=40)
@given(deltas=st.lists(st.decimals(min_value=Decimal(-1000), max_value=Decimal(1000), places=6), max_size=8))
def test_what_is_reserved_is_the_sum_of_what_was_promised(deltas: list[Decimal]) -> None:
    """To the last digit; a saving promises nothing."""
    store = open_store("sqlite://")
    with store.begin() as connection:
        for number, delta in enumerate(deltas):
            reservations.replace(connection, Change(name=f"c{number}", head="h"), {"b": (delta, "USD")}, now=NOW)
        held = reservations.reserved(connection, now=NOW)
    store.dispose()
    assert held.get(("b", "USD"), Decimal(0)) == sum((delta for delta in deltas if delta > 0), Decimal(0))


def test_a_denied_change_holds_nothing(
    make_gate: MakeGate, generation: Generation, store: sa.Engine, tmp_path: Path, compliant: Path
) -> None:
    """What may not be merged is not promised; nor is what its earlier head promised."""
    small, large = infracost(tmp_path / "s.json", {"aws_instance.a": "10"}), infracost(tmp_path / "l.json", {"aws_instance.a": "9999"})
    gate = make_gate(CORE, generation)
    assert gate.decide(compliant, infracost=small, change=Change(name="a/b#1", head="one")).answer == "allow"
    assert gate.decide(compliant, infracost=large, change=Change(name="a/b#1", head="two")).answer == "deny"
    with store.connect() as connection:
        assert reservations.reserved(connection, now=NOW) == {}


def test_without_a_journal_nothing_is_decided(make_gate: MakeGate, store: sa.Engine, compliant: Path, tmp_path: Path) -> None:
    """A store that cannot be written stops the gate before it answers."""
    gate = make_gate()
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE journal RENAME TO gone"))
    with pytest.raises(Unavailable):
        gate.decide(compliant)
    path = tmp_path / "bad.json"
    path.write_text("{")
    with pytest.raises(Unavailable):
        gate.decide(path)


def test_a_saving_is_never_denied_by_a_budget(make_gate: MakeGate, generation: Generation, tmp_path: Path) -> None:
    """Deleting has a price below zero and no tags to miss."""
    path = written(tmp_path / "plan.json", plan(resource(actions=("delete",), before={"instance_type": "m5.large"})))
    priced = infracost(tmp_path / "infracost.json", {"aws_instance.a": "-70"})
    decision = make_gate(CORE, generation).decide(path, infracost=priced)
    assert decision.answer == "allow"
    assert decision.estimate
    assert decision.estimate.delta_monthly == Decimal(-70)
