"""Chart data: decimal text and clean names, as JSON that cannot leave its script element. `charts.js` draws it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bursar.domain.money import total
from bursar.surfaces.web.display import drawn_name, places, rounded
from bursar.surfaces.web.entries import Entry, Group, by_bucket
from bursar.surfaces.web.still import Still, still

MOST_POINTS = 400
"""Points per series that a page draws; longer spans are asked for by week or month."""
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""How characters that could end a script element are written within JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One name of a chart and its amount per bucket; None where nothing can be known yet."""

    name: str
    colour: int
    values: Sequence[Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A stacked chart over buckets, the compared span as one tick per bucket, and the sentence that says it in words.

    The bucket at `open_at` is still filling and is drawn faded.
    """

    id: str
    say: str
    unit: str
    currency: str
    buckets: Sequence[date]
    series: Sequence[Series]
    before_name: str = ""
    open_at: int | None = None
    before: Sequence[Decimal | None] = field(default_factory=tuple[Decimal | None, ...])

    @property
    def totals(self) -> list[Decimal]:
        """The exact total of each bucket, for the table twin."""
        return [total(series.values[index] or Decimal(0) for series in self.series) for index in range(len(self.buckets))]

    @property
    def still(self) -> Still:
        """The same as a picture that needs no script."""
        buckets = range(len(self.buckets))
        return still([[(s.colour, s.values[at] or Decimal(0)) for s in self.series] for at in buckets], self.before)

    @property
    def has_before(self) -> bool:
        """Whether anything is compared."""
        return any(value is not None for value in self.before)

    @property
    def data(self) -> str:
        """The JSON for the page; `<`, `>` and `&` are escaped so that no name can end the element."""
        drawn: dict[str, object] = {
            "kind": "stack",
            "say": self.say,
            "unit": self.unit,
            "currency": self.currency,
            "digits": places(self.currency),
            "buckets": [bucket.isoformat() for bucket in self.buckets],
            "series": [
                {"name": drawn_name(s.name), "c": s.colour, "data": [None if v is None else self._text(v) for v in s.values]}
                for s in self.series
            ],
        }
        if self.open_at is not None:
            drawn["open"] = self.open_at
        if self.has_before:
            drawn["prev"] = {"name": drawn_name(self.before_name), "data": [None if v is None else self._text(v) for v in self.before]}
        return json.dumps(drawn, separators=(",", ":"), ensure_ascii=False).translate(ESCAPES)

    def _text(self, value: Decimal) -> str:
        return f"{rounded(value, self.currency):f}"


def stacked(entries: Sequence[Entry], rows: Sequence[Group], buckets: Sequence[date], *, at: int = 0) -> list[Series]:
    """One series per row of the table beside the chart, in its order and colours."""
    return [Series(name=row.name, colour=row.colour, values=by_bucket(entries, buckets, at=at, members=row.members)) for row in rows]
