"""Detection over a published generation: incidents are told once, proven to the digit, taught, and taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import duckdb
import pytest
import sqlalchemy as sa

from bursar.anomaly.detect import Detection, detect, room_of
from bursar.anomaly.feedback import Verdict, give
from bursar.anomaly.incidents import Incident
from bursar.anomaly.records import Kept, kept
from bursar.anomaly.scopes import Wanted
from bursar.anomaly.written import folder_of, newest, read_forecasts
from bursar.config import Config
from bursar.domain.errors import ConfigError
from bursar.store import schema
from tests.unit.anomaly.estates import DAYS, FIRST, NOW, House, Line, house, line, quiet_estate, times

SPIKE = 107
SPIKE_DAY = FIRST + timedelta(days=SPIKE)


@pytest.fixture
def spiked(tmp_path: Path) -> House:
    """An estate whose largest service cost a quarter more on one day."""
    return house(tmp_path, with_spike(quiet_estate()))


def with_spike(lines: list[Line]) -> list[Line]:
    """A quarter more for both of a service's resources on one day."""
    return [times(lines[0], 1.25, SPIKE, SPIKE), times(lines[1], 1.25, SPIKE, SPIKE), *lines[2:]]


def stored(where: House) -> list[Kept]:
    """Incidents in the store."""
    with where.store.connect() as connection:
        return kept(connection)


def entries(where: House) -> list[str]:
    """Kinds of the journal's entries, in order."""
    with where.store.connect() as connection:
        return list(connection.execute(sa.select(schema.journal.c.kind).order_by(schema.journal.c.seq)).scalars())


def only(found: Detection) -> Incident:
    """The one incident there is."""
    ((_, incident),) = found.incidents
    return incident


def answer(where: House, sql: str) -> Decimal:
    """What a proof gives on the generation it was made from."""
    paths = ", ".join(f"'{file.path}'" for file in where.generation.of("charge_daily"))
    row = duckdb.sql(sql.replace("charge_daily", f"read_parquet([{paths}])")).fetchone()
    assert row is not None
    return cast("Decimal", row[0])


def test_a_quiet_estate_has_no_incident(tmp_path: Path) -> None:
    """Four months in which nothing happens are told as that."""
    found = detect(house(tmp_path, quiet_estate()).room, house(tmp_path, quiet_estate()).generation)
    assert found.incidents == ()
    assert found.series > 10


def test_a_spike_is_one_incident_with_its_owner_and_cause(spiked: House) -> None:
    """Many series saw it; one incident tells it, by the deepest scope, and what was folded stays as evidence."""
    incident = only(detect(spiked.room, spiked.generation))
    assert dict(incident.scope) == {"team": "ml", "service": "training", "env": "prod"}
    assert (incident.onset, incident.last_day, incident.owner, incident.direction) == (SPIKE_DAY, SPIKE_DAY, "ml", "up")
    assert incident.severity == "S2"
    assert incident.excess == pytest.approx(Decimal(275), rel=Decimal("0.1"))
    folded = {each["level"] for each in cast("list[dict[str, object]]", incident.detail["folded"])}
    assert {"cloud_service", "account", "team"} <= folded


def test_the_evidence_gives_the_stated_actual(spiked: House) -> None:
    """The SQL of an incident, and of each of its causes, gives its money to the last digit."""
    incident = only(detect(spiked.room, spiked.generation))
    assert answer(spiked, str(incident.detail["evidence_sql"])) == incident.actual
    for cause in cast("list[dict[str, str]]", incident.detail["causes"]):
        assert answer(spiked, cause["sql"]) > 0
    assert str(incident.detail["command"]).startswith("bursar costs --granularity day --window 2026-09-02..2026-09-17")


def test_the_same_generation_twice_changes_nothing(spiked: House) -> None:
    """No second incident, no second journal entry, the same files."""
    first = detect(spiked.room, spiked.generation)
    told, files = entries(spiked), sorted(folder_of(spiked.room.lake, 1).iterdir())
    second = detect(spiked.room, spiked.generation)
    assert len(first.changes.opened) == 1
    assert (second.changes.opened, second.changes.updated) == ((), ())
    assert entries(spiked) == told == ["incident.opened", "incident.closed"]
    assert sorted(folder_of(spiked.room.lake, 1).iterdir()) == files


def test_a_step_settles_and_says_what_it_will_cost(tmp_path: Path) -> None:
    """A believed level ends its incident with the new run rate, and its excess counts against the level before."""
    lines = quiet_estate()
    stepped = house(tmp_path, [*lines[:2], times(lines[2], 1.5, SPIKE), *lines[3:]])
    incident = only(detect(stepped.room, stepped.generation))
    assert (incident.status, incident.last_day) == ("settled", SPIKE_DAY + timedelta(days=3))
    assert incident.excess == pytest.approx(Decimal(4 * 250), rel=Decimal("0.15"))
    assert Decimal(str(incident.detail["run_rate_monthly"])) == pytest.approx(Decimal(750) * Decimal("30.4"), rel=Decimal("0.15"))


def test_two_causes_on_one_day_are_two_incidents(tmp_path: Path) -> None:
    """What only the estate has in common is told apart."""
    lines = quiet_estate()
    both = house(tmp_path, [times(lines[0], 1.4, SPIKE, SPIKE), lines[1], times(lines[2], 1.6, SPIKE, SPIKE), *lines[3:]])
    found = detect(both.room, both.generation)
    assert sorted(str(one.owner) for _, one in found.incidents) == ["ml", "web"]


def test_what_began_with_the_estate_keeps_its_own_name(tmp_path: Path) -> None:
    """Many small things are off the day before, together too much: the spike after them is told as itself, by its own first day."""
    many = [
        line(
            150 + n, seed=100 + n, cv=0.1, team=f"t{n}", service=f"s{n}", service_name="Cache", sub_account_id=f"9{n}", resource_id=f"c-{n}"
        )
        for n in range(8)
    ]
    where = house(tmp_path, [*with_spike(quiet_estate()), *(times(one, 1.25, SPIKE - 1, SPIKE - 1) for one in many)])
    incident = only(detect(where.room, where.generation))
    assert (incident.series, incident.onset) == ("team_service_env/ml/training/prod/USD", SPIKE_DAY)
    assert ("estate/USD", str(SPIKE_DAY - timedelta(days=1))) in {(one["series"], one["onset"]) for one in incident.detail["folded"]}  # type: ignore[attr-defined]


def test_the_same_scope_days_and_direction_have_the_same_id(tmp_path: Path) -> None:
    """A replay over another store tells the same incident."""
    one, other = (house(tmp_path / name, with_spike(quiet_estate())) for name in ("a", "b"))
    assert detect(one.room, one.generation).incidents[0][0] == detect(other.room, other.generation).incidents[0][0]


def test_a_restated_bill_retracts_what_it_took_the_ground_from(tmp_path: Path) -> None:
    """The incident stays readable as retracted, with what was said of it."""
    before = house(tmp_path, with_spike(quiet_estate()))
    detect(before.room, before.generation)
    after = house(tmp_path, quiet_estate(), n=2, store=before.store)
    changes = detect(after.room, after.generation).changes
    (one,) = stored(after)
    assert changes.retracted == (one.id,)
    assert one.status == "retracted"
    assert "said" in cast("dict[str, object]", one.detail["retracted"])
    assert entries(after)[-1] == "incident.retracted"
    assert detect(after.room, after.generation).changes.retracted == ()


def test_an_incident_grows_under_its_id(tmp_path: Path) -> None:
    """A later generation with one more day off updates the incident it opened."""
    lines = quiet_estate()
    first = house(tmp_path, cut(with_spike(lines), SPIKE + 1))
    name = detect(first.room, first.generation).incidents[0][0]
    second = house(
        tmp_path,
        cut([times(lines[0], 1.25, SPIKE, SPIKE + 1), times(lines[1], 1.25, SPIKE, SPIKE + 1), *lines[2:]], SPIKE + 2),
        n=2,
        store=first.store,
    )
    found = detect(second.room, second.generation)
    assert [each for each, _ in found.incidents] == [name]
    assert found.changes.updated == (name,)
    assert stored(second)[0].last_day == SPIKE_DAY + timedelta(days=1)


def cut(lines: Sequence[Line], days: int) -> list[Line]:
    """The first days of an estate."""
    return [Line(one.scope, one.cost[:days]) for one in lines]


def test_what_came_and_went_between_two_looks_is_news(tmp_path: Path) -> None:
    """Of the first look at a history nothing that is over is news; of a later one, what began after the days looked at before."""
    lines = with_spike(quiet_estate())
    first = house(tmp_path / "a", cut(lines, SPIKE - 2))
    detect(first.room, first.generation)
    later = house(tmp_path / "b", lines, n=2, store=first.store)
    room = replace(later.room, lake=first.room.lake)
    assert only(detect(room, later.generation)).detail.get("is_news") is True
    alone = house(tmp_path / "c", lines)
    assert only(detect(alone.room, alone.generation)).detail.get("is_news") is None


def test_a_crash_before_the_files_is_scored_again(spiked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Incidents come first: whoever finds the files may take them for saved."""

    def full(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr("bursar.anomaly.detect.write_scores", full)
    with pytest.raises(OSError, match="no space"):
        detect(spiked.room, spiked.generation)
    assert len(stored(spiked)) == 1
    assert newest(spiked.room.lake) is None


def test_what_would_have_been_said_is_kept_nowhere(spiked: House) -> None:
    """Looking back at a day tells its incidents and leaves neither files nor entries; what came after is not known."""
    found = detect(spiked.room, spiked.generation, until=SPIKE_DAY)
    assert only(found).onset == SPIKE_DAY
    assert detect(spiked.room, spiked.generation, until=SPIKE_DAY - timedelta(days=1)).incidents == ()
    assert (stored(spiked), entries(spiked), newest(spiked.room.lake)) == ([], [], None)


def test_children_add_up_to_their_parents_on_every_day(spiked: House) -> None:
    """The scores' actual amounts of each level are the estate's, to the last digit."""
    detect(spiked.room, spiked.generation)
    scores = duckdb.sql(f"SELECT * FROM '{folder_of(spiked.room.lake, 1)}/anomaly_score.parquet'")
    sums = duckdb.sql("SELECT level, day, sum(actual) AS actual FROM scores GROUP BY ALL").fetchall()
    estate = {day: amount for level, day, amount in sums if level == "estate"}
    assert len(estate) == DAYS
    assert all(amount == estate[day] for _, day, amount in sums)
    assert scores.columns == [
        "series",
        "scope",
        "level",
        "currency",
        "day",
        "actual",
        "expected",
        "lo",
        "hi",
        "sigma",
        "score",
        "test",
        "status",
    ]


def test_unused_commitments_are_a_series_of_their_own(tmp_path: Path) -> None:
    """Waste that begins where usage falls is seen, and is part of no other series."""
    lines = quiet_estate()
    usage = times(lines[0], 0.6, SPIKE)
    wasted = line(0.0001, seed=9, team="ml", service="training", sub_account_id="222", commitment_discount_status="Unused")
    waste = Line(wasted.scope, [0.0] * SPIKE + [320.0] * (DAYS - SPIKE))
    found = detect(*(where := house(tmp_path, [usage, *lines[1:], waste]))[:1], where.generation)
    assert {one.detail["level"] for _, one in found.incidents} == {"unused", "team_service_env"}
    assert {one.direction for _, one in found.incidents} == {"up", "down"}


def test_a_late_export_makes_no_drop(tmp_path: Path) -> None:
    """Days exported while they went on are partial: half of them is not a fall."""
    lines = quiet_estate()
    fading = [Line(one.scope, [*one.cost[:-1], one.cost[-1] * 0.3]) for one in lines]
    late = house(tmp_path, fading, exported=timedelta(hours=-2))
    assert detect(late.room, late.generation).incidents == ()


def test_expected_settles_and_teaches_the_level(tmp_path: Path) -> None:
    """After two days off somebody says it is right: nothing more is told, and the level is the new one."""
    lines = quiet_estate()
    stepped = [*lines[:2], times(lines[2], 1.5, SPIKE), *lines[3:]]
    first = house(tmp_path, cut(stepped, SPIKE + 2))
    name = detect(first.room, first.generation).incidents[0][0]
    give(first.store, name, Verdict(name="expected", by="ana"), now=NOW)
    later = house(tmp_path, stepped, n=2, store=first.store)
    found = detect(later.room, later.generation)
    (one,) = stored(later)
    assert (one.id, one.status, one.last_day) == (name, "settled", SPIKE_DAY + timedelta(days=1))
    assert found.changes.opened == ()
    assert entries(later).count("incident.feedback") == 1


def test_planned_days_are_not_told(tmp_path: Path) -> None:
    """A range that was planned is masked for what was off then, and what lies outside it is not."""
    lines = quiet_estate()
    load = [*lines[:2], times(times(lines[2], 1.5, 100, 102), 1.5, SPIKE, SPIKE), *lines[3:]]
    first = house(tmp_path, cut(load, 102))
    name = detect(first.room, first.generation).incidents[0][0]
    give(first.store, name, Verdict(name="planned", by="ana", last=FIRST + timedelta(days=102)), now=NOW)
    later = house(tmp_path, load, n=2, store=first.store)
    detect(later.room, later.generation)
    assert {one.onset: one.status for one in stored(later)} == {FIRST + timedelta(days=100): "closed", SPIKE_DAY: "closed"}


def test_false_makes_one_series_more_patient(tmp_path: Path) -> None:
    """What was dismissed stays closed, and the same again a little later needs more."""
    lines = quiet_estate()
    first = house(tmp_path, with_spike(lines))
    found = detect(first.room, first.generation)
    name, incident = found.incidents[0]
    for _ in range(8):
        give(first.store, name, Verdict(name="false", by="ana"), now=NOW)
    again = [times(one, 1.08, SPIKE + 5, SPIKE + 5) if place < 2 else one for place, one in enumerate(with_spike(lines))]
    later = house(tmp_path, again, n=2, store=first.store)
    series = {str(incident.detail["series"])}
    detect(later.room, later.generation)
    assert {one.status for one in stored(later) if one.id == name} == {"closed"}
    assert not [one for one in stored(later) if one.series in series and one.onset > SPIKE_DAY]


def test_feedback_on_nothing_is_refused(spiked: House) -> None:
    """An unknown incident, verdict or range is an error with a cure."""
    name = detect(spiked.room, spiked.generation).incidents[0][0]
    with pytest.raises(ConfigError, match="no incident"):
        give(spiked.store, "nothing", Verdict(name="true", by="ana"), now=NOW)
    with pytest.raises(ConfigError, match="no feedback"):
        give(spiked.store, name, Verdict(name="maybe", by="ana"), now=NOW)
    with pytest.raises(ConfigError, match="ends before"):
        give(spiked.store, name, Verdict(name="planned", by="ana", first=date(2026, 9, 2), last=date(2026, 9, 1)), now=NOW)


def test_the_forecast_file_holds_series_and_named_scopes(spiked: House) -> None:
    """A budget's scope is forecast beside the series, in its own words; quantiles are ordered and hold the middle."""
    detect(spiked.room, spiked.generation, scopes=[Wanted(id="ml-budget", filter="team = 'ml'")])
    found = read_forecasts(folder_of(spiked.room.lake, 1), spiked.room.warehouse, levels=("estate",))
    assert {each.scope_id for each in found} == {"estate/USD", "ml-budget"}
    budget = next(each for each in found if each.scope_id == "ml-budget")
    assert budget.scope == "team = 'ml'"
    assert all(len(each.quantiles) == 99 and list(each.quantiles) == sorted(each.quantiles) for each in found)


def test_wrong_thresholds_name_the_key(tmp_path: Path, spiked: House) -> None:
    """A typing error in the project's file is the operator's to mend, and names its place."""
    (tmp_path / "thresholds.yaml").write_text("daily: {limits: 4}\n")
    room = spiked.room
    with pytest.raises(ConfigError, match=r"daily\.limits"):
        room_of(Config(project=tmp_path), store=room.store, lake=room.lake, warehouse=room.warehouse, now=NOW)


def test_the_detail_is_json_without_floats(spiked: House) -> None:
    """What other rooms read of an incident is text and whole numbers: money never is a float."""
    detect(spiked.room, spiked.generation)
    (one,) = stored(spiked)

    def refuse(text: str) -> float:
        raise AssertionError(text)

    assert json.loads(json.dumps(one.detail), parse_float=refuse) == one.detail


def test_nothing_published_is_said(spiked: House) -> None:
    """A generation without usage has no scores and a note."""
    empty = replace(spiked.generation, files=())
    assert detect(spiked.room, empty).notes == ("No usage is published.",)
