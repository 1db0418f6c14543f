"""Which table answers a question: the mart with the fewest rows that has its columns, else the bill's own lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bursar.lake.generations import Generation, LakeFile
from bursar.query.catalogue import ALIASES, MARTS, METRICS, Mart
from bursar.query.errors import QuestionError, nearest
from bursar.query.filters import MEASURES, ColumnSql, Field, field_text, fields_of
from bursar.query.focus import focus_registry
from bursar.query.question import Query
from bursar.query.windows import Slice

LINES = "cost_and_usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table chosen for a question: its files, how its columns are spelled, and the sum that was asked.

    `moment` orders as `day` does and is compared with days, so that files can be pruned by it.
    """

    name: str
    files: tuple[LakeFile, ...]
    columns: Mapping[str, ColumnSql]
    amount: str
    day: str = "day"
    moment: str = "day"
    billing_period: str = "billing_period"

    def relation(self) -> str:
        """The table's files as SQL reads them."""
        return relation_of(self.files)


def relation_of(files: Sequence[LakeFile]) -> str:
    """`read_parquet([...])` over exactly these files."""
    paths = ", ".join("'" + str(file.path).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{paths}], union_by_name = true)"


def route(query: Query, *, generation: Generation, slices: Sequence[Slice]) -> Table:
    """The table for this question. Raises QuestionError when no table knows all its columns, naming the first unknown."""
    needed = (*query.group_by, *(fields_of(query.filter) if query.filter else ()))
    names = {ALIASES.get(field.name, field.name) for field in needed}
    keyed = any(field.key is not None for field in needed)
    fitting = [mart for mart in MARTS if not keyed and query.metric in mart.metrics and names <= set(mart.columns())]
    tables = [_mart_table(mart, query, files=_files(generation, mart.name, slices=slices)) for mart in fitting]
    usable = [table for table in tables if _covers(table, generation, slices=slices)]
    if usable:
        return min(usable, key=lambda table: sum(file.rows for file in table.files))
    return _lines_table(query, needed, generation=generation, slices=slices)


def _mart_table(mart: Mart, query: Query, *, files: tuple[LakeFile, ...]) -> Table:
    columns = mart.columns()
    return Table(name=mart.name, files=files, columns={**columns, **_aliased(columns)}, amount=query.metric)


def _lines_table(query: Query, needed: Sequence[Field], *, generation: Generation, slices: Sequence[Slice]) -> Table:
    """The bill's lines; they know FOCUS columns and tags, but neither owners nor shared costs."""
    columns = focus_registry()
    files = _files(generation, LINES, slices=slices)
    focus = METRICS[query.metric].focus
    _check_lines(query, needed, known={**columns, **_aliased(columns)}, empty=not generation.files)
    return Table(
        name=LINES,
        files=files if focus else (),
        columns={**columns, **_aliased(columns)},
        amount=focus or "NULL",
        day=columns["day"].sql,
        moment="ChargePeriodStart",
        billing_period=columns["billing_period"].sql,
    )


def _check_lines(query: Query, needed: Sequence[Field], *, known: Mapping[str, ColumnSql], empty: bool) -> None:
    """Say which columns cannot be answered together, and which do not exist at all."""
    marts = {name for mart in MARTS for name in (*mart.columns(), *ALIASES)}
    strange = [field for field in needed if not _holds(known, field) and (field.key is not None or field.name not in marts)]
    if strange:
        raise _unknown(strange[0], query, names={*known, *marts} - {"tag"})
    ours = [field_text(field) for field in needed if not _holds(known, field)]
    theirs = [field_text(field) for field in needed if field.key is not None or field.name not in marts]
    direct = METRICS[query.metric].focus is not None
    if ours and theirs:
        raise QuestionError(
            f"'{ours[0]}' is known to the marts only and '{theirs[0]}' to the bill's lines only: no table has both",
            cure=f"ask for '{ours[0]}' without '{theirs[0]}', or make the tag a rule in rules.yaml",
            pointer="filter" if query.filter else "group_by",
        )
    if theirs and not direct:
        raise QuestionError(
            f"'{theirs[0]}' stands on the bill's lines, which do not know {query.metric}", cure="ask for effective_cost", pointer="metric"
        )
    if (ours or not direct) and not empty:
        raise QuestionError("the marts of these days are not built", cure="run: bursar build", pointer="group_by")


def _holds(columns: Mapping[str, ColumnSql], field: Field) -> bool:
    """Whether a table has this column, or this kind of key."""
    column = columns.get(field.name)
    return column is not None and (column.kind == "map") == (field.key is not None)


def _unknown(field: Field, query: Query, *, names: set[str]) -> QuestionError:
    """A name no table has; measures are sent to `having`."""
    text, pointer = field_text(field), "group_by" if field in query.group_by else "filter"
    if field.name in MEASURES and pointer == "filter":
        return QuestionError(f"'{text}' is a measure and cannot be filtered by", cure="use having, over the sums", column=field.at)
    return QuestionError(f"there is no column '{text}'", cure=nearest(field.name, names), pointer=pointer, column=field.at)


def _aliased(columns: Mapping[str, ColumnSql]) -> dict[str, ColumnSql]:
    """Aliases of the columns that are there; a column's own name always wins."""
    return {alias: columns[name] for alias, name in ALIASES.items() if name in columns and alias not in columns}


def _files(generation: Generation, table: str, *, slices: Sequence[Slice]) -> tuple[LakeFile, ...]:
    """The table's files any of the slices may need."""
    found: dict[LakeFile, None] = {}
    for part in slices:
        if part.period:
            found.update(dict.fromkeys(generation.of(table, period=str(part.period))))
        else:
            found.update(dict.fromkeys(generation.of(table, start=part.start, end=part.end)))
    return tuple(found)


def _covers(table: Table, generation: Generation, *, slices: Sequence[Slice]) -> bool:
    """Whether every billing period with charges in these days has this mart; else its sum would silently be short."""
    billed = {file.period for file in _files(generation, LINES, slices=slices)}
    return billed <= {file.period for file in table.files} or not generation.files
