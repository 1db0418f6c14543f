"""What should happen to a plan, kept in another way than the house keeps it: a diary of what everybody did, and plain rules.

It imports nothing of the room it judges. Its diary is told by whoever drives the world; the cloud's own log of effects is
compared with what the diary allows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
MINUTES = timedelta(minutes=5)
"""So far clocks may differ."""


@dataclass(slots=True)
class Word:
    """A yes or a no: who, as what, when it ends, and whether it was spent."""

    who: str
    role: str
    is_yes: bool
    ends: datetime
    is_spent: bool = False


@dataclass(slots=True)
class Told:
    """A plan as the diary has it: each resource with its state as it was seen, None where it was not there."""

    maker: str
    born: datetime
    sees: dict[str, str | None]
    is_destructive: bool
    is_production: bool
    card: int
    fate: str = "open"
    is_edited: bool = False
    words: list[Word] = field(default_factory=list[Word])

    @property
    def voters(self) -> int:
        """How many people must agree."""
        return 2 if self.is_destructive and self.is_production else 1


@dataclass(slots=True)
class Diary:
    """Everything that matters, told as it happens. `world` has the state of each disk, as text; `written` is when a word was last taken."""

    now: datetime
    written: datetime | None = None
    world: dict[str, str | None] = field(default_factory=dict[str, str | None])
    plans: dict[str, Told] = field(default_factory=dict[str, Told])
    deleted: list[datetime] = field(default_factory=list[datetime])
    begun: list[datetime] = field(default_factory=list[datetime])
    kept: set[str] = field(default_factory=set[str])
    is_stopped: bool = False
    is_allowed: bool = True
    is_frozen: bool = False
    card: int = 1

    def see(self, state: object) -> str | None:
        """A state as text."""
        return None if state is None else json.dumps(state, sort_keys=True)

    def may_say(self, digest: str, who: str, role: str) -> bool:
        """Whether somebody's yes should be taken down."""
        plan = self.plans[digest]
        return plan.fate == "open" and who != plan.maker and role == "approver" and self.now < plan.born + WEEK

    def may_apply(self, digest: str) -> bool:
        """Whether the plan should be carried out now."""
        plan = self.plans[digest]
        today = [moment for moment in self.deleted if moment.date() == self.now.date()]
        begun = [moment for moment in self.begun if moment.date() == self.now.date()]
        there = sum(state is not None for state in self.world.values())
        more = len(plan.sees) if plan.is_destructive else 0
        return (
            not self.is_stopped
            and not self.is_frozen
            and self.is_allowed
            and (self.written is None or self.now >= self.written - MINUTES)
            and plan.fate == "open"
            and not plan.is_edited
            and plan.card == self.card
            and self.now < plan.born + WEEK
            and all(word.is_yes for word in plan.words)
            and len(self.valid(plan)) >= plan.voters
            and not (plan.is_destructive and self.kept & plan.sees.keys())
            and all(self.world[name] == state for name, state in plan.sees.items())
            and (not more or len(today) + more <= max(1, (there + len(today)) // 10))
            and len(today) + more <= 20
            and len(begun) + len(plan.sees) <= 100
        )

    def valid(self, plan: Told) -> set[str]:
        """Who has said yes so that it counts now."""
        return {
            word.who
            for word in plan.words
            if word.is_yes and word.role == "approver" and word.who != plan.maker and self.now < word.ends and not word.is_spent
        }
