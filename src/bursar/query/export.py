"""Published bill lines as a FOCUS file: the columns of one version of the specification, then our own `x_` columns.

Times are written as FOCUS asks; in CSV maps become JSON, and text a spreadsheet would run as a formula is led by an apostrophe.
"""

from __future__ import annotations

from pathlib import Path

from bursar.lake.generations import Generation
from bursar.ports import Script, Statement, Warehouse
from bursar.query.errors import QuestionError
from bursar.query.focus import FocusColumn, focus_columns, version_columns
from bursar.query.router import LINES, relation_of

SUFFIXES = (".parquet", ".csv")
_FORMULA = r"^[=+\-@\t\r＝＋－＠]"


def export_focus(out: Path, *, version: str, generation: Generation, warehouse: Warehouse, period: str | None = None) -> int:
    """Write the published lines of a billing period (or of all) to `out`; returns how many. Replaces the file in one step.

    Where nothing is published the file has its columns and no line. Raises QuestionError for another suffix or version.
    """
    if out.suffix not in SUFFIXES:
        raise QuestionError(f"'{out.name}' is neither Parquet nor CSV", cure="end the name in .parquet or .csv", pointer="out")
    files = generation.of(LINES, period=period)
    part = out.with_name(f".{out.name}.part")
    relation = relation_of(files) if files else _nothing()
    sql = copy_statement(version_columns(version), relation=relation, out=part, csv=out.suffix == ".csv")
    statement = Statement(name="export", sql=sql)
    try:
        warehouse.run(Script(statements=(statement,), reads=tuple(file.path for file in files), writes=out.parent))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return sum(file.rows for file in files)


def _nothing() -> str:
    """A relation with every column and no row."""
    columns = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in focus_columns())
    return f"(SELECT {columns} WHERE false)"


def copy_statement(columns: tuple[FocusColumn, ...], *, relation: str, out: Path, csv: bool) -> str:
    """The COPY that writes these columns of a relation."""
    picked = ",\n  ".join(_csv_cell(column) if csv else column.name for column in columns)
    options = "FORMAT csv, HEADER true" if csv else "FORMAT parquet, COMPRESSION zstd"
    target = str(out).replace("'", "''")
    return f"COPY (SELECT\n  {picked}\nFROM {relation}) TO '{target}' ({options})"


def _csv_cell(column: FocusColumn) -> str:
    """A column as CSV text. Decimals stand as they are: a negative number is no formula."""
    if column.type == "TIMESTAMP":
        return f"strftime({column.name}, '%Y-%m-%dT%H:%M:%SZ') AS {column.name}"
    if column.type.startswith("MAP"):
        return f"CAST(to_json({column.name}) AS VARCHAR) AS {column.name}"
    if column.type == "VARCHAR":
        formula = f"regexp_matches({column.name}, '{_FORMULA}')"
        return f"CASE WHEN {formula} THEN '''' || {column.name} ELSE {column.name} END AS {column.name}"
    return column.name
