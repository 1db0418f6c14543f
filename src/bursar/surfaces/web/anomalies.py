"""The list of anomalies: what is open, how loud, since when, how much so far, whose; and the teams' days as a heatmap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from bursar.anomaly.records import Kept
from bursar.domain.wording import count
from bursar.surfaces.documents import Listing, objects
from bursar.surfaces.web import telling
from bursar.surfaces.web.display import clean, day_month, percent
from bursar.surfaces.web.drawn import Spark, spark
from bursar.surfaces.web.findings import Scored
from bursar.surfaces.web.frame import Choice, Evidence, address
from bursar.surfaces.web.heat import Heat, heat
from bursar.surfaces.web.telling import Mark

SPARK_DAYS = 28
STATUS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "open": ("Open", ("open",)),
    "over": ("Over", ("closed", "settled", "retracted")),
    "withheld": ("Withheld", ("withheld",)),
}
"""The choices of the list, and the statuses each holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRow:
    """A line of the list."""

    href: str
    name: str
    cause: str
    spark: Spark | None
    severity: Mark
    standing: Mark
    since: str
    days: int
    expected: Decimal
    actual: Decimal
    excess: Decimal
    currency: str
    owner: str
    ink: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How many anomalies are open, and the loudest of them in words."""

    number: int
    words: str
    href: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomaliesFacts:
    """What the page is made of: all incidents, the teams' days in one currency, and what was chosen."""

    incidents: Sequence[Kept]
    scored: Scored | None
    currency: str
    currencies: Sequence[str]
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomalies:
    """All values of the page."""

    headline: str
    lead: str
    heat: Heat | None
    heat_generation: int
    rows: Sequence[AnomalyRow]
    none_here: str
    tabs: Sequence[Choice]
    currency: str
    currencies: Sequence[Choice]
    has_many_currencies: bool
    total: int
    evidence: Evidence
    heat_evidence: Evidence | None


def build(facts: AnomaliesFacts) -> Anomalies:
    """The page of these facts."""
    still = [one for one in facts.incidents if one.status == "open"]
    wanted = STATUS[facts.status][1] if facts.status in STATUS else ()
    shown = [one for one in facts.incidents if not wanted or one.status in wanted]
    codes = {one.currency for one in facts.incidents}
    return Anomalies(
        headline=telling.list_headline(still, len(facts.incidents)),
        lead=telling.list_lead(still),
        heat=heat(facts.scored, facts.incidents, currency=facts.currency) if facts.scored else None,
        heat_generation=facts.scored.generation if facts.scored else 0,
        rows=[row_of(one) for one in shown],
        none_here=f"None of {count(len(facts.incidents), 'anomaly', 'anomalies')} is {STATUS[facts.status][0].lower()}." if wanted else "",
        tabs=_tabs(facts),
        currency=facts.currency,
        currencies=[Choice(label=code, href=_here(facts, currency=code), current=code == facts.currency) for code in facts.currencies],
        has_many_currencies=len(codes) > 1,
        total=len(facts.incidents),
        evidence=Evidence(id="e-list", command="bursar anomalies list", csv=_here(facts, format="csv"), json=_here(facts, format="json")),
        heat_evidence=_heat_evidence(facts),
    )


def opened(found: Sequence[Kept]) -> Opened:
    """The figure of Overview: how many of these, the loudest first, are open."""
    still = [one for one in found if one.status == "open"]
    if not still:
        return Opened(number=0, words="every scope is inside its band", href="/anomalies", link="all anomalies")
    words = f"{telling.name_of(still[0])}: {telling.amount_words(still[0].excess, still[0].currency)}"
    return Opened(
        number=len(still), words=words, href=f"/anomalies/{still[0].id}" if len(still) == 1 else "/anomalies", link="cause and next step"
    )


def row_of(one: Kept) -> AnomalyRow:
    """An incident as a line."""
    causes = telling.causes_of(one)
    is_open = one.status == "open"
    return AnomalyRow(
        href=f"/anomalies/{one.id}",
        name=telling.name_of(one),
        cause=f"{causes[0].words} {percent(causes[0].share, Decimal(1), digits_=0)} %" if causes and causes[0].scope else "",
        spark=spark(_line(one), present=(one.last_day - one.onset).days + 1, hot=is_open and one.direction == "up"),
        severity=telling.severity_of(one),
        standing=telling.standing_of(one),
        since=day_month(one.onset),
        days=(one.last_day - one.onset).days + 1,
        expected=one.expected,
        actual=one.actual,
        excess=one.excess,
        currency=one.currency,
        owner=clean(one.owner, longest=40) if one.owner else "",
        ink=ink(one),
    )


def ink(one: Kept) -> str:
    """Red above what was expected, blue below, as long as it is open; else ink."""
    if one.status != "open":
        return ""
    return "up" if one.direction == "up" else "down"


def days_listing(scored: Scored) -> Listing:
    """The heatmap's days as rows."""
    columns = ("team", "day", "actual", "expected", "lo", "hi", "excess", "status")
    rows = [tuple(getattr(one, name) for name in columns) for one in scored.days]
    return Listing(document={"generation": scored.generation, "rows": objects(columns, rows)}, columns=columns, rows=rows)


def _line(one: Kept) -> list[Decimal]:
    days = cast("list[dict[str, object]]", one.detail.get("days") or [])
    known = [
        Decimal(str(each["actual"])) for each in days if each.get("actual") is not None and str(each["day"]) <= one.last_day.isoformat()
    ]
    return known[-SPARK_DAYS:]


def _tabs(facts: AnomaliesFacts) -> list[Choice]:
    found = [Choice(label=f"All {len(facts.incidents)}", href=_here(facts, status=""), current=facts.status not in STATUS)]
    for key, (label, held) in STATUS.items():
        number = len([one for one in facts.incidents if one.status in held])
        found.append(Choice(label=f"{label} {number}", href=_here(facts, status=key), current=facts.status == key))
    return found


def _heat_evidence(facts: AnomaliesFacts) -> Evidence | None:
    if facts.scored is None:
        return None
    return Evidence(
        id="e-heat",
        command="bursar detect",
        sql=facts.scored.sql,
        rows=f"{count(len(facts.scored.days), 'row')} of anomaly_score",
        generation=str(facts.scored.generation),
        csv=_here(facts, format="csv", show="days"),
        json=_here(facts, format="json", show="days"),
    )


def _here(facts: AnomaliesFacts, **changes: str) -> str:
    usual = facts.currencies[0] if facts.currencies else facts.currency
    chosen = {"status": facts.status, "currency": "" if facts.currency == usual else facts.currency} | changes
    return address("/anomalies", chosen)
