"""The filter language: text → tree → SQL. One language for questions, chips, budgets, allocation rules and row scopes.

    provider = 'aws' AND tag:team IN ('core','ml') AND NOT service_name LIKE 'Amazon%'

Two-valued: a missing value makes a comparison false and its NOT true, so `tag:env != 'prod'` keeps untagged spend and the
sum of a filter and of its negation is the total. Columns may be written snake_case or PascalCase; which ones exist is the
caller's registry. Measures are refused: they would depend on the grain of the table, and belong into `having`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bursar.query.errors import QuestionError, nearest
from bursar.query.filter_tree import (
    And,
    Between,
    Compare,
    Field,
    Filter,
    In,
    Like,
    Missing,
    Not,
    Or,
    Test,
    Value,
    all_of,
    any_of,
    decimal_text,
    field_text,
    fields_of,
    negate,
    quote,
    snake,
    tests_of,
    to_text,
)

if TYPE_CHECKING:
    from lark import Lark

__all__ = [
    "And", "Between", "ColumnSql", "Compare", "Field", "Filter", "In", "Like", "Missing", "Not", "Or", "QuestionError",
    "all_of", "any_of", "compile_literal", "compile_sql", "field_text", "fields_of", "negate", "parse", "snake", "to_text",
]  # fmt: skip

MAX_BYTES = 8192
MAX_NESTING = 20
MAX_TERMS = 200
MAX_VALUES = 5000

MEASURES = frozenset({
    "billed_cost", "effective_cost", "list_cost", "contracted_cost", "cost", "value", "lines",
    "allocated_cost", "allocated_billed_cost", "allocated_list_cost", "allocated_contracted_cost",
    "consumed_quantity", "pricing_quantity", "commitment_discount_quantity", "pricing_currency_effective_cost",
    "x_billed_cost_in_usd",
})  # fmt: skip
"""Names refused in a filter, as a sum of them is what a question asks for."""

_SCAN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[()]|\bNOT\b|[^\s'\"()]+", re.IGNORECASE)
_UNTEXT = re.compile(r"[\x00\ud800-\udfff]")
"""No engine stores these. Other control characters stand in some tags' values, and must be asked for like any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSql:
    """How a registry spells a column: `sql` is an expression, `kind` one of text, number, date, bool or map.

    A map's `sql` holds `{key}` where the key goes, as in `Tags[{key}]`; it is registered as `tag` or `label`.
    """

    sql: str
    kind: str = "text"


def parse(text: str) -> Filter:
    """The tree of a filter. Raises QuestionError with the column of the first thing wrong; names are not looked up here."""
    _check_limits(text)
    tree = _read(text)
    tests = tests_of(tree)
    if len(tests) > MAX_TERMS:
        raise QuestionError(f"a filter may hold {MAX_TERMS} comparisons, this one holds {len(tests)}")
    if sum(len(test.values) for test in tests if isinstance(test, In)) > MAX_VALUES:
        raise QuestionError(f"a filter may list {MAX_VALUES} values")
    return tree


def compile_sql(tree: Filter, columns: Mapping[str, ColumnSql]) -> tuple[str, tuple[object, ...]]:
    """A WHERE expression and its bound parameters, in order; NULL counts as false. Raises QuestionError on an unknown column."""
    writer = _Bound(columns)
    return writer.write(tree), tuple(writer.parameters)


def compile_literal(tree: Filter, columns: Mapping[str, ColumnSql]) -> str:
    """A boolean expression, never NULL, with quoted literals, for SQL that outlives this call; no literal opens a Jinja tag."""
    return f"coalesce({_Quoted(columns).write(tree)}, false)"


@cache
def _grammar() -> Lark:
    """The parser, built once and only by who filters (lark takes 70 ms)."""
    from bursar.query.filter_reader import grammar  # noqa: PLC0415 - lark, only for who filters

    return grammar((Path(__file__).parent / "filter.lark").read_text())


def _read(text: str) -> Filter:
    """The tree, or the place where reading stopped."""
    from bursar.query.filter_reader import read  # noqa: PLC0415 - as above

    return read(_grammar(), text)


def _check_limits(text: str) -> None:
    """Refuse what must not reach the parser: too long, too deep, or no text."""
    bad = _UNTEXT.search(text)
    if bad:
        raise QuestionError("a filter may not hold a NUL or half a character", column=bad.start() + 1)
    if len(text.encode()) > MAX_BYTES:
        raise QuestionError(f"a filter may be {MAX_BYTES} bytes long", cure="shorten it, or tag what belongs together")
    stack: list[int] = []
    nots = 0
    for token in _SCAN.finditer(text):
        word = token.group().upper()
        if word == "(":
            stack.append(nots + 1)
        elif word == ")" and stack:
            stack.pop()
        nots = nots + 1 if word == "NOT" else 0
        if sum(stack) + nots > MAX_NESTING:
            raise QuestionError(f"a filter may nest {MAX_NESTING} deep", column=token.start() + 1)


class _Writer:
    """Tree → SQL over one registry of columns; how a value is written is left to the two below."""

    def __init__(self, columns: Mapping[str, ColumnSql]) -> None:
        self.columns = columns

    def value(self, value: Value) -> str:
        raise NotImplementedError

    def write(self, tree: Filter) -> str:
        """Only NOT needs care: over a missing value its term must be false, not unknown."""
        if isinstance(tree, And | Or):
            word = " AND " if isinstance(tree, And) else " OR "
            return "(" + word.join(self.write(term) for term in tree.terms) + ")"
        if isinstance(tree, Not):
            return f"(NOT coalesce({self.write(tree.term)}, false))"
        return self.test(tree)

    def test(self, test: Test) -> str:
        """One comparison, its values checked against the kind of the column."""
        kind = self.find(test.field).kind
        _check_kind(test, kind)
        name = self.name(test.field)
        match test:
            case Compare():
                return f"({name} {test.op} {self.value(test.value)})"
            case In():
                return f"({name} IN ({', '.join(self.value(value) for value in test.values)}))"
            case Like():
                return f"({name} {'ILIKE' if test.fold else 'LIKE'} {self.value(test.pattern)} ESCAPE '\\')"
            case Between():
                return f"({name} BETWEEN {self.value(test.low)} AND {self.value(test.high)})"
            case Missing():
                return f"({name} IS NULL)"

    def name(self, where: Field) -> str:
        """The column's expression; a map's key is a value like any other."""
        found = self.find(where)
        return found.sql if where.key is None else found.sql.replace("{key}", self.value(where.key))

    def find(self, where: Field) -> ColumnSql:
        """The registry's row, or an error with the nearest name."""
        found = self.columns.get(where.name)
        if found is not None and (found.kind == "map") == (where.key is not None):
            return found
        text = field_text(where)
        if where.name in MEASURES:
            raise QuestionError(f"'{text}' is a measure and cannot be filtered by", cure="use having, over the sums", column=where.at)
        known = [name for name, column in self.columns.items() if column.kind != "map"]
        raise QuestionError(f"there is no column '{text}' here", cure=nearest(where.name, known), column=where.at)


class _Bound(_Writer):
    """Values become parameters."""

    def __init__(self, columns: Mapping[str, ColumnSql]) -> None:
        super().__init__(columns)
        self.parameters: list[object] = []

    def value(self, value: Value) -> str:
        self.parameters.append(value)
        return "?"


class _Quoted(_Writer):
    """Values become literals that neither SQL nor a Jinja template can misread."""

    def value(self, value: Value) -> str:
        if isinstance(value, str):
            parts = [quote(part) for part in re.split(r"(?<=\{)(?=[{%#])", value)]
            return parts[0] if len(parts) == 1 else "(" + " || ".join(parts) + ")"
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"DATE '{value.isoformat()}'" if isinstance(value, date) else decimal_text(value)


_KINDS: Mapping[str, tuple[type, str]] = {
    "text": (str, "text between single quotes"),
    "map": (str, "text between single quotes"),
    "number": (Decimal, "a number"),
    "date": (date, "a day, DATE '2026-07-01'"),
    "bool": (bool, "true or false"),
}


def _check_kind(test: Test, kind: str) -> None:
    """A value of another kind than its column is an error here, not a surprise in the engine."""
    wanted, words = _KINDS[kind]
    if isinstance(test, Missing):
        return
    values: tuple[Value, ...] = (
        (test.value,) if isinstance(test, Compare)
        else test.values if isinstance(test, In)
        else (test.low, test.high) if isinstance(test, Between)
        else (test.pattern,)
    )  # fmt: skip
    if any(not isinstance(value, wanted) for value in values):
        raise QuestionError(f"'{field_text(test.field)}' is compared with {words}", column=test.field.at)
