"""Score files: what readers take from `lake/scores/g<generation>/`, written aside and renamed, so that a file is whole or not there."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import cast

import numpy as np

from bursar.anomaly.detectors.contract import MISSING, STATUS, TESTS
from bursar.anomaly.forecast import Forecast
from bursar.anomaly.panel import Scope
from bursar.anomaly.runs import Scored
from bursar.domain.money import plain
from bursar.ports import Script, Statement, Warehouse

KEPT_DAYS = 190
"""Days of scores in a file, newest last: what pages and messages draw."""
_QUOTE = "'"
SCORES, FORECASTS = "anomaly_score", "forecast_month"


def folder_of(lake: Path, generation: int) -> Path:
    """Where a generation's scores lie, written or not."""
    return lake / "scores" / f"g{generation}"


def newest(lake: Path, *, until: int | None = None) -> tuple[int, Path] | None:
    """The newest scored generation (not after `until`) and its folder; None before the first."""
    scored = [file.parent for file in (lake / "scores").glob(f"g*/{FORECASTS}.parquet") if file.parent.name[1:].isdigit()]
    able = [(int(folder.name[1:]), folder) for folder in scored if until is None or int(folder.name[1:]) <= until]
    return max(able, default=None)


def last_day(folder: Path, warehouse: Warehouse) -> date | None:
    """The last day a generation's score file tells of."""
    path = folder / f"{SCORES}.parquet"
    sql = f"SELECT max(day) FROM read_parquet('{str(path).replace(_QUOTE, 2 * _QUOTE)}')"
    return cast("date | None", warehouse.rows(sql, reads=[path]).rows[0][0])


def read_forecasts(folder: Path, warehouse: Warehouse, *, levels: Sequence[str]) -> list[Forecast]:
    """The forecasts a generation's file holds of series of these levels and of named scopes, by name."""
    path = folder / f"{FORECASTS}.parquet"
    sql = (
        "SELECT scope_id, scope, period, currency, as_of, actual, quantiles, method "
        f"FROM read_parquet('{str(path).replace(_QUOTE, 2 * _QUOTE)}') "
        "WHERE NOT contains(scope_id, '/') OR list_contains(?::VARCHAR[], split_part(scope_id, '/', 1)) "
        "ORDER BY scope_id, period, currency"
    )
    return [_forecast(row) for row in warehouse.rows(sql, (list(levels),), reads=[path]).rows]


def _forecast(row: Sequence[object]) -> Forecast:
    scope_id, scope, period, currency, as_of, actual, quantiles, method = row
    return Forecast(
        scope_id=cast("str", scope_id),
        scope=cast("str", scope),
        period=cast("date", period),
        currency=cast("str", currency),
        as_of=cast("date", as_of),
        actual=cast("Decimal", actual),
        quantiles=tuple(cast("list[Decimal]", quantiles)),
        method=cast("str", method),
    )


def write_scores(lake: Path, warehouse: Warehouse, *, scored: Scored, forecasts: Sequence[Forecast]) -> Path:
    """Write both files of a generation; what an earlier run of it wrote is replaced. The score file comes first."""
    folder = folder_of(lake, scored.panel.generation)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        _write(part / f"{SCORES}.csv", _score_rows(scored))
        _write(part / f"{FORECASTS}.csv", (_forecast_row(each) for each in forecasts))
        sql = files("bursar.anomaly").joinpath("written.sql").read_text("utf-8").replace("{folder}", str(part).replace("'", "''"))
        statements = [Statement(name=f"write {place}", sql=text) for place, text in enumerate(sql.split(";")) if text.strip()]
        sources = (part / f"{SCORES}.csv", part / f"{FORECASTS}.csv")
        warehouse.run(Script(statements=tuple(statements), reads=sources, writes=part))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (SCORES, FORECASTS):
            (part / f"{name}.parquet").replace(folder / f"{name}.parquet")
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _score_rows(scored: Scored) -> Iterator[Sequence[object]]:
    """One row for each series and day from its first known one; an unknown amount or expectation is empty."""
    panel, scores = scored.panel, scored.scores
    first = max(0, panel.days - KEPT_DAYS)
    days = [panel.day(day).isoformat() for day in range(panel.days)]
    for row, series in enumerate(panel.series):
        head = (series.key, *_map(series.scope), series.level, series.currency)
        known = np.flatnonzero(panel.status[row] != MISSING)
        for day in range(max(first, int(known[0])) if known.size else panel.days, panel.days):
            seen = panel.status[row, day] != MISSING
            figures = (_text(float(values[row, day])) for values in (scores.expected, scores.lo, scores.hi, scores.sigma))
            tested = TESTS[int(scores.test[row, day])]
            actual = plain(panel.amount(row, day)) if seen else ""
            yield (*head, days[day], actual, *figures, _text(float(scores.score[row, day])), tested, STATUS[int(panel.status[row, day])])


def _forecast_row(each: Forecast) -> Sequence[object]:
    quantiles = "|".join(plain(value) for value in each.quantiles)
    figures = (plain(each.actual), plain(each.p10), plain(each.p50), plain(each.p90))
    return (each.scope_id, each.scope, each.period.isoformat(), each.currency, each.as_of.isoformat(), *figures, quantiles, each.method)


def _map(scope: Scope) -> tuple[str, str]:
    """Names and values of a scope as two lists; a value that is missing is marked, as a CSV has no NULL in a list."""
    return "\x1f".join(scope), "\x1f".join("\x01" if value is None else value for value in scope.values())


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"
