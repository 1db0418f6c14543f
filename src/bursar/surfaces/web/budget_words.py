"""Budgets in words: how one stands, how likely it is to be passed, and what it spends, with the shape that goes with it."""

from decimal import Decimal

from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.policies.budgets import Severity
from bursar.policies.burn import worst
from bursar.policies.measured import Fault, Measure
from bursar.surfaces.budgets import status_of
from bursar.surfaces.web.display import clean, month_short, month_year, percent
from bursar.surfaces.web.telling import Mark

NOTHING = "nothing_matched"
BAD = ("exceeded", "burning", "at_risk")
"""The standings somebody should look at, the worst first."""
UNMEASURED = ("no_amount", "no_data", NOTHING)
_MARKS = {
    "exceeded": ("bad", "v-critical", "exceeded"),
    "burning": ("bad", "v-high", "burning"),
    "at_risk": ("warn", "v-medium", "at risk"),
    "ok": ("ok", "d-ok", "holds"),
    "no_amount": ("low", "d-none", "no amount"),
    "no_data": ("low", "d-none", "no bill yet"),
    NOTHING: ("warn", "d-part", "nothing matched"),
}
_SEVERITIES: dict[str, tuple[str, str]] = {
    "critical": ("bad", "v-critical"), "high": ("bad", "v-high"), "medium": ("warn", "v-medium"), "low": ("low", "v-low"),
}  # fmt: skip
_SMALL, _LARGE = Decimal("0.01"), Decimal("0.99")


def standing_of(measure: Measure, faults: tuple[Fault, ...] = ()) -> str:
    """The word of the listing; `nothing_matched` where no charge is in the scope: nothing was measured, so nothing holds."""
    if any(fault.kind == NOTHING and fault.budget == measure.budget.id for fault in faults):
        return NOTHING
    return status_of(measure)


def mark_of(standing: str) -> Mark:
    """Its shape and word."""
    kind, icon, word = _MARKS.get(standing, ("low", "d-none", clean(standing)))
    return Mark(kind=kind, icon=icon, word=word)


def severity_mark(severity: str) -> Mark:
    """A severity's shape and word."""
    kind, icon = _SEVERITIES.get(severity, ("low", "v-low"))
    return Mark(kind=kind, icon=icon, word=clean(severity, longest=20))


def chance(p_breach: Decimal | None) -> str:
    """A probability as it may be said: never surer than the forecast's hundred points are."""
    if p_breach is None:
        return "not known"
    if p_breach in {Decimal(0), Decimal(1)}:
        return "certain" if p_breach else "none"
    if p_breach < _SMALL:
        return "under 1 %"
    return "over 99 %" if p_breach > _LARGE else f"{percent(p_breach, Decimal(1), digits_=0)} %"


def period_of(measure: Measure) -> str:
    """`Nov 2026`, or `Oct to Dec 2026` of a quarter."""
    first, last = measure.span.start, Period.of(measure.span.end).shift(-1).start
    if first == last:
        return month_year(first)
    return f"{month_short(first)[:3] if first.year == last.year else month_short(first)} to {month_short(last)}"


def days_of(measure: Measure) -> tuple[int, int]:
    """Whole days of the period that are over, and all of them."""
    return max(0, min((measure.watermark - measure.span.start).days, measure.span.days)), measure.span.days


def reason_of(measure: Measure, standing: str) -> str:
    """Why nothing is known of it; empty where it was measured."""
    if standing == "no_amount":
        return f"no amount is given for {period_of(measure)}, and no default"
    if standing == "no_data":
        return "no bill is published yet"
    return f"no charge of {period_of(measure)} is in its scope" if standing == NOTHING else ""


def burning(measure: Measure) -> Severity | None:
    """How bad it burns, if it does."""
    return worst(list(measure.burn))


def windows(number: int) -> str:
    """`the last 7 days`."""
    return "the last day" if number == 1 else f"the last {count(number, 'day')}"
