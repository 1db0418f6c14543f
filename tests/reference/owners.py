"""Whose a charge is when the user has written no rules: the default tag keys, scope before key.

Scopes in order: the resource's tags, AWS cost categories, inherited tags, the account map. Within a scope the keys
of a dimension are tried in order; keys compare case-folded without `-`, `_`, `.` and spaces; of several spellings
of one folded key the first by raw bytes wins. Values are trimmed and lower-cased, an empty one is absent.
"""

from __future__ import annotations

from collections.abc import Mapping

UNALLOCATED = "unallocated"
KEYS: Mapping[str, tuple[str, ...]] = {
    "team": ("team", "owner", "squad", "cost-center"),
    "service": ("service", "app", "application", "component"),
    "env": ("env", "environment", "stage"),
}
ENV_VALUES = {"production": "prod", "prd": "prod", "live": "prod", "development": "dev", "stg": "staging", "stage": "staging"}
PROVIDER_PREFIXES = ("aws:", "goog-", "hidden-", "ms-resource-")
NO_SEPARATORS = str.maketrans("", "", "-_. ")


def owner(
    tags: Mapping[str, str],
    cost_categories: Mapping[str, str] | None = None,
    *,
    inherited: Mapping[str, str] | None = None,
    account: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Team, service and env of a charge; a dimension nobody claims is `unallocated`."""
    scopes = (tags, cost_categories or {}, inherited or {})
    return {dimension: _claim(dimension, scopes) or (account or {}).get(dimension) or UNALLOCATED for dimension in KEYS}


def _claim(dimension: str, scopes: tuple[Mapping[str, str], ...]) -> str | None:
    for scope in scopes:
        for key in KEYS[dimension]:
            value = _value(scope, key)
            if value:
                return ENV_VALUES.get(value, value) if dimension == "env" else value
    return None


def _value(scope: Mapping[str, str], key: str) -> str | None:
    """The value under any spelling of the key, the first spelling by bytes that has one."""
    for raw in sorted(scope, key=str.encode):
        if raw.casefold().startswith(PROVIDER_PREFIXES) or folded(raw) != folded(key):
            continue
        value = scope[raw].strip().lower()
        if value:
            return value
    return None


def folded(key: str) -> str:
    """A tag key as keys are compared."""
    return key.casefold().translate(NO_SEPARATORS)
