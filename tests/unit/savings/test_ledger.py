"""The savings ledger follows plans, and measures on the published bill what they came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import duckdb
import pytest
from unit.actions.world import World, usual_world
from unit.conftest import PlainWarehouse

from bursar.actions.approve import Subject, reject
from bursar.domain.plans import Plan
from bursar.domain.savings import Saving
from bursar.lake.generations import Generation, LakeFile
from bursar.ports import Warehouse
from bursar.savings import ledger

COLUMNS = (
    "day DATE, provider VARCHAR, sku_id VARCHAR, currency VARCHAR, resource_id VARCHAR, team VARCHAR, env VARCHAR, "
    "effective_cost DECIMAL(38,12), billed_cost DECIMAL(38,12)"
)
CHANGE = date(2026, 11, 1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three idle disks among forty, nothing planned yet."""
    return usual_world(tmp_path / "world")


def follow(world: World) -> list[Saving]:
    """The ledger, brought up to the plans."""
    with world.store.begin() as connection:
        ledger.follow(connection, now=world.now)
        return ledger.lines(connection)


def measured(world: World, generation: Generation) -> list[Saving]:
    """The ledger, measured on a generation."""
    with world.store.begin() as connection:
        ledger.follow(connection, now=world.now)
        ledger.measure_all(connection, generation=generation, warehouse=cast("Warehouse", PlainWarehouse()), now=world.now)
        return ledger.lines(connection)


def bill(folder: Path, n: int, costs: dict[str, tuple[str, str]], *, until: date = date(2026, 12, 1), donors: int = 6) -> Generation:
    """A generation of daily costs: of each resource before the change and from it on; donors cost one a day."""
    path = folder / f"charge-{n}.parquet"
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE charge ({COLUMNS})")
    rows = {**costs, **{f"donor-{at}": ("1", "1") for at in range(donors)}}
    for resource, (before, after) in rows.items():
        sku = "snapshots" if "snap" in resource else "disks"
        connection.execute(
            "INSERT INTO charge SELECT CAST(day AS DATE), 'aws', ?, 'USD', ?, NULL, NULL, cost, cost FROM ("
            "SELECT day, CASE WHEN day < ? THEN CAST(? AS DECIMAL(38,12)) ELSE CAST(? AS DECIMAL(38,12)) END AS cost "
            "FROM range(DATE '2026-10-01', CAST(? AS DATE), INTERVAL 1 DAY) AS days(day)) WHERE cost <> 0",
            (sku, resource, CHANGE, before, after, until),
        )
    connection.execute(f"COPY charge TO '{path}' (FORMAT parquet)")
    last = until - timedelta(days=1)
    file = LakeFile(
        path=path, rows=1, bytes=1, min_day=date(2026, 10, 1), max_day=last, period="2026-11", source="_all", snapshot_id="x",
        table="charge_daily",
    )  # fmt: skip
    moment = datetime(2026, 12, 1, tzinfo=UTC)
    return Generation(n=n, at=moment, data_as_of=moment, files=(file,))


def snapshots(world: World, made: Plan) -> list[str]:
    """The ids of the snapshots an applied plan left behind."""
    return [str((one.outcome or {})["snapshot"]) for one in world.entry(made).made.values()]


def test_a_line_goes_where_its_plan_goes(world: World) -> None:
    """Proposed, approved, applied; each step once in the journal."""
    made = world.plan()
    assert [(one.rfc, one.status, one.expected) for one in follow(world)] == [(f"RFC-{made.digest[:8]}", "proposed", made.saving)]
    world.approve(made)
    assert [one.status for one in follow(world)] == ["approved"]
    world.apply(made)
    line = follow(world)[0]
    assert (line.status, line.plan_digests) == ("applied", (made.digest,))
    assert line.applied_at
    follow(world)
    told = [kind for kind in world.journal() if kind.startswith("saving.")]
    assert told == ["saving.proposed", "saving.approved", "saving.applied"]


def test_a_plan_that_will_never_be_applied_leaves_the_ledger(world: World) -> None:
    """Rejected: it promised nothing to anybody."""
    made = world.plan()
    follow(world)
    reject(world.door(), made.digest, Subject(name="ana", role="approver", via="cli"))
    assert follow(world) == []
    assert world.journal()[-1] == "saving.withdrawn"


def test_what_is_saved_is_measured_with_the_snapshots_paid(world: World, tmp_path: Path) -> None:
    """Three disks of two a day end, their snapshots cost a half each: 135 a month, verified."""
    made = world.approved()
    world.apply(made)
    kept = [f"arn:aws:ec2:us-east-1:1:snapshot/{name}" for name in snapshots(world, made)]
    costs = {f"vol-{at:03d}": ("2", "0") for at in range(3)} | dict.fromkeys(kept, ("0", "0.5"))
    line = measured(world, bill(tmp_path, 1, costs))[0]
    assert line.realised
    assert (line.status, line.realised.amount) == ("verified", 135)
    assert line.detail["measured"]


def test_before_a_week_is_known_there_is_no_verdict(world: World, tmp_path: Path) -> None:
    """Three days after it is measuring."""
    world.apply(world.approved())
    early = bill(tmp_path, 1, {f"vol-{at:03d}": ("2", "0") for at in range(3)}, until=date(2026, 11, 4))
    assert [one.status for one in measured(world, early)] == ["measuring"]


def test_what_was_taken_back_is_paid_again(world: World, tmp_path: Path) -> None:
    """The disks under their new ids subtract: nothing is saved but the snapshots lost, and the undo joins the line."""
    made = world.approved()
    world.apply(made)
    assert measured(world, bill(tmp_path, 1, {f"vol-{at:03d}": ("2", "0") for at in range(3)}))[0].status == "verified"
    back = world.undo(made)
    world.approve(back)
    world.apply(back)
    fresh = [str((one.outcome or {})["resource"]) for one in world.entry(back).made.values()]
    costs = {f"vol-{at:03d}": ("2", "0") for at in range(3)} | dict.fromkeys(fresh, ("0", "2"))
    costs |= dict.fromkeys(snapshots(world, made), ("0", "0.5"))
    line = measured(world, bill(tmp_path, 2, costs))[0]
    assert line.realised
    assert (line.status, line.realised.amount) == ("negative", -45)
    assert line.plan_digests == (made.digest, back.digest)


def test_a_restated_bill_posts_a_correction(world: World, tmp_path: Path) -> None:
    """The same days with another result: the figure moves, and what it was is kept."""
    world.apply(world.approved())
    first = measured(world, bill(tmp_path, 1, {f"vol-{at:03d}": ("2", "0") for at in range(3)}))[0]
    second = measured(world, bill(tmp_path, 2, {f"vol-{at:03d}": ("1", "0") for at in range(3)}))[0]
    assert first.realised
    assert second.realised
    assert (first.realised.amount, second.realised.amount) == (180, 90)
    assert [one["was"]["amount"] for one in second.detail["corrections"]] == ["180"]  # type: ignore[index, attr-defined]
    assert world.journal()[-1] == "saving.corrected"


def test_a_generation_is_measured_once(world: World, tmp_path: Path) -> None:
    """Asked again on the same bill, nothing is written."""
    world.apply(world.approved())
    generation = bill(tmp_path, 1, {f"vol-{at:03d}": ("2", "0") for at in range(3)})
    measured(world, generation)
    before = world.journal()
    assert measured(world, generation)[0].status == "verified"
    assert world.journal() == before


def test_a_plan_without_a_price_promises_nothing(world: World) -> None:
    """Unknown is not zero in some currency."""
    made = world.plan()
    unpriced = replace(made, changes=tuple(replace(change, saving=None) for change in made.changes))
    world.sql("DELETE FROM plan")
    world.keep(unpriced)
    line = follow(world)[0]
    assert (line.currency, line.detail["is_priced"]) == ("XXX", False)
