"""What was promised and what came of it: the savings ledger by RFC, its sums by currency, and how they grew. `build` is pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import cast

from bursar.domain.money import cost, total
from bursar.domain.savings import CHECKPOINTS, UNPRICED, Saving
from bursar.domain.wording import count
from bursar.surfaces.web.course import Course, Line
from bursar.surfaces.web.display import clean, day_month_year, listed, money, span_words, whole
from bursar.surfaces.web.frame import Evidence
from bursar.surfaces.web.telling import Mark

ZERO, MONTH = Decimal(0), 30
SETTLED = frozenset({"verified", "inconclusive", "regressed", "negative"})
"""Lines with a verdict: their money is called realised. A younger one is still being measured."""
AHEAD = frozenset({"proposed", "approved"})
EXPIRED = "expired"
_MARKS = {
    "proposed": ("low", "d-open", "proposed"), "approved": ("low", "s-ok", "approved"), "applied": ("low", "d-late", "applied"),
    "measuring": ("low", "d-late", "measuring"), "verified": ("ok", "d-ok", "verified"), "inconclusive": ("warn", "d-part", "inconclusive"),
    EXPIRED: ("low", "d-late", "expired"), "regressed": ("bad", "d-bad", "regressed"), "negative": ("bad", "d-bad", "costs more"),
}  # fmt: skip
_OBJECTIVES = {"no_worse": ("ok", "d-ok", "no worse"), "worse": ("bad", "d-bad", "worse")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A month in one currency: realised and expected of what has a verdict, with its bounds; what is being measured; what is promised."""

    currency: str
    realised: Decimal
    low: Decimal
    high: Decimal
    expected: Decimal
    settled: int
    measuring: Decimal
    young: int
    promised: Decimal
    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingRow:
    """A line of the ledger. `more` is of a negative saving, in words."""

    rfc: str
    title: str
    owner: str
    plans: Sequence[tuple[str, str]]
    mark: Mark
    expected: Decimal | None
    realised: Decimal | None
    low: Decimal | None
    high: Decimal | None
    currency: str
    more: str
    objective: Mark | None
    when: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How the savings of one currency grew, with the sentence that says it."""

    title: str
    sub: str
    course: Course


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsPage:
    """All values of the page."""

    headline: str
    lead: str
    sums: Sequence[Sums]
    rows: Sequence[SavingRow]
    pictures: Sequence[Picture]
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A line's measurement, as it lies in the ledger: days [start, end), and what was saved in them."""

    line: Saving
    start: date
    end: date
    saved: Decimal
    method: str
    donors: int


def build(lines: Sequence[Saving], *, expired: Collection[str] = ()) -> SavingsPage:
    """The page of this ledger; a promise of a plan that `expired` (by digest) is none any more."""
    lines = [replace(one, status=EXPIRED) if one.status in AHEAD and one.plan_digests[0] in expired else one for one in lines]
    sums = sums_of(lines)
    return SavingsPage(
        headline=headline(lines, sums),
        lead=_lead(lines),
        sums=sums,
        rows=[row_of(one) for one in sorted(lines, key=lambda one: (one.status == EXPIRED, one.status in AHEAD))],
        pictures=[found for one in sums if (found := _picture(lines, one.currency))],
        evidence=Evidence(id="e-savings", command="bursar savings --format json", csv="/savings?format=csv", json="/savings?format=json"),
    )


def sums_of(lines: Sequence[Saving]) -> list[Sums]:
    """A month's savings by currency, those of most realised lines first. What has no price is in no sum."""
    codes = sorted({one.currency for one in lines if one.currency != UNPRICED})
    found = [_sums([one for one in lines if one.currency == code], code) for code in codes]
    return sorted(found, key=lambda one: (-one.settled, -one.young, -one.ahead, one.currency))


def headline(lines: Sequence[Saving], sums: Sequence[Sums]) -> str:
    """What it all came to; a sum below zero is said as what it is."""
    if not lines:
        return "Nothing was proposed yet"
    settled = [one for one in sums if one.settled]
    if not settled:
        promised = [f"{whole(one.promised + one.measuring)} {one.currency}" for one in sums if one.ahead or one.young]
        return f"{listed(promised)} a month promised; nothing has a verdict yet" if promised else "Nothing has a verdict yet"
    up, down = (
        [f"{whole(abs(one.realised))} {one.currency}" for one in settled if (one.realised < 0) == is_below] for is_below in (False, True)
    )
    said = [*([f"saves {listed(up)} a month"] if up else []), *([f"costs {listed(down)} a month more than before"] if down else [])]
    return f"What was applied {listed(said)}"


def plan_links(line: Saving) -> list[tuple[str, str]]:
    """Its plan and those that took it back: six characters and address."""
    return [(digest[:6], f"/plans/{digest[:12]}") for digest in line.plan_digests]


def _sums(lines: Sequence[Saving], code: str) -> Sums:
    settled = [one for one in lines if one.status in SETTLED and one.realised]
    ahead = [one for one in lines if one.status in AHEAD]
    young = [one for one in lines if one not in settled and one.status not in {*AHEAD, EXPIRED}]
    return Sums(
        currency=code,
        realised=total(one.realised.amount for one in settled if one.realised),
        low=total(one.realised.low for one in settled if one.realised),
        high=total(one.realised.high for one in settled if one.realised),
        expected=total(one.expected.amount for one in settled),
        settled=len(settled),
        measuring=total(one.expected.amount for one in young),
        young=len(young),
        promised=total(one.expected.amount for one in ahead),
        ahead=len(ahead),
    )


def _lead(lines: Sequence[Saving]) -> str:
    if not lines:
        return "Every plan opens a line here when it is made: what it promises, and once it is applied, what it did, measured on the bill."
    young = [one for one in lines if one.status not in {*SETTLED, *AHEAD, EXPIRED}]
    worse = [one for one in lines if one.status in {"negative", "regressed"}]
    said = ["Measured against what the same resources would have cost, never clamped."]
    if worse:
        said.append(f"{count(len(worse), 'change')} did not do what it should: {listed([one.rfc for one in worse[:3]])}.")
    if young:
        said.append(f"{count(len(young), 'change is', 'changes are')} too young for a verdict.")
    return " ".join(said)


def row_of(one: Saving) -> SavingRow:
    """A line of the ledger as it is shown."""
    priced, realised = one.currency != UNPRICED, one.realised
    kind, icon, word = _MARKS.get(one.status, ("low", "d-none", clean(one.status, longest=20)))
    told, measured = one.slo_verdict, _measured(one)
    objective = _OBJECTIVES.get(told) if told else None
    return SavingRow(
        rfc=clean(one.rfc, longest=20),
        title=clean(one.title, longest=120),
        owner=clean(one.owner, longest=40) if one.owner else "",
        plans=plan_links(one),
        mark=Mark(kind=kind, icon=icon, word=word),
        expected=one.expected.amount if priced else None,
        realised=realised.amount if realised else None,
        low=realised.low if realised else None,
        high=realised.high if realised else None,
        currency=one.currency if priced else "",
        more="costs more" if realised and realised.amount < 0 else "",
        objective=Mark(kind=objective[0], icon=objective[1], word=objective[2]) if objective else None,
        when=_when(one, measured),
        how=_how(measured) if measured else "",
    )


def _when(one: Saving, measured: _Measured | None) -> str:
    """Since when it is measured, and when next; what was not applied waits."""
    if one.applied_at is None:
        return {"proposed": "waits for a word", "approved": "waits to be applied", EXPIRED: "nobody agreed in time"}.get(one.status, "")
    start = measured.start if measured else _first_day(one.applied_at)
    done = (measured.end - measured.start).days if measured else 0
    following = next((days for days in CHECKPOINTS if done < days), None)
    over = span_words(start, start + timedelta(days=done))
    since = f"measured {over}" if one.status in SETTLED else f"measuring since {day_month_year(start)}"
    return f"{since}, next checkpoint {day_month_year(start + timedelta(days=following))}" if following else f"{since}: to the end"


def _how(measured: _Measured) -> str:
    told = cast("list[object]", measured.line.detail.get("corrections") or [])
    beside = f", beside {measured.donors} like it" if measured.donors else ""
    corrected = f"; corrected {count(len(told), 'time')} by a restated bill" if told else ""
    return f"{clean(measured.method, longest=60)}{beside}{corrected}"


def _first_day(applied_at: str) -> date:
    """The first whole day after a moment, as the ledger counts."""
    at = datetime.fromisoformat(applied_at)
    return at.date() if at.time() == time.min else at.date() + timedelta(days=1)


def _measured(one: Saving) -> _Measured | None:
    told = one.detail.get("measured")
    if not isinstance(told, dict):
        return None
    found = cast("dict[str, object]", told)
    return _Measured(
        line=one,
        start=date.fromisoformat(str(found["start"])),
        end=date.fromisoformat(str(found["end"])),
        saved=Decimal(str(found["expected_cost"])) - Decimal(str(found["actual_cost"])),
        method=str(found.get("method", "")),
        donors=int(str(found.get("donors") or 0)),
    )


def _picture(lines: Sequence[Saving], code: str) -> Picture | None:
    """Expected and realised of everything measured in one currency, summed up day by day over the very days it was measured."""
    found = [told for one in lines if one.currency == code and one.realised and (told := _measured(one))]
    if not found:
        return None
    first, last = min(one.start for one in found), max(one.end for one in found)
    days = [first + timedelta(days=step) for step in range((last - first).days)]

    def grown(whole_of: dict[str, Decimal]) -> list[Decimal | None]:
        return [total(_part(one, whole_of[one.line.rfc], day) for one in found) for day in days]

    saved = {one.line.rfc: one.saved for one in found}
    promised, low, high = ({one.line.rfc: _accrued(one, name) for one in found} for name in ("expected", "low", "high"))
    lines_ = [Line(name="expected", kind="exp", values=grown(promised)), Line(name="realised", kind="act", values=grown(saved))]
    real, hoped = total(saved.values()), total(promised.values())
    say = f"Saved so far: {money(real, code)} {code}, of {money(hoped, code)} expected, {span_words(first, last)}"
    return Picture(
        title=_picture_title(real, hoped, code),
        sub=f"Summed up over the measured days, {code}. Solid: realised. Dashed: expected of them. Grey: nine times in ten it lies within",
        course=Course(
            id=f"c-savings-{code}", say=say, currency=code, days=days, lines=lines_, edges=("low", "high"), lo=grown(low), hi=grown(high)
        ),
    )


def _picture_title(real: Decimal, hoped: Decimal, code: str) -> str:
    if real < 0:
        return f"{whole(-real)} {code} more were spent so far, where {whole(hoped)} were to be saved"
    return f"{whole(real)} {code} saved so far, {whole(abs(hoped - real))} {'less' if real < hoped else 'more'} than expected"


def _accrued(one: _Measured, name: str) -> Decimal:
    """What a monthly figure comes to over the measured days."""
    line = one.line
    monthly = line.expected.amount if name == "expected" else getattr(line.realised, name)
    return cost(monthly * (one.end - one.start).days / MONTH)


def _part(one: _Measured, whole_of: Decimal, day: date) -> Decimal:
    """How much of it had come by the end of a day, evenly."""
    days = (one.end - one.start).days
    done = min(max((day - one.start).days + 1, 0), days)
    return whole_of if done == days else cost(whole_of * done / days)
