"""What can be shown wrong with rules before any bill is read: rules nothing reaches, pools that overlap or feed back.

The proofs are sound, not complete: they compare conditions term by term. What they cannot see, the build finds in the bill.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from operator import eq, ge, gt, le, lt

from bursar.allocation.columns import charge_registry, owner_registry
from bursar.allocation.rules import DIMENSIONS, AccountRule, AnyRule, DefaultRule, Pool, Rules, TagRule, WhenRule, fold_key
from bursar.domain.errors import ConfigError
from bursar.query.filter_tree import And, Between, Compare, Field, Filter, In, Like, Missing, Not, Or, Test, fields_of
from bursar.query.filters import ColumnSql, QuestionError, compile_literal, parse


def check(rules: Rules) -> None:
    """Raises ConfigError for the first rule that cannot be understood, cannot be reached, or contradicts another."""
    for position, dimension in enumerate(DIMENSIONS):
        _check_dimension(rules, dimension, decided=DIMENSIONS[:position])
    _check_pools(rules)


def condition(text: str, columns: Mapping[str, ColumnSql], *, place: str) -> Filter:
    """A condition of the rules as a tree. Raises ConfigError naming the place, for what does not parse or names no column."""
    try:
        tree = parse(text)
        compile_literal(tree, columns)
    except QuestionError as error:
        raise ConfigError(f"{place}: {error}", cure=error.cure or "The filter language is described in docs/questions.md.") from error
    return tree


def implies(left: Filter, right: Filter) -> bool:
    """Whether everything `left` holds for is held for by `right`, as far as comparing terms can tell."""
    return all(any(_term_implies(mine, theirs) for mine in _conjuncts(left)) for theirs in _conjuncts(right))


def holds(tree: Filter, values: Mapping[str, str]) -> bool | None:
    """The condition's answer for these column values; None where it looks at another column."""
    if any(field.name not in values for field in fields_of(tree)):
        return None
    return _holds(tree, values)


def _check_dimension(rules: Rules, dimension: str, *, decided: Sequence[str]) -> None:
    columns = charge_registry(decided)
    seen: list[tuple[str, AnyRule]] = []
    for index, rule in enumerate(rules.dimensions[dimension]):
        place = f"{rules.file}: dimensions.{dimension}[{index}]"
        if isinstance(rule, WhenRule):
            condition(rule.when, columns, place=f"{place}.when")
        if isinstance(rule, TagRule):
            _check_keys(rule, place)
        for earlier, former in seen:
            if _covers(former, rule):
                raise ConfigError(f"{place} is never reached: {earlier} decides first", cure=f"Move it before {earlier}, or remove it.")
        seen.append((f"{dimension}[{index}]", rule))


def _check_keys(rule: TagRule, place: str) -> None:
    folded = [fold_key(key) for key in rule.tags]
    for index, key in enumerate(folded):
        if key in folded[:index]:
            raise ConfigError(
                f"{place}.tags: '{rule.tags[index]}' is '{rule.tags[folded.index(key)]}' again, as case and -_. do not count",
                cure="Name it once.",
            )
        if not key:
            raise ConfigError(f"{place}.tags: '{rule.tags[index]}' names no key", cure="Name a tag key.")


def _covers(earlier: AnyRule, later: AnyRule) -> bool:
    """Whether the earlier rule decides whatever the later one could."""
    if isinstance(earlier, DefaultRule):
        return True
    if isinstance(later, DefaultRule) or not later.within(earlier):
        return False
    if isinstance(earlier, TagRule) and isinstance(later, TagRule):
        return {fold_key(key) for key in later.tags} <= {fold_key(key) for key in earlier.tags}
    if isinstance(earlier, AccountRule) and isinstance(later, AccountRule):
        return set(later.accounts) <= set(earlier.accounts)
    if isinstance(earlier, WhenRule) and isinstance(later, WhenRule):
        return implies(parse(later.when), parse(earlier.when))
    return False


def _check_pools(rules: Rules) -> None:
    trees: list[Filter] = []
    for index, pool in enumerate(rules.shared):
        place = f"{rules.file}: shared[{index}] '{pool.name}'"
        if pool.name in [other.name for other in rules.shared[:index]]:
            raise ConfigError(f"{place}: the name is taken", cure="Give each pool a name of its own.")
        trees.append(condition(pool.pool, charge_registry(DIMENSIONS), place=f"{place}.pool"))
        if pool.among:
            condition(pool.among, owner_registry(DIMENSIONS), place=f"{place}.among")
    for first, second in combinations(range(len(trees)), 2):
        _check_overlap(rules, trees, first, second)
    for last, pool in enumerate(rules.shared):
        for index in range(last + 1):
            _check_feeding(rules, pool, source=rules.shared[index], tree=trees[index])


def _check_overlap(rules: Rules, trees: Sequence[Filter], first: int, second: int) -> None:
    """Two pools with a charge in common would share it twice."""
    one, other = rules.shared[first], rules.shared[second]
    if one.meets(other) and (implies(trees[second], trees[first]) or implies(trees[first], trees[second])):
        raise ConfigError(
            f"{rules.file}: shared[{second}] '{other.name}' and shared[{first}] '{one.name}' claim the same charges",
            cure=f"Narrow one of them, for example with: ({other.pool}) AND NOT ({one.pool})",
        )


def _check_feeding(rules: Rules, pool: Pool, *, source: Pool, tree: Filter) -> None:
    """A share may feed a later pool, never its own or an earlier one: it would not come to rest."""
    if not pool.meets(source):
        return
    elsewhere = "" if pool is source else f", or move '{pool.name}' before '{source.name}'"
    for owner, percent in pool.percent.items():
        if holds(tree, {pool.to: owner}):
            raise ConfigError(
                f"{rules.file}: shared '{pool.name}' gives {percent} % to {pool.to} '{owner}', whose costs '{source.name}' shares: a cycle",
                cure=f"Take '{owner}' off the list{elsewhere}.",
            )
    if pool.among and implies(parse(pool.among), tree):
        raise ConfigError(
            f"{rules.file}: shared '{pool.name}' is borne only among owners whose costs '{source.name}' shares: a cycle",
            cure="Name other owners in 'among', or change the order of the pools.",
        )


def _conjuncts(tree: Filter) -> tuple[Filter, ...]:
    return tree.terms if isinstance(tree, And) else (tree,)


def _term_implies(left: Filter, right: Filter) -> bool:
    """Equal terms; a set of values within another; one branch of an OR."""
    if left == right:
        return True
    if isinstance(left, Or):
        return all(implies(term, right) for term in left.terms)
    if isinstance(right, Or):
        return any(implies(left, term) for term in right.terms)
    mine, theirs = _values(left), _values(right)
    return mine is not None and theirs is not None and mine[0] == theirs[0] and mine[1] <= theirs[1]


def _values(tree: Filter) -> tuple[Field, set[object]] | None:
    """The field and the values a term allows, where it lists them."""
    if isinstance(tree, Compare) and tree.op == "=":
        return tree.field, {tree.value}
    return (tree.field, set(tree.values)) if isinstance(tree, In) else None


def _holds(tree: Filter, values: Mapping[str, str]) -> bool:
    match tree:
        case And():
            return all(_holds(term, values) for term in tree.terms)
        case Or():
            return any(_holds(term, values) for term in tree.terms)
        case Not():
            return not _holds(tree.term, values)
        case _:
            return _test_holds(tree, values[tree.field.name])


def _test_holds(test: Test, value: str) -> bool:
    match test:
        case In():
            return value in test.values
        case Missing():
            return False
        case Like():
            return _like(test, value)
        case Compare():
            return _ORDER[test.op](value.encode(), str(test.value).encode())
        case Between():
            return str(test.low).encode() <= value.encode() <= str(test.high).encode()


_ORDER: Mapping[str, Callable[[bytes, bytes], bool]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


def _like(test: Like, value: str) -> bool:
    parts: list[str] = re.findall(r"\\.|.", test.pattern, re.DOTALL)
    pattern = "".join(_LIKE.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(pattern, value, re.DOTALL | (re.IGNORECASE if test.fold else 0)) is not None


_LIKE = {"%": ".*", "_": "."}
