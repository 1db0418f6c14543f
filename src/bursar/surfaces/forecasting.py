"""The month's end as it is read: what the newest detection wrote, or a scope reckoned now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bursar.anomaly.detect import forecast_of, room_of
from bursar.anomaly.written import newest, read_forecasts

if TYPE_CHECKING:
    from bursar.anomaly.forecast import Forecast
    from bursar.loop import Bursar

LEVELS = ("estate", "provider", "team")


def kept(app: Bursar) -> tuple[int, Sequence[Forecast]]:
    """What the newest detection wrote, with its generation; (0, nothing) before the first."""
    scored = newest(app.lake.root)
    return (0, []) if scored is None else (scored[0], read_forecasts(scored[1], app.warehouse, levels=LEVELS))


def reckoned(app: Bursar, scope: str) -> tuple[int, Sequence[Forecast]]:
    """A scope that nobody keeps: reckoned now, kept nowhere. Raises QuestionError for a filter that cannot be read."""
    head = app.lake.head()
    if head is None:
        return 0, []
    room = room_of(app.config, store=app.store, lake=app.lake.root, warehouse=app.warehouse, now=app.clock())
    return head.n, forecast_of(room, head, scope)
