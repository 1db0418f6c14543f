"""What a change would create, in the words of rules, prices and budgets: resources whose tags are there, missing or not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bursar.domain.errors import ConfigError

Action = Literal["create", "update", "replace", "delete"]
Taggable = Literal["yes", "no", "unknown"]
State = Literal["present", "missing", "unknown"]

_FOLD = str.maketrans("", "", "-_. ")


class Undecidable(ConfigError):
    """The gate cannot tell: an input that is not understood, or an engine that did not answer. It blocks as a deny does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Tags three-valued: `known` are there, `unknown` keys have a value nobody knows yet, and where `open` any other key may come."""

    known: Mapping[str, str] = field(default_factory=dict[str, str])
    unknown: frozenset[str] = frozenset()
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container and what it requests (`cpu`, `memory`)."""

    name: str
    requests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One planned resource. `before` and `after` hold what prices are made of; `address` is what a person finds it by."""

    address: str
    type: str
    provider: str
    action: Action
    tags: Tags = field(default_factory=Tags)
    taggable: Taggable = "yes"
    region: str | None = None
    before: Mapping[str, object] = field(default_factory=dict[str, object])
    after: Mapping[str, object] = field(default_factory=dict[str, object])
    containers: tuple[Container, ...] = ()
    lost_labels: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None

    @property
    def is_judged(self) -> bool:
        """Whether rules look at it: what is deleted only has a price."""
        return self.action != "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A change as read: its kind (plan or kubernetes), its resources, and what a reader should know about the reading."""

    kind: str
    resources: tuple[Resource, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """How a resource stands to one ownership dimension: the tag that says it, and the owner it means."""

    state: State
    key: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Which tags say whose a resource is, as the bill will be allocated: keys in order of preference, and renamed values."""

    keys: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])

    def of(self, tags: Tags) -> dict[str, Owner]:
        """Every dimension of a resource. Case and -_. of a key do not count, nor white space and case of a value."""
        known = {fold(key): (key, value) for key, value in reversed(list(tags.known.items()))}
        unknown = {fold(key): key for key in tags.unknown}
        return {dimension: self._one(dimension, known, unknown, is_open=tags.open) for dimension in self.keys}

    def _one(self, dimension: str, known: Mapping[str, tuple[str, str]], unknown: Mapping[str, str], *, is_open: bool) -> Owner:
        """The first key that has a value; a preferred key whose value is not known leaves the owner unknown."""
        for wanted in self.keys[dimension]:
            folded = fold(wanted)
            if folded in unknown:
                return Owner(state="unknown", key=unknown[folded])
            if folded in known:
                key, value = known[folded]
                said = value.strip().lower()
                return Owner(state="present", key=key, value=self.renamed.get(dimension, {}).get(said, said))
        return Owner(state="unknown" if is_open else "missing")


def fold(key: str) -> str:
    """A tag key as it is compared."""
    return key.translate(_FOLD).lower()


def has_value(text: str) -> bool:
    """Whether a tag's text says anything: white space and signs nobody sees do not."""
    return (text.isprintable() and bool(text.strip())) or any(sign.isprintable() and not sign.isspace() for sign in text)


def clean(text: str) -> str:
    """Text that can be stored and printed: halves of surrogate pairs, which JSON may smuggle in, replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
