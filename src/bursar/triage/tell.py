"""Triage: every open incident and budget alert becomes at most one message to whom it belongs, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from bursar.config import Config
from bursar.domain.canonical import canonical
from bursar.domain.periods import stamp
from bursar.exception_registry.grants import Grant
from bursar.exception_registry.registry import record_use
from bursar.store import journal, outbox
from bursar.triage import threads
from bursar.triage.exceptions import applying, covering
from bursar.triage.message import alert_payload, incident_payload, louder, planned, worse
from bursar.triage.rows import Alert, Incident, alerts, incidents, waiting_plans
from bursar.triage.threads import Subject, Thread

ACTOR = "bursar"
QUIET = frozenset({"S4"})
"""Severities that are listed, not sent."""
CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a triage asked for: keys of first messages, of replies and edits, and of what it only wrote down."""

    begun: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()


def tell(connection: sa.Connection, *, config: Config, now: datetime) -> Told:
    """Put what must be said into the outbox, in the caller's transaction. Doing it again says nothing again."""
    journal.lock(connection)
    triage = _Triage(connection=connection, config=config, now=now)
    triage.incidents()
    triage.alerts()
    told = Told(begun=tuple(triage.begun), followed=tuple(triage.followed), excepted=tuple(triage.excepted), folded=tuple(triage.folded))
    if told.begun or told.followed:
        payload = {"begun": told.begun, "followed": told.followed}
        journal.append(connection, at=stamp(now), kind="triage.told", actor=ACTOR, payload=payload)
    return told


class _Triage:
    """One pass."""

    def __init__(self, *, connection: sa.Connection, config: Config, now: datetime) -> None:
        self.connection = connection
        self.config = config
        self.now = now
        self.begun: list[str] = []
        self.followed: list[str] = []
        self.excepted: list[str] = []
        self.folded: list[str] = []

    def incidents(self) -> None:
        """Follow what was said, then begin what was not: one message a cause, the one with the most money leads."""
        grants = applying(self.connection, config=self.config, now=self.now)
        plans = waiting_plans(self.connection, now=self.now)
        said: list[Incident] = []
        unsaid: list[Incident] = []
        for incident in incidents(self.connection, now=self.now):
            found = threads.thread(self.connection, f"incident:{incident.id}")
            if found is None and (incident.severity in QUIET or not incident.is_news):
                continue
            if (found is None or incident.status == "open") and (grant := covering(incident, grants, now=self.now)):
                self._except(incident, grant)
            elif found is None:
                unsaid.append(incident)
            else:
                said.append(incident)
                self._follow(self._incident(incident, plans), found)
        self._begin(unsaid, [one for one in said if one.status == "open"], plans)

    def _begin(self, unsaid: Sequence[Incident], said: Sequence[Incident], plans: Mapping[str, str]) -> None:
        leaders = list(said)
        for incident in sorted(unsaid, key=lambda one: (one.severity, -abs(one.excess), one.id)):
            leader = next((one for one in leaders if _one_cause(one, incident)), None)
            if leader:
                self._note(self.folded, incident, "folded", leader.id)
                continue
            leaders.append(incident)
            self.begun.append(threads.begin(self.connection, self._incident(incident, plans), now=self.now))

    def alerts(self) -> None:
        """Budget alerts: one message each, a reply when it got worse."""
        for alert in alerts(self.connection, now=self.now):
            subject = self._alert(alert)
            found = threads.thread(self.connection, subject.stem)
            if found:
                self._follow(subject, found)
            elif subject.is_open:
                self.begun.append(threads.begin(self.connection, subject, now=self.now))

    def _follow(self, subject: Subject, found: Thread) -> None:
        self.followed += threads.follow(self.connection, subject, found, now=self.now)

    def _except(self, incident: Incident, grant: Grant) -> None:
        """Covered: not sent, and the exception is used."""
        before = len(self.excepted)
        self._note(self.excepted, incident, "excepted", grant.id)
        if len(self.excepted) > before:
            record_use(self.connection, [grant.id], by="triage", subject=f"incident {incident.id}", now=self.now)

    def _note(self, into: list[str], incident: Incident, what: str, by: str) -> None:
        """Not sent, and said in the journal once."""
        key = f"incident:{incident.id}:{incident.severity}:{what}:{by}"
        payload = {"incident": incident.id, "severity": incident.severity, what: by}
        kind = f"journal:triage.{what}"
        if outbox.note(self.connection, key=key, kind=kind, payload=payload, now=self.now, actor=ACTOR):
            into.append(key)

    def _incident(self, incident: Incident, plans: Mapping[str, str]) -> Subject:
        channel, name = self._route(incident.owner)
        payload = incident_payload(incident, channel=name, plans=plans)
        return Subject(
            stem=f"incident:{incident.id}",
            kind=f"{channel}:incident",
            severity=incident.severity,
            is_open=incident.status == "open",
            excess=incident.excess,
            payload=payload,
            worse=lambda before: louder(incident, payload, before=before),
            planned=planned(incident, payload) if payload["plan_digest"] else None,
        )

    def _alert(self, alert: Alert) -> Subject:
        owner = str(alert.detail.get("owner") or "") or None
        channel, name = self._route(owner)
        payload = alert_payload(alert, owner=owner, channel=name)
        return Subject(
            stem=f"budget:{alert.budget}:{alert.rule}:{alert.period}",
            kind=f"{channel}:budget",
            severity=alert.severity,
            is_open=alert.status == "open",
            excess=Decimal(0),
            payload=payload,
            worse=lambda before: worse(alert, payload, before=before),
        )

    def _route(self, owner: str | None) -> tuple[str, str]:
        """The kind of channel and its name: the owner's, else the default; the console where none is configured."""
        slack = self.config.channels.slack
        if slack is None:
            return CONSOLE, CONSOLE
        known = self.config.owners.get(owner or "")
        return "slack", (known.slack if known and known.slack else slack.default)


def _one_cause(one: Incident, other: Incident) -> bool:
    """Whether two began within a day of each other, the same way, for the same money."""
    alike = (one.direction, one.currency, canonical(one.cause)) == (other.direction, other.currency, canonical(other.cause))
    return alike and abs(date.fromisoformat(one.onset) - date.fromisoformat(other.onset)).days <= 1
