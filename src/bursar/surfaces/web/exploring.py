"""Explore's two pages from the books: the sums of a question, and the charge lines under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from bursar.domain.money import plain
from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.query.catalogue import DIMENSIONS, METRICS
from bursar.query.errors import QuestionError
from bursar.query.filters import Filter, to_text
from bursar.query.question import parts_of
from bursar.query.windows import slice_of
from bursar.surfaces.web import explore
from bursar.surfaces.web.answer_rows import heading
from bursar.surfaces.web.asked import OPERATORS, Asked, added, joined, single, terms_of_lines
from bursar.surfaces.web.books import Books, question
from bursar.surfaces.web.display import clean, month_short, provider_name, sentence, span_words
from bursar.surfaces.web.frame import Evidence, address
from bursar.surfaces.web.pages import Values, evidence, latest_of
from bursar.surfaces.web.seals import Seal, scope, seal

LINES = 50
_LEAD = "As the provider wrote them, dearest first; each with the delivered file it was read from and the snapshot that holds it."
_WINDOWS = {"month": "this month", "lastmonth": "last month", "7d": "last 7 days", "30d": "last 30 days", "90d": "last 90 days"}
_GRANULARITIES = {"day": "day", "week": "week", "month": "month", "total": "total"}
_COMPARES = {"previous_period": "days before", "previous_year": "a year ago", "none": "nothing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form's choices as (value, label), and what is chosen."""

    windows: Sequence[tuple[str, str]]
    window: str
    metrics: Sequence[tuple[str, str]]
    metric: str
    dimensions: Sequence[tuple[str, str]]
    more_dimensions: Sequence[tuple[str, str]]
    groups: Sequence[str]
    granularities: Sequence[tuple[str, str]]
    granularity: str
    compares: Sequence[tuple[str, str]]
    compare: str
    add_dimensions: Sequence[tuple[str, str]]
    operators: Sequence[tuple[str, str]]
    filter: str
    currency: str
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One charge line, cleaned for display; amounts exact."""

    what: str
    when: str
    provider: str
    service: str
    account: str
    resource: str
    category: str
    quantity: str
    unit: str
    effective: Decimal
    billed: Decimal
    currency: str
    file: str
    path: str
    snapshot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """All values of the page of charge lines."""

    headline: str
    lead: str
    words: str
    crumbs: Sequence[explore.Crumb]
    rows: Sequence[LineRow]
    seal: Seal
    shown: str
    next: str
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A question that cannot be asked: what is wrong with it, what mends it, and the place in the filter."""

    message: str
    cure: str
    snippet: str


def asked_of(params: Mapping[str, str], groups: Sequence[str]) -> Asked:
    """The question of an address; the form's three selects come as `by`, a written filter term as `add`, `op`, `value`."""
    asked = Asked.read(params)
    chosen = [group for group in groups if group]
    if chosen:
        asked = Asked.read({**params, "group_by": ",".join(dict.fromkeys(chosen))})
    operator = params.get("op", "is") if params.get("op", "is") in OPERATORS else "is"
    if params.get("add") and (params.get("value") or operator == "none"):
        asked = added(asked, params["add"], operator=operator, value=params.get("value", "").strip())
    return asked


def explore_page(books: Books, asked: Asked) -> Values:
    """The answer of a question as a page. Raises QuestionError for what cannot be asked."""
    answer = books.ask(asked.query())
    page = explore.build(asked, answer, invoices=books.reconciliation(), latest=latest_of(books))
    return {"p": page, "f": form(books, asked), "error": None, "evidence": evidence("e-explore", answer)}


def wrong_page(books: Books, asked: Asked, error: QuestionError) -> Values:
    """The same page when the question cannot be asked: the form as it was filled, with cause and cure."""
    at = max(0, (error.column or 1) - 1)
    snippet = clean(asked.filter[at : at + 40]) if error.pointer == "filter" and error.column and asked.filter[at:] else ""
    wrong = Wrong(message=sentence(error.message), cure=sentence(error.cure) if error.cure else "", snippet=snippet)
    return {"p": None, "f": form(books, asked, is_open=True), "error": wrong, "evidence": None}


def lines_page(books: Books, asked: Asked, *, after: str) -> Values:
    """The charge lines of a question's days and filter, dearest first, each with its file."""
    window = asked.window or ("" if asked.period else "month")
    known, dropped = terms_of_lines(asked.filter)
    query = question(window=window, period=asked.period, filter=joined(known), metric="effective_cost")
    page = books.lines(query, after=after or None, limit=LINES)
    rows = [_line(line) for line in page.lines]
    chosen = slice_of(query.window, query.period, generation=page.generation)
    latest = latest_of(books)
    words = span_words(chosen.start, latest + timedelta(days=1) if chosen.start <= latest < chosen.end else chosen.end)
    pinned = single(asked, "provider")
    months = explore.months_of(chosen.start, chosen.end)
    codes = sorted({row.currency for row in rows})
    sealed = [
        row
        for code in codes
        for row in scope(books.reconciliation(), periods=months, currency=code, providers=frozenset([pinned]) if pinned else None)
    ]
    more = asked.href("/explore/lines") if not page.next else address("/explore/lines", {**parts_of(query), "after": page.next})
    made = Lines(
        headline=f"{explore.subject_of(asked)}, charge lines, {words}",
        lead=_left_out(dropped) or _LEAD,
        words=words,
        crumbs=explore.crumbs_of(asked, linked=True),
        rows=rows,
        seal=seal(sealed),
        shown=f"{count(len(rows), 'line')}{', more follow' if page.next else ''}",
        next=more if page.next else "",
        back=asked.href(),
    )
    command = f"bursar export focus --period {Period.of(chosen.start)} --out lines.csv"
    api = {**parts_of(query), "limit": str(LINES)}
    return {
        "p": made,
        "evidence": Evidence(
            id="e-lines",
            command=command,
            rows=made.shown,
            csv=address("/explore/lines", {**api, "format": "csv"}),
            json=address("/explore/lines", {**api, "format": "json"}),
        ),
    }


def _left_out(dropped: Sequence[Filter]) -> str:
    """What the lines could not be filtered by: owners are found by rules afterwards."""
    if not dropped:
        return ""
    told = clean(" AND ".join(to_text(term) for term in dropped), longest=160)
    return f"Lines are as the provider wrote them and carry no owner. Left out here: {told}. These are all lines of the other terms."


def form(books: Books, asked: Asked, *, is_open: bool = False) -> Form:
    """The form as this question fills it; what is not among the choices is added to them."""
    groups = _groups(asked)
    names = list(DIMENSIONS) + [name for name in groups if name and name not in DIMENSIONS]
    dimensions = [(name, heading(name)) for name in names]
    window = asked.window or ("" if asked.period else "month")
    windows = [*_WINDOWS.items(), *((text, month_short(Period.parse(text).start)) for text in reversed(books.periods))]
    if window not in dict(windows):
        windows.append((window, clean(window) if window else f"billing period {clean(asked.period)}"))
    return Form(
        windows=windows,
        window=window,
        metrics=[(name, metric.title) for name, metric in METRICS.items()],
        metric=asked.metric or "effective_cost",
        dimensions=dimensions,
        more_dimensions=[("", "–"), *dimensions],
        groups=groups,
        granularities=list(_GRANULARITIES.items()),
        granularity=asked.granularity,
        compares=_with_chosen(_COMPARES, asked.compare),
        compare=asked.compare,
        add_dimensions=[(name, heading(name)) for name in DIMENSIONS],
        operators=list(OPERATORS.items()),
        filter=asked.filter,
        currency=asked.currency,
        open=is_open,
    )


def _groups(asked: Asked) -> list[str]:
    """The three selects."""
    try:
        names = asked.dimensions
    except QuestionError:
        names = []
    return [*names, "", "", ""][:3] if names else ["provider", "", ""]


def _with_chosen(choices: Mapping[str, str], chosen: str) -> list[tuple[str, str]]:
    return [*choices.items(), *([(chosen, clean(chosen))] if chosen not in choices else [])]


def _line(line: Mapping[str, object]) -> LineRow:
    start = line["charge_period_start"]
    when = start.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00") if isinstance(start, datetime) else str(start)
    quantity = line.get("consumed_quantity")
    return LineRow(
        what=_text(line, "charge_description") or _text(line, "sku_id") or "not described",
        when=when,
        provider=provider_name(str(line.get("x_provider") or "not known")),
        service=_text(line, "service_name"),
        account=_text(line, "sub_account_name") or _text(line, "sub_account_id") or _text(line, "billing_account_id"),
        resource=_text(line, "resource_name") or _text(line, "resource_id") or "–",
        category=" · ".join(
            part for part in (_text(line, "charge_category"), _text(line, "charge_class"), _text(line, "pricing_category")) if part
        ),
        quantity=_quantity(quantity) if isinstance(quantity, Decimal) else "–",
        unit=_text(line, "consumed_unit"),
        effective=_amount(line, "effective_cost"),
        billed=_amount(line, "billed_cost"),
        currency=str(line["billing_currency"]),
        file=_file(line).rsplit("/", 1)[-1],
        path=_file(line),
        snapshot=f"{_text(line, 'source')} · {_text(line, 'x_snapshot_id')[:12]}",
    )


def _quantity(value: Decimal) -> str:
    """A quantity with four digits after the point at most; the exact one is in the JSON."""
    shown = plain(value.quantize(Decimal("0.0001"))) if abs(value) >= 1 else plain(value)
    whole, point, fraction = shown.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole != "-0" else shown


def _file(line: Mapping[str, object]) -> str:
    """The delivered file's whole address."""
    return clean(line.get("x_source_file") or "not known", longest=240)


def _text(line: Mapping[str, object], name: str) -> str:
    value = line.get(name)
    return clean(value) if value not in (None, "") else ""


def _amount(line: Mapping[str, object], name: str) -> Decimal:
    return cast("Decimal | None", line[name]) or Decimal(0)
