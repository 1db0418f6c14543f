"""Answers and reports as JSON documents and as rows, the same for command line, API and web: one shape, one spelling of a decimal.

Each document has a committed JSON Schema in `schemas/`. Decimals are strings without exponent, moments RFC 3339 in UTC.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.lake.reports import Delivery, Freshness, Reconciled, Version
from bursar.lake.snapshots import Sums
from bursar.query.ask import Answer
from bursar.query.filters import field_text
from bursar.query.lines import LinePage
from bursar.query.values import DimensionValue

_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")

Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One answer in both forms: the JSON document, and named columns with rows for CSV and tables."""

    document: Document
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


def costs(answer: Answer) -> Listing:
    """`costs`: one row per group, bucket and currency; `previous` only where the question compares."""
    names = tuple(field_text(field) for field in answer.query.group_by)
    more = ("previous",) if answer.query.compare else ()
    columns = ("start", "end", *names, "currency", "value", *more)
    rows = [(row.start, row.end, *row.keys, row.currency, row.value, *((row.previous,) if more else ())) for row in answer.rows]
    span: Document = {"period": answer.period} if answer.period else {"window": {"start": value(answer.start), "end": value(answer.end)}}
    before = answer.compared
    compared: Document = {"compare": {"start": value(before.start), "end": value(before.cut or before.end)}} if before else {}
    return Listing(
        document={
            "metric": answer.query.metric,
            "group_by": list(names),
            "granularity": answer.query.granularity,
            **span,
            **compared,
            "generation": answer.generation,
            "data_as_of": value(answer.data_as_of),
            **({"why": answer.why} if answer.why else {}),
            "rows": objects(columns, rows),
        },
        columns=columns,
        rows=rows,
    )


def charges(page: LinePage) -> Listing:
    """`charges`: bill lines by FOCUS column with their provenance, and the cursor of the next page."""
    columns = tuple(page.lines[0]) if page.lines else ()
    rows = [tuple(line.values()) for line in page.lines]
    head = {"generation": page.generation.n, "data_as_of": value(page.generation.data_as_of)}
    return Listing(document={**head, "rows": objects(columns, rows), "next": page.next}, columns=columns, rows=rows)


def values(found: Iterable[DimensionValue]) -> Listing:
    """`values`: what a dimension can be, dearest first."""
    columns = ("value", "currency", "effective_cost")
    rows = [(each.value, each.currency, each.effective_cost) for each in found]
    return Listing(document={"rows": objects(columns, rows)}, columns=columns, rows=rows)


_INVOICE = (
    "provider", "billing_account_id", "invoice_id", "invoice_key", "issuer", "billing_period", "currency", "billed_cost",
    "invoice_total", "difference", "difference_ratio", "unexplained", "status", "lines",
)  # fmt: skip


def reconciliation(found: Iterable[Reconciled]) -> Listing:
    """`reconcile`: each invoice and the lines that meet it; the waterfall leads from our lines to the invoice."""
    rows: list[tuple[object, ...]] = []
    told: list[Document] = []
    for each in found:
        row = tuple(getattr(each, name) for name in _INVOICE)
        steps = [{"name": step.name, "amount": value(step.amount), "proof": step.proof} for step in each.waterfall]
        rows.append(row)
        told.append({**objects(_INVOICE, [row])[0], "waterfall": steps})
    return Listing(document={"rows": told}, columns=_INVOICE, rows=rows)


_VERSION = (
    "source", "billing_period", "snapshot_id", "state", "exported_at", "landed_at", "published_at", "gen_from", "gen_to", "rows",
    "rows_change",
)  # fmt: skip
_FOUR = ("billed", "effective", "list", "contracted")


def history(found: Iterable[Version]) -> Listing:
    """`history`: every delivery's totals and what each changed; the flat form has one row per currency."""
    rows: list[tuple[object, ...]] = []
    told: list[Document] = []
    for each in found:
        head = (each.source, each.period, each.snapshot_id, each.state, each.exported_at, each.landed_at, each.published_at)
        head = (*head, each.gen_from, each.gen_to, each.rows, each.rows_change)
        told.append({**objects(_VERSION, [head])[0], "sums": sums(each.sums), "change": None if each.change is None else sums(each.change)})
        change = each.change or {}
        currencies: list[str] = sorted({*each.sums, *change}) or [""]
        rows.extend((*head, currency or None, *_four(each.sums.get(currency)), *_four(change.get(currency))) for currency in currencies)
    columns = (*_VERSION, "currency", *(f"{name}_cost" for name in _FOUR), *(f"{name}_change" for name in _FOUR))
    return Listing(document={"rows": told}, columns=columns, rows=rows)


_FRESHNESS = ("source", "format", "newest_period", "exported_at", "landed_at", "published_at", "rows")


def freshness(found: Iterable[Freshness]) -> Listing:
    """`freshness`: how old each source's live data is."""
    rows = [tuple(getattr(each, name) for name in _FRESHNESS) for each in found]
    return Listing(document={"rows": objects(_FRESHNESS, rows)}, columns=_FRESHNESS, rows=rows)


_DELIVERY = (
    "seq", "seen_at", "name", "source", "format", "billing_period", "snapshot_id", "exported_at", "outcome", "rows", "bytes",
    "cause", "cure",
)  # fmt: skip


def deliveries(found: Iterable[Delivery]) -> Listing:
    """`deliveries`: what arrived and what became of it."""
    rows: list[tuple[object, ...]] = []
    told: list[Document] = []
    for each in found:
        row = tuple(each.period if name == "billing_period" else getattr(each, name) for name in _DELIVERY)
        rows.append(row)
        told.append({**objects(_DELIVERY, [row])[0], "sums": sums(each.sums)})
    return Listing(document={"rows": told}, columns=_DELIVERY, rows=rows)


def objects(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[Document]:
    """Rows as JSON objects."""
    return [{name: value(cell) for name, cell in zip(columns, row, strict=True)} for row in rows]


def sums(found: Mapping[str, Sums]) -> Document:
    """The four costs by currency."""
    return {currency: {name: value(getattr(four, name)) for name in _FOUR} for currency, four in sorted(found.items())}


def value(cell: object) -> object:
    """A cell as JSON carries it."""
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, datetime):
        return f"{cell.isoformat()}Z" if cell.tzinfo is None else stamp(cell)
    return cell.isoformat() if isinstance(cell, date) else cell


def csv_text(listing: Listing) -> str:
    """The rows as CSV, header first, empty where there is no value. Text a spreadsheet would run as a formula is led by an apostrophe."""
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(_cell(name) for name in listing.columns)
    writer.writerows([_cell(cell) for cell in row] for row in listing.rows)
    return "".join(lines.written)


class _Lines:
    """Rows that end in a line feed. The writer must believe in CR LF, else it leaves a carriage return within a cell unquoted."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, row: str) -> int:
        self.written.append(row.removesuffix("\r\n") + "\n")
        return len(row)


def _cell(cell: object) -> object:
    """A cell as CSV carries it; numbers stay numbers, maps become `key=value` lists."""
    if isinstance(cell, Mapping):
        pairs = sorted(cast("Mapping[str, str]", cell).items())
        cell = "; ".join(f"{key}={text}" for key, text in pairs)
    if isinstance(cell, str) and _FORMULA.match(cell):
        return f"'{cell}"
    return value(cell)


def _four(found: Sums | None) -> tuple[Decimal | None, ...]:
    return tuple(getattr(found, name) if found else None for name in _FOUR)
