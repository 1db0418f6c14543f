"""The chart of the Overview: the month by day, or up to thirteen months by month, with the sentence that says it."""

from collections.abc import Sequence
from datetime import timedelta

from bursar.surfaces.web import sentences
from bursar.surfaces.web.charting import Chart, Series, stacked
from bursar.surfaces.web.entries import HATCHED, between, by_bucket
from bursar.surfaces.web.facts import BY, OverviewFacts, Owners, entries_of, label_of
from bursar.surfaces.web.month import MonthSpan


def month_chart(facts: OverviewFacts, table: Owners, *, compared: bool) -> tuple[Chart, str]:
    """The month by day with ticks for the month before, or up to thirteen months by month; with the sentence that says it."""
    return _months_chart(facts, table) if facts.over == "months" else _days_chart(facts, table, compared=compared)


def _days_chart(facts: OverviewFacts, table: Owners, *, compared: bool) -> tuple[Chart, str]:
    entries, at = entries_of(facts, facts.by)
    span = facts.span
    rows = [row.group for row in table.rows]
    title = sentences.driver(rows, before=span.before_name, label=label_of(facts.by))
    past = [span.before.start + timedelta(days=index) for index in range(span.length)]
    before = by_bucket(between(entries, span.before.start, span.before.end), past)
    chart = Chart(
        id="c-month",
        say=f"{facts.metric_title} per day by {BY[facts.by]}, {span.words}. {title}.",
        unit="day",
        currency=facts.currency,
        buckets=span.buckets,
        series=_named(_until(stacked(entries, rows, span.buckets, at=at), span), table),
        before_name=span.before_name,
        before=[value if compared and day < span.before.end else None for day, value in zip(past, before, strict=True)],
    )
    return chart, title


def _until(series: Sequence[Series], span: MonthSpan) -> list[Series]:
    """Days to come are no bars of zero: nothing is known of them, unless something is charged there already."""
    last = max((index for one in series for index, value in enumerate(one.values) if value), default=0)
    shown = max(span.days, last + 1)
    return [
        Series(name=one.name, colour=one.colour, values=[value if index < shown else None for index, value in enumerate(one.values)])
        for one in series
    ]


def _months_chart(facts: OverviewFacts, table: Owners) -> tuple[Chart, str]:
    buckets = sorted({entry.start for entry in facts.months})
    series = _named(stacked(facts.months, [row.group for row in table.rows], buckets), table)
    known = {member for row in table.rows for member in row.group.members}
    gone = frozenset(entry.key[0] for entry in facts.months) - known
    if gone:
        series.append(Series(name="no longer charged", colour=HATCHED, values=by_bucket(facts.months, buckets, members=gone)))
    title = sentences.months(buckets, by_bucket(facts.months, buckets), open_month=None if facts.span.is_whole else facts.span.start)
    opened = buckets.index(facts.span.start) if not facts.span.is_whole and facts.span.start in buckets else None
    chart = Chart(
        id="c-month",
        say=f"{facts.metric_title} per month by {BY[facts.by]}. {title}.",
        unit="month",
        currency=facts.currency,
        buckets=buckets,
        series=series,
        open_at=opened,
    )
    return chart, title


def _named(series: Sequence[Series], table: Owners) -> list[Series]:
    """The series under the names of the table beside them."""
    return [Series(name=row.label, colour=one.colour, values=one.values) for one, row in zip(series, table.rows, strict=True)]


def chart_sub(facts: OverviewFacts, *, compared: bool) -> str:
    """What is drawn: metric, unit and what the tick means."""
    if facts.over == "months":
        faded = "" if facts.span.is_whole else ". Faded: the month is still open"
        return f"{facts.metric_title} per month by {BY[facts.by]}, {facts.currency}{faded}"
    tick = f". Tick: {facts.span.before_name}, same day of the month" if compared else ""
    return f"{facts.metric_title} per day by {BY[facts.by]}, {facts.currency}{tick}"
