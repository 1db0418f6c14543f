"""How much a delivered Parquet file would unpack to, before it is unpacked: two megabytes may hold twenty gigabytes.

A guard against the honest mistake and the plain bomb, in milliseconds. What lies about itself meets the limits of the box.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bursar.domain.errors import OverLimit
from bursar.ingestion.casts import quoted
from bursar.ingestion.reading import BillFile
from bursar.ports import Rows, Statement

FREE_BYTES = 512 << 20
"""What any file may unpack to."""

RATIO = 300
"""Times its own size that a larger one may. Bills pack ten- to sixtyfold; gzip ends at a thousand."""

FREE_ROWS = 5_000_000
ROWS_PER_BYTE = 2
"""Rows that any file may hold, and that each byte of a larger one may. Bills take tens of bytes a row."""

_SAMPLE = 1000


def weigh_statements(files: Sequence[BillFile]) -> tuple[Statement, ...]:
    """One small SELECT per Parquet file: its rows, and the mean width of every column as text, from some of them."""
    return tuple(Statement(name=_name(file), sql=_weigh(file.path), returns=True) for file in files if file.kind == "parquet")


def check_weight(files: Sequence[BillFile], answers: Mapping[str, Rows]) -> None:
    """Raises OverLimit, naming the file, for a Parquet file that would unpack to far more than its size (gzip: `packed`)."""
    for file in (one for one in files if one.kind == "parquet"):
        packed = file.path.stat().st_size
        rows, *widths = (int(str(value)) for value in answers[_name(file)].rows[0])
        if rows > max(FREE_ROWS, packed * ROWS_PER_BYTE):
            raise _refused(file, f"{rows:,} rows")
        unpacked = rows * sum(widths)
        if unpacked > max(FREE_BYTES, packed * RATIO):
            raise _refused(file, f"about {unpacked / (1 << 30):,.1f} GB")


def _name(file: BillFile) -> str:
    return f"weigh:{file.path}"


def _weigh(path: Path) -> str:
    read = f"read_parquet({quoted(str(path))}, binary_as_string=true)"
    rows = f"SELECT sum(num_rows) FROM parquet_file_metadata({quoted(str(path))})"
    widths = "coalesce(ceil(avg(coalesce(strlen(CAST(COLUMNS(*) AS VARCHAR)), 0))), 0)::BIGINT"
    return f"SELECT ({rows}), {widths} FROM (SELECT * FROM {read} LIMIT {_SAMPLE})"


def _refused(file: BillFile, what: str) -> OverLimit:
    return OverLimit(
        f"{file.key}: would unpack to {what}, far more than its {file.path.stat().st_size:,} bytes can honestly hold",
        cure="Ask whoever sent it what it is; export the bill again.",
    )
