"""One plan: its changes as a difference, why, what it saves, how it is taken back, how far it reaches, and who signed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from bursar.actions.book import Entry, Made
from bursar.domain.estates import State
from bursar.domain.periods import stamp
from bursar.domain.plans import HARMLESS, Approval, Change, Range
from bursar.domain.wording import count
from bursar.surfaces.web.display import clean, listed, moment, provider_name, whole
from bursar.surfaces.web.frame import Evidence
from bursar.surfaces.web.planning import title_of
from bursar.surfaces.web.standing import Standing, standing

TIERS = {"R": "reversible", "D": "destructive, with an undo", "I": "cannot be undone"}
OUTCOMES = {
    "done": ("ok", "d-ok", "done"), "failed": ("bad", "d-bad", "failed"), "stale": ("bad", "d-late", "stale: not as the plan saw it"),
    "intended": ("warn", "d-part", "begun"), "uncertain": ("warn", "d-part", "uncertain: it is looked at again"),
}  # fmt: skip
SIX = 6
LONGEST_VALUE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a change, before and after, as text; equal ones stay."""

    name: str
    before: str
    after: str

    @property
    def stays(self) -> bool:
        """Whether it is the same before and after."""
        return self.before == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change as it is shown: `sign` is `−` (goes), `+` (comes) or `~` (changes)."""

    sign: str
    resource: str
    kind: str
    where: str
    verb: str
    attributes: Sequence[Attribute]
    same: int
    because: Sequence[str]
    undo: str
    nature: tuple[str, str, str]
    permissions: Sequence[str]
    owner: str
    env: str
    saving: Range | None
    outcome: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One word on a plan: who, as what, by which way, when, why; and whether it counts, with the reason where it does not."""

    name: str
    role: str
    verdict: str
    counts: bool
    how: str
    reason: str
    doubt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Where signing stands. `you` is who looks, `refusal` why this person may not approve; nothing is asked unless it `is_open`."""

    you: str
    given: int
    needed: int
    counting: frozenset[str] = frozenset()
    doubts: Sequence[str] = ()
    refusal: str = ""
    is_open: bool = True
    is_simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent and not accepted: the fields as typed, and what is wrong with which."""

    six: str = ""
    reason: str = ""
    named: str = ""
    wrong_six: str = ""
    wrong_reason: str = ""
    refused: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """All values of the page."""

    digest: str
    six: str
    headline: str
    lead: str
    standing: Standing
    playbook: str
    maker: str
    made: str
    expires: str
    undoes: str
    is_whole: bool
    saving: Range | None
    unpriced: int
    currency: str
    steps_title: str
    steps: Sequence[Step]
    kinds: str
    radius: Sequence[tuple[str, str]]
    radius_words: str
    production: int
    loosened: Sequence[str]
    signatures: Sequence[Signature]
    signing: Signing
    sent: Sent
    wanted: str
    evidence: Evidence


def build(entry: Entry, every: Sequence[Entry], *, now: datetime, signing: Signing, sent: Sent | None = None) -> PlanPage:
    """The page of a plan among all plans, for who looks at it; `sent` is what was just refused."""
    plan = entry.plan
    how = standing(entry, every, now=stamp(now))
    here = f"/plans/{entry.digest[:12]}"
    production = [one for one in plan.changes if one.env not in HARMLESS]
    return PlanPage(
        digest=entry.digest,
        six=entry.digest[:SIX],
        headline=_headline(entry),
        lead=how.sentence,
        standing=how,
        playbook=clean(plan.playbook, longest=40),
        maker=clean(plan.maker, longest=60),
        made=_moment(plan.made_at),
        expires=_moment(plan.expires_at),
        undoes=plan.undoes[:12] if plan.undoes else "",
        is_whole=sha256(entry.body.encode()).hexdigest() == entry.digest == plan.digest,
        saving=plan.saving,
        unpriced=len([one for one in plan.changes if one.saving is None]),
        currency=plan.saving.currency if plan.saving else "",
        steps_title=f"{count(len(plan.changes), 'change').capitalize()}, in this order" if len(plan.changes) > 1 else "One change",
        steps=[_step(one, entry.made.get(at)) for at, one in enumerate(plan.changes)],
        kinds=_kinds(plan.changes),
        radius=_radius(entry),
        radius_words=_reach(plan.changes),
        production=len(production),
        loosened=[clean(one, longest=120) for one in plan.limits.loosened()],
        signatures=[_signature(one, signing) for one in entry.approvals],
        signing=signing,
        sent=sent or Sent(),
        wanted=_wanted(entry),
        evidence=Evidence(
            id="e-plan", command=f"bursar plans show {entry.digest[:12]}", generation=str(plan.generation) if plan.generation else "",
            rows=f"{len(entry.body.encode()):,} bytes of canonical JSON, SHA-256 {entry.digest[:12]}…",
            csv=f"{here}?format=csv", json=f"{here}?format=json",
        ),
    )  # fmt: skip


def _wanted(entry: Entry) -> str:
    """Who asked for it to be applied, and when."""
    if not entry.requested_by or not entry.requested_at:
        return ""
    return f"{clean(entry.requested_by, longest=60)} asked for it at {_moment(entry.requested_at)}."


def attributes(before: State | None, after: State | None) -> list[Attribute]:
    """What a change does to a resource, attribute by attribute; a resource that goes or comes is `gone` or `none` on one side."""
    names: list[str] = sorted({*(before or {}), *(after or {})})
    gone = "gone" if after is None else "none"
    return [
        Attribute(name=clean(name, longest=60), before=_text(before, name, missing="none"), after=_text(after, name, missing=gone))
        for name in names
    ]


def _text(state: State | None, name: str, *, missing: str) -> str:
    if state is None or name not in state:
        return missing
    value = state[name]
    return clean(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str), longest=LONGEST_VALUE
    )


def _headline(entry: Entry) -> str:
    saving = entry.plan.saving
    doing = title_of(entry)
    if entry.plan.undoes:
        return f"Take back {entry.plan.undoes[:12]}: {doing[:1].lower()}{doing[1:]}"
    if saving is None:
        return f"{doing}; what it saves is not known"
    return f"{doing}, and {'save' if saving.amount >= 0 else 'spend'} {whole(abs(saving.amount))} {saving.currency} a month"


def _step(change: Change, made: Made | None) -> Step:
    where = change.resource
    rows = attributes(change.before, change.after)
    params = [
        Attribute(name=f"with {clean(name, longest=40)}", before="", after=clean(value, longest=LONGEST_VALUE))
        for name, value in sorted(change.params.items())
    ]
    return Step(
        sign="−" if change.after is None else "+" if change.before is None else "~",
        resource=clean(where.id, longest=160),
        kind=clean(where.kind, longest=40),
        where=" · ".join([provider_name(where.provider), clean(where.account), clean(where.region)]),
        verb=clean(change.verb, longest=40).replace("_", " "),
        attributes=[*(row for row in rows if not row.stays), *params],
        same=len([row for row in rows if row.stays]),
        because=[clean(one, longest=300) for one in change.because],
        undo=_undo(change),
        nature=_nature(change),
        permissions=[clean(one) for one in change.permissions],
        owner=clean(change.owner, longest=40) if change.owner else "",
        env=clean(change.env, longest=30),
        saving=change.saving,
        outcome=OUTCOMES.get(made.state, ("low", "d-none", clean(made.state))) if made else None,
    )


def _undo(change: Change) -> str:
    if change.undo is None:
        return "none: what goes does not come back"
    told = [f"{clean(name)} {clean(value)}" for name, value in sorted(change.undo.params.items())]
    needs = f" from its {listed([clean(one) for one in change.undo.needs])}" if change.undo.needs else ""
    return f"{clean(change.undo.verb).replace('_', ' ')}{needs}{' with ' + listed(told) if told else ''}"


def _nature(change: Change) -> tuple[str, str, str]:
    if change.undo is None and change.is_destructive:
        return "bad", "v-critical", "cannot be undone"
    return ("bad", "v-high", "destructive, with an undo") if change.is_destructive else ("ok", "d-undo", "reversible")


def _kinds(changes: Sequence[Change]) -> str:
    told: dict[str, int] = {}
    for one in changes:
        word = _nature(one)[2].partition(",")[0]
        told[word] = told.get(word, 0) + 1
    return listed([f"{number} {word}" for word, number in told.items()])


def _reach(changes: Sequence[Change]) -> str:
    return count(len({(one.resource.provider, one.resource.account) for one in changes}), "account")


def _radius(entry: Entry) -> list[tuple[str, str]]:
    """How far it reaches, beside how far it may."""
    plan = entry.plan
    limits = plan.limits
    told = [("Changes", f"{len(plan.changes)} of {limits.changes} a plan may hold")]
    for place, number in sorted(plan.population.items()):
        mine = len([one for one in plan.changes if one.resource.population == place])
        told.append(("Of its kind", f"{mine} of {number} in {clean(place)}; {limits.share(number)} may be changed at once"))
    told.append(("Environment", listed(sorted({clean(one.env, longest=30) for one in plan.changes}))))
    told.append(("Owners", listed(sorted({clean(one.owner, longest=40) if one.owner else "nobody known" for one in plan.changes}))))
    told.append(("Stops after", count(limits.failures, "failure")))
    told.append(("A day at most", f"{limits.daily} changes, {limits.daily_destructive} destructive"))
    return told


def _signature(one: Approval, signing: Signing) -> Signature:
    counts = one.verdict == "approve" and (one.used_at is not None or one.approver in signing.counting)
    doubt = (
        "" if counts or one.verdict != "approve" else next((text for text in signing.doubts if text.startswith(f"{one.approver}: ")), "")
    )
    used = f", used {_moment(one.used_at)}" if one.used_at else f", until {_moment(one.expires_at)}" if one.verdict == "approve" else ""
    return Signature(
        name=clean(one.approver, longest=60),
        role=clean(one.role, longest=30),
        verdict="approved" if one.verdict == "approve" else "refused",
        counts=counts,
        how=f"{_moment(one.at)}, by {clean(one.via, longest=20)}{used}",
        reason=clean(one.reason, longest=400) if one.reason.strip() else "",
        doubt=clean(doubt.partition(": ")[2], longest=160) if doubt else "",
    )


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))
