"""The desk of one request: who asks, and everything they may read, cut to their rows.

An endpoint asks its desk; nothing else in the API reads costs or decisions. What lives in the store is shown when what is known
of it lies in the caller's scope for certain; what cannot be decided is hidden, and what is hidden is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, cast

import sqlalchemy as sa
from fastapi import Request
from starlette.exceptions import HTTPException

from bursar.acting import Acting
from bursar.actions.approve import Agreed, Subject
from bursar.actions.book import Entry
from bursar.anomaly import records
from bursar.anomaly.feedback import Verdict, give
from bursar.anomaly.panel import OTHER
from bursar.anomaly.records import Kept
from bursar.anomaly.written import newest
from bursar.domain.errors import ConfigError, NotApproved, Refused
from bursar.domain.periods import stamp
from bursar.domain.plans import Change
from bursar.domain.savings import Saving
from bursar.exception_registry import Grant, Registry, grant, requests, revoke
from bursar.exception_registry.grants import document, read_grant
from bursar.exception_registry.requests import Request as Asked
from bursar.lake.generations import Generation
from bursar.query.ask import NOTHING_PUBLISHED, Answer, ask
from bursar.query.errors import QuestionError
from bursar.query.filters import parse, to_text
from bursar.query.known import UNKNOWN, Fact
from bursar.query.lines import LinePage, lines
from bursar.query.question import Query, digest_of
from bursar.query.values import DimensionValue, dimension_values
from bursar.store import schema
from bursar.surfaces import budgets, forecasting
from bursar.surfaces.api.house import House, house_of, pinned
from bursar.surfaces.exceptions import Costs, counted
from bursar.surfaces.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import date

    from bursar.anomaly.forecast import Forecast
    from bursar.loop import Bursar


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything a request may reach. `acting` wires the rooms that decide, when they are asked for."""

    principal: Principal
    _house: House
    _acting: Callable[[], Acting]

    @classmethod
    def of(cls, request: Request, principal: Principal) -> Desk:
        """The desk of a verified caller."""
        return cls(principal=principal, _house=house_of(request), _acting=request.app.state.acting)

    def book(self, n: int | None = None) -> Generation:
        """The generation a request names, else the newest. Answers 404 for one that never was."""
        return pinned(self._house, n) or NOTHING_PUBLISHED

    def stand(self) -> str:
        """What answers about decisions depend on: the journal's newest entry, and the generation incidents were last scored on."""
        with self._house.store.connect().execution_options(read_only=True) as connection:
            last = connection.execute(sa.select(sa.func.max(schema.journal.c.seq))).scalar() or 0
            scored = connection.execute(sa.select(sa.func.max(schema.incident.c.generation))).scalar() or 0
        return f"j{last}-{self.book().n}-{scored}"

    def beside(self, *files: str) -> tuple[str, ...]:
        """What answers depend on that files of the project and the clock decide too: a minute late at most."""
        found = [path.read_bytes() if (path := self._house.config.file(name)) else b"" for name in files]
        scored = newest(self._house.lake.root)
        return (f"{self._house.clock():%Y-%m-%dT%H:%M}", *(sha256(text).hexdigest() for text in found), str(scored[0] if scored else 0))

    def digest(self, query: Query) -> str:
        """A question by its short name, as it is asked here."""
        return digest_of(self.principal.narrowed(query))

    def costs(self, query: Query, book: Generation) -> Answer:
        """The answer on the caller's rows."""
        with self._scope_said():
            return ask(self.principal.narrowed(query), generation=book, warehouse=self._house.warehouse)

    def values(self, dimension: str, letters: str, book: Generation, *, limit: int) -> Sequence[DimensionValue]:
        """A dimension's values on the caller's rows."""
        with self._scope_said():
            return dimension_values(
                dimension, letters, generation=book, warehouse=self._house.warehouse, limit=limit, within=self.principal.scope
            )  # fmt: skip

    def lines(self, query: Query, book: Generation, *, limit: int, after: str | None) -> LinePage:
        """A page of the caller's bill lines; its cursor belongs to their scope."""
        with self._scope_said():
            return lines(self.principal.narrowed(query), generation=book, warehouse=self._house.warehouse, limit=limit, after=after)

    def incidents(self, status: str | None = None) -> list[Kept]:
        """The incidents whose scope lies in the caller's, without what was folded into them from elsewhere."""
        with self._house.store.connect().execution_options(read_only=True) as connection:
            found = records.kept(connection, status=status)
        return [self._without_others(one) for one in found if self.principal.sees(_facts_of_scope(one.scope, one.currency))]

    def incident(self, ident: str) -> Kept:
        """One of them by its whole id. Answers 404."""
        found = next((one for one in self.incidents() if one.id == ident), None)
        if found is None:
            raise HTTPException(404, "there is no such anomaly; it is named by its whole id")
        return found

    def answer(self, ident: str, verdict: str, *, first: date | None, last: date | None, note: str | None) -> Kept:
        """Say what an anomaly was; how it stands then. Answers 404."""
        said = Verdict(name=verdict, by=self.principal.name, first=first, last=last, note=note)
        with _asker_mends("last"):
            give(self._house.store, self.incident(ident).id, said, now=self._house.clock())
        return self.incident(ident)

    def plans(self) -> list[Entry]:
        """The plans all of whose changes lie in the caller's scope."""
        return [one for one in self._acting().plans() if self._sees_plan(one)]

    def plan(self, digest: str) -> Entry:
        """One of them by its whole digest. Answers 404."""
        found = next((one for one in self.plans() if one.digest == digest), None)
        if found is None:
            raise HTTPException(404, "there is no such plan; it is named by its whole digest")
        return found

    def approve(self, digest: str, reason: str) -> Agreed:
        """The caller's approval of a plan they see whole. Answers 404; raises Refused."""
        return self._acting().approve(self.plan(digest).digest, self._subject, reason=reason)

    def reject(self, digest: str, reason: str) -> Agreed:
        """The caller's rejection, likewise."""
        return self._acting().reject(self.plan(digest).digest, self._subject, reason=reason)

    def request(self, digest: str) -> Entry:
        """Ask the worker to apply an approved plan. Answers 404; raises NotApproved."""
        return self._acting().request(self.plan(digest).digest, by=self.principal.name)

    def undo(self, digest: str) -> Entry:
        """Propose the plan that takes an applied one back; the caller is its maker. Answers 404; raises Refused."""
        return self._acting().undo(self.plan(digest).digest, maker=self.principal.name)

    def savings(self) -> list[Saving]:
        """The ledger, measured on the newest generation: the lines all of whose plans the caller sees."""
        lines = self._acting().measure()
        if self.principal.scope is None:
            return lines
        seen = {one.digest for one in self.plans()}
        return [one for one in lines if one.plan_digests and seen.issuperset(one.plan_digests)]

    def budgets(self) -> budgets.Standing:
        """The budgets whose whole scope lies in the caller's."""
        return budgets.standing(self._bursar, sees=None if self.principal.scope is None else self.principal.covers)

    def forecasts(self, scope: str | None) -> tuple[int, Sequence[Forecast]]:
        """The month's end of a scope within the caller's, or of the kept series that lie in it."""
        if scope is not None:
            wanted = self.principal.cut(parse(scope) if scope.strip() else None)
            with self._scope_said():
                return forecasting.reckoned(self._bursar, to_text(wanted) if wanted else "")
        generation, found = forecasting.kept(self._bursar)
        return generation, [one for one in found if self._sees_filter(one.scope)]

    def exceptions(self) -> tuple[Registry, Costs]:
        """The exceptions that lie in the caller's scope, or belong to a team that does, with what they cost on the caller's rows."""
        registry, costs = counted(self._bursar, cut=self.principal.cut)
        if self.principal.scope is None:
            return registry, costs
        grants = tuple(one for one in registry.grants if self._sees_exception(one))
        names = {one.id for one in grants}
        return Registry(grants=grants, findings=tuple(one for one in registry.findings if one.exception in names)), costs

    def grant(self, given: Mapping[str, object]) -> Registry:
        """Grant an exception as its approver. Raises 403 where it reaches beyond the caller's rows, Refused where it would not apply."""
        now, owners = self._house.clock(), tuple(self._house.config.owners)
        said = {**given, "approver": self.principal.name, "created": stamp(now)}
        with _asker_mends("body"):
            self._check_reach(read_grant(said, origin="store"))
            with self._house.store.begin() as connection:
                return Registry(grants=(grant(connection, said, now=now, owners=owners),), findings=())

    def ask(self, given: Mapping[str, object]) -> Asked:
        """Ask for an exception. Raises 403 as granting does."""
        now, name = self._house.clock(), self.principal.name
        with _asker_mends("body"):
            self._check_reach(read_grant({**given, "approver": name, "created": stamp(now)}, origin="store"))
            with self._house.store.begin() as connection:
                return requests.ask(connection, given, by=name, now=now)

    def requests(self) -> list[Asked]:
        """What was asked for and not answered, where it lies in the caller's scope as an exception would."""
        with self._house.store.connect().execution_options(read_only=True) as connection:
            return [one for one in requests.waiting(connection, now=self._house.clock()) if self._sees_exception(one.wish)]

    def allow(self, ident: str) -> Registry:
        """Grant what somebody else asked for. Answers 404; raises NotApproved for the caller's own request."""
        wish = self._asked(ident).wish
        if wish.approver == self.principal.name:
            raise NotApproved("whoever asks for an exception does not allow it", cure="Somebody else must.")
        return self.grant({name: value for name, value in document(wish).items() if name not in {"approver", "created"}})

    def decline(self, ident: str, reason: str) -> None:
        """Say no to a request. Answers 404."""
        found = self._asked(ident)
        with self._house.store.begin() as connection:
            requests.decline(connection, found, by=self.principal.name, reason=reason, now=self._house.clock())

    def _asked(self, ident: str) -> Asked:
        found = next((one for one in self.requests() if one.wish.id == ident), None)
        if found is None:
            raise HTTPException(404, "there is no such request")
        return found

    def _check_reach(self, one: Grant) -> None:
        """Nobody gives away what they do not see."""
        if not self._sees_filter(one.scope or ""):
            raise HTTPException(403, f"give it a scope within that of this key: {self.principal.mark}")

    def revoke(self, ident: str) -> None:
        """End an exception of the store now. Answers 404."""
        found = next((one for one in self.exceptions()[0].grants if one.id == ident), None)
        if found is None:
            raise HTTPException(404, "there is no such exception")
        if found.origin == "file":
            raise Refused(f"{ident} stands in exceptions.yaml and ends by taking it out of there")
        with self._house.store.begin() as connection:
            revoke(connection, ident, by=self.principal.name, now=self._house.clock())

    def _sees_exception(self, one: Grant) -> bool:
        """Whether an exception covers the caller's rows only, or its owner is a team of theirs."""
        return self._sees_filter(one.scope or "") or self.principal.sees({"team": one.owner})

    @property
    def _subject(self) -> Subject:
        """The caller as the journal names them."""
        return Subject(name=self.principal.name, role=self.principal.role, via="api")

    @property
    def _bursar(self) -> Bursar:
        return cast("Bursar", self._house)

    def _sees_filter(self, text: str) -> bool:
        return self.principal.covers(parse(text) if text.strip() else None)

    def _sees_plan(self, entry: Entry) -> bool:
        return self.principal.scope is None or all(self.principal.sees(_facts_of_change(one)) for one in entry.plan.changes)

    def _without_others(self, one: Kept) -> Kept:
        """An incident without the members of its group that lie elsewhere."""
        if self.principal.scope is None:
            return one
        folded = cast("list[dict[str, object]]", one.detail.get("folded", []))
        kept = [
            each for each in folded if self.principal.sees(_facts_of_scope(cast("Mapping[str, str | None]", each["scope"]), one.currency))
        ]
        return replace(one, detail={**one.detail, "folded": kept})

    @contextmanager
    def _scope_said(self) -> Generator[None]:
        """A question that cannot be asked together with the scope is told so: the caller did not write all of it."""
        try:
            yield
        except QuestionError as error:
            if self.principal.scope is None:
                raise
            cure = f"{error.cure}; " if error.cure else ""
            raise QuestionError(
                error.message, cure=f"{cure}every question of this key also says {self.principal.mark}", pointer=error.pointer
            ) from error


def _facts_of_scope(scope: Mapping[str, str | None], currency: str) -> dict[str, Fact]:
    """What is known of every charge of a series; the rest of a parent has no value of its own."""
    return {"currency": currency, **{name: UNKNOWN if value == OTHER else value for name, value in scope.items()}}


def _facts_of_change(change: Change) -> dict[str, Fact]:
    """What is known of the resource of a change. Its owner is unknown where its charges do not agree on one."""
    where = change.resource
    owner: Fact = UNKNOWN if change.owner is None else change.owner
    return {
        "provider": where.provider, "sub_account_id": where.account, "region_id": where.region, "resource_id": where.id, "env": change.env,
        "team": owner,
    }  # fmt: skip


@contextmanager
def _asker_mends(pointer: str) -> Generator[None]:
    """What was sent is wrong, not how this is set up: the sender mends it."""
    try:
        yield
    except QuestionError:
        raise
    except ConfigError as error:
        raise QuestionError(error.message, cure=error.cure, pointer=pointer) from error
