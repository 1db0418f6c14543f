"""The invoice table and its waterfall, shown on Overview and in Data health."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.domain.money import total
from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.lake.reports import Bucket, Reconciled
from bursar.surfaces.web import sentences
from bursar.surfaces.web.display import clean, listed, month_name, month_year, provider_name, sentence
from bursar.surfaces.web.drawn import Bar, step_bar, total_bar
from bursar.surfaces.web.seals import Seal, of_invoice, seal


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """One invoice key: who issued it, what our lines say, what the invoice says."""

    issuer: str
    account: str
    invoice: str
    billed: Decimal
    invoice_total: Decimal | None
    difference: Decimal | None
    seal: Seal
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTable:
    """A month's invoices in one currency. The totals of invoice and difference are those of the invoices that came."""

    period: Period
    month: str
    month_year: str
    currency: str
    title: str
    rows: Sequence[InvoiceRow]
    billed: Decimal
    invoice_total: Decimal | None
    difference: Decimal | None
    seal: Seal
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a waterfall: a total or a difference, what proves it, and its bar."""

    name: str
    proof: str
    amount: Decimal
    is_total: bool
    bar: Bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """From one total to another, step by step; what the steps leave nobody can explain. Bars are cut at `cut_at`."""

    title: str
    steps: Sequence[Step]
    unexplained: Decimal
    cut_at: Decimal
    seal: Seal


def invoice_table(rows: Sequence[Reconciled], *, period: Period, currency: str) -> InvoiceTable:
    """The table of a month's invoices, largest first. Expects rows of this period and currency only."""
    ordered = sorted(rows, key=lambda row: (-abs(row.billed_cost), row.invoice_key))
    came = [row for row in ordered if row.invoice_total is not None]
    return InvoiceTable(
        period=period,
        month=month_name(period.start),
        month_year=month_year(period.start),
        currency=currency,
        title=sentences.invoices(ordered, month_name(period.start)),
        rows=[_row(row) for row in ordered],
        billed=total(row.billed_cost for row in ordered),
        invoice_total=total(row.invoice_total or Decimal(0) for row in came) if came else None,
        difference=total(row.difference or Decimal(0) for row in came) if came else None,
        seal=seal(ordered),
        lines=sum(row.lines for row in ordered),
    )


def waterfall(row: Reconciled) -> Waterfall | None:
    """How an invoice's difference is explained; None where there is no invoice or no difference."""
    if row.invoice_total is None or not row.difference:
        return None
    steps = [(bucket.name, bucket.proof, -bucket.amount) for bucket in row.waterfall]
    return _drawn(
        ("Billed, our lines", count(row.lines, "line"), row.billed_cost),
        steps,
        ("The invoice", clean(row.invoice_id), row.invoice_total),
        title=f"{_issuer(row)}, invoice {clean(row.invoice_id)}",
        stands=of_invoice(row),
    )


def month_waterfall(rows: Sequence[Reconciled], *, effective: Decimal) -> Waterfall | None:
    """From what teams see to the sum of the invoices that came: amortisation, what no invoice speaks of, each named step.

    Expects the rows of one period and currency, and the effective cost of the same lines. None while no invoice came.
    """
    came = [row for row in rows if row.invoice_total is not None]
    if not came:
        return None
    billed = total(row.billed_cost for row in rows)
    steps: list[Corner] = [("commitments and prepaid terms", "billed when bought, spread over what uses them", billed - effective)]
    steps += [(_issuer(row), "no invoice received yet", -row.billed_cost) for row in rows if row.invoice_total is None]
    named: dict[str, list[Bucket]] = {}
    for bucket in (bucket for row in came for bucket in row.waterfall):
        named.setdefault(bucket.name, []).append(bucket)
    steps += [(name, _proofs(found), -total(bucket.amount for bucket in found)) for name, found in named.items()]
    issuers = listed(sorted({_issuer(row) for row in came}))
    return _drawn(
        ("Effective cost", "what teams see", effective),
        steps,
        (f"Sum of {count(len(came), 'invoice')}", issuers, total(row.invoice_total or Decimal(0) for row in came)),
        title="From what teams see to what was invoiced",
        stands=seal(rows),
    )


Corner = tuple[str, str, Decimal]
"""A name, what proves it, and an amount."""


def _drawn(first: Corner, steps: Sequence[Corner], last: Corner, *, title: str, stands: Seal) -> Waterfall:
    """The steps as they run from the first total to the last; what they leave is unexplained."""
    moving = [step for step in steps if step[2]]
    corners, run = [first[2], last[2]], first[2]
    for _, _, amount in moving:
        run += amount
        corners.append(run)
    low, high = _axis(min(corners), max(corners))
    drawn = [Step(name=first[0], proof=first[1], amount=first[2], is_total=True, bar=total_bar(first[2], low=low, high=high))]
    run = first[2]
    for name, proof, amount in moving:
        drawn.append(
            Step(
                name=sentence(name),
                proof=clean(proof, longest=160),
                amount=amount,
                is_total=False,
                bar=step_bar(run, amount, low=low, high=high),
            )
        )
        run += amount
    drawn.append(Step(name=last[0], proof=last[1], amount=last[2], is_total=True, bar=total_bar(last[2], low=low, high=high)))
    return Waterfall(title=title, steps=drawn, unexplained=run - last[2], cut_at=low, seal=stands)


def _issuer(row: Reconciled) -> str:
    return clean(row.issuer) if row.issuer else provider_name(row.provider)


def _proofs(found: Sequence[Bucket]) -> str:
    return found[0].proof if len(found) == 1 else f"{count(len(found), 'invoice')}; see each below"


def _row(row: Reconciled) -> InvoiceRow:
    return InvoiceRow(
        issuer=_issuer(row),
        account=clean(row.billing_account_id),
        invoice=clean(row.invoice_id) if row.invoice_total is not None else "",
        billed=row.billed_cost,
        invoice_total=row.invoice_total,
        difference=row.difference,
        seal=of_invoice(row),
        lines=row.lines,
    )


def _axis(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """Where the axis is cut: far enough below the lowest total that differences can be seen, never above zero when small."""
    reach = high - low
    cut = low - 4 * reach
    return (max(Decimal(0), cut) if low >= 0 else cut), high + reach / 10
