"""Who asks, what their role lets them do, and which rows they see. The scope of a principal enters every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from bursar.domain.errors import ConfigError
from bursar.query.catalogue import ALIASES, MARTS
from bursar.query.errors import QuestionError
from bursar.query.filters import And, Compare, Field, Filter, In, Missing, Or, all_of, compile_sql, field_text, parse, to_text
from bursar.query.focus import focus_registry
from bursar.query.known import Fact, holds
from bursar.query.question import Query
from bursar.store.keys import ROLES, Key

MOST_CASES = 64
"""So many ways of being in an `IN` list are looked at one by one; what has more is not decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The verified caller. `scope` is the filter every answer is cut to, None for all rows; `key` the key's id, None for the local user."""

    name: str
    role: str
    scope: Filter | None = None
    key: str | None = None

    @classmethod
    def of(cls, key: Key) -> Principal:
        """Whom a key stands for."""
        return cls(name=key.subject, role=key.role, scope=_tree(key.scope) if key.scope else None, key=key.id)

    @property
    def mark(self) -> str:
        """What of this principal an answer depends on: the canonical scope, empty for all rows. Part of every ETag."""
        return to_text(self.scope) if self.scope else ""

    def may(self, role: str) -> bool:
        """Whether the role is this one or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def cut(self, wanted: Filter | None) -> Filter | None:
        """A filter and the scope, joined on the tree."""
        if self.scope is None or wanted is None:
            return wanted or self.scope
        return all_of(wanted, self.scope)

    def narrowed(self, query: Query) -> Query:
        """The question, asked of the rows this principal sees."""
        return replace(query, filter=self.cut(query.filter))

    def sees(self, facts: Mapping[str, Fact]) -> bool:
        """Whether something of which these facts are known lies in the scope. What cannot be decided does not."""
        return self.scope is None or holds(self.scope, facts) is True

    def covers(self, wanted: Filter | None) -> bool:
        """Whether every row a filter can choose lies in the scope. What cannot be decided does not."""
        if self.scope is None:
            return True
        return wanted is not None and implies(wanted, self.scope)


@lru_cache(maxsize=256)
def _tree(scope: str) -> Filter:
    return parse(scope)


def read_scope(text: str) -> str:
    """A row scope in its canonical form. Raises ConfigError when no table has all of its columns: it would refuse every question."""
    tree = parse(text)
    columns = MARTS[-1].columns()
    registries = ({**columns, **{alias: columns[name] for alias, name in ALIASES.items()}}, focus_registry())
    wrong: list[QuestionError] = []
    for registry in registries:
        try:
            compile_sql(tree, registry)
            return to_text(tree)
        except QuestionError as error:
            wrong.append(error)
    raise ConfigError(
        f"the scope cannot be: {wrong[0].message}", cure=wrong[0].cure or "Name columns that one table has: docs/questions.md"
    )


def implies(wanted: Filter, scope: Filter) -> bool:
    """Whether every row that passes one filter passes the other, as far as names and values tell; False where they do not."""
    if isinstance(wanted, Or):
        return all(implies(term, scope) for term in wanted.terms)
    terms = wanted.terms if isinstance(wanted, And) else (wanted,)
    return all(_follows(term, terms) for term in (scope.terms if isinstance(scope, And) else (scope,)))


def _follows(term: Filter, given: Sequence[Filter]) -> bool:
    """Whether a term stands among those given, or holds in each case they leave."""
    if term in given:
        return True
    cases = _cases(given)
    return bool(cases) and all(holds(term, facts) is True for facts in cases)


def _cases(given: Sequence[Filter]) -> list[dict[str, Fact]]:
    """What is known of a row all of these hold for: one case for each way of being in their lists; none where they contradict."""
    choices: list[list[tuple[str, Fact]]] = []
    for term in given:
        if isinstance(term, Compare) and term.op == "=" and isinstance(term.value, str):
            choices.append([(_name(term.field), term.value)])
        elif isinstance(term, Missing):
            choices.append([(_name(term.field), None)])
        elif isinstance(term, In) and len(term.values) <= MOST_CASES and all(isinstance(value, str) for value in term.values):
            choices.append([(_name(term.field), str(value)) for value in term.values])
    found: list[dict[str, Fact]] = [{}]
    for options in choices:
        if len(found) * len(options) > MOST_CASES:
            continue
        found = [{**facts, name: fact} for facts, (name, fact) in product(found, options) if facts.get(name, fact) == fact]
    return found


def _name(where: Field) -> str:
    """A field as facts are named."""
    return field_text(Field(name=where.name if where.key is not None else ALIASES.get(where.name, where.name), key=where.key))
