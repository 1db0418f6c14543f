"""What detection found and what was planned in the made estate: incidents, scored days, plans in every standing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import sqlalchemy as sa

from bursar.actions import book
from bursar.actions.cards import card
from bursar.domain.estates import Answer, Observed, Resource
from bursar.domain.periods import stamp
from bursar.domain.plans import Change, Plan, Range, Undo
from bursar.store import schema

TODAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\u202egnp{b|c}"
TEAMS = {"ml": 758, "payments": 1180, "search": 858, "data": 750, "platform": 475, "web": 270, "unallocated": 120, HOSTILE: 36}
EVENTS = {
    ("ml", date(2026, 11, 12), date(2026, 11, 17)): 468, ("search", date(2026, 11, 15), date(2026, 11, 17)): 141,
    ("web", date(2026, 11, 14), date(2026, 11, 17)): -62, ("data", date(2026, 11, 9), date(2026, 11, 9)): 391,
    ("payments", date(2026, 10, 27), date(2026, 10, 28)): 294,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NothingReal:
    """A simulated estate without any resource."""

    is_simulated: bool = True

    def survey(self, kind: str) -> Sequence[Observed]:  # noqa: ARG002 - the port's
        """Nothing is there."""
        return []

    def observe(self, resource: Resource) -> Observed:
        """Nor that."""
        return Observed(resource=resource, at=NOW, state=None)

    def execute(self, change: Change, token: str) -> Answer:  # noqa: ARG002 - the port's
        """And nothing is done."""
        return Answer(state="failed", at=NOW)


def decide(store: sa.Engine, lake: Path) -> None:
    """Put all of it in place."""
    scores(lake, generation=2)
    with store.begin() as connection:
        for row in incidents():
            connection.execute(schema.incident.insert().values(**row))
        connection.execute(
            schema.feedback.insert().values(
                incident_id="c0ffee000004", verdict="planned", by="ana", at="2026-11-10T08:00:00Z", first_day="2026-11-09",
                last_day="2026-11-09", note="Backfill, announced in September", scope={},
            )
        )  # fmt: skip
        for made, status in plans():
            book.keep(connection, made, now=NOW)
            connection.execute(schema.plan.update().where(schema.plan.c.digest == made.digest).values(status=status))
        _signed(connection)


def incident(
    name: str, *, scope: Mapping[str, str | None], onset: date, last: date, a_day: int, excess: int, **more: object
) -> dict[str, object]:
    """A row of an incident whose scope costs `a_day` and cost `excess` more on each day from onset to last."""
    days = (last - onset).days + 1
    detail = {
        "title": "", "series": name, "level": "team_service_env", "test": "point", "statistic": "8.4", "limit": "3.1", "parameters": "9f" * 32,
        "severity_rule": "at least $250", "days": [_day(day, a_day=a_day, more=excess if onset <= day <= last else 0) for day in _span(last)],
        "causes": [], "folded": [], "evidence_sql": "SELECT sum(effective_cost) AS actual FROM charge_daily WHERE day BETWEEN DATE '2026-11-12' AND DATE '2026-11-17'",
        "command": "bursar costs --granularity day --window 2026-10-29..2026-11-18 --filter \"team = 'ml'\"",
    }  # fmt: skip
    row: dict[str, object] = {
        "id": name, "scope": dict(scope), "direction": "up" if excess > 0 else "down", "kind": "cost", "severity": "S2", "status": "open",
        "onset": str(onset), "last_day": str(last), "opened_at": stamp(NOW - timedelta(days=2)), "closed_at": None, "expected": str(a_day * days),
        "actual": str((a_day + excess) * days), "excess": str(excess * days), "currency": "USD", "score": "2.7", "owner": scope.get("team"), "generation": 2,
    }  # fmt: skip
    return {**row, **{key: value for key, value in more.items() if key != "detail"}, "detail": {**detail, **_detail(more)}}


def incidents() -> list[dict[str, object]]:
    """Three open, one answered, one over, one retracted; one of them with a hostile name."""
    node = {"provider": "gcp", "service_name": "Compute Engine", "resource_id": "//compute/train-staging"}
    causes = [
        {"scope": node, "share": "0.9410", "excess": "2642.31", "currency": "USD", "sql": "SELECT sum(effective_cost) AS actual FROM charge_daily WHERE provider = 'gcp'"},
        {"scope": {"sku_id": "A100-GPU"}, "share": "0.6940", "excess": "1948.75", "currency": "USD", "sql": "SELECT 1"},
        {"scope": {"region_id": None, "sku_id": "(other)"}, "share": "0.0150", "excess": "42.17", "currency": "USD", "sql": None},
    ]  # fmt: skip
    folded = [{"series": "team=ml", "level": "team", "scope": {"team": "ml"}, "onset": "2026-11-12", "excess": "461.20"}]
    return [
        incident("c0ffee000001", scope={"team": "ml", "service": "training", "env": "staging"}, onset=date(2026, 11, 12), last=TODAY, a_day=118, excess=468, severity="S1", detail={"causes": causes, "folded": folded, "severity_rule": "at least 100% of the expected and $250"}),
        incident("c0ffee000002", scope={"team": "search", "service": "indexer"}, onset=date(2026, 11, 15), last=TODAY, a_day=210, excess=141, detail={"causes": causes[:1]}),
        incident("c0ffee000003", scope={"team": "web"}, onset=date(2026, 11, 14), last=TODAY, a_day=270, excess=-62, severity="S3"),
        incident("c0ffee000004", scope={"team": "data", "service": "warehouse"}, onset=date(2026, 11, 9), last=date(2026, 11, 9), a_day=520, excess=391, status="closed", closed_at="2026-11-10T08:00:00Z", detail={"closed_by": "planned"}),
        incident("c0ffee000005", scope={"team": "payments"}, onset=date(2026, 10, 27), last=date(2026, 10, 28), a_day=1180, excess=294, status="closed", closed_at="2026-10-31T08:00:00Z"),
        incident("c0ffee000006", scope={"team": HOSTILE, "service": "hostile " + "long " * 60}, onset=date(2026, 11, 1), last=date(2026, 11, 2), a_day=36, excess=30, severity="S4", status="retracted", closed_at="2026-11-04T08:00:00Z", owner=HOSTILE, detail={"causes": [{"scope": {"resource_id": HOSTILE}, "share": "0.99", "excess": "60", "currency": "USD", "sql": f"SELECT '{HOSTILE}'"}]}),
    ]  # fmt: skip


def scores(lake: Path, *, generation: int) -> None:
    """The score file of a generation, as detection writes it, of teams only; the forecast file beside it is a mark that it is whole."""
    folder = lake / "scores" / f"g{generation}"
    folder.mkdir(parents=True)
    db = duckdb.connect()
    db.execute("CREATE TABLE s (series TEXT, scope MAP(VARCHAR, VARCHAR), level TEXT, currency TEXT, day DATE, actual DECIMAL(38,12), expected DECIMAL(38,12), lo DECIMAL(38,12), hi DECIMAL(38,12), sigma DOUBLE, score DOUBLE, test TEXT, status TEXT)")  # fmt: skip
    rows: list[list[object]] = []
    for team, base in TEAMS.items():
        for ago in range(40):
            day = TODAY - timedelta(days=ago)
            found = _day(
                day, a_day=base, more=sum(more for (who, first, last), more in EVENTS.items() if who == team and first <= day <= last)
            )
            status = "partial" if ago == 0 else "closed"
            rows.append([f"team={team}", team, day, *(Decimal(str(found[name])) for name in ("actual", "expected", "lo", "hi")), status])
    values = ", ".join(["(?, MAP {'team': ?}, 'team', 'USD', ?, ?, ?, ?, ?, 0.1, 0.4, '', ?)"] * len(rows))
    db.execute(f"INSERT INTO s VALUES {values}", [value for row in rows for value in row])
    db.execute(f"COPY s TO '{folder / 'anomaly_score.parquet'}' (FORMAT parquet)")
    db.execute(f"COPY (SELECT 1 AS one) TO '{folder / 'forecast_month.parquet'}' (FORMAT parquet)")


def disk(name: str, *, saving: str | None, env: str = "staging", owner: str | None = "ml") -> Change:
    """Deleting one disk after a snapshot; without an undo where its name says that it is for good."""
    return Change(
        resource=Resource(provider="gcp", account="acme-ml", region="us-central1", kind="disk", id=name),
        verb="delete_disk",
        params={"snapshot": "required"},
        before={"attached_to": None, "size_gb": 1000, "type": "pd-ssd", "tags": {"team": "ml", "note": HOSTILE}},
        after=None,
        because=("Nothing was attached on any of 15 days it was looked at, from 2026-11-03 to 2026-11-17.", f"Its tag says {HOSTILE}."),
        saving=Range(amount=Decimal(saving), low=Decimal(saving) / 2, high=Decimal(saving) * 2, currency="USD") if saving else None,
        undo=Undo(verb="restore_disk", params={}, needs=("snapshot",)),
        permissions=("compute.disks.get", "compute.disks.createSnapshot", "compute.disks.delete"),
        env=env,
        owner=owner,
    )


def plan(*changes: Change, maker: str = "planner", made: datetime = NOW - timedelta(days=1), undoes: str | None = None) -> Plan:
    """A plan of the playbook that ships, under its card as it is."""
    rules = card("volumes_unattached")
    return Plan(
        maker=maker, made_at=stamp(made), expires_at=stamp(made + timedelta(days=7)), playbook=rules.name, tier=rules.tier, card_digest=rules.digest,
        policy_digest="", generation=2, limits=rules.limit(), population={"gcp/acme-ml/disk": 34}, changes=changes, undoes=undoes,
    )  # fmt: skip


WAITS = plan(disk("train-scratch-1", saving="170"), disk("train-scratch-2", saving="170"), disk(f"scratch {HOSTILE}", saving="85.5"))
PROD = plan(disk("ledger-old", saving="410", env="prod", owner="payments"), disk("unpriced", saving=None, env="prod", owner=None))
OLD = plan(disk("old-1", saving="20"), made=NOW - timedelta(days=9))
DONE = plan(disk("done-1", saving="33"), made=NOW - timedelta(days=6))
BACK = plan(replace(disk("done-1", saving=None), verb="restore_disk", before=None, after={"size_gb": 1000}, undo=None, is_destructive=False), made=NOW - timedelta(days=5), undoes=DONE.digest)  # fmt: skip
REFUSED = plan(disk("kept-1", saving="12"), made=NOW - timedelta(days=2))
STALE = plan(disk("moved-1", saving="44"), disk("moved-2", saving="44"), made=NOW - timedelta(days=3))
FAILED = plan(disk("broken-1", saving="9"), made=NOW - timedelta(days=4))
READY = plan(disk("ready-1", saving="61"), made=NOW - timedelta(hours=30))


def plans() -> list[tuple[Plan, str]]:
    """One in every standing there is."""
    return [
        (WAITS, "proposed"), (PROD, "proposed"), (OLD, "proposed"), (DONE, "applied"), (BACK, "applied"), (REFUSED, "rejected"), (STALE, "failed"),
        (FAILED, "failed"), (READY, "approved"),
    ]  # fmt: skip


def _signed(connection: sa.Connection) -> None:
    words = {"role": "approver", "via": "slack", "expires_at": stamp(NOW + timedelta(hours=6)), "used_at": None}
    for digest, who, verdict, reason in (
        (READY.digest, "ana", "approve", "Load test ended on the 12th. Nobody needs these."),
        (PROD.digest, "ana", "approve", f"Looked at {HOSTILE} with the team"),
        (REFUSED.digest, "jonas", "reject", "We restore from it in December."),
    ):
        connection.execute(schema.approval.insert().values(plan_digest=digest, approver=who, verdict=verdict, reason=reason, at=stamp(NOW - timedelta(hours=9)), **words))  # fmt: skip
    for digest, position, state in ((STALE.digest, 0, "done"), (STALE.digest, 1, "stale"), (FAILED.digest, 0, "failed"), (DONE.digest, 0, "done"), (BACK.digest, 0, "done")):  # fmt: skip
        connection.execute(
            schema.change.insert().values(
                plan_digest=digest, position=position, resource="r", verb="delete_disk", destructive=True, state=state, token=f"{digest[:8]}{position}",
                intended_at=stamp(NOW), settled_at=stamp(NOW), outcome={"at": stamp(NOW)} if state == "done" else None,
            )
        )  # fmt: skip


def _span(last: date) -> list[date]:
    return [last - timedelta(days=ago) for ago in range(34, -1, -1)]


def _day(day: date, *, a_day: int, more: int) -> dict[str, object]:
    swing = Decimal((day.toordinal() * 7) % 11 - 5) / 100
    actual = Decimal(a_day) * (1 + swing / 2) + more
    return {
        "day": str(day), "actual": f"{actual:.2f}", "expected": f"{a_day}.00", "lo": f"{Decimal(a_day) * Decimal('0.92'):.2f}",
        "hi": f"{Decimal(a_day) * Decimal('1.09'):.2f}", "status": "partial" if day == TODAY else "closed", "score": "0.4",
    }  # fmt: skip


def _detail(more: Mapping[str, object]) -> dict[str, object]:
    given = more.get("detail")
    return dict(given) if isinstance(given, dict) else {}
