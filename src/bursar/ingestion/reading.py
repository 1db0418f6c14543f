"""Reading a bill: delivered files, whatever their format and columns, as one relation `raw` with canonical columns.

First the files are described inside the box (`describe_script`, `described`), then `raw_relation` renders SQL that
reads them. Files of one layout are scanned together, so parts may differ in columns, order and types.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bursar.domain.errors import BillError
from bursar.ingestion.casts import Value, identifier, is_misread, quoted
from bursar.ingestion.families import Column, Family
from bursar.ingestion.ndjson import shaped
from bursar.ingestion.nested import cast, gathered, members, sql_type
from bursar.ports import Rows, Script, Statement

FileKind = Literal["csv", "parquet", "ndjson"]

_CSV = "delim=',', quote='\"', escape='\"', max_line_size=16777216, buffer_size=33554432"
_WHOLE_LINES = "delim='\x01', quote='', escape='', max_line_size=16777216, buffer_size=33554432, parallel=false, strict_mode=false"
_PARQUET = "binary_as_string=true, hive_partitioning=false"
_SAMPLE = 1000
"""JSON objects looked at to learn which keys a file has; keys seen later are read all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFile:
    """A landed file. `key` is its delivered name (x_SourceFile); `role` tells apart what one delivery mixes (`actual`, `amortized`)."""

    path: Path
    key: str
    kind: FileKind
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedFile:
    """A file and its columns as delivered: header name and physical type, in order."""

    file: BillFile
    columns: tuple[tuple[str, str], ...]


def describe_script(files: Sequence[BillFile]) -> Script:
    """One small SELECT per file that tells its header and types; `described` reads the answers."""
    statements = tuple(Statement(name=f"describe:{file.path}", sql=_describe(file), returns=True) for file in files)
    return Script(statements=statements, reads=tuple(file.path for file in files))


def described(files: Sequence[BillFile], answers: Mapping[str, Rows]) -> tuple[DescribedFile, ...]:
    """The files with their columns. Blank files are left out: an export that shrank overwrites its surplus parts with nothing."""
    found = (DescribedFile(file=file, columns=_columns(file, answers[f"describe:{file.path}"])) for file in files)
    return tuple(one for one in found if one.columns)


def raw_relation(family: Family, files: Sequence[DescribedFile], *, constants: Mapping[str, str] | None = None, where: str = "") -> str:
    """SQL of the relation `raw`: the columns of the family's YAML, typed, then what is known of each file.

    That is `has_…` flags, `source_file`, `source_role` and the constants (SQL text by name). Raises BillError when a
    file lacks a required column. A value that does not parse fails the query: `scripts.misread_script` finds it.
    """
    scans = [_scan(family, group, constants or {}) for group in _layouts(family, files)] or [_nothing(family, constants or {})]
    union = "\nUNION ALL\n".join(scans)
    return f"SELECT * FROM (\n{union}\n) AS delivered WHERE {where}" if where else union


def misread_relation(family: Family, files: Sequence[DescribedFile]) -> str:
    """SQL that finds values `raw` cannot read: (source_file, column, value), at most one row per layout of files."""
    scans = [f"(SELECT source_file, bad.name, bad.value FROM ({scan}) WHERE bad IS NOT NULL LIMIT 1)" for scan in _misreads(family, files)]
    return " UNION ALL ".join(scans) or "SELECT NULL AS source_file, NULL AS name, NULL AS value WHERE false"


def _misreads(family: Family, files: Sequence[DescribedFile]) -> Iterator[str]:
    for group in _layouts(family, files):
        layout = _Layout(family, group[0], source_file=_source_file(group))
        if cases := [case for name, column in family.columns.items() if (case := layout.misread(name, column))]:
            yield f"SELECT {layout.source_file} AS source_file, CASE {' '.join(cases)} END AS bad FROM {_read(group)}"


def _layouts(family: Family, files: Sequence[DescribedFile]) -> list[list[DescribedFile]]:
    """The files that can be scanned together: of one kind, role and header."""
    groups: defaultdict[tuple[object, ...], list[DescribedFile]] = defaultdict(list)
    for one in (_typed(family, file) for file in files):
        groups[one.file.kind, one.file.role, one.columns].append(one)
    return list(groups.values())


def _describe(file: BillFile) -> str:
    path = quoted(str(file.path))
    if file.kind == "csv":
        return f"SELECT line FROM read_csv({path}, auto_detect=false, header=false, columns={{line: 'VARCHAR'}}, {_WHOLE_LINES}) LIMIT 1"
    if file.kind == "parquet":
        return f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({path}, {_PARQUET}))"
    objects = f"SELECT json FROM read_ndjson_objects({path}) LIMIT {_SAMPLE}"
    return f"SELECT DISTINCT key, 'JSON' FROM ({objects}) AS sample, unnest(json_keys(sample.json)) AS one(key) ORDER BY key"


def _columns(file: BillFile, answer: Rows) -> tuple[tuple[str, str], ...]:
    if file.kind == "csv":
        headers = csv.reader(str(row[0] or "").lstrip("\ufeff") for row in answer.rows[:1])
        return tuple((name, "VARCHAR") for header in headers for name in header)
    return tuple((str(row[0]), str(row[1])) for row in answer.rows)


def _scan(family: Family, group: Sequence[DescribedFile], constants: Mapping[str, str]) -> str:
    layout = _Layout(family, group[0], source_file=_source_file(group))
    wanted = [f"{layout.column(name, column)} AS {identifier(name)}" for name, column in family.columns.items()]
    flags = [f"{str(layout.has(name, column)).lower()} AS has_{name}" for name, column in family.columns.items() if column.flag]
    constant = {"source_file": layout.source_file, "source_role": quoted(group[0].file.role), **constants}
    select = ",\n  ".join([*wanted, *flags, *(f"{sql} AS {name}" for name, sql in constant.items())])
    return f"SELECT\n  {select}\nFROM {_read(group)}"


def _nothing(family: Family, constants: Mapping[str, str]) -> str:
    """A relation without rows, for a delivery without any: it still has every column."""
    wanted = [f"CAST(NULL AS {sql_type(column)}) AS {identifier(name)}" for name, column in family.columns.items()]
    flags = [f"false AS has_{name}" for name, column in family.columns.items() if column.flag]
    constant = {"source_file": "''", "source_role": "''", **constants}
    return f"SELECT {', '.join([*wanted, *flags, *(f'{sql} AS {name}' for name, sql in constant.items())])} WHERE false"


def _read(group: Sequence[DescribedFile]) -> str:
    paths = "[" + ", ".join(quoted(str(one.file.path)) for one in group) + "]"
    kind = group[0].file.kind
    if kind == "parquet":
        return f"read_parquet({paths}, {_PARQUET}, filename='_path')"
    if kind == "csv":
        names = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(group[0].columns)))
        return f"read_csv({paths}, auto_detect=false, header=true, columns={{{names}}}, nullstr='', {_CSV}, filename='_path')"
    names = ", ".join(f"{quoted(key)}: {quoted(kind)}" for key, kind in group[0].columns)
    return f"read_json({paths}, format='newline_delimited', columns={{{names}}}, filename='_path')"


def _typed(family: Family, one: DescribedFile) -> DescribedFile:
    return replace(one, columns=shaped(family, one.columns)) if one.file.kind == "ndjson" else one


def _source_file(group: Sequence[DescribedFile]) -> str:
    if len(group) == 1:
        return quoted(group[0].file.key)
    cases = " ".join(f"WHEN {quoted(str(one.file.path))} THEN {quoted(one.file.key)}" for one in group)
    return f"CASE _path {cases} END"


class _Layout:
    """Where the columns of one file layout are found."""

    def __init__(self, family: Family, one: DescribedFile, *, source_file: str) -> None:
        self.source_file = source_file
        self._family = family
        self._file = one.file
        self._values: dict[str, Value] = {}
        self._headers: list[tuple[str, str, Value]] = []
        for place, (header, physical) in enumerate(one.columns):
            sql = f"c{place}" if one.file.kind == "csv" else identifier(header)
            self._learn(header, Value(sql=sql, physical=physical, blank=family.blank))

    def column(self, name: str, column: Column) -> str:
        """SQL that gives the column from this layout, typed; a NULL of its type when it is absent and may be."""
        if found := self._found(name, column):
            return f"coalesce({', '.join(cast(one, column) for one in found)})" if column.any else cast(found[0], column)
        if parts := self._prefixed(column):
            return gathered(parts, column)
        if column.required:
            raise self._missing(name, column)
        return f"CAST(NULL AS {sql_type(column)})"

    def misread(self, name: str, column: Column) -> str | None:
        """A branch of a CASE: where the column says something that cannot be read, its name and value."""
        found = self._found(name, column)
        broken = is_misread(found[0], column.type) if found else None
        return broken and f"WHEN {broken} THEN {{'name': {quoted(name)}, 'value': CAST({found[0].sql} AS VARCHAR)}}"

    def has(self, name: str, column: Column) -> bool:
        """Whether the layout holds the column in any spelling."""
        return bool(self._found(name, column) or self._prefixed(column))

    def _learn(self, header: str, value: Value) -> None:
        folded = self._family.folded(header)
        self._values.setdefault(folded, value)
        self._headers.append((header, folded, value))
        for member, physical in members(value.physical):
            self._learn(f"{header}.{member}", replace(value, sql=f"{value.sql}.{identifier(member)}", physical=physical))

    def _found(self, name: str, column: Column) -> list[Value]:
        """Every spelling of the column this layout has, best first."""
        spellings = dict.fromkeys((name, *column.aliases))
        return [found for one in spellings if (found := self._values.get(self._family.folded(one)) or self._reached(one))]

    def _reached(self, spelling: str) -> Value | None:
        """A member of a map or of a JSON object, for a spelling with a dot."""
        root, _, path = spelling.partition(".")
        whole = self._values.get(self._family.folded(root)) if path else None
        if whole is None:
            return None
        if whole.physical.startswith("MAP("):
            return replace(whole, sql=f"{whole.sql}[{quoted(path)}]", physical=whole.physical.removesuffix(")").rpartition(", ")[2])
        steps = "".join(f'."{step}"' for step in path.split("."))
        return replace(whole, sql=f"({whole.sql} ->> {quoted('$' + steps)})", physical="VARCHAR")

    def _prefixed(self, column: Column) -> dict[str, Value]:
        """The columns gathered into a map, by key: what follows the slash of a legacy header, else what follows the prefix."""
        parts: dict[str, Value] = {}
        for prefix in column.prefix:
            for header, folded, value in self._headers:
                if folded.startswith(prefix):
                    _, slash, key = header.partition("/")
                    parts.setdefault(key if slash else folded.removeprefix(prefix), value)
        return parts

    def _missing(self, name: str, column: Column) -> BillError:
        spellings = ", ".join((name, *column.aliases))
        return BillError(
            f"{self._file.key}: no column {name}",
            cure=f"Export the bill with this column (known spellings: {spellings}), or name its format with --format.",
        )
