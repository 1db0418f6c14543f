"""What control planes say of resources, and to changes. States are JSON objects; None is a resource that is not there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bursar.domain.canonical import canonical

State = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Resource:
    """One thing in a cloud. `kind` is ours (disk, snapshot), `id` the provider's and as its bill writes it."""

    provider: str
    account: str
    region: str
    kind: str
    id: str

    @property
    def population(self) -> str:
        """The key of what is counted with it: others of its kind in the same account."""
        return f"{self.provider}/{self.account}/{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What an estate said of a resource at a moment of its own clock (UTC). `state` is None when it is not there.

    `receipts` are the provider's answers to changes made of it, by idempotency token: how an effect is found again
    whose answer was lost.
    """

    resource: Resource
    at: datetime
    state: State | None
    receipts: Mapping[str, State] = field(default_factory=dict[str, State])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a control plane said to a change: `done`, `pending` (ask again with the same token) or `failed`.

    `at` is the provider's moment of the effect. `detail` holds what an undo needs, and `resource` where a new one came to be.
    """

    state: str
    at: datetime
    detail: State = field(default_factory=dict[str, object])


def same(one: State | None, other: State | None) -> bool:
    """Whether two states are one: compared as canonical JSON, so that 10 GB is 10 GB whoever wrote it."""
    return canonical(one) == canonical(other)
