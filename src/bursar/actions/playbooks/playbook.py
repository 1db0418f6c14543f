"""What a playbook is: a pure function from what was seen to what might be changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from bursar.actions.cards import Card
from bursar.domain.estates import Observed, Resource, State
from bursar.domain.plans import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A resource now, and what was seen of it on earlier days, oldest first, at most one a day, today's included."""

    now: Observed
    days: tuple[tuple[date, State], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a resource costs in thirty days, who says so, and whose it is as far as anybody knows."""

    monthly: Decimal
    currency: str
    source: str
    owner: str | None = None
    env: str | None = None


Worths = Callable[[Resource], Worth | None]
"""A resource's worth; None where there is no price. An unknown price is no price of zero."""

Excepted = Callable[[str, str], bool]
"""Whether an exception covers (rule, resource id). A playbook's rule is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A resource that looked like a finding and was left alone, and why."""

    resource: Resource
    why: str


class Playbook(Protocol):
    """One way to waste less. Looks at resources of one `kind`."""

    @property
    def kind(self) -> str:
        """The kind of resource it asks the estate for."""
        ...

    def judge(self, seen: Seen, *, card: Card, worths: Worths) -> Change | Left | None:
        """What should be done with one resource: a change, nothing although it looks like one, or nothing at all.

        Pure: the same seen, card and worths give the same change.
        """
        ...


def judged(book: Playbook, seen: Sequence[Seen], *, card: Card, worths: Worths, excepted: Excepted) -> tuple[list[Change], list[Left]]:
    """Every resource judged, by id; what an exception covers is left alone whatever the playbook thinks of it."""
    changes: list[Change] = []
    left: list[Left] = []
    for one in sorted(seen, key=lambda each: each.now.resource):
        found = book.judge(one, card=card, worths=worths)
        if isinstance(found, Change) and excepted(card.name, found.resource.id):
            found = Left(resource=found.resource, why="an exception covers it")
        if isinstance(found, Change):
            changes.append(found)
        elif found:
            left.append(found)
    return changes, left
