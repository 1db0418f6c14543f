"""Everything that stands between a plan and a cloud: the estate, the judge, the cards, the clock, and who may say yes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from bursar.actions.book import Entry
from bursar.actions.cards import Card
from bursar.actions.playbooks.playbook import Excepted
from bursar.domain.errors import PolicyDenied
from bursar.domain.plans import Approval, Plan
from bursar.ports import Clock, Estate

Judge = Callable[[Mapping[str, object]], Mapping[str, object]]
"""The policy engine's entrypoint `remediation`: a document in, `{allow, violations, …}` out. Raises when nobody answers."""

APPROVERS = frozenset({"approver", "operator", "admin"})
"""Roles whose word counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days, both inclusive (UTC), on which nothing is applied, and why."""

    first: date
    last: date
    reason: str

    def holds(self, now: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.first <= now.date() <= self.last


def no_engine(document: Mapping[str, object]) -> Mapping[str, object]:
    """The judge of a house without one: it denies by not being there."""
    raise PolicyDenied(f"no policy engine to ask about {document['playbook']}", cure="Install OPA, then: bursar doctor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an answer is waited for: seconds between questions, so many questions for a slow one, tries of a lost one."""

    seconds: float = 5.0
    questions: int = 240
    tries: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What applying works with. `stopped` gives the reason while the kill switch is on; `pause` waits so many seconds.

    `may_approve` says whether a subject's word counts for a plan, beyond its role: the owners' own approvers, where named.
    `unheard` are the owners that name approvers and have no word of theirs among those that count.
    """

    store: sa.Engine
    estate: Estate
    card: Callable[[str], Card]
    excepted: Excepted
    stopped: Callable[[], str | None]
    clock: Clock
    pause: Callable[[float], None]
    judge: Judge = no_engine
    freezes: Sequence[Freeze] = ()
    may_approve: Callable[[Approval, Plan], bool] = lambda approval, _plan: approval.role in APPROVERS
    unheard: Callable[[Plan, Sequence[Approval]], Sequence[str]] = lambda _plan, _good: ()
    patience: Patience = field(default_factory=Patience)
    approval_life: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One plan before the door: what is stored of it, its card as it is now, and the moment."""

    door: Door
    entry: Entry
    card: Card
    now: datetime

    @property
    def plan(self) -> Plan:
        """What the plan says."""
        return self.entry.plan

    @property
    def is_resumed(self) -> bool:
        """Whether an apply began and did not end."""
        return self.entry.status == "applying"
