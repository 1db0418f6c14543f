"""Incidents, detections and forecasts as JSON documents and as rows, the same for command line, API and web."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from bursar.surfaces.documents import Document, Listing, objects, value

if TYPE_CHECKING:
    from bursar.anomaly.detect import Detection
    from bursar.anomaly.forecast import Forecast
    from bursar.anomaly.incidents import Incident
    from bursar.anomaly.records import Kept

_INCIDENT = (
    "id", "scope", "direction", "kind", "severity", "status", "onset", "last_day", "opened_at", "closed_at", "expected", "actual", "excess",
    "currency", "score", "owner", "generation",
)  # fmt: skip
_FOUND = ("id", "scope", "direction", "severity", "status", "onset", "last_day", "expected", "actual", "excess", "currency", "owner")
_FORECAST = ("scope_id", "scope", "period", "currency", "as_of", "actual", "p10", "p50", "p90", "method")


def anomalies(found: Iterable[Kept]) -> Listing:
    """`anomalies`: one row for each incident, newest first, with its causes and the statement that proves its actual."""
    rows: list[tuple[object, ...]] = []
    told: list[Document] = []
    for each in found:
        row = tuple(getattr(each, name) for name in _INCIDENT)
        rows.append(row)
        told.append({**objects(_INCIDENT, [row])[0], **_reasons(each)})
    return Listing(document={"rows": told}, columns=_INCIDENT, rows=rows)


def anomaly(one: Kept) -> Document:
    """`anomaly`: one incident with its chart, what was folded into it, and every rule that decided."""
    row = tuple(getattr(one, name) for name in _INCIDENT)
    return {**objects(_INCIDENT, [row])[0], **_reasons(one), "detail": one.detail}


def anomaly_listing(one: Kept) -> Listing:
    """The same with its row, for forms that are flat."""
    row = tuple(getattr(one, name) for name in _INCIDENT)
    return Listing(document=anomaly(one), columns=_INCIDENT, rows=[row])


def detection(found: Detection) -> Listing:
    """`detect`: what was scored, what changed, and the incidents looked at."""
    rows = [_found(name, one) for name, one in found.incidents]
    changes = {name: list(getattr(found.changes, name)) for name in ("opened", "updated", "closed", "settled", "retracted")}
    head: Document = {
        "generation": found.generation,
        "series": found.series,
        "first_day": value(found.first),
        "last_day": value(found.last),
        "forecasts": len(found.forecasts),
        "notes": list(found.notes),
    }
    return Listing(document={**head, **changes, "rows": objects(_FOUND, rows)}, columns=_FOUND, rows=rows)


def forecasts(generation: int, found: Sequence[Forecast]) -> Listing:
    """`forecast`: the month's end of each scope; p10 and p90 hold four months in five."""
    rows = [tuple(getattr(each, name) for name in _FORECAST) for each in found]
    told: list[Document] = []
    for document in objects(_FORECAST, rows):
        quantiles: Document = {name: document.pop(name) for name in ("p10", "p50", "p90")}
        told.append({**document, "forecast": quantiles})
    return Listing(document={"generation": generation, "rows": told}, columns=_FORECAST, rows=rows)


def _reasons(one: Kept) -> Document:
    causes = cast("list[Document]", one.detail.get("causes", []))
    told = [{name: cause[name] for name in ("scope", "share", "excess")} for cause in causes]
    return {"causes": told, "evidence_sql": one.detail.get("evidence_sql"), "command": one.detail.get("command")}


def _found(name: str, one: Incident) -> tuple[object, ...]:
    return (name, dict(one.scope), *(getattr(one, field) for field in _FOUND[2:]))
