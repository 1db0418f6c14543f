"""Decide and act: plan, approve, apply, take back, and measure what came of it. The verbs over the rooms actions and savings.

Nothing is changed but by `apply`, and `apply` changes nothing that two people did not agree on. There is no dry run: making a
plan is one.
"""

import platform
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from bursar.actions import book, requests
from bursar.actions.apply import Applied
from bursar.actions.apply import apply as carry_out
from bursar.actions.approve import Agreed, Subject
from bursar.actions.approve import approve as take_approval
from bursar.actions.approve import reject as take_rejection
from bursar.actions.book import Entry
from bursar.actions.cards import Card, card
from bursar.actions.council import Council
from bursar.actions.door import Door
from bursar.actions.observations import record, with_history
from bursar.actions.playbooks import PLAYBOOKS
from bursar.actions.playbooks.playbook import Left, Seen, Worth, Worths
from bursar.actions.propose import Ask, propose
from bursar.actions.undo import inverse
from bursar.config import Config
from bursar.domain.errors import BursarError, ConfigError, NotNow, Unavailable
from bursar.domain.estates import Observed, Resource
from bursar.domain.periods import stamp
from bursar.domain.plans import Plan
from bursar.domain.savings import Saving
from bursar.lake.generations import Lake
from bursar.lake.locks import writer
from bursar.ports import Clock, Estate, PolicyEngine, Warehouse
from bursar.query.resources import costs
from bursar.savings import ledger
from bursar.store import journal, leases

STOP = "STOP"
"""The kill switch: while a file of this name lies in the state folder, nothing is applied. Its content is the reason."""

APPLYING = "apply"
LEASE_SECONDS = 6 * 3600
"""Longer than any apply: whoever still holds the lease then was killed."""

Price = Callable[[Resource], tuple[str, str] | None]
"""A month of a resource by the estate's own price list: amount and currency. Asked where the bill is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What planning came to: the plans that wait (new ones and those that still say the same), and what was left alone and why."""

    plans: tuple[Entry, ...]
    fresh: frozenset[str]
    left: tuple[Left, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A request that was refused when it should have been carried out, and why."""

    digest: str
    why: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """The wired rooms. Without an `engine` nothing is allowed; `pause` waits so many seconds.

    `reread` gives bursar.yaml as it is now: whom it names, and when nothing may be applied, counts at once.
    """

    config: Config
    store: sa.Engine
    lake: Lake
    warehouse: Warehouse
    estate: Estate
    clock: Clock
    engine: PolicyEngine | None = None
    price: Price = lambda _: None
    pause: Callable[[float], None] = time.sleep
    reread: Callable[[], Config] | None = None

    def plan(self, playbook: str | None = None, *, maker: str) -> Planned:
        """Look at the estate, remember what was seen, and propose. Raises ConfigError for an unknown playbook.

        A plan that would say what an open one says is not made twice; other open proposals of the playbook are superseded.
        """
        names = sorted(PLAYBOOKS) if playbook is None else [playbook]
        if unknown := [name for name in names if name not in PLAYBOOKS]:
            raise ConfigError(f"there is no playbook {unknown[0]!r}", cure=f"There are: {', '.join(sorted(PLAYBOOKS))}.")
        found = [self._plan_one(name, maker=maker) for name in names]
        return Planned(
            plans=tuple(entry for one in found for entry in one.plans),
            fresh=frozenset(digest for one in found for digest in one.fresh),
            left=tuple(left for one in found for left in one.left),
        )

    def plans(self) -> list[Entry]:
        """Every plan, newest first."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return book.entries(connection)

    def edited(self) -> list[str]:
        """The digests of plans that were edited by hand and do not read."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return book.edited(connection)

    def show(self, digest: str) -> Entry:
        """One plan, by its digest or its first characters."""
        with self.store.connect().execution_options(read_only=True) as connection:
            return book.find(connection, digest)

    def approve(self, digest: str, by: Subject, *, reason: str = "") -> Agreed:
        """Take a verified subject's approval of a plan down."""
        agreed = take_approval(self.door(), digest, by, reason=reason)
        self._follow()
        return agreed

    def reject(self, digest: str, by: Subject, *, reason: str = "") -> Agreed:
        """Take a verified subject's rejection down."""
        said = take_rejection(self.door(), digest, by, reason=reason)
        self._follow()
        return said

    def apply(self, digest: str, *, actor: str) -> Applied:
        """Carry an approved plan out, as the one writer of this state folder, and the one folder of this database that applies."""
        with writer(self.config.home), self._alone():
            try:
                return carry_out(self.door(), digest, actor=actor)
            finally:
                self._follow()

    def request(self, digest: str, *, by: str) -> Entry:
        """Ask the worker to apply an approved plan. Raises NotApproved for any other."""
        with self.store.begin() as connection:
            return requests.ask(connection, digest, by=by, now=self.clock())

    def carry_out(self) -> list[Applied | Dropped]:
        """Apply what was asked for, and go on with what was cut short. What is refused now must be asked for again.

        Raises nothing for one plan: what the other side cannot do now waits for the next call.
        """
        with self.store.connect().execution_options(read_only=True) as connection:
            wanted = requests.asked(connection)
        return [done for one in wanted if (done := self._carried(one))]

    def _carried(self, entry: Entry) -> "Applied | Dropped | None":
        try:
            return self.apply(entry.digest, actor=entry.requested_by or "bursar")
        except (Unavailable, NotNow):
            return None
        except BursarError as error:
            with self.store.begin() as connection:
                journal.lock(connection)
                requests.drop(connection, entry, why=error.message, now=self.clock())
            return Dropped(digest=entry.digest, why=error.message, cure=error.cure)

    def undo(self, digest: str, *, maker: str) -> Entry:
        """Propose the plan that takes an applied one back. It needs approval as any other."""
        entry = self.show(digest)
        now = self.clock()
        made = inverse(entry, self.card(entry.plan.playbook), maker=maker, now=now, policy_digest=self._council().policies())
        with self.store.begin() as connection:
            journal.lock(connection)
            for one in book.entries(connection, ["proposed"]):
                if one.plan.undoes == entry.digest and one.digest != made.digest:
                    book.move(connection, one, "superseded", now=now, actor=maker)
            book.keep(connection, made, now=now)
        return self.show(made.digest)

    def measure(self) -> list[Saving]:
        """The savings ledger, measured on the newest generation."""
        head = self.lake.head()
        with self.store.begin() as connection:
            ledger.follow(connection, now=self.clock())
            if head:
                ledger.measure_all(connection, generation=head, warehouse=self.warehouse, now=self.clock())
            return ledger.lines(connection)

    def stop(self, reason: str, *, actor: str) -> Path:
        """Turn the kill switch on: whatever is being applied stops before its next change."""
        file = self.config.home / STOP
        file.write_text(f"{reason}\n", encoding="utf-8")
        self._say("applying.stopped", actor, {"reason": reason})
        return file

    def resume(self, *, actor: str) -> bool:
        """Turn the kill switch off; False when it was not on."""
        file = self.config.home / STOP
        if not file.exists():
            return False
        self._say("applying.resumed", actor, {"reason": self.stopped()})
        file.unlink()
        return True

    def stopped(self) -> str | None:
        """Why applying is stopped; None while it is not. A file that cannot be read stops it too."""
        file = self.config.home / STOP
        try:
            return file.read_text("utf-8").strip() or f"{file} is there"
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            return f"{file} is there and cannot be read"

    def card(self, name: str) -> Card:
        """The card of a playbook as it counts now."""
        return card(name, self.config.project)

    def door(self) -> Door:
        """What applying works with. Raises ConfigError when bursar.yaml does not read any more."""
        council = self._council()
        return Door(
            store=self.store,
            estate=self.estate,
            card=self.card,
            excepted=council.keeper(),
            stopped=self.stopped,
            clock=self.clock,
            pause=self.pause,
            judge=council.judge,
            freezes=council.freezes(),
            may_approve=council.may_approve,
            unheard=council.unheard,
        )

    def _plan_one(self, name: str, *, maker: str) -> Planned:
        now, rules, council = self.clock(), self.card(name), self._council()
        survey = self.estate.survey(PLAYBOOKS[name].kind)
        with self.store.begin() as connection:
            record(connection, survey)
            seen = with_history(connection, survey)
            taken = book.taken(connection, now=now)
        head = self.lake.head()
        ask = Ask(
            card=rules,
            maker=maker,
            now=now,
            generation=head.n if head else 0,
            policy_digest=council.policies(),
            worths=self._worths(seen),
            excepted=council.keeper(),
            taken=taken,
        )
        found = propose(PLAYBOOKS[name], seen, ask)
        kept, fresh = self._keep(name, found.plans, now=now)
        return Planned(plans=tuple(self.show(one.digest) for one in kept), fresh=fresh, left=found.left)

    def _keep(self, name: str, plans: Sequence[Plan], *, now: datetime) -> tuple[list[Plan], frozenset[str]]:
        """Store new plans; one that says what an open one says is that one. All that count, and the digests of the new ones."""
        with self.store.begin() as connection:
            journal.lock(connection)
            waiting = [one.plan for one in book.entries(connection, ["proposed"]) if one.plan.expires_at > stamp(now)]
            kept = [next((old for old in waiting if _says(old) == _says(new)), new) for new in plans]
            book.supersede(connection, kept, playbook=name, now=now)
            for one in kept:
                book.keep(connection, one, now=now)
            ledger.follow(connection, now=now)
        return kept, frozenset(one.digest for one in kept if one not in waiting)

    def _worths(self, seen: Sequence[Seen]) -> Worths:
        """What resources cost: by the published bill, else by the estate's price list, else unknown."""
        head = self.lake.head()
        idle = {one.now.resource.id for one in seen if one.now.state and one.now.state.get("attached_to") is None}
        known = costs(idle, generation=head, warehouse=self.warehouse)

        def worth(resource: Resource) -> Worth | None:
            if (cost := known.get(resource.id)) is not None:
                source = f"the bill to {cost.last_day}, generation {head.n if head else 0}"
                return Worth(monthly=cost.monthly, currency=cost.currency, source=source, owner=cost.owner, env=cost.env)
            if (listed := self.price(resource)) is not None:
                return Worth(monthly=Decimal(listed[0]), currency=listed[1], source="the estate's price list")
            return None

        return worth

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Hold the right to apply. A run of this folder that was killed gives it back to this folder at once, to others in time.

        Raises Unavailable while another state folder on the same database applies.
        """
        holder = f"{platform.node()} {self.config.home.absolute()}"
        with self.store.begin() as connection:
            fence = leases.acquire(connection, APPLYING, holder=holder, now=self.clock(), seconds=LEASE_SECONDS)
        if fence is None:
            raise Unavailable("another state folder on this database is applying a plan", cure="Wait until it has ended, then apply again.")
        try:
            yield
        finally:
            with self.store.begin() as connection:
                leases.release(connection, APPLYING, fence=fence)

    def _council(self) -> Council:
        """Who decides now. Raises ConfigError when bursar.yaml does not read any more."""
        return Council(config=self.reread() if self.reread else self.config, store=self.store, clock=self.clock, engine=self.engine)

    def _follow(self) -> None:
        with self.store.begin() as connection:
            ledger.follow(connection, now=self.clock())

    def _say(self, kind: str, actor: str, payload: dict[str, object]) -> None:
        with self.store.begin() as connection:
            journal.append(connection, at=stamp(self.clock()), kind=kind, actor=actor, payload=payload)


def remember(connection: sa.Connection, seen: Sequence[Observed], *, name: str, now: datetime) -> int:
    """Put an estate's past into the ledger of observations; the entry is written when anything was new."""
    changed = record(connection, seen)
    if changed:
        journal.append(connection, at=stamp(now), kind="estate.taken", actor="bursar", payload={"name": name, "observations": changed})
    return changed


def _says(plan: Plan) -> str:
    """What a plan says apart from who made it when."""
    return replace(plan, maker="", made_at="", expires_at="").digest
