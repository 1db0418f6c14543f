"""What may arrive: a bill made of parts, an invoice file, a metrics file, or something nobody knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from bursar.domain.errors import BillError
from bursar.ingestion.reading import FileKind

PAIRED = "azure-cost"
"""The format whose bill comes as two exports: actual (what was billed) and amortised (what was used)."""

Dating = Literal["export", "rows", "arrival"]
"""What gives a delivery its order: the moment it was exported, the newest stamp in its rows, or when it came."""

_ENGINE = re.compile(r"^(?:[A-Z]\w*(?: \w+)* Error: )+")
_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CSV_FAULTS = {
    "Expected Number of Columns": "has not as many columns as the header",
    "unterminated quote": "opens a quote and never closes it",
    "not utf-8 encoded": "is not UTF-8",
    "Maximum line size": "is too long",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One delivered file. `key` is its name in the bucket; sizes and rows the manifest promised are None where it is silent."""

    path: Path
    key: str
    kind: FileKind
    bytes: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a delivery is not used, and what to do about it."""

    cause: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One export of a bill, complete by its manifest, or a loose file.

    `source` and `period` are None until the rows tell (a loose file). `role` is `bill`, or for Azure `actual` or
    `amortised`. `exported_at` is its order among deliveries and `dated` what that is.
    """

    name: str
    format: str
    parts: tuple[Part, ...]
    role: str = "bill"
    source: str | None = None
    period: str | None = None
    exported_at: datetime | None = None
    dated: Dating = "export"
    rows: int | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Everything found below the given paths. Files of an export that its manifest no longer names are only counted.

    `waiting` are folders of an export's layout whose manifest is not there yet; `estates` what control planes say.
    """

    bills: tuple[Delivery, ...] = ()
    invoices: tuple[Path, ...] = ()
    metrics: tuple[Path, ...] = ()
    estates: tuple[Path, ...] = ()
    unknown: tuple[tuple[Path, Fault], ...] = ()
    waiting: tuple[tuple[str, Fault], ...] = ()
    leftovers: int = 0
    ignored: tuple[Path, ...] = field(default=())


def cause_of(error: BillError, name: str, keys: Mapping[Path, str]) -> str:
    """Why a delivery is wrong, in one line that names it: the first line of the engine's, without its jargon and our paths."""
    whole = str(error).strip()
    cause = _ENGINE.sub("", whole.splitlines()[0])
    if line := _CSV_LINE.match(cause):
        fault = next((told for said, told in _CSV_FAULTS.items() if said in whole), "is not CSV")
        cause = f"line {line[1]} {fault}"
    elif "invalid state" in cause:
        cause = "its lines do not end alike: some in LF, some in CRLF"
    for path, key in keys.items():
        cause = cause.replace(str(path), key)
    return cause if any(known in cause for known in (name, *keys.values())) else f"{name}: {cause}"
