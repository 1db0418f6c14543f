"""How a plan stands, in one word with a shape, and what that means for whoever looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.actions.book import OPEN, Entry

APPLIED, STALE = "applied", "stale"
_TOLD = {
    "proposed": (
        "warn", "d-open", "waits",
        "Nothing has been changed yet. What is approved is exactly what stands below; if anything drifts, apply refuses.",
        "bursar approve {short}",
    ),
    "approved": (
        "ok", "s-ok", "approved",
        "It may be applied once. Each resource is looked at again before it is touched; if anything drifted, apply refuses.",
        "bursar apply {short}",
    ),
    "requested": (
        "warn", "d-part", "wanted",
        "Somebody asked for it to be applied. The worker does so in its next pass, and looks at each resource again before it touches it.",
        "bursar run --once",
    ),
    "rejected": ("bad", "d-bad", "refused", "Somebody said no. Nothing was changed, and nothing can be any more.", "bursar plan"),
    "applying": (
        "warn", "d-part", "being applied",
        "Changes are made one by one, each written down before it is made. An interrupted run goes on where it stopped.",
        "bursar apply {short}",
    ),
    "applied": ("ok", "d-ok", "applied", "Every change was made. It can be taken back by a plan of its own.", "bursar undo {short}"),
    "failed": (
        "bad", "d-bad", "failed", "Not every change was made. What was made stands below, change by change; it can be taken back.",
        "bursar undo {short}",
    ),
    "superseded": ("low", "d-none", "replaced", "A newer plan took its place. Nothing of it was changed.", "bursar plans list"),
    "expired": (
        "low", "d-late", "expired", "Nobody agreed in time. Nothing was changed; what it saw may not be so any more.", "bursar plan",
    ),
    "stale": (
        "bad", "d-late", "stale",
        "A resource was not as the plan saw it, so apply stopped before touching it. What was changed before that stands below.",
        "bursar plan",
    ),
    "undone": ("low", "d-undo", "undone", "It was applied and taken back since.", ""),
}  # fmt: skip
"""By key: kind, icon, word, sentence, and the command that goes on from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A key, its shape, its word, a sentence, and the command that goes on from here (empty where there is none)."""

    key: str
    kind: str
    icon: str
    word: str
    sentence: str
    command: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody may still say yes or no."""
        return self.key in {"proposed", "approved", "requested"}


def standing(entry: Entry, every: Sequence[Entry], *, now: str) -> Standing:
    """How a plan stands at a moment (RFC 3339 UTC): what is stored, and what follows from time, drift and later plans."""
    key = _key(entry, every, now=now)
    kind, icon, word, sentence, command = _TOLD.get(key, ("low", "d-none", key, "", ""))
    return Standing(key=key, kind=kind, icon=icon, word=word, sentence=sentence, command=command.format(short=entry.digest[:12]))


def _key(entry: Entry, every: Sequence[Entry], *, now: str) -> str:
    if entry.status in OPEN and entry.plan.expires_at <= now:
        return "expired"
    if entry.status == "approved" and entry.requested_by:
        return "requested"
    states = {one.state for one in entry.made.values()}
    if entry.status == "failed" and STALE in states:
        return "stale"
    taken_back = any(one.plan.undoes == entry.digest and one.status == APPLIED for one in every)
    return "undone" if entry.status == APPLIED and taken_back else entry.status
