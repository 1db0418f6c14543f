"""Answering a question: the narrowest mart that holds its columns, one SELECT, rows that sum to the total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from bursar.domain.money import total
from bursar.domain.periods import Period
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.errors import QuestionError
from bursar.query.question import Query, command_of
from bursar.query.router import Table, route
from bursar.query.statement import OTHER, Statement, statement_of
from bursar.query.windows import Slice, compared, latest_day, slice_of

__all__ = ["MAX_ROWS", "NOTHING_PUBLISHED", "OTHER", "Answer", "Row", "ask", "no_bill", "totals"]

MAX_ROWS = 200_000
NOTHING_PUBLISHED = Generation(n=0, at=datetime(1970, 1, 1, tzinfo=UTC), data_as_of=None, files=())
"""What to ask while no bill was ever published; the answer is empty and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One group, bucket and currency. `previous` is the compared slice's sum, None where that has no data at all."""

    start: date
    end: date
    keys: tuple[str | None, ...]
    currency: str
    value: Decimal
    previous: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows and where they come from. `sql` shows the statement with its values and without paths; `why` explains emptiness.

    `keys` of a row stand in the order of `query.group_by`. `rows_read` tells how many rows the table's files hold.
    """

    query: Query
    generation: int
    data_as_of: datetime | None
    start: date
    end: date
    period: str | None
    table: str
    rows: tuple[Row, ...]
    sql: str
    command: str
    why: str = ""
    compared: Slice | None = None
    rows_read: int = 0


def ask(query: Query, *, generation: Generation | None, warehouse: Warehouse) -> Answer:
    """Answer one question from one generation. Raises QuestionError for what cannot be asked."""
    book = generation or NOTHING_PUBLISHED
    current = slice_of(query.window, query.period, generation=book)
    latest = latest_day(book)
    before = compared(current, query.compare, latest=latest) if query.compare else None
    table = route(query, generation=book, slices=[current, *([before] if before else [])])
    statement = statement_of(query, table=table, current=current, before=before)
    answer = Answer(
        query=query,
        generation=book.n,
        data_as_of=book.data_as_of,
        start=current.start,
        end=current.end,
        period=str(current.period) if current.period else None,
        table=table.name,
        rows=(),
        sql=statement.display(table.name),
        command=command_of(_settled(query, current)),
        compared=before,
        rows_read=sum(file.rows for file in table.files),
    )
    found = _run(statement, table, generation=book, warehouse=warehouse) if table.files else []
    known = before is not None and any(row[-1] is not None for row in found)
    rows = tuple(_row(row, query=query, current=current, compares=known) for row in found)
    return replace(answer, rows=rows, why="" if rows else _why(query, book, current=current))


def totals(answer: Answer) -> dict[str, Decimal]:
    """The sum of an answer's rows, one per currency, exact."""
    currencies = sorted({row.currency for row in answer.rows})
    return {currency: total(row.value for row in answer.rows if row.currency == currency) for currency in currencies}


def _settled(query: Query, current: Slice) -> Query:
    """The question with its default period spelled out, so that its command line keeps its meaning next month."""
    return query if query.window or query.period else replace(query, period=str(current.period))


def _run(statement: Statement, table: Table, *, generation: Generation, warehouse: Warehouse) -> list[tuple[object, ...]]:
    """Run the statement. All files of the generation may be read, so that one reader's box serves every question on it."""
    sql = f"{statement.over(table.relation())}\nLIMIT {MAX_ROWS + 1}"
    found = warehouse.rows(sql, statement.parameters, reads=[file.path for file in generation.files]).rows
    if len(found) > MAX_ROWS:
        raise QuestionError(
            f"the answer has more than {MAX_ROWS} rows", cure="group by less, choose fewer days, or add top", pointer="group_by"
        )
    return found


def _row(row: Sequence[object], *, query: Query, current: Slice, compares: bool) -> Row:
    """`(bucket, keys…, currency, value, previous)` as it comes back; a group absent on one side costs nothing there."""
    bucket, *keys, currency, value, previous = row
    start, end = _bucket(cast("int", bucket), query=query, current=current)
    return Row(
        start=start,
        end=end,
        keys=tuple(cast("list[str | None]", keys)),
        currency=cast("str", currency),
        value=cast("Decimal | None", value) or Decimal(0),
        previous=(cast("Decimal | None", previous) or Decimal(0)) if compares else None,
    )


def _bucket(index: int, *, query: Query, current: Slice) -> tuple[date, date]:
    """The days of the index-th bucket, cut to the window; a billing period's stray days keep their own."""
    if query.granularity == "total" or (query.granularity == "month" and current.period):
        return current.start, current.end
    if query.granularity == "month":
        month = Period.of(current.start).shift(index)
        start, end = month.start, month.end
    else:
        days = 7 if query.granularity == "week" else 1
        first = current.start - timedelta(days=current.start.weekday() if days > 1 else 0)
        start = first + timedelta(days=index * days)
        end = start + timedelta(days=days)
    if current.period or start >= current.end:
        return start, end
    return max(start, current.start), min(end, current.end)


def _why(query: Query, generation: Generation, *, current: Slice) -> str:
    """Why there is nothing to see, in a sentence that helps on."""
    if why := no_bill(generation, str(current.period) if current.period else None):
        return why
    days = [day for file in generation.of("cost_and_usage") for day in (file.min_day, file.max_day) if day]
    if not current.period and days and (current.start > max(days) or current.end <= min(days)):
        return f"The data has charges from {min(days)} to {max(days)}, none from {current.start} to {current.end}."
    limits = [name for name in ("filter", "having") if getattr(query, name)]
    return f"No charge of these days passes the {' and the '.join(limits)}." if limits else "These days have no charges."


def no_bill(generation: Generation, period: str | None) -> str:
    """That nothing is published, or not of this billing period, in a sentence; the empty text where there is a bill."""
    periods = generation.periods()
    if not periods:
        return "Nothing is published yet. Bring a bill in with: bursar ingest PATH"
    if period is None or period in periods:
        return ""
    there = f"is {periods[0]}" if len(periods) == 1 else f"are {periods[0]} to {periods[-1]}"
    return f"No bill of {period} is published; there {there}."
