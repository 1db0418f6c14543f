"""A small native bill through the SQL of its family: what it becomes, and whether it adds up."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from bursar.domain.errors import BillError
from bursar.domain.periods import Period
from bursar.ingestion.families import family
from bursar.ingestion.reading import BillFile, FileKind, describe_script, described
from bursar.ingestion.scripts import Delivery, normalise_script
from bursar.ports import Rows, Script

Native = Mapping[str, object]
KINDS: dict[str, FileKind] = {".csv": "csv", ".parquet": "parquet", ".jsonl": "ndjson"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The charges, and each identity that does not hold (id and detail)."""

    charges: list[dict[str, Any]]
    broken: list[str]

    def by(self, column: str) -> dict[str, dict[str, Any]]:
        """The charges by a column that tells them apart."""
        assert len({charge[column] for charge in self.charges}) == len(self.charges)
        return {charge[column]: charge for charge in self.charges}

    def total(self, cost: str) -> Decimal:
        """The sum of a cost."""
        return sum((charge[cost] for charge in self.charges), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A delivered file: its name tells its kind."""

    name: str
    content: str | bytes
    role: str = ""


def make(family_name: str, files: Sequence[File], folder: Path, *, period: str = "2026-10") -> Made:
    """The delivery as charges. Raises BillError as the box would."""
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "out.parquet"
    bills = [_written(file, folder) for file in files]
    native = described(bills, _run(describe_script(bills)))
    told = Delivery(source_format=family(family_name).formats[0], period=Period.parse(period), snapshot_id="s")
    answers = _run(normalise_script(family(family_name), native, told, out=out))
    checks = {name.removeprefix("check:"): answer for name, answer in answers.items() if name.startswith("check:")}
    return Made(
        charges=_charges(out), broken=[f"{name}: {row[3]}" for name, answer in checks.items() for row in answer.rows if _gapes(row)]
    )


def jsonl(rows: Sequence[Native]) -> str:
    """The rows as newline-delimited JSON; numbers given as text stay text."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_csv(rows: Sequence[Native]) -> str:
    """The rows as CSV under every column that one of them has."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def cost(charge: Mapping[str, Any]) -> tuple[Decimal, ...]:
    """Billed, effective, contracted and list, without trailing zeros."""
    return tuple(Decimal(format(charge[name].normalize(), "f")) for name in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"))


def costs(text: str) -> tuple[Decimal, ...]:
    """Four costs written with spaces between."""
    return tuple(map(Decimal, text.split()))


def _written(file: File, folder: Path) -> BillFile:
    path = folder / file.name
    if isinstance(file.content, bytes):
        path.write_bytes(file.content)
    else:
        path.write_text(file.content, encoding="utf-8")
    return BillFile(path=path, key=file.name, kind=KINDS[path.suffix], role=file.role)


def _run(script: Script) -> dict[str, Rows]:
    """What the boxed child does, without the box."""
    answers: dict[str, Rows] = {}
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for statement in script.statements:
            try:
                cursor = connection.execute(statement.sql)
            except duckdb.Error as error:
                raise BillError(str(error)) from error
            if statement.returns:
                names = tuple(column[0] for column in cursor.description or ())
                answers[statement.name] = Rows(names, tuple(str(column[1]) for column in cursor.description or ()), cursor.fetchall())
    return answers


def _charges(out: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [str(out)])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _gapes(row: Sequence[Any]) -> bool:
    return abs(Decimal(str(row[0])) - Decimal(str(row[1]))) > Decimal(str(row[2]))
