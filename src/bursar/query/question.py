"""One question about cost, the same for command line, API and web page, and the ways it is written down."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bursar.domain.wording import shell_line
from bursar.query.catalogue import ALIASES, METRICS
from bursar.query.errors import QuestionError, nearest
from bursar.query.filters import Field, Filter, field_text, parse, snake, to_text
from bursar.query.windows import GRANULARITIES

MAX_GROUPS = 4
MAX_TOP = 1000
ORDERS = ("value", "name")

_FIELD = re.compile(r'\s*(?:(tag|label):(?:"((?:[^"]|"")+)"|([^,"]+?))|([A-Za-z][A-Za-z0-9_]*))\s*(?:,|$)', re.IGNORECASE)
_TIMES = {"day": "day", "week": "week", "month": "month", "start": "day", "end": "day", "date": "day"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked. Without window and period it is about the latest billing period.

    `having` keeps groups by the sum of their rows (`value > 100`); `top` keeps the largest groups of each currency and adds
    the rest as `other`, so rows always sum to the total.
    """

    metric: str = "effective_cost"
    group_by: tuple[Field, ...] = ()
    granularity: str = "month"
    window: str | None = None
    period: str | None = None
    filter: Filter | None = None
    having: Filter | None = None
    compare: str | None = None
    order: str = "value"
    top: int | None = None


OPTIONS = ("metric", "group_by", "granularity", "window", "period", "filter", "having", "compare", "order", "top")
"""The parts of a question by the names they carry as options, parameters and JSON fields."""


def read_query(parts: Mapping[str, str]) -> Query:
    """The question these written parts ask; empty parts count as left out. Raises QuestionError naming the part."""
    for name in parts:
        if name not in OPTIONS:
            raise QuestionError(f"there is no '{name}' in a question", cure=nearest(name, OPTIONS), pointer=name)
    given = {name: text.strip() for name, text in parts.items() if text.strip()}
    return Query(
        metric=_one_of(given.get("metric", "effective_cost"), METRICS, pointer="metric"),
        group_by=read_fields(given.get("group_by", "")),
        granularity=_one_of(given.get("granularity", "month"), GRANULARITIES, pointer="granularity"),
        window=given.get("window"),
        period=given.get("period"),
        filter=parse(given["filter"]) if "filter" in given else None,
        having=_having(given.get("having")),
        compare=given.get("compare"),
        order=_one_of(given.get("order", "value"), ORDERS, pointer="order"),
        top=_top(given.get("top")),
    )


def read_fields(text: str) -> tuple[Field, ...]:
    """`team,service_name,tag:"Cost Center"` → fields, aliases resolved. The currency is dropped: every row carries its own."""
    found: list[Field] = []
    place = 0
    while place < len(text):
        match = _FIELD.match(text, place)
        if match is None:
            raise QuestionError(f"not a dimension: '{text[place : place + 20]}'", pointer="group_by", column=place + 1)
        found.append(_field(match))
        place = match.end()
    kept = tuple(field for field in dict.fromkeys(found) if field.name != "currency")
    if len(kept) > MAX_GROUPS:
        raise QuestionError(f"a question may group by {MAX_GROUPS} dimensions", pointer="group_by")
    return kept


def write_fields(fields: Iterable[Field]) -> str:
    """Fields as `group_by` takes them."""
    return ",".join(field_text(field) for field in fields)


def parts_of(query: Query) -> dict[str, str]:
    """The question in writing, defaults left out, each filter in its canonical form: `read_query` gives it back."""
    plain = Query()
    texts = {
        "metric": query.metric,
        "group_by": write_fields(query.group_by),
        "granularity": query.granularity,
        "window": query.window or "",
        "period": query.period or "",
        "filter": to_text(query.filter) if query.filter else "",
        "having": to_text(query.having) if query.having else "",
        "compare": query.compare or "",
        "order": query.order,
        "top": str(query.top) if query.top else "",
    }
    return {name: text for name, text in texts.items() if text and text != getattr(plain, name)}


def command_of(query: Query) -> str:
    """The command line that asks the same."""
    words = [word for name, text in parts_of(query).items() for word in (f"--{name.replace('_', '-')}", text)]
    return shell_line(["bursar", "costs", *words])


def digest_of(query: Query) -> str:
    """A short name for this question: equal questions, however written, have equal digests."""
    return hashlib.sha256(json.dumps(parts_of(query), sort_keys=True).encode()).hexdigest()[:16]


def _field(match: re.Match[str]) -> Field:
    """One dimension of a `group by`, by its one name."""
    if match[1]:
        return Field(name=match[1].lower(), key=match[2].replace('""', '"') if match[2] else match[3].strip(), at=match.start(1) + 1)
    name = snake(match[4])
    if name in _TIMES:
        raise QuestionError(f"'{name}' is not a dimension", cure=f"use granularity {_TIMES[name]}", pointer="group_by")
    return Field(name=ALIASES.get(name, name), at=match.start(4) + 1)


def _one_of(text: str, known: Iterable[str], *, pointer: str) -> str:
    names = list(known)
    if text not in names:
        raise QuestionError(
            f"there is no {pointer} '{text[:40]}'", cure=nearest(text, names) or f"choose {', '.join(names)}", pointer=pointer
        )
    return text


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_TOP:
        raise QuestionError(f"top is a number from 1 to {MAX_TOP}", pointer="top")
    return int(text)


def _having(text: str | None) -> Filter | None:
    """A filter over sums; its errors point at `having`."""
    try:
        return parse(text) if text else None
    except QuestionError as error:
        raise QuestionError(error.message, cure=error.cure, pointer="having", column=error.column) from None
