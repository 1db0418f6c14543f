"""Explore: one question, its answer as a chart and as rows that open, down to the charge lines.

`build` is pure: the answer in, a page's values out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from bursar.domain.money import total
from bursar.lake.reports import Reconciled
from bursar.query.ask import Answer, Row
from bursar.query.catalogue import METRICS
from bursar.surfaces.web import sentences
from bursar.surfaces.web.answer_rows import ExploreRow, answer_groups, answer_rows, group_name, heading, known_days
from bursar.surfaces.web.asked import DRILL, Asked, Chip, chips, grouped, joined, lines_href, single, terms_of
from bursar.surfaces.web.charting import MOST_POINTS, Chart, stacked
from bursar.surfaces.web.display import span_words
from bursar.surfaces.web.entries import Entry, Group
from bursar.surfaces.web.frame import Choice
from bursar.surfaces.web.movers import ZERO, is_hot
from bursar.surfaces.web.seals import Seal, scope, seal

BUCKETS = {"day": "day", "week": "week", "month": "month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crumb:
    """A step of the way down; the last one has no address."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explore:
    """All values of the page. `chart` is None for one bucket only, `rows` empty with `why` when there is nothing."""

    headline: str
    title: str
    sub: str
    metric_title: str
    currency: str
    currencies: Sequence[Choice]
    chips: Sequence[Chip]
    crumbs: Sequence[Crumb]
    heading: str
    rows: Sequence[ExploreRow]
    now: Decimal
    then: Decimal | None
    now_words: str
    then_words: str
    chart: Chart | None
    keys: Sequence[tuple[int, str]]
    seal_now: Seal
    seal_then: Seal | None
    is_hot: bool
    lines_href: str
    why: str


def build(asked: Asked, answer: Answer, *, invoices: Sequence[Reconciled], latest: date) -> Explore:
    """The page of this answer, in one of its currencies: the one asked for, else the one most groups are billed in."""
    currency = currency_of(asked, answer)
    mine = [row for row in answer.rows if row.currency == currency]
    compared = any(row.previous is not None for row in mine)
    now, then = total(row.value for row in mine), total(row.previous or ZERO for row in mine) if compared else None
    before, now_end = answer.compared, _known_end(answer, latest)
    rows = answer_rows(asked, mine, compared=compared, end=now_end)
    then_end = (before.cut or before.end) if before else None
    names = answer_groups(rows, mine)
    chart = _chart(asked, answer, mine, names, currency=currency, end=now_end)
    pinned = single(asked, "provider")
    providers = frozenset([pinned]) if pinned else None
    sealed = seal(scope(invoices, periods=months_of(answer.start, answer.end), currency=currency, providers=providers))
    return Explore(
        headline=_headline(asked, answer, now_end),
        title=sentences.answer(subject_of(asked), now, then, rows=[(row.label, row.change) for row in rows if not row.is_rest]),
        sub=_sub(answer, currency, compared=compared),
        metric_title=METRICS[answer.query.metric].title,
        currency=currency,
        currencies=_currencies(asked, answer, currency),
        chips=chips(asked),
        crumbs=crumbs_of(asked),
        heading=" · ".join(heading(name) for name in asked.dimensions) or "All",
        rows=rows,
        now=now,
        then=then,
        now_words=span_words(answer.start, now_end),
        then_words=span_words(before.start, then_end) if before and then_end else "",
        chart=chart,
        keys=[(group.colour, group.name) for group in names],
        seal_now=sealed,
        seal_then=seal(scope(invoices, periods=months_of(before.start, then_end), currency=currency, providers=providers))
        if before and then_end and compared
        else None,
        is_hot=is_hot(now, then),
        lines_href=lines_href(asked),
        why=answer.why if not answer.rows else "",
    )


def currency_of(asked: Asked, answer: Answer) -> str:
    """The currency shown: the one asked for if it is there, else the one with most rows, else the first by name."""
    counts: dict[str, int] = {}
    for row in answer.rows:
        counts[row.currency] = counts.get(row.currency, 0) + 1
    if asked.currency in counts or not counts:
        return asked.currency or "USD"
    return min(counts, key=lambda code: (-counts[code], code))


def _known_end(answer: Answer, latest: date) -> date:
    """The end of the days the data reaches: a window that is still open is called by the days it has."""
    return latest + timedelta(days=1) if answer.start <= latest < answer.end else answer.end


def _chart(asked: Asked, answer: Answer, rows: Sequence[Row], names: Sequence[Group], *, currency: str, end: date) -> Chart | None:
    buckets = _buckets(answer, rows, end=end)
    if len(buckets) < 2 or len(buckets) > MOST_POINTS:
        return None
    entries = [Entry(key=(group_name(row.keys),), start=row.start, value=row.value) for row in rows]
    before: dict[date, list[Decimal]] = {}
    for row in rows:
        if row.previous is not None:
            before.setdefault(row.start, []).append(row.previous)
    unit = BUCKETS.get(answer.query.granularity, "day")
    title = METRICS[answer.query.metric].title
    return Chart(
        id="c-explore",
        say=f"{title} per {unit}{' by ' + ', '.join(asked.dimensions) if asked.dimensions else ''}, {span_words(answer.start, answer.end)}",
        unit=unit,
        currency=currency,
        buckets=buckets,
        series=stacked(entries, names, buckets),
        before_name="compared",
        before=[total(before[bucket]) if bucket in before else None for bucket in buckets],
    )


def _buckets(answer: Answer, rows: Sequence[Row], *, end: date) -> list[date]:
    """Every bucket between the first and the last, days without a charge included."""
    starts = known_days(rows, end=end)
    if answer.query.granularity != "day" or not starts:
        return starts
    return [starts[0] + timedelta(days=index) for index in range((starts[-1] - starts[0]).days + 1)]


def months_of(start: date, end: date | None) -> list[str]:
    """The billing periods a span of days touches."""
    last = (end or start) - timedelta(days=1)
    index, stop = start.year * 12 + start.month - 1, last.year * 12 + last.month - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(index, max(index, stop) + 1)]


def subject_of(asked: Asked) -> str:
    """What is looked at: the values the filter pins, or everything."""
    pinned = [(chip.subject, chip.value) for chip in chips(asked) if chip.verb == "is"]
    return " · ".join(value for _, value in pinned[-2:]) if pinned else "This selection" if asked.filter else "All spend"


def _headline(asked: Asked, answer: Answer, end: date) -> str:
    dims = [heading(name).lower() for name in asked.dimensions]
    by = f" by {' and '.join(dims)}" if dims else ""
    tail = f", billing period {answer.period}" if answer.period else f", {span_words(answer.start, end)}"
    return f"{subject_of(asked)}{by}{tail}"


def _sub(answer: Answer, currency: str, *, compared: bool) -> str:
    each = answer.query.granularity
    text = f"{METRICS[answer.query.metric].title}, {currency}" + (f", per {each}" if each in BUCKETS else "")
    if not compared or not answer.compared:
        return text
    before = answer.compared
    return f"{text}. Tick: {span_words(before.start, before.cut or before.end)}, {each} for {each}"


def _currencies(asked: Asked, answer: Answer, currency: str) -> list[Choice]:
    codes = sorted({row.currency for row in answer.rows})
    return [Choice(label=code, href=asked.href(currency=code), current=code == currency) for code in codes] if len(codes) > 1 else []


def crumbs_of(asked: Asked, *, linked: bool = False) -> list[Crumb]:
    """From everything down to here, one step per pinned value, each a question of its own; the last only if `linked`."""
    terms = terms_of(asked.filter)
    if not terms:
        return []
    steps = [Crumb(label="All spend", href=grouped(replace(asked, filter=""), "provider").href())]
    for at, chip in enumerate(chips(asked)):
        label = f"{chip.subject} {chip.verb} {chip.value}".strip() if chip.verb != "is" else chip.value
        last = at == len(terms) - 1
        name = chip.subject if chip.subject in DRILL and chip.verb == "is" else ""
        inner = replace(asked, filter=joined(terms[: at + 1]))
        steps.append(
            Crumb(label=label, href="" if last and not linked else (grouped(inner, DRILL[name] or name) if name else inner).href())
        )
    return steps
