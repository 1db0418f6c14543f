"""The bill's own lines with their provenance, page by page.

Pages are keyset: a cursor holds the generation, the question's digest and the last line's place, so a walk stays on its
generation while others are published; nothing is told twice and nothing missed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from bursar.domain.money import plain
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.ask import NOTHING_PUBLISHED
from bursar.query.catalogue import DIMENSIONS
from bursar.query.errors import QuestionError
from bursar.query.filters import Filter, compile_sql, fields_of
from bursar.query.focus import focus_columns, focus_registry, snake_names
from bursar.query.question import Query, digest_of
from bursar.query.router import LINES, relation_of
from bursar.query.windows import Slice, slice_of

MAX_LINES = 1000
_COST = "CAST(? AS DECIMAL(38,12))"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePage:
    """Lines by snake_case FOCUS name plus `source`, dearest first; `next` is the cursor of the following page, None at the end."""

    generation: Generation
    lines: tuple[Mapping[str, object], ...]
    next: str | None


def lines(query: Query, *, generation: Generation | None, warehouse: Warehouse, limit: int = 100, after: str | None = None) -> LinePage:
    """One page of the lines a question's days and filter choose. Raises QuestionError for a cursor of another question.

    The caller passes the generation named by `generation_of(after)`, else the head.
    """
    if not 1 <= limit <= MAX_LINES:
        raise QuestionError(f"a page holds 1 to {MAX_LINES} lines", pointer="limit")
    book = generation or NOTHING_PUBLISHED
    chosen = slice_of(query.window, query.period, generation=book)
    files = book.of(LINES, period=str(chosen.period)) if chosen.period else book.of(LINES, start=chosen.start, end=chosen.end)
    where, parameters = _conditions(query, chosen, place=_read_cursor(after, query, generation=book) if after else None)
    if not files:
        return LinePage(generation=book, lines=(), next=None)
    sql = f"""SELECT {", ".join(column.name for column in focus_columns())}, file_index, file_row_number
FROM {relation_of(files)}
WHERE {where}
ORDER BY EffectiveCost DESC, file_index, file_row_number
LIMIT {limit + 1}"""
    found = warehouse.rows(sql, parameters, reads=[file.path for file in book.files]).rows
    sources = {file.snapshot_id: file.source for file in files}
    shown = tuple(_line(row, sources) for row in found[:limit])
    return LinePage(
        generation=book, lines=shown, next=_write_cursor(found[limit - 1], query, generation=book) if len(found) > limit else None
    )


def _conditions(query: Query, chosen: Slice, *, place: tuple[str, int, int] | None) -> tuple[str, list[object]]:
    """The days, the filter, and the lines after a place in their order."""
    registry = focus_registry()
    where = [chosen.where("ChargePeriodStart", registry["billing_period"].sql)]
    parameters: list[object] = []
    if query.filter:
        _check_owners(query.filter)
        condition, values = compile_sql(query.filter, registry)
        where.append(condition)
        parameters.extend(values)
    if place:
        cost, file, row = place
        where.append(f"(EffectiveCost < {_COST} OR (EffectiveCost = {_COST} AND (file_index, file_row_number) > (?, ?)))")
        parameters.extend([cost, cost, file, row])
    return " AND ".join(where), parameters


def _check_owners(tree: Filter) -> None:
    """Refuse what only marts know, saying where it can be asked."""
    registry = focus_registry()
    for field in fields_of(tree):
        if field.name in DIMENSIONS and field.name not in registry:
            raise QuestionError(
                f"'{field.name}' is decided by rules and does not stand on the bill's lines",
                cure="choose lines by resource_id, by another FOCUS column, or by the tag itself",
                column=field.at,
            )


def generation_of(cursor: str) -> int:
    """The generation a cursor walks through. Raises QuestionError for what is no cursor of ours."""
    return cast("int", _open(cursor)["n"])


def _line(row: Sequence[object], sources: Mapping[str, str]) -> dict[str, object]:
    """A line by its columns' snake_case names, with the source its snapshot belongs to."""
    line = dict(zip(snake_names(), row, strict=False))
    return {**line, "source": sources.get(str(line["x_snapshot_id"]))}


def _write_cursor(row: Sequence[object], query: Query, *, generation: Generation) -> str:
    cost = row[[column.name for column in focus_columns()].index("EffectiveCost")]
    place = [plain(cast("Decimal", cost)), row[-2], row[-1]]
    text = json.dumps({"n": generation.n, "q": digest_of(query), "p": place}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, query: Query, *, generation: Generation) -> tuple[str, int, int]:
    """Cost, file and row after which a page begins."""
    found = _open(cursor)
    if found["q"] != digest_of(query) or found["n"] != generation.n:
        raise QuestionError("this cursor belongs to another question", cure="start again without it", pointer="cursor")
    cost, file, row = cast("tuple[str, int, int]", found["p"])
    return cost, file, row


def _open(cursor: str) -> dict[str, object]:
    """A cursor's content, checked by shape: it names a place, never data."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        cost, file, row = found["p"]
        sound = isinstance(found["n"], int) and isinstance(found["q"], str) and isinstance(file, int) and isinstance(row, int)
        if sound and Decimal(cost).is_finite():
            return {"n": found["n"], "q": found["q"], "p": (str(cost), file, row)}
    except (ValueError, TypeError, KeyError, ArithmeticError, binascii.Error):
        pass
    raise QuestionError("this is not a cursor", cure="take the address of the next page as it was given", pointer="cursor")
