"""The tree of a filter and its one canonical printing: `parse(to_text(tree)) == tree`.

Trees are built by `bursar.query.filters.parse`, or by hand with `all_of`, `any_of` and `negate`, which keep the canonical
form: no AND directly in an AND, no double NOT. `!=`, `NOT IN`, `NOT LIKE`, `NOT BETWEEN` and `IS NOT NULL` are the
negation of their opposite, as the language is two-valued.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Value = str | Decimal | date | bool
"""A literal of the language; text, number, `DATE '…'`, `true` or `false`."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_./:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column by its snake_case name, or one key of the `tag` or `label` map.

    `at` is the 1-based character where it was written, for messages; it takes no part in equality.
    """

    name: str
    key: str | None = None
    at: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """`field op value` with op one of `= < <= > >=`; false where the field has no value."""

    field: Field
    op: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """The field is one of these values."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """Text match with `%` (any run) and `_` (one character); a backslash takes the next character as it is."""

    field: Field
    pattern: str
    fold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The field lies between two values, both included."""

    field: Field
    low: Value
    high: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The field has no value (`IS NULL`)."""

    field: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """True exactly where its term is false, a missing value included."""

    term: Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """Two terms or more, all true."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """Two terms or more, one at least true."""

    terms: tuple[Filter, ...]


Test = Compare | In | Like | Between | Missing
Filter = Test | Not | And | Or


def all_of(first: Filter, *others: Filter) -> Filter:
    """All of these hold; how a row scope is added to a question."""
    terms: list[Filter] = []
    for each in (first, *others):
        terms.extend(each.terms if isinstance(each, And) else [each])
    return And(terms=tuple(terms)) if len(terms) > 1 else terms[0]


def any_of(first: Filter, *others: Filter) -> Filter:
    """At least one of these holds."""
    terms: list[Filter] = []
    for each in (first, *others):
        terms.extend(each.terms if isinstance(each, Or) else [each])
    return Or(terms=tuple(terms)) if len(terms) > 1 else terms[0]


def negate(term: Filter) -> Filter:
    """True exactly where the term is not."""
    return term.term if isinstance(term, Not) else Not(term=term)


def tests_of(tree: Filter) -> tuple[Test, ...]:
    """Every comparison of the tree, in the order written."""
    if isinstance(tree, And | Or):
        return tuple(test for term in tree.terms for test in tests_of(term))
    return tests_of(tree.term) if isinstance(tree, Not) else (tree,)


def fields_of(tree: Filter) -> tuple[Field, ...]:
    """Every field the filter speaks of, without repeats, in the order written."""
    return tuple(dict.fromkeys(test.field for test in tests_of(tree)))


def snake(name: str) -> str:
    """`ServiceName` and `service_name` are one column: its snake_case name."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def to_text(tree: Filter) -> str:
    """The one canonical way to write this filter, for addresses, cache keys and the journal."""
    if isinstance(tree, Or):
        return " OR ".join(to_text(term) for term in tree.terms)
    if isinstance(tree, And):
        return " AND ".join(f"({to_text(term)})" if isinstance(term, Or) else to_text(term) for term in tree.terms)
    if not isinstance(tree, Not):
        return _test_text(tree, negated=False)
    if isinstance(tree.term, And | Or | Not):
        return f"NOT ({to_text(tree.term)})"
    return _test_text(tree.term, negated=True)


def field_text(where: Field) -> str:
    """A field as it is written in a filter or a `group by`."""
    if where.key is None:
        return where.name
    quoted = where.key if _BARE_KEY.fullmatch(where.key) else '"' + where.key.replace('"', '""') + '"'
    return f"{where.name}:{quoted}"


def value_text(value: Value) -> str:
    """A literal as the language writes it; every value has one spelling."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return decimal_text(value)
    return f"DATE '{value.isoformat()}'" if isinstance(value, date) else quote(value)


def decimal_text(value: Decimal) -> str:
    """A decimal without exponent, trailing zeros or negative zero: equal numbers read alike."""
    if value == 0:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quote(text: str) -> str:
    """Text between single quotes, those inside doubled."""
    return "'" + text.replace("'", "''") + "'"


def _test_text(test: Test, *, negated: bool) -> str:
    """One comparison, or the written form of its negation."""
    name, no = field_text(test.field), "NOT " if negated else ""
    match test:
        case Compare(op="=") if negated:
            return f"{name} != {value_text(test.value)}"
        case Compare():
            return f"{no}{name} {test.op} {value_text(test.value)}"
        case In():
            return f"{name} {no}IN ({', '.join(value_text(value) for value in test.values)})"
        case Like():
            return f"{name} {no}{'ILIKE' if test.fold else 'LIKE'} {quote(test.pattern)}"
        case Between():
            return f"{name} {no}BETWEEN {value_text(test.low)} AND {value_text(test.high)}"
        case Missing():
            return f"{name} IS {no}NULL"
