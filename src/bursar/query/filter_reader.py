"""Reading a filter with lark: the grammar's rules become nodes of the tree, its errors become ours with their column."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args  # pyright: ignore[reportUnknownVariableType] - lark is half typed

from bursar.query.errors import QuestionError
from bursar.query.filter_tree import Between, Compare, Field, Filter, In, Like, Missing, Value, all_of, any_of, negate, snake


def grammar(text: str) -> Lark:
    """The LALR parser of this grammar, building the tree as it reads (no recursion, so no depth to run out of)."""
    return Lark(text, parser="lalr", transformer=_Build(), maybe_placeholders=False)


def read(parser: Lark, text: str) -> Filter:
    """The tree of this text. Raises QuestionError with the column of what could not be read."""
    try:
        tree: object = parser.parse(text)  # pyright: ignore[reportUnknownMemberType] - as above
    except UnexpectedInput as error:
        raise QuestionError(_complaint(text, error), cure=_advice(text, error), column=_column(text, error)) from None
    return tree  # pyright: ignore[reportReturnType] - what _Build makes of the start rule


def _column(text: str, error: UnexpectedInput) -> int:
    """1-based character of the first thing not understood; one past the end where more was expected."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":  # pyright: ignore[reportUnknownMemberType] - as above
        return len(text) + 1
    return (error.pos_in_stream or 0) + 1


def _complaint(text: str, error: UnexpectedInput) -> str:
    """What stands there, in the asker's words; the text itself is never quoted back at length."""
    rest = text[_column(text, error) - 1 :].split(maxsplit=1)
    return f"not understood: {rest[0][:20]}" if rest else "the filter ends too early"


def _advice(text: str, error: UnexpectedInput) -> str:
    """The commonest slip is a text value without its quotes."""
    before = text[: _column(text, error) - 1].rstrip()
    return "text goes between single quotes" if before.endswith(("=", "<", ">", "(", ",")) or before.upper().endswith("LIKE") else ""


def _value(token: Token) -> Value:
    """A literal; a day that does not exist is an error at its place."""
    text = str(token)
    match token.type:
        case "TEXT":
            return text[1:-1].replace("''", "'")
        case "NUMBER":
            return Decimal(text)
        case "BOOL":
            return text.lower() == "true"
        case _:
            return _day(text, column=(token.start_pos or 0) + 1)


def _day(text: str, *, column: int) -> date:
    """`DATE '2026-07-01'` → the day."""
    found = re.search(r"'(\d{4}-\d{2}-\d{2})'", text)
    try:
        return date.fromisoformat(found.group(1) if found else "")
    except ValueError:
        raise QuestionError("a day is written DATE '2026-07-01'", column=column) from None


def _pattern(token: Token) -> str:
    """A LIKE pattern; the engine refuses one that ends in an escape, so we do, with its place."""
    text = str(token)[1:-1].replace("''", "'")
    if (len(text) - len(text.rstrip("\\"))) % 2:
        raise QuestionError("a pattern may not end with a lone backslash", column=(token.start_pos or 0) + 1)
    return text


@v_args(inline=True)
class _Build(Transformer[Token, Filter]):
    """One method per rule of the grammar."""

    def either(self, *terms: Filter) -> Filter:
        return any_of(*terms)

    def both(self, *terms: Filter) -> Filter:
        return all_of(*terms)

    def negation(self, term: Filter) -> Filter:
        return negate(term)

    def field(self, token: Token) -> Field:
        at = (token.start_pos or 0) + 1
        if token.type == "NAME":
            return Field(name=snake(str(token)), at=at)
        kind, _, key = str(token).partition(":")
        return Field(name=kind.lower(), key=key[1:-1].replace('""', '"') if key.startswith('"') else key, at=at)

    def value(self, token: Token) -> Value:
        return _value(token)

    def list(self, *values: Value) -> tuple[Value, ...]:
        return values

    def compare(self, field: Field, op: Token, value: Value) -> Filter:
        if op in {"!=", "<>"}:
            return negate(Compare(field=field, op="=", value=value))
        return Compare(field=field, op=str(op), value=value)

    def within(self, field: Field, values: tuple[Value, ...]) -> Filter:
        return In(field=field, values=values)

    def not_within(self, field: Field, values: tuple[Value, ...]) -> Filter:
        return negate(In(field=field, values=values))

    def like(self, field: Field, op: Token, pattern: Token) -> Filter:
        return Like(field=field, pattern=_pattern(pattern), fold=op.upper() == "ILIKE")

    def not_like(self, field: Field, op: Token, pattern: Token) -> Filter:
        return negate(self.like(field, op, pattern))

    def between(self, field: Field, low: Value, high: Value) -> Filter:
        return Between(field=field, low=low, high=high)

    def not_between(self, field: Field, low: Value, high: Value) -> Filter:
        return negate(Between(field=field, low=low, high=high))

    def missing(self, field: Field) -> Filter:
        return Missing(field=field)

    def present(self, field: Field) -> Filter:
        return negate(Missing(field=field))
