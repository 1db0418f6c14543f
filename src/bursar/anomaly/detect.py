"""Detection over one published generation: scores, incidents, forecasts. It runs after the flip, so that no bill waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from bursar.anomaly import records
from bursar.anomaly.coverage import Coverage, coverage, first_day
from bursar.anomaly.detectors import DETECTORS
from bursar.anomaly.feedback import Lessons, lessons, said
from bursar.anomaly.folding import fold
from bursar.anomaly.forecast import Forecast, forecast, views_wanted
from bursar.anomaly.fx import FILE as RATES
from bursar.anomaly.fx import Fx, read_fx
from bursar.anomaly.incidents import Incident, Why, incident_of
from bursar.anomaly.panel import MART, UNUSED, Panel, Series, read_panel
from bursar.anomaly.records import Changes, Kept
from bursar.anomaly.root_cause import Leaves, explain, owner_of, read_leaves, resources_of
from bursar.anomaly.runs import Run, Scored, find_runs
from bursar.anomaly.scopes import Desk, Wanted, forecast_scopes
from bursar.anomaly.thresholds import FILE as THRESHOLDS
from bursar.anomaly.thresholds import Thresholds, read_thresholds
from bursar.anomaly.written import last_day, newest, write_scores
from bursar.config import Config
from bursar.lake.generations import Generation
from bursar.ports import Warehouse

DETECTOR = "daily"
RESOURCES = 20
"""So many resources of an incident are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What detection works with. `lake` is the lake's root, `now` the moment it believes in, UTC."""

    store: sa.Engine
    lake: Path
    warehouse: Warehouse
    thresholds: Thresholds
    fx: Fx
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What a detection found on a generation: incidents by the id they are known by, forecasts, what changed, and notes to read."""

    generation: int
    series: int = 0
    first: date | None = None
    last: date | None = None
    incidents: tuple[tuple[str, Incident], ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    changes: Changes = field(default_factory=Changes)
    notes: tuple[str, ...] = ()


def room_of(config: Config, *, store: sa.Engine, lake: Path, warehouse: Warehouse, now: datetime) -> Room:
    """The room over a project: its thresholds.yaml and fx.csv, else the packaged ones. Raises ConfigError."""
    thresholds, fx = read_thresholds(config.file(THRESHOLDS)), read_fx(config.file(RATES))
    return Room(store=store, lake=lake, warehouse=warehouse, thresholds=thresholds, fx=fx, now=now)


def detect(room: Room, generation: Generation, *, scopes: Sequence[Wanted] = (), until: date | None = None) -> Detection:
    """Score a generation, write its score files, and bring the incidents in the store to what was found, in one transaction.

    The same generation twice changes nothing. `until` looks at the days up to one only, with the feedback known then, and keeps
    nothing: what would have been said. `scopes` are forecast beside the series.
    """
    found = _look(room, generation, until=until)
    if found is None:
        return Detection(generation=generation.n, notes=("No usage is published.",))
    scored, covered, learnt = found
    known, since = _known(room, scored)
    incidents = _incidents(room, generation, scored, learnt=learnt, since=since)
    desk = Desk(generation=generation, warehouse=room.warehouse, covered=covered, thresholds=room.thresholds, fx=room.fx)
    forecasts = (*forecast(scored), *forecast_scopes(desk, scopes, lent=scored))
    named = records.matched(incidents, known)
    news = _news(scored, named, known)
    changes = Changes()
    if until is None:
        _unheard(room, generation, [one for name, one in news if name not in {each.id for each in known}])
        with room.store.begin() as connection:
            changes = records.save(connection, news, known=known, since=since, now=room.now)
        # last: whoever finds the files takes the incidents for saved
        write_scores(room.lake, room.warehouse, scored=scored, forecasts=forecasts)
    return _told(scored, news, forecasts, changes=changes, fx=room.fx)


def forecast_of(room: Room, generation: Generation, scope: str) -> list[Forecast]:
    """The month of one filter's charges, reckoned now and kept nowhere. Raises QuestionError for a filter that cannot be read."""
    span = _span(room, generation, until=None)
    if span is None:
        return []
    covered = coverage(generation, room.store, first=span[0], last=span[1], now=room.now)
    desk = Desk(generation=generation, warehouse=room.warehouse, covered=covered, thresholds=room.thresholds, fx=room.fx)
    return forecast_scopes(desk, [Wanted(id="scope", filter=scope)])


def _span(room: Room, generation: Generation, *, until: date | None) -> tuple[date, date] | None:
    """First and last day of the panel, or None where nothing was charged."""
    first = first_day(generation)
    days = [file.max_day for file in generation.of(MART) if file.max_day]
    if first is None or not days:
        return None
    last = min(max(days), room.now.date(), until or date.max)
    first = max(first, last - timedelta(days=room.thresholds.series.history_days - 1))
    return (first, last) if first <= last else None


def _look(room: Room, generation: Generation, *, until: date | None) -> tuple[Scored, Coverage, Lessons] | None:
    """The panel and its scores, or None where nothing was charged."""
    span = _span(room, generation, until=until)
    if span is None:
        return None
    covered = coverage(generation, room.store, first=span[0], last=span[1], now=room.now)
    panel = read_panel(generation, room.warehouse, covered=covered, thresholds=room.thresholds, fx=room.fx)
    if not panel.series:
        return None
    learnt = lessons(panel, said(room.store, until=room.now))
    observed = panel.observed(masked=learnt.masked, patience=learnt.patience, accepted=learnt.accepted)
    scores = DETECTORS[DETECTOR](room.thresholds).score(observed, views=views_wanted(panel))
    return Scored(panel=panel, scores=scores, thresholds=room.thresholds), covered, learnt


def _known(room: Room, scored: Scored) -> tuple[list[Kept], date]:
    """Incidents in the store, and the first onset that is looked at again: recent ones, and all that are still open."""
    with room.store.connect().execution_options(read_only=True) as connection:
        known = records.kept(connection)
    recent = scored.panel.day(scored.panel.days - 1) - timedelta(days=room.thresholds.incidents.report_days - 1)
    unfinished = [one.onset for one in known if one.status == "open" and one.kind == "cost"]
    return known, max(min([recent, *unfinished]), scored.panel.first)


def _incidents(room: Room, generation: Generation, scored: Scored, *, learnt: Lessons, since: date) -> list[Incident]:
    """The incidents that began since a day."""
    panel = scored.panel
    runs: list[Run] = [run for run in find_runs(scored, cuts=learnt.cuts) if run.onset >= panel.column(since) - 1]

    @cache
    def leaves(currency: str, first: date, last: date, unused: bool = False) -> Leaves:
        return read_leaves(generation, room.warehouse, currency=currency, first=first, last=last, unused=unused)

    def why(series: Series, first: date, last: date) -> Why:
        held, scope = leaves(series.currency, first, last, series.level == UNUSED), series.scope
        return Why(
            causes=explain(held, scope=scope), owner=owner_of(held, scope=scope), resources=resources_of(held, scope=scope, top=RESOURCES)
        )

    def between(currency: str, first: int, last: int) -> Leaves:
        return leaves(currency, panel.day(first), panel.day(last))

    groups = fold(scored, runs, leaves_of=between)
    return [incident_of(group, scored, why_of=why) for group in groups if panel.day(group.onset) >= since]


def _news(scored: Scored, named: Sequence[tuple[str, Incident]], known: Sequence[Kept]) -> list[tuple[str, Incident]]:
    """Those that are known already, and those recent enough to be news when history is read for the first time."""
    ids = {one.id for one in known}
    recent = scored.panel.day(scored.panel.days - 1) - timedelta(days=scored.thresholds.incidents.report_days - 1)
    return [(name, one) for name, one in named if name in ids or one.onset >= recent]


def _unheard(room: Room, generation: Generation, fresh: Sequence[Incident]) -> None:
    """Mark what began after the days that were scored before: it is news also where it is over by now."""
    before = newest(room.lake, until=generation.n - 1)
    last = last_day(before[1], room.warehouse) if before else None
    for one in fresh:
        if last and one.onset >= last:
            one.detail["is_news"] = True


def _told(
    scored: Scored, incidents: Sequence[tuple[str, Incident]], forecasts: Sequence[Forecast], *, changes: Changes, fx: Fx
) -> Detection:
    panel: Panel = scored.panel
    currencies = sorted({one.currency for one in panel.series})
    return Detection(
        generation=panel.generation,
        series=len(panel.series),
        first=panel.first,
        last=panel.day(panel.days - 1),
        incidents=tuple(incidents),
        forecasts=tuple(forecasts),
        changes=changes,
        notes=tuple(note for note in map(fx.note, currencies) if note),
    )
