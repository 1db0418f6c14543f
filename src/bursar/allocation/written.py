"""The marts as they lie on disk, held against the bill once more: read back from the files, not from the database they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from bursar.domain.errors import BillError
from bursar.domain.money import plain
from bursar.lake.snapshots import Sums
from bursar.ports import Warehouse
from bursar.query.filter_tree import quote

MARTS: Mapping[str, tuple[str, ...]] = {
    "charge_daily": ("direct", "allocated"),
    "cost_daily_owner": ("direct", "allocated"),
    "cost_daily_account": ("direct", "allocated"),
    "cost_daily_cloud_service": ("direct", "allocated"),
    "cost_daily_tag": (),
    "price_volume_daily": (),
    "allocation_daily": (),
    "unit_cost_daily": (),
    "dimension_values": (),
}
"""Every mart, and which of its sums must be the bill's to the last digit once written (the project's own tests hold the others)."""

_COSTS: Mapping[str, tuple[str, str, str, str]] = {
    "direct": ("billed_cost", "effective_cost", "list_cost", "contracted_cost"),
    "allocated": ("allocated_billed_cost", "allocated_cost", "allocated_list_cost", "allocated_contracted_cost"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A written mart in numbers: rows, days, and the sums of its direct and allocated costs by currency."""

    rows: int
    first: date | None
    last: date | None
    sums: Mapping[str, Mapping[str, Sums]]

    @classmethod
    def of(cls, rows: Sequence[tuple[object, ...]]) -> Written:
        """From the answer to `_question`: currency, rows, first and last day, four direct and four allocated sums."""
        days = [day for row in rows for day in row[2:4] if isinstance(day, date)]
        return cls(
            rows=sum(int(str(row[1])) for row in rows),
            first=min(days, default=None),
            last=max(days, default=None),
            sums={
                "direct": {str(row[0]): _sums(row[4:8]) for row in rows},
                "allocated": {str(row[0]): _sums(row[8:12]) for row in rows},
            },
        )


def _sums(values: Sequence[object]) -> Sums:
    billed, effective, listed, contracted = (Decimal(str(value or 0)) for value in values)
    return Sums(billed=billed, effective=effective, list=listed, contracted=contracted)


def read_back(folder: Path, warehouse: Warehouse) -> dict[str, Written]:
    """What each written mart holds, by name."""
    paths = {mart: folder / f"{mart}.parquet" for mart in MARTS}
    answer = warehouse.rows(" UNION ALL ".join(_question(mart, path) for mart, path in paths.items()), reads=tuple(paths.values()))
    return {mart: Written.of([row[1:] for row in answer.rows if row[0] == mart]) for mart in MARTS}


def check(told: Mapping[str, Written], bill: Mapping[str, Sums], *, period: str) -> None:
    """Raises BillError unless the files' sums are the bill's, currency by currency, direct and allocated."""
    for mart, kinds in MARTS.items():
        for kind in kinds:
            _check(mart, kind, told=told[mart], bill=bill, period=period)


def _question(mart: str, path: Path) -> str:
    """Rows, days and sums of a written mart by currency."""
    days = "min(day), max(day)" if mart != "dimension_values" else "NULL::DATE, NULL::DATE"
    sums = ", ".join(f"sum({cost})" if kind in MARTS[mart] else "NULL::DECIMAL(38,12)" for kind, costs in _COSTS.items() for cost in costs)
    return f"SELECT {quote(mart)}, currency, count(*), {days}, {sums} FROM read_parquet({quote(str(path))}) GROUP BY currency"


def _check(mart: str, kind: str, *, told: Written, bill: Mapping[str, Sums], period: str) -> None:
    """Raises BillError unless the file's sums are the bill's, currency by currency."""
    found = told.sums[kind]
    for currency in sorted({*found, *bill}):
        mine, theirs = found.get(currency), bill.get(currency)
        if mine != theirs:
            raise BillError(
                f"{mart} of {period} is not the bill: {kind} {_sums_text(mine)} {currency}, the bill says {_sums_text(theirs)}",
                cure="Nothing was published. Keep the delivery and report this as a bug.",
            )


def _sums_text(sums: Sums | None) -> str:
    if sums is None:
        return "nothing"
    return f"billed {plain(sums.billed)}, effective {plain(sums.effective)}, list {plain(sums.list)}, contracted {plain(sums.contracted)}"
