"""Whose a charge is under the default owner rules, decided here by an independent hand.

The truth must not be asked of the code under test, so these few lines restate the rules: keys in order,
compared case-folded without `-_. `; values trimmed and lowered; provider keys never count; scopes in order.
"""

from collections.abc import Iterable, Mapping

UNALLOCATED = "unallocated"
TEAM_KEYS = ("team", "owner", "squad", "costcenter")
SERVICE_KEYS = ("service", "app", "application", "component")
ENV_KEYS = ("env", "environment", "stage")
_PROVIDER_PREFIXES = ("aws:", "goog-", "hidden-", "ms-resource-")
_FOLD = str.maketrans("", "", "-_. ")


def _fold(key: str) -> str:
    """A key as the rules compare it."""
    return key.casefold().translate(_FOLD)


def _in_scope(tags: Mapping[str, str], keys: Iterable[str]) -> str | None:
    """The value the first present key gives, if any."""
    for wanted in keys:
        for raw in sorted(tags, key=lambda key: key.encode()):
            value = tags[raw].strip().lower()
            if value and _fold(raw) == wanted and not raw.lower().startswith(_PROVIDER_PREFIXES):
                return value
    return None


def owner(scopes: Iterable[Mapping[str, str]], keys: Iterable[str]) -> str:
    """The owner that the first scope holding one of the keys names, else `unallocated`."""
    wanted = tuple(keys)
    found = (_in_scope(tags, wanted) for tags in scopes)
    return next((value for value in found if value is not None), UNALLOCATED)
