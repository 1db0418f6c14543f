"""From books to pages: which questions each page asks, and the values its template is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bursar.domain.money import total
from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.lake.reports import Delivery, Freshness
from bursar.query.ask import Answer
from bursar.query.catalogue import METRICS
from bursar.query.errors import QuestionError
from bursar.query.question import Query, command_of, parts_of
from bursar.query.windows import Slice, latest_day
from bursar.query.windows import period_of as read_period
from bursar.surfaces.web import anomalies, findings, health, overview
from bursar.surfaces.web.asked import Asked, lines_href
from bursar.surfaces.web.books import Books, entries, question, sums
from bursar.surfaces.web.display import age, clean, listed, month_year
from bursar.surfaces.web.entries import Entry, between
from bursar.surfaces.web.frame import Evidence, Frame, Notice, address
from bursar.surfaces.web.month import MonthSpan
from bursar.surfaces.web.movers import PriceUsage

Params = Mapping[str, str]
Values = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How old the data is and what of it is missing, for the figures of Overview."""

    figure: str
    unit: str
    words: str
    state: str
    icon: str
    say: str
    held: int
    held_words: str


def frame(books: Books, *, title: str, here: str, path: str, theme: str) -> Frame:
    """The frame of a page: the generation, and every notice the reader needs before a number."""
    generation = books.generation
    late, held = health.late_sources(books.freshness(), books.now), books.held()
    return Frame(
        title=title,
        here=here,
        path=path,
        theme=theme,
        generation=generation.n if generation else 0,
        published_at=generation.at if generation else None,
        as_of=generation.data_as_of if generation else None,
        attention=len(late) + len(held),
        opened=findings.open_count(books.house),
        waiting=findings.waiting_count(books.house, now=books.now),
        notices=_notices(books, late, held=len(held), here=here),
    )


def overview_page(books: Books, params: Params) -> Values:
    """Overview. A handful of small questions, each on one mart, all on one generation."""
    month = period_of(params, books)
    span = MonthSpan(month=month, latest=latest_of(books))
    metric = _known(params, "metric", METRICS, usual="effective_cost")
    by, over = _known(params, "by", overview.BY, usual="team"), _known(params, "over", overview.OVER, usual="days")
    days = f"{span.before.start}..{month.end}"
    owners = books.ask(question(metric=metric, group_by="team,service,env", granularity="day", window=days))
    providers = books.ask(question(metric=metric, group_by="provider", granularity="day", window=days))
    if not any(row.start >= span.start for row in owners.rows):
        raise QuestionError(_nothing(month, books), cure=owners.why, pointer="period")
    year = f"{month.shift(-12).start}..{month.end}"
    months = books.ask(question(metric=metric, group_by=by, granularity="month", window=year)) if over == "months" else None
    totals = _month_totals(owners, span)
    currency = _known(params, "currency", totals, usual=_main_currency(providers))
    facts = overview.OverviewFacts(
        span=span,
        metric=metric,
        metric_title=METRICS[metric].title,
        currency=currency,
        others={code: value for code, value in totals.items() if code != currency},
        owners=entries(owners, currency),
        providers=entries(providers, currency),
        months=_by_month(entries(months, currency)) if months else (),
        splits=_splits(books, span, currency, metric=metric, owners=entries(owners, currency)),
        invoices=books.reconciliation(),
        periods=books.periods,
        by=by,
        over=over,
    )
    page = overview.build(facts)
    moved = books.ask(
        question(
            metric=metric,
            group_by="team,service",
            granularity="total",
            window=f"{span.start}..{span.month.end}",
            compare=f"{span.before.start}..{span.then_end}",
        )
    )
    return {
        "p": page,
        "currency": currency,
        "ages": _ages(books),
        "opened": anomalies.opened(findings.incidents(books.house)),
        "evidence": {
            "chart": evidence("e-chart", months or owners),
            "movers": evidence("e-movers", moved),
            "invoices": invoice_evidence("e-invoices", str(page.invoices.period), rows=page.invoices.lines),
        },
    }


def health_page(books: Books, params: Params) -> Values:
    """Data health: reports of the store, and the month's effective cost for the waterfall."""
    invoices = books.reconciliation()
    period = period_of(params, books) if "period" in params else _last_reconciled(books)
    effective = sums(books.ask(question(metric="effective_cost", granularity="total", period=str(period))))
    codes = sorted({row.currency for row in invoices if row.billing_period == str(period)} | set(effective)) or ["USD"]
    facts = health.HealthFacts(
        now=books.now,
        period=period,
        periods=books.periods,
        currency=_known(params, "currency", codes, usual=_most_invoiced(books, str(period)) or codes[0]),
        invoices=invoices,
        effective=effective,
        freshness=books.freshness(),
        live=books.live(),
        deliveries=books.deliveries(),
        held=books.held(),
        versions=books.restatements(),
    )
    page = health.build(facts)
    lanes = Evidence(
        id="e-lanes", command="bursar history", csv="/health?format=csv&show=deliveries", json="/health?format=json&show=deliveries"
    )
    return {"p": page, "evidence": {"lanes": lanes, "invoices": invoice_evidence("e-invoices", str(period), rows=page.table.lines)}}


def evidence(name: str, answer: Answer) -> Evidence:
    """What reproduces an answer; the lines under it are one link away."""
    parts = parts_of(answer.query)
    return Evidence(
        id=name,
        command=command_of(answer.query),
        sql=answer.sql,
        rows=f"{count(answer.rows_read, 'row')} of {answer.table}",
        lines_href=lines_href(Asked(window=parts.get("window", ""), period=parts.get("period", ""), filter=parts.get("filter", ""))),
        csv=address("/explore", {**_exported(answer.query), "format": "csv"}),
        json=address("/explore", {**_exported(answer.query), "format": "json"}),
    )


def invoice_evidence(name: str, period: str, *, rows: int) -> Evidence:
    """What reproduces a reconciliation."""
    return Evidence(
        id=name,
        command=f"bursar reconcile --period {period}",
        rows=count(rows, "charge line"),
        lines_href=address("/explore/lines", {"period": period}),
        csv=address("/health", {"period": period, "format": "csv"}),
        json=address("/health", {"period": period, "format": "json"}),
    )


def period_of(params: Params, books: Books) -> Period:
    """The month asked for, else the newest that holds charges of its own days. Raises QuestionError for what is no month."""
    text = params.get("period", "")
    return read_period(text, pointer="period") if text else Period.of(latest_of(books))


def latest_of(books: Books) -> date:
    """The newest day with charges."""
    return (latest_day(books.generation) if books.generation else None) or books.now.date()


def _nothing(month: Period, books: Books) -> str:
    """That a month holds no charges, and which ones do."""
    known = books.periods
    return f"There are no charges of {month_year(month.start)}; the books hold {known[0]} to {known[-1]}"


def _exported(query: Query) -> dict[str, str]:
    """A question as Explore's address takes it, its own defaults spelled out."""
    parts = parts_of(query)
    return {"granularity": query.granularity, "group_by": "", "compare": "none", **parts}


def _known(params: Params, name: str, choices: Mapping[str, object] | Sequence[str], *, usual: str) -> str:
    """A parameter that must be one of a few; what is not is as if it were not given."""
    given = params.get(name, "")
    return given if given in choices else usual


def _month_totals(owners: Answer, span: MonthSpan) -> dict[str, Decimal]:
    """The month so far in each of its currencies."""
    codes = sorted({row.currency for row in owners.rows})
    found = {code: total(row.value for row in owners.rows if row.currency == code and row.start >= span.start) for code in codes}
    return found or {"USD": Decimal(0)}


def _main_currency(providers: Answer) -> str:
    """The currency most providers bill in; of two, the first by name. Amounts of two currencies are never compared."""
    billing: dict[str, set[str | None]] = {}
    for row in providers.rows:
        billing.setdefault(row.currency, set()).add(row.keys[0])
    return min(billing, key=lambda code: (-len(billing[code]), code), default="USD")


def _by_month(found: Sequence[Entry]) -> list[Entry]:
    """Buckets by the first of their month, so that a window that cuts a month still meets it."""
    return [entry._replace(start=entry.start.replace(day=1)) for entry in found]


def _splits(
    books: Books, span: MonthSpan, currency: str, *, metric: str, owners: Sequence[Entry]
) -> dict[tuple[str, str], PriceUsage] | None:
    """Each service's change by its reasons. Only the direct effective cost is kept with its quantities."""
    if metric != "effective_cost":
        return None
    found = books.effects(Slice(start=span.start, end=span.month.end), Slice(start=span.before.start, end=span.then_end))
    if found is None:
        return None
    changes: dict[tuple[str, str], list[Decimal]] = {}
    for sign, part in ((1, between(owners, span.start, span.month.end)), (-1, between(owners, span.before.start, span.then_end))):
        for entry in part:
            changes.setdefault((entry.key[0], entry.key[1]), []).append(sign * entry.value)
    result: dict[tuple[str, str], PriceUsage] = {}
    for (code, team, service), effect in found.items():
        if code == currency:
            rest = total(changes.get((team, service), [])) - effect.price - effect.usage - effect.new_or_gone
            result[team, service] = PriceUsage(price=effect.price, usage=effect.usage, new_or_gone=effect.new_or_gone, rest=rest)
    return result


def _last_reconciled(books: Books) -> Period:
    """The newest month that any invoice speaks of, else the newest with charges."""
    known = [row.billing_period for row in books.reconciliation() if row.status != "open"]
    return Period.parse(max(known)) if known else Period.of(latest_of(books))


def _most_invoiced(books: Books, period: str) -> str:
    """The currency most invoice keys of a month are in."""
    codes = [row.currency for row in books.reconciliation(period)]
    return min(set(codes), key=lambda code: (-codes.count(code), code)) if codes else ""


def _notices(books: Books, late: Sequence[Freshness], *, held: int, here: str) -> list[Notice]:
    """What must be known before any number: data that is old, sources that are late, deliveries that are held back."""
    said: list[Notice] = []
    as_of = books.generation.data_as_of if books.generation else None
    if as_of and books.now - as_of > health.STALE:
        said.append(
            Notice(
                text=f"The newest bill is {age(as_of, books.now)} old. What was charged since is not in these numbers.",
                href="/health",
                link="See each source",
            )
        )
    if here == "health" or not books.generation:
        return said
    if late:
        names = [f"{clean(one.source)} ({age(one.exported_at or books.now, books.now)})" for one in late]
        said.append(
            Notice(
                text=f"Late: {listed(names)}. {'Its' if len(names) == 1 else 'Their'} newest days are missing here.",
                href="/health",
                link="See deliveries",
            )
        )
    if held:
        said.append(
            Notice(
                text=f"{count(held, 'delivery is', 'deliveries are')} held back and not in these numbers.",
                href="/health#quarantine",
                link="Cause and cure",
                is_bad=True,
            )
        )
    return said


def _held_words(held: Sequence[Delivery]) -> str:
    """What waits in quarantine: rows where they could be read, else deliveries."""
    rows = sum(one.rows or 0 for one in held)
    if rows:
        return count(rows, "row waits", "rows wait")
    return "every delivery is in" if not held else "delivery waits" if len(held) == 1 else "deliveries wait"


def _ages(books: Books) -> Ages:
    found, now, held = books.freshness(), books.now, books.held()
    as_of = books.generation.data_as_of if books.generation else None
    figure, _, unit = age(as_of, now).partition(" ") if as_of else ("not known", "", "")
    known = sorted((one for one in found if one.exported_at), key=lambda one: one.exported_at or now)
    late = health.late_sources(found, now)
    return Ages(
        figure=figure,
        unit=unit,
        words=f"oldest: {clean(known[0].source)}, {age(known[0].exported_at or now, now)}" if known else "no source says when it exported",
        state="warn" if late else "ok",
        icon="d-late" if late else "d-ok",
        say=f"{count(len(late), 'source')} late" if late else f"{count(len(found), 'source')}, none late",
        held=len(held),
        held_words=_held_words(held),
    )
