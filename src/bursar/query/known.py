"""A filter over facts of which some are not known yet: true, false, or perhaps.

For what is only planned. Over facts that are all known it says what the SQL of the same filter says; a test holds it to DuckDB.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from bursar.query.catalogue import ALIASES
from bursar.query.filters import And, Between, Compare, Field, Filter, In, Like, Missing, Not, Or, field_text


class Unknown(Enum):
    """The one value of a fact that is not known."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

Fact = str | None | Unknown
"""A text, None where there is none, or UNKNOWN."""

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def holds(tree: Filter, facts: Mapping[str, Fact]) -> bool | None:
    """Whether a filter holds; None for perhaps. Facts go by field as it is written (`team`, `tag:cost`); what is not told is unknown."""
    if isinstance(tree, And):
        return _all([holds(term, facts) for term in tree.terms])
    if isinstance(tree, Or):
        found = _all([_not(holds(term, facts)) for term in tree.terms])
        return _not(found)
    if isinstance(tree, Not):
        return _not(holds(tree.term, facts))
    fact = _fact(tree.field, facts)
    if isinstance(fact, Unknown):
        return None
    if isinstance(tree, Missing):
        return fact is None
    return False if fact is None else _test(tree, fact)


def _all(answers: list[bool | None]) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _fact(where: Field, facts: Mapping[str, Fact]) -> Fact:
    name = where.name if where.key is not None else ALIASES.get(where.name, where.name)
    return facts.get(field_text(Field(name=name, key=where.key)), UNKNOWN)


def _test(test: Compare | In | Like | Between, fact: str) -> bool | None:
    """One comparison of texts, by code points as the engine compares them; a value of another kind cannot be judged."""
    if isinstance(test, Like):
        return bool(re.fullmatch(_like(test.pattern), fact, re.DOTALL | (re.IGNORECASE if test.fold else 0)))
    values = test.values if isinstance(test, In) else (test.low, test.high) if isinstance(test, Between) else (test.value,)
    if any(not isinstance(value, str) for value in values):
        return None
    if isinstance(test, In):
        return fact in test.values
    if isinstance(test, Between):
        return str(test.low) <= fact <= str(test.high)
    return _OPERATORS[test.op](fact, test.value)


def _like(pattern: str) -> str:
    """A LIKE pattern as a regular expression."""
    found = ""
    signs = iter(pattern)
    for sign in signs:
        if sign == "\\":
            found += re.escape(next(signs, "\\"))
        else:
            found += {"%": ".*", "_": "."}.get(sign) or re.escape(sign)
    return found
