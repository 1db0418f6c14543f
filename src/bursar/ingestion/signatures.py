"""Which format a file is, from its header alone."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import cast

from bursar.domain.errors import BillError
from bursar.ingestion.families import squash
from bursar.ingestion.reading import FileKind

FORMATS = (
    "aws-cur",
    "aws-cur2",
    "aws-focus",
    "gcp-detailed",
    "gcp-focus",
    "azure-cost",
    "azure-focus",
    "focus",
    "oci",
    "invoice",
    "metrics",
)
"""Every format id a user may name; the ones of bills belong to a family in `focus/`."""

HEADER_BYTES = 1 << 20
"""A header longer than this is none of ours."""

NAME_CHARACTERS = 4096
"""A column name longer than this is none."""

_AZURE_COST = {"costinbillingcurrency", "pretaxcost", "cost"}
_MARKS = (("oci", {"lineitemreferenceno"}), ("invoice", {"invoiceid", "total", "provider"}), ("metrics", {"metric", "day", "quantity"}))
_AZURE_METER = {"metercategory", "consumedservice", "meterid"}


def kind_of(path: Path) -> FileKind | None:
    """How a file is written, by its name; None when bills are never written so."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith((".csv", ".txt")):
        return "csv"
    if name.endswith(".parquet"):
        return "parquet"
    return "ndjson" if name.endswith((".json", ".jsonl", ".ndjson")) else None


def check_begun(path: Path, kind: FileKind) -> None:
    """Raises BillError for a file with nothing in it, packed or not, or whose first line is blank."""
    if path.stat().st_size == 0 or (kind != "parquet" and not _first_line(path).strip()):
        raise BillError(
            f"{path.name}: is empty, or its first line is", cure="Export or fetch it again; even without a charge a bill has a header."
        )


def header_of(path: Path, kind: FileKind) -> tuple[str, ...]:
    """The column names of a CSV or NDJSON file; nested JSON keys joined by dots.

    Raises BillError when the file is damaged or its first line is not a header. Parquet headers are read in the box.
    """
    line = _first_line(path)
    if kind == "csv":
        return _names(path, line)
    if not line.strip():
        return ()
    try:
        row: object = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise BillError(f"{path.name}: the first line is not a JSON object", cure="Deliver newline-delimited JSON, one charge a line.")
    return tuple(_keys(cast("dict[str, object]", row)))


def _names(path: Path, line: str) -> tuple[str, ...]:
    """The names of a CSV header. The csv module's own limit is shared by the process and may have been lifted: ours is not."""
    try:
        names = tuple(name.strip() for name in next(csv.reader(io.StringIO(line)), list[str]()))
    except csv.Error as error:
        raise BillError(f"{path.name}: the first line is not a header: {error}", cure="Export the bill again, as CSV.") from error
    if any(len(name) > NAME_CHARACTERS for name in names):
        raise BillError(f"{path.name}: the first line is not a header: a name too long to be one", cure="Export the bill again, as CSV.")
    return names


def format_of(header: Collection[str]) -> str | None:
    """The format a header belongs to, or None."""
    names = {squash(name) for name in header}
    if "lineitemlineitemtype" in names:
        return "aws-cur2" if "resourcetags" in names or "billpayeraccountname" in names else "aws-cur"
    if "billedcost" in names and "chargecategory" in names:
        return _focus(names)
    if "costtype" in names and ("invoicemonth" in names or "invoice" in names):
        return "gcp-detailed"
    if names & _AZURE_COST and names & _AZURE_METER:
        return "azure-cost"
    return next((found for found, marks in _MARKS if marks <= names), None)


def _focus(names: Collection[str]) -> str:
    if {"xservicecode", "xoperation", "xusagetype"} & set(names):
        return "aws-focus"
    if {"xconsumptionmodelid", "xsubscriptioninstanceid", "xcosttype"} & set(names):
        return "gcp-focus"
    return "azure-focus" if {"xskumeterid", "xbillingprofileid", "xresourcegroupname"} & set(names) else "focus"


def _first_line(path: Path) -> str:
    try:
        with _opened(path) as file:
            head = file.readline(HEADER_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise BillError(f"{path.name}: damaged: {error}", cure="Fetch the file again.") from error
    text = head.decode("utf-8-sig", errors="replace")
    return text.splitlines()[0] if text.strip() else ""


def _opened(path: Path) -> io.BufferedIOBase:
    return gzip.GzipFile(path) if path.name.lower().endswith(".gz") else path.open("rb")


def _keys(row: object, prefix: str = "") -> list[str]:
    if not isinstance(row, dict):
        return []
    keys: list[str] = []
    for name, value in cast("dict[str, object]", row).items():
        keys.append(f"{prefix}{name}")
        keys.extend(_keys(value, f"{prefix}{name}."))
    return keys
