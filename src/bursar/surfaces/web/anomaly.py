"""One anomaly: what happened, how much, since when, why, and what people say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast

from bursar.anomaly.panel import OTHER, UNUSED
from bursar.anomaly.records import Kept
from bursar.anomaly.root_cause import OTHER_RESOURCES
from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.lake.reports import Reconciled
from bursar.query.filters import Compare, Field, Filter, Missing, all_of, to_text
from bursar.surfaces import incidents
from bursar.surfaces.documents import Listing
from bursar.surfaces.web import telling
from bursar.surfaces.web.anomalies import ink
from bursar.surfaces.web.band import Band, BandDay
from bursar.surfaces.web.display import MINUS, clean, day_month, day_month_year, moment, money, percent, span_words
from bursar.surfaces.web.drawn import Bar, share_bar
from bursar.surfaces.web.enders import Ender
from bursar.surfaces.web.findings import Said
from bursar.surfaces.web.frame import Evidence, address
from bursar.surfaces.web.seals import Seal, scope, seal
from bursar.surfaces.web.telling import Mark

TESTS = {"point": "a single day against its weekday", "launch": "a cost that was not there before", "folded": "the sum of its parts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One explanation: in words, its part of the excess in percent and money, drawn, and where it opens."""

    words: str
    dimensions: str
    href: str
    bar: Bar
    excess: Decimal
    share: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidRow:
    """What somebody said of it."""

    verdict: str
    by: str
    at: str
    days: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyFacts:
    """What the page is made of. `waiting` are plans that wait and would end it, or touch what its owner owns."""

    incident: Kept
    said: Sequence[Said] = ()
    invoices: Sequence[Reconciled] = ()
    waiting: Sequence[Ender] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """All values of the page."""

    id: str
    name: str
    headline: str
    lead: str
    span: str
    expected: Decimal
    actual: Decimal
    excess: Decimal
    currency: str
    ink: str
    band_note: str
    severity: Mark
    rule: str
    standing: Mark
    seal: Seal
    chart: Band | None
    chart_title: str
    chart_sub: str
    causes_title: str
    causes: Sequence[CauseRow]
    state: Sequence[tuple[str, str]]
    test: Sequence[tuple[str, str]]
    folded: Sequence[tuple[str, str, str]]
    said: Sequence[SaidRow]
    first_day: str
    last_day: str
    is_cost: bool
    waiting: Sequence[Ender]
    evidence: Evidence


def build(facts: AnomalyFacts) -> Anomaly:
    """The page of these facts."""
    one = facts.incident
    days = days_of(one)
    causes = telling.causes_of(one)
    return Anomaly(
        id=one.id,
        name=telling.name_of(one),
        headline=telling.headline(one),
        lead=telling.lead(one),
        span=span_words(one.onset, one.last_day + timedelta(days=1)),
        expected=one.expected,
        actual=one.actual,
        excess=one.excess,
        currency=one.currency,
        ink=ink(one),
        band_note=_band_note(one, days),
        severity=telling.severity_of(one),
        rule=clean(one.detail.get("severity_rule") or "", longest=200) if one.detail.get("severity_rule") else "",
        standing=telling.standing_of(one),
        seal=seal(scope(facts.invoices, periods=_periods(one), currency=one.currency)),
        chart=Band(id="c-band", say=_say(one), currency=one.currency, days=days, onset=one.onset, last=one.last_day) if days else None,
        chart_title=_chart_title(one),
        chart_sub=f"Effective cost per day, {one.currency}. Dashed: expected. Grey: the band a day may fall in. "
        f"{'Red: what was charged beyond it' if one.direction == 'up' else 'Blue: what was not charged'}",
        causes_title=_causes_title(causes),
        causes=[_cause(each, one) for each in causes],
        state=_state(one),
        test=_test(one),
        folded=_folded(one),
        said=[_said(each) for each in facts.said],
        first_day=one.onset.isoformat(),
        last_day=one.last_day.isoformat(),
        is_cost=one.kind == "cost",
        waiting=facts.waiting,
        evidence=_evidence(one),
    )


def days_of(one: Kept) -> list[BandDay]:
    """The days around it, as they were found."""
    told = cast("list[dict[str, object]]", one.detail.get("days") or [])
    return [
        BandDay(
            day=date.fromisoformat(str(each["day"])), actual=_amount(each, "actual"), expected=_amount(each, "expected"),
            lo=_amount(each, "lo"), hi=_amount(each, "hi"), status=str(each.get("status", "closed")),
        )
        for each in told
    ]  # fmt: skip


def listing(one: Kept) -> Listing:
    """All that is known of it as a document, as the command line tells it; its days as rows."""
    columns = ("day", "actual", "expected", "lo", "hi", "excess", "status")
    rows = [tuple(getattr(day, name) for name in columns) for day in days_of(one)]
    return Listing(document=incidents.anomaly(one), columns=columns, rows=rows)


def _amount(told: Mapping[str, object], name: str) -> Decimal | None:
    return None if told.get(name) is None else Decimal(str(told[name]))


def _band_note(one: Kept, days: Sequence[BandDay]) -> str:
    """How wide the band is on the first day."""
    first = next((day for day in days if day.day == one.onset), None)
    if first is None or first.lo is None or first.hi is None or not first.expected:
        return ""
    below, above = (percent(edge - first.expected, first.expected, digits_=0) for edge in (first.lo, first.hi))
    return f"band {MINUS}{below} to +{above} %"


def _periods(one: Kept) -> list[str]:
    period, last = Period.of(one.onset), Period.of(one.last_day)
    found = [str(period)]
    while period < last:
        period = period.shift(1)
        found.append(str(period))
    return found


def _say(one: Kept) -> str:
    told = f"{money(abs(one.excess), one.currency)} {one.currency} {telling.more_or_less(one)} {telling.span_of(one)}"
    return f"Daily cost of {telling.name_of(one)} against what was expected: {told}"


def _chart_title(one: Kept) -> str:
    left = f"Cost left its band on {day_month(one.onset)}"
    if one.status == "open":
        return f"{left} and is not back"
    if one.status == "settled":
        return f"{left} and stayed: the new level is what is expected now"
    if one.status == "retracted":
        return f"{left}, as the bill stood before it was restated"
    return f"{left} and was back on {telling.back_on(one)}" if "closed_by" not in one.detail else f"{left}; it is answered"


def _causes_title(causes: Sequence[telling.Cause]) -> str:
    if not causes:
        return "No single cause stands out"
    return f"{telling.capital(causes[0].words)} carries {percent(causes[0].share, Decimal(1))} % of it"


def _cause(cause: telling.Cause, one: Kept) -> CauseRow:
    return CauseRow(
        words=cause.words,
        dimensions=cause.dimensions,
        href=explore_href(one, cause.scope),
        bar=replace(share_bar(cause.share, Decimal(1)), kind="over" if cause.excess > 0 else "blu"),
        excess=cause.excess,
        share=percent(cause.share, Decimal(1)),
        sql=cause.sql,
    )


def explore_href(one: Kept, more: Mapping[str, str | None] | None = None) -> str:
    """Explore over its days and two weeks before, on exactly its charges and a cause's; nothing where no filter names them."""
    values = {**one.scope, **(more or {})}
    if {OTHER, OTHER_RESOURCES} & set(values.values()) or one.detail.get("level") == UNUSED:
        return ""
    terms: list[Filter] = [Compare(field=Field(name="charge_category"), op="=", value="Usage")]
    terms += [
        Missing(field=Field(name=name)) if value is None else Compare(field=Field(name=name), op="=", value=value)
        for name, value in values.items()
    ]
    window = f"{one.onset - timedelta(days=14)}..{one.last_day + timedelta(days=1)}"
    group = next((name for name in ("service_name", "sku_id", "resource_id") if name not in values), "resource_id")
    return address(
        "/explore", {"group_by": group, "window": window, "compare": "none", "filter": to_text(all_of(*terms)), "currency": one.currency}
    )


def _state(one: Kept) -> list[tuple[str, str]]:
    told = [
        ("Owner", clean(one.owner) if one.owner else "nobody owns it"),
        ("Since", day_month_year(one.onset)),
        ("To", f"{day_month_year(one.last_day)}{', the newest day' if one.status == 'open' else ''}"),
        ("Found", moment(datetime.fromisoformat(one.opened_at))),
    ]
    if one.closed_at:
        told.append(("Closed", moment(datetime.fromisoformat(one.closed_at))))
    rate = one.detail.get("run_rate_monthly")
    if rate is not None:
        told.append(("New level", f"{money(Decimal(str(rate)), one.currency)} {one.currency} a month"))
    partial = [day for day in days_of(one) if day.status == "partial"]
    if partial:
        told.append(("Not complete", f"from {day_month(partial[0].day)}: more may be charged"))
    return told


def _test(one: Kept) -> list[tuple[str, str]]:
    """What fired, so that it can be argued with."""
    detail = one.detail
    told = [("Score", f"{one.score:f}, it is said from 1")]
    if detail.get("test"):
        told.append(("Test", TESTS.get(str(detail["test"]), clean(detail["test"]))))
    if detail.get("statistic") and detail.get("limit"):
        told.append(("Statistic", f"{clean(detail['statistic'])} against a limit of {clean(detail['limit'])}"))
    if detail.get("parameters"):
        told.append(("Parameters", clean(detail["parameters"])[:12]))
    return told


def _folded(one: Kept) -> list[tuple[str, str, str]]:
    """Other scopes that were off for the same reason: name, since, excess."""
    told = cast("list[dict[str, object]]", one.detail.get("folded") or [])
    return [
        (
            telling.words_of(cast("dict[str, str | None]", each.get("scope") or {})),
            day_month(date.fromisoformat(str(each["onset"]))),
            money(Decimal(str(each["excess"])), one.currency, signed=True),
        )
        for each in told[:20]
    ]


def _said(one: Said) -> SaidRow:
    days = f"{day_month(one.first)} to {day_month(one.last)}" if one.verdict == "planned" and one.first and one.last else ""
    return SaidRow(
        verdict=telling.VERDICTS.get(one.verdict, clean(one.verdict)), by=clean(one.by), at=moment(one.at), days=days,
        note=clean(one.note, longest=400) if one.note.strip() else "",
    )  # fmt: skip


def _evidence(one: Kept) -> Evidence:
    here = f"/anomalies/{one.id}"
    return Evidence(
        id="e-anomaly",
        command=f"bursar anomalies show {one.id}",
        costs=str(one.detail.get("command") or ""),
        sql=str(one.detail.get("evidence_sql") or ""),
        rows=f"{count((one.last_day - one.onset).days + 1, 'day')} of charge_daily",
        lines_href=explore_href(one),
        lines_word="the same charges in Explore",
        generation=str(one.generation),
        csv=f"{here}?format=csv",
        json=f"{here}?format=json",
    )
