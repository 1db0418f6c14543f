"""Taking back is a plan of inverses, made from what really happened, and goes through the same door."""

from datetime import datetime, timedelta

from bursar.actions.book import Entry, Made
from bursar.actions.cards import Card
from bursar.domain.errors import Refused
from bursar.domain.estates import Resource
from bursar.domain.periods import stamp
from bursar.domain.plans import Change, Plan, Range, Undo

LIFE = timedelta(days=7)


def inverse(entry: Entry, card: Card, *, maker: str, now: datetime, policy_digest: str) -> Plan:
    """The plan that takes back every change of a plan that was done, the last first. Pure.

    Raises Refused when nothing was done, or what was done cannot be taken back.
    """
    done = [one for _, one in sorted(entry.made.items(), reverse=True) if one.state == "done"]
    if entry.status not in {"applied", "failed"} or not done:
        raise Refused(f"plan {entry.digest[:12]} is {entry.status}: there is nothing to take back", cure="See: bursar plans list")
    return Plan(
        maker=maker,
        made_at=stamp(now),
        expires_at=stamp(now + LIFE),
        playbook=entry.plan.playbook,
        tier="R" if all(_undo(entry.plan.changes[one.position]).verb.startswith("restore") for one in done) else "D",
        card_digest=card.digest,
        policy_digest=policy_digest,
        generation=entry.plan.generation,
        limits=card.limit(),
        population=entry.plan.population,
        changes=tuple(_inverse(entry.plan.changes[one.position], one, entry.digest, card) for one in done),
        undoes=entry.digest,
    )


def _inverse(change: Change, made: Made, digest: str, card: Card) -> Change:
    undo, outcome = _undo(change), made.outcome or {}
    if missing := [name for name in undo.needs if name not in outcome]:
        raise Refused(f"{change.verb} of {change.resource.id} cannot be taken back: no {missing[0]} in its outcome")
    at = change.resource
    there = Resource(provider=at.provider, account=at.account, region=at.region, kind=at.kind, id=str(outcome.get("resource", at.id)))
    return Change(
        resource=there,
        verb=undo.verb,
        params={**undo.params, **{f"{name}_id": outcome[name] for name in undo.needs if name != "resource"}},
        before=change.after,
        after=change.before,
        because=(f"Takes back {change.verb}, change {made.position + 1} of plan {digest[:12]}, done {made.settled_at}.",),
        saving=_negated(change.saving),
        undo=Undo(verb=change.verb, params=change.params, needs=("resource",)) if change.verb == "delete_disk" else None,
        permissions=card.permissions[at.provider].undo,
        env=change.env,
        owner=change.owner,
        is_destructive=not undo.verb.startswith("restore"),
    )


def _undo(change: Change) -> Undo:
    if change.undo is None:
        raise Refused(f"{change.verb} of {change.resource.id} cannot be taken back", cure="Its card said so: it is irreversible.")
    return change.undo


def _negated(saving: Range | None) -> Range | None:
    """What was saved is paid again."""
    return saving and Range(amount=-saving.amount, low=-saving.high, high=-saving.low, currency=saving.currency)
