"""The Overview: where the month stands, against which month, whose it is, what moved, and how it agrees with the invoices.

`build` is pure: facts in, a page's values out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from bursar.domain.money import cost
from bursar.domain.periods import Period
from bursar.query.filters import Compare, Field, all_of, to_text
from bursar.surfaces.web import sentences
from bursar.surfaces.web.charting import Chart
from bursar.surfaces.web.display import UNALLOCATED, month_short, percent, whole
from bursar.surfaces.web.drawn import share_bar
from bursar.surfaces.web.entries import HATCHED, Group, amount, between, groups
from bursar.surfaces.web.facts import BY, OVER, OverviewFacts, OwnerRow, Owners, entries_of, label_of
from bursar.surfaces.web.frame import Choice, address
from bursar.surfaces.web.ledgers import InvoiceTable, invoice_table
from bursar.surfaces.web.month import MonthSpan
from bursar.surfaces.web.month_chart import chart_sub, month_chart
from bursar.surfaces.web.movers import ZERO, Mover, everything, is_hot, movers
from bursar.surfaces.web.seals import Seal, covered, scope, seal

_NEXT = {"provider": "service_name", "team": "service", "service": "env", "env": "service_name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hero:
    """The month as one bar, in percent of its width: spent, the same days before, and all of the month before."""

    spent: str
    then: str
    frame: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The page's choices, each a plain address."""

    by: Sequence[Choice]
    over: Sequence[Choice]
    periods: Sequence[Choice]
    currencies: Sequence[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All values of the page; every total stands beside its seal."""

    headline: str
    lead: Sequence[str]
    span: MonthSpan
    metric_title: str
    currency: str
    now: Decimal
    then: Decimal
    before: Decimal
    day_now: Decimal
    day_before: Decimal
    compared: bool
    hero: Hero
    others: Sequence[tuple[str, Decimal, str]]
    unallocated: Decimal
    unallocated_percent: str
    unallocated_href: str
    covered_percent: str
    seal_now: Seal
    seal_before: Seal
    chart: Chart
    chart_title: str
    chart_sub: str
    owners: Owners
    tables: Sequence[Owners]
    movers: Sequence[Mover]
    movers_total: Mover
    movers_title: str
    invoices: InvoiceTable
    switches: Switches


def build(facts: OverviewFacts) -> Overview:
    """The page of these facts. Needs at least one charge; before the first there is another page."""
    span = facts.span
    now = between(facts.owners, span.start, span.month.end)
    then = between(facts.owners, span.before.start, span.then_end)
    before = between(facts.owners, span.before.start, span.before.end)
    tables = {by: _owners(facts, by, compared=bool(before)) for by in BY}
    rows = movers(facts.owners, span, splits=facts.splits, link=partial(_drill, facts)) if before else []
    whole_month = everything(rows, facts.owners, span)
    unowned = amount(entry for entry in now if entry.key[0] == UNALLOCATED)
    chart, chart_title = month_chart(facts, tables[facts.by], compared=bool(before))
    sealed = scope(facts.invoices, periods=[str(span.before)], currency=facts.currency)
    cover = covered(sealed)
    return Overview(
        headline=sentences.month_headline(span, currency=facts.currency, now=amount(now), then=amount(then) if before else None),
        lead=_lead(facts, rows, unowned=percent(unowned, amount(now)) if unowned else ""),
        span=span,
        metric_title=facts.metric_title,
        currency=facts.currency,
        now=amount(now),
        then=amount(then),
        before=amount(before),
        day_now=cost(amount(now) / span.length),
        day_before=cost(amount(before) / (span.before.end - span.before.start).days),
        compared=bool(before),
        hero=_hero(amount(now), amount(then), amount(before)),
        others=[(code, value, _here(facts, currency=code)) for code, value in sorted(facts.others.items())],
        unallocated=unowned,
        unallocated_percent=percent(unowned, amount(now)),
        unallocated_href=_drill(facts, {"team": UNALLOCATED}, group_by="service_name"),
        covered_percent="" if cover is None else f"{cover * 100:.1f}",
        seal_now=seal(scope(facts.invoices, periods=[str(span.month)], currency=facts.currency)),
        seal_before=seal(sealed),
        chart=chart,
        chart_title=chart_title,
        chart_sub=chart_sub(facts, compared=bool(before)),
        owners=tables[facts.by],
        tables=[table for by, table in tables.items() if by != facts.by],
        movers=rows,
        movers_total=whole_month,
        movers_title=_movers_title(rows, whole_month),
        invoices=_invoices(facts),
        switches=_switches(facts),
    )


def _owners(facts: OverviewFacts, by: str, *, compared: bool) -> Owners:
    entries, at = entries_of(facts, by)
    span = facts.span
    then = between(entries, span.before.start, span.then_end) if compared else None
    rows = groups(between(entries, span.start, span.month.end), then, at=at)
    most = max((abs(row.now) for row in rows), default=ZERO)
    return Owners(by=by, heading=BY[by].capitalize(), rows=[_owner_row(facts, by, row, most=most) for row in rows])


def _owner_row(facts: OverviewFacts, by: str, row: Group, *, most: Decimal) -> OwnerRow:
    single = row.name in row.members
    return OwnerRow(
        group=row,
        label=label_of(by)(row.name) if single else row.name,
        href=_drill(facts, {by: row.name}) if single else _drill(facts, {}, group_by=by),
        bar=share_bar(row.now, most, quiet=row.colour == HATCHED),
        is_hot=is_hot(row.now, row.then),
    )


def _drill(facts: OverviewFacts, values: Mapping[str, str], *, group_by: str = "") -> str:
    """Explore, opened on these values over this month against the one before."""
    terms = [Compare(field=Field(name=name), op="=", value=value) for name, value in values.items()]
    return address(
        "/explore",
        {
            "group_by": group_by or (_NEXT[list(values)[-1]] if values else "service"),
            "window": str(facts.span.month),
            "metric": None if facts.metric == "effective_cost" else facts.metric,
            "currency": facts.currency if facts.others else None,
            "filter": to_text(all_of(terms[0], *terms[1:])) if terms else None,
        },
    )


def _movers_title(rows: Sequence[Mover], whole_month: Mover) -> str:
    if not rows:
        return "There is no earlier month to compare with"
    moving = [row for row in rows if row.change and not row.is_rest]
    if not moving:
        return "No service moved"
    top = moving[0]
    who = "What has no owner" if top.service == "no owner" else f"{top.service} ({top.team})"
    return sentences.moved(who, top.split, same_way=(top.change > 0) == (whole_month.change > 0))


def _hero(now: Decimal, then: Decimal, before: Decimal) -> Hero:
    most = max(now, then, before, Decimal(1)) * Decimal("1.01")
    spent, tick, frame = (f"{max(ZERO, value / most * 100):.2f}%" for value in (now, then, before))
    return Hero(spent=spent, then=tick, frame=frame)


def _lead(facts: OverviewFacts, rows: Sequence[Mover], *, unowned: str) -> list[str]:
    """Who moved it, what has no owner, what else was billed in another currency."""
    said = [] if rows else [f"There is no {facts.span.before_name} to compare it with."]
    moving = [row for row in rows if row.change and not row.is_rest]
    if moving:
        top = moving[0]
        name = "what has no owner" if top.service == "no owner" else f"{top.service} ({top.team})"
        than = "more than in" if top.change > 0 else "less than in"
        days = facts.span.before_name if facts.span.is_whole else f"the same days of {facts.span.before_name}"
        said.append(f"The largest move is {name}: {whole(abs(top.change))} {than} {days}.")
    said.append(f"{unowned} % has no owner." if unowned else "All of it has an owner.")
    if facts.others:
        sums = [f"{code} {whole(value)}" for code, value in sorted(facts.others.items())]
        said.append(f"{' and '.join(sums)} more {'is' if len(sums) == 1 else 'are'} billed apart; currencies are never added.")
    return said


def _invoices(facts: OverviewFacts) -> InvoiceTable:
    """The invoices of this month once any has come, else of the one before, else of this one."""
    for period in (facts.span.month, facts.span.before):
        rows = scope(facts.invoices, periods=[str(period)], currency=facts.currency)
        if any(row.status != "open" for row in rows):
            return invoice_table(rows, period=period, currency=facts.currency)
    rows = scope(facts.invoices, periods=[str(facts.span.month)], currency=facts.currency)
    return invoice_table(rows, period=facts.span.month, currency=facts.currency)


def _here(facts: OverviewFacts, **changes: str) -> str:
    """This page with one choice changed; defaults stay out of the address."""
    latest = max(facts.periods, default=str(facts.span.month))
    chosen = {
        "period": str(facts.span.month),
        "currency": facts.currency,
        "by": facts.by,
        "over": facts.over,
        "metric": facts.metric,
    } | changes
    usual = {"period": latest, "by": "team", "over": "days", "metric": "effective_cost"} | (
        {} if facts.others else {"currency": facts.currency}
    )
    return address("/", {key: value for key, value in chosen.items() if usual.get(key) != value})


def _switches(facts: OverviewFacts) -> Switches:
    known = sorted({*facts.periods, str(facts.span.month)})
    at = known.index(str(facts.span.month))
    codes = sorted({facts.currency, *facts.others}) if facts.others else []
    return Switches(
        by=[Choice(label=label, href=_here(facts, by=by), current=by == facts.by) for by, label in BY.items()],
        over=[Choice(label=label, href=_here(facts, over=over), current=over == facts.over) for over, label in OVER.items()],
        periods=[_period_choice(facts, text) for text in known[max(0, at - 2) : at + 2]],
        currencies=[Choice(label=code, href=_here(facts, currency=code), current=code == facts.currency) for code in codes],
    )


def _period_choice(facts: OverviewFacts, text: str) -> Choice:
    return Choice(label=month_short(Period.parse(text).start), href=_here(facts, period=text), current=text == str(facts.span.month))
