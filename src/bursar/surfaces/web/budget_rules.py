"""The rules of a budget as they stand: burn rates, thresholds, what was alerted, what changes hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.domain.money import plain
from bursar.domain.wording import count
from bursar.policies.budgets import Threshold
from bursar.policies.burn import Burn, Rule
from bursar.policies.measured import Measure
from bursar.surfaces.web import budget_words as words
from bursar.surfaces.web.budget_books import Alerted, Reserved
from bursar.surfaces.web.display import clean, day_month, moment
from bursar.surfaces.web.telling import Mark

HELD = {"reserved": "open", "committed": "merged, until it is billed", "released": "given back"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One burn rate: over which days, how many times the even pace, from where it is told as what, and what it came to."""

    name: str
    rate: str
    needs: str
    verdict: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One threshold: at what part of the amount, in money, of which figure, and whether it is reached."""

    at: str
    amount: Decimal | None
    of: str
    severity: Mark
    reached: Mark
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert that was told."""

    rule: str
    period: str
    severity: Mark
    state: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """What one change holds or held a month."""

    change: str
    head: str
    amount: Decimal
    currency: str
    state: str
    at: str
    counts: bool


def windows_title_of(measure: Measure) -> str:
    """What the burn rates come to, as a title."""
    severity = words.burning(measure)
    if severity:
        return f"It burns faster than its pace: {severity}"
    known = [one for one in measure.burn if one.rate is not None]
    return "It burns at its pace" if known else "No burn rate is known yet"


def window_of(burn: Burn, rule: Rule) -> Window:
    """A burn rate beside the rule that tells it."""
    if burn.rate is None:
        verdict = Mark(kind="low", icon="d-none", word="not known")
    else:
        verdict = words.severity_mark(burn.severity) if burn.severity else Mark(kind="ok", icon="d-ok", word="not told")
    both = "" if rule.short == rule.long else f" and over {words.windows(rule.short)}"
    return Window(
        name=words.windows(rule.long),
        rate="not known" if burn.rate is None else f"{burn.rate:.2f} ×",
        needs=f"{rule.severity} from {plain(rule.factor)} ×{both}",
        verdict=verdict,
    )


def step_of(one: Threshold, measure: Measure, alerts: Sequence[Alerted], *, is_known: bool) -> Step:
    """A threshold, whether it is reached, and what was told of it in this period."""
    amount = None if measure.amount is None else one.at * measure.amount
    value = measure.actual if one.of == "actual" else measure.forecast.at(50) if measure.forecast else None
    if not is_known or value is None or amount is None:
        reached = Mark(kind="low", icon="d-none", word="not known")
    else:
        reached = Mark(kind="warn", icon="d-open", word="reached") if value >= amount else Mark(kind="ok", icon="d-ok", word="not reached")
    period, rule = measure.span.start.isoformat(), f"threshold:{plain(one.at)}:{one.of}"
    told = next((alert for alert in alerts if alert.rule == rule and alert.period == period), None)
    return Step(
        at=f"{plain((one.at * 100).normalize())} %",
        amount=amount,
        of="spent" if one.of == "actual" else "forecast",
        severity=words.severity_mark(one.severity),
        reached=reached,
        told=f"told {day_month(told.opened_at.date())}{'' if told.is_open else ', cleared since'}" if told else "not told",
    )


def alert_of(one: Alerted) -> AlertRow:
    """An alert in words."""
    ended = f"cleared {moment(one.cleared_at)}" if one.cleared_at else "open"
    return AlertRow(
        rule=_rule(one.rule),
        period=clean(one.period[:7], longest=7),
        severity=words.severity_mark(one.severity),
        state="open" if one.is_open else ended,
        since=moment(one.opened_at),
    )


def _rule(rule: str) -> str:
    """`burn`, `breach` and `threshold:0.8:actual` in words."""
    kind, _, rest = rule.partition(":")
    at, _, of = rest.partition(":")
    if kind == "threshold":
        try:
            return f"{plain((Decimal(at) * 100).normalize())} % {'spent' if of == 'actual' else 'forecast'}"
        except ArithmeticError:
            return clean(rule, longest=40)
    return {"burn": "burn rate", "breach": "forecast to be passed"}.get(kind, clean(rule, longest=40))


def alerts_title_of(alerts: Sequence[Alerted]) -> str:
    """What was told of it, as a title."""
    number = len([one for one in alerts if one.is_open])
    if not alerts:
        return "Nobody was told anything of it yet"
    return f"{count(number, 'alert is', 'alerts are')} open" if number else "What was told of it is over"


def hold_of(one: Reserved) -> HeldRow:
    """What a change holds, in words."""
    state = HELD.get(one.state, clean(one.state)) if one.counts or one.state == "released" else "merged, billed since"
    return HeldRow(
        change=clean(one.change), head=clean(one.head[:12], longest=12), amount=one.delta_monthly, currency=one.currency,
        state=state, at=moment(one.at), counts=one.counts,
    )  # fmt: skip
