"""Owner rules as SQL: one CASE per dimension for the value, and its twin for the id of the rule that decided.

Both run in the dbt project's int_owner, over distinct combinations of tags and describing columns, after int_tag has folded the
tag keys: `tag_<scope>_<n>` is the value of the n-th key in a scope, NULL where absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bursar.allocation.columns import charge_registry
from bursar.allocation.reading import Dated
from bursar.allocation.rules import DIMENSIONS, UNALLOCATED, AccountRule, AnyRule, DefaultRule, Rules, TagRule, WhenRule, fold_key
from bursar.query.filter_tree import quote
from bursar.query.filters import ColumnSql, Filter, compile_literal, parse

SCOPES = ("tags", "cost_categories", "inherited_tags")
"""Where a tag may stand, in order of precedence; the column tag_1_… is the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One rule of a dimension: where it decides, what it gives, and what it is called in the marts (by condition, if that varies)."""

    condition: str
    value: str
    names: tuple[tuple[str, str], ...]


def tag_keys(rules: Rules) -> list[str]:
    """Every folded tag key the rules ask for, in order; its place is the n of tag_<scope>_<n>."""
    keys = [fold_key(key) for given in rules.dimensions.values() for rule in given if isinstance(rule, TagRule) for key in rule.tags]
    return list(dict.fromkeys(keys))


def conditions(rules: Rules) -> list[Filter]:
    """Every condition of the owner rules."""
    return [parse(rule.when) for given in rules.dimensions.values() for rule in given if isinstance(rule, WhenRule)]


def owner_columns(rules: Rules) -> list[dict[str, str]]:
    """Per dimension its name, the SQL of its value and the SQL of the deciding rule's id."""
    keys = tag_keys(rules)
    return [
        _dimension(name, rules.dimensions[name], keys=keys, columns=charge_registry(DIMENSIONS[:index]))
        for index, name in enumerate(DIMENSIONS)
    ]


def in_periods(dated: Dated) -> str:
    """The billing periods something holds in, as SQL that starts with AND; empty where in all."""
    first, last = dated.span()
    bounds = [
        f" AND billing_period >= DATE '{first.start}'" if first else "",
        f" AND billing_period <= DATE '{last.start}'" if last else "",
    ]
    return "".join(bounds)


def _dimension(name: str, given: Sequence[AnyRule], *, keys: Sequence[str], columns: Mapping[str, ColumnSql]) -> dict[str, str]:
    default = next((rule.default for rule in given if isinstance(rule, DefaultRule)), UNALLOCATED)
    branches = [branch for index, rule in enumerate(given) for branch in _branches(rule, f"{name}[{index}]", keys=keys, columns=columns)]
    return {
        "name": name,
        "value": _case([(branch.condition, branch.value) for branch in branches], quote(default)),
        "rule": _case([(condition, quote(text)) for branch in branches for condition, text in branch.names], quote(f"{name}.default")),
    }


def _branches(rule: AnyRule, place: str, *, keys: Sequence[str], columns: Mapping[str, ColumnSql]) -> list[Branch]:
    match rule:
        case TagRule():
            return [_tag_branch(rule, place, keys)]
        case WhenRule():
            condition = compile_literal(parse(rule.when), columns) + in_periods(rule)
            return [Branch(condition=condition, value=quote(rule.value), names=((condition, f"{place}.when"),))]
        case AccountRule():
            return _account_branches(rule, place)
        case DefaultRule():
            return []


def _tag_branch(rule: TagRule, place: str, keys: Sequence[str]) -> Branch:
    """Scope beats key: all keys among resource tags, then all among cost categories, then all among inherited tags."""
    within = in_periods(rule)
    columns = {
        f"tag_{number}_{keys.index(fold_key(key))}": f"{place}.{scope}:{key}"
        for number, scope in enumerate(SCOPES, start=1)
        for key in rule.tags
    }
    found = f"coalesce({', '.join(columns)})"
    return Branch(
        condition=f"{found} IS NOT NULL{within}",
        value=_mapped(found, rule.map),
        names=tuple((f"{column} IS NOT NULL{within}", name) for column, name in columns.items()),
    )


def _account_branches(rule: AccountRule, place: str) -> list[Branch]:
    by_owner: dict[str, list[str]] = {}
    for account, owner in rule.accounts.items():
        by_owner.setdefault(owner, []).append(quote(account))
    listed = {f"sub_account_id IN ({', '.join(accounts)}){in_periods(rule)}": owner for owner, accounts in by_owner.items()}
    return [
        Branch(condition=condition, value=quote(owner), names=((condition, f"{place}.accounts"),)) for condition, owner in listed.items()
    ]


def _mapped(column: str, renamed: Mapping[str, str]) -> str:
    cases = " ".join(f"WHEN {quote(key)} THEN {quote(value)}" for key, value in renamed.items())
    return f"CASE {column} {cases} ELSE {column} END" if cases else column


def _case(branches: Sequence[tuple[str, str]], default: str) -> str:
    cases = " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)
    return f"CASE {cases} ELSE {default} END" if cases else default
