"""The list of plans: what waits for a word, what it would save, and what became of the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bursar.actions.book import Entry
from bursar.domain.money import total
from bursar.domain.periods import stamp
from bursar.domain.plans import Range
from bursar.domain.wording import count
from bursar.surfaces.web.display import clean, listed, moment, provider_name, whole
from bursar.surfaces.web.frame import Choice, Evidence, address
from bursar.surfaces.web.standing import Standing, standing

STATUS = {
    "waiting": ("Waiting", ("proposed", "approved", "applying")),
    "done": ("Done", ("applied", "undone")),
    "stopped": ("Stopped", ("rejected", "failed", "stale", "expired", "superseded")),
}
"""The choices of the list, and the standings each holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A line of the list."""

    href: str
    six: str
    title: str
    standing: Standing
    maker: str
    made: str
    expires: str
    changes: int
    approvals: str
    saving: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """All values of the page."""

    headline: str
    lead: str
    rows: Sequence[PlanRow]
    none_here: str
    tabs: Sequence[Choice]
    total: int
    stopped: str
    evidence: Evidence


def build(entries: Sequence[Entry], *, now: datetime, status: str = "", stopped: str | None = None) -> Plans:
    """The page of these plans; `stopped` is the reason while the kill switch is on."""
    every = [(one, standing(one, entries, now=stamp(now))) for one in entries]
    wanted = STATUS[status][1] if status in STATUS else ()
    shown = [(one, how) for one, how in every if not wanted or how.key in wanted]
    waiting = [one for one, how in every if how.key == "proposed"]
    return Plans(
        headline=_headline(waiting, len(every)),
        lead=_lead(waiting, every),
        rows=[_row(one, how) for one, how in sorted(shown, key=lambda pair: not pair[1].waits)],
        none_here=f"None of {count(len(every), 'plan')} is here." if wanted else "",
        tabs=_tabs([how for _, how in every], status),
        total=len(every),
        stopped=clean(stopped, longest=200) if stopped is not None else "",
        evidence=Evidence(
            id="e-plans",
            command="bursar plans list",
            csv=address("/plans", {"status": status, "format": "csv"}),
            json=address("/plans", {"status": status, "format": "json"}),
        ),
    )


def title_of(entry: Entry) -> str:
    """What a plan would do: `Delete 3 disks in AWS`."""
    changes = entry.plan.changes
    verbs = sorted({one.verb.partition("_")[0] for one in changes})
    kinds = sorted({one.resource.kind for one in changes})
    providers = sorted({one.resource.provider for one in changes})
    what = count(len(changes), clean(kinds[0], longest=30)) if len(kinds) == 1 else count(len(changes), "resource")
    where = listed([provider_name(name) for name in providers])
    return f"{listed([clean(verb, longest=20) for verb in verbs]).capitalize()} {what}{' in ' + where if where else ''}"


def savings_of(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """What plans save a month, whole, each currency apart."""
    known = [one.plan.saving for one in entries if one.plan.saving]
    codes = sorted({one.currency for one in known})
    return [(whole(total(one.amount for one in known if one.currency == code)), code) for code in codes]


def _headline(waiting: Sequence[Entry], number: int) -> str:
    if not number:
        return "No plan was made yet"
    if not waiting:
        return "No plan waits for anybody"
    saves = [f"{amount} {code}" for amount, code in savings_of(waiting)]
    worth = f", {'they' if len(waiting) > 1 else 'it'} would save {listed(saves)} a month" if saves else ""
    return f"{count(len(waiting), 'plan')} {'wait' if len(waiting) > 1 else 'waits'} for a word{worth}"


def _lead(waiting: Sequence[Entry], every: Sequence[tuple[Entry, Standing]]) -> str:
    if not every:
        return "A plan says what would be changed, why, what it saves and how it is taken back. Making one changes nothing."
    ready = len([one for one, how in every if how.key == "approved"])
    said = f"{count(ready, 'plan')} may be applied. " if ready else ""
    unpriced = len([one for one in waiting if one.plan.saving is None])
    said += f"What {unpriced} of them would save is not known. " if unpriced else ""
    return f"{said}Nothing changes before somebody else than its maker approves it."


def _row(entry: Entry, how: Standing) -> PlanRow:
    plan = entry.plan
    agreed = [clean(one.approver, longest=40) for one in entry.approvals if one.verdict == "approve"]
    return PlanRow(
        href=f"/plans/{entry.digest[:12]}",
        six=entry.digest[:6],
        title=title_of(entry),
        standing=how,
        maker=clean(plan.maker, longest=40),
        made=moment(datetime.fromisoformat(plan.made_at)),
        expires=moment(datetime.fromisoformat(plan.expires_at)),
        changes=len(plan.changes),
        approvals=listed(agreed) if agreed else "",
        saving=plan.saving,
    )


def _tabs(all_: Sequence[Standing], status: str) -> list[Choice]:
    found = [Choice(label=f"All {len(all_)}", href="/plans", current=status not in STATUS)]
    for key, (label, held) in STATUS.items():
        found.append(
            Choice(
                label=f"{label} {len([one for one in all_ if one.key in held])}",
                href=address("/plans", {"status": key}),
                current=status == key,
            )
        )
    return found
