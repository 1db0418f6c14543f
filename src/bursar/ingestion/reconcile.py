"""How every invoice stands to the charges that meet it, and what explains the rest.

Reads the sums per invoice key that each FOCUS snapshot carries, never the charges again. Positive differences mean that
more was published than invoiced. Source: FOCUS BilledCost; docs/reconciliation.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

import sqlalchemy as sa

from bursar.domain.money import cost, minus, plain, subunit, total
from bursar.domain.periods import Period
from bursar.domain.wording import count
from bursar.ingestion.invoices import Invoice
from bursar.lake.snapshots import Snapshot
from bursar.store.schema import reconciliation

Standing = list[dict[str, object]]
"""How every invoice of a billing period stands, as stored."""

Earlier = Callable[[Snapshot, datetime], Snapshot | None]
"""What the place of a live snapshot held at a moment, if anything."""

RECONCILED_RATIO = Decimal("0.0001")
"""A closed invoice is reconciled within 0.01 %."""

UNKNOWN_PROVIDER = "other"
"""Where a FOCUS file names a provider bursar has no name for; its invoices meet it by account and id."""

EXPORT_LACKS = {
    "azure": frozenset({"tax", "support", "prepayment", "credit"}),
    "gcp": frozenset({"memo", "adjustment", "credit"}),
    "oci": frozenset({"tax"}),
}
"""What a provider's exports are known to leave out. Elsewhere a missing line proves nothing: the bill may be cut."""

RESELLERS = ("marketplace", "partner")
"""Words in an issuer's name by which a provider's marketplace invoices apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """The charges of one key that share issuer and category, summed."""

    issuer: str
    category: str
    billed: Decimal
    rows: int


@dataclass(slots=True, kw_only=True)
class Key:
    """One invoice key of the published lines: everything billed under it, in one currency."""

    provider: str
    account: str
    period: str
    key: str
    currency: str
    charges: list[Charge] = field(default_factory=list[Charge])

    @property
    def billed(self) -> Decimal:
        """The sum of the lines."""
        return total(charge.billed for charge in self.charges)

    @property
    def rows(self) -> int:
        """How many lines."""
        return sum(charge.rows for charge in self.charges)

    @property
    def is_final(self) -> bool:
        """Whether the provider has put an invoice's name on the lines."""
        return not self.key.endswith(":open")

    def of(self, category: str) -> Decimal:
        """What was billed under a charge category."""
        return total(charge.billed for charge in self.charges if charge.category == category)


def reconcile(
    published: Sequence[Snapshot],
    invoices: Sequence[Invoice],
    *,
    now: datetime,
    tolerance: Decimal,
    earlier: Earlier = lambda _live, _moment: None,
) -> Standing:
    """One row per invoice key and per invoice without lines, as `lake.reports.Reconciled` reads them.

    `earlier` finds what a live snapshot's place held at a moment, for what was restated after an invoice was issued.
    """
    keys = _keys(published)
    met = _meet(keys, invoices)
    rows: Standing = []
    for key in keys:
        invoice = met.get(id(key))
        before = _as_issued(key, invoice, published, earlier) if invoice else None
        rows.append(_row(key, invoice, before, keys, now=now, tolerance=tolerance))
    claimed = {id(invoice) for invoice in met.values()}
    rows += [_unmet(invoice, now=now) for invoice in invoices if id(invoice) not in claimed]
    return sorted(rows, key=lambda row: (str(row["provider"]), str(row["billing_account_id"]), str(row["invoice_id"])))


def last_said(connection: sa.Connection) -> dict[str, Standing]:
    """What was last published of every billing period."""
    told = sa.select(reconciliation.c.billing_period, sa.func.max(reconciliation.c.n).label("n")).group_by(reconciliation.c.billing_period)
    newest = told.subquery()
    same = (reconciliation.c.billing_period == newest.c.billing_period) & (reconciliation.c.n == newest.c.n)
    query = sa.select(reconciliation.c.billing_period, reconciliation.c.rows).join(newest, same)
    return {row.billing_period: row.rows for row in connection.execute(query)}


def contradictions(rows: Iterable[Mapping[str, object]], keys: Iterable[str]) -> list[Mapping[str, object]]:
    """The rows of these keys that are out of tolerance: the reason to quarantine a delivery."""
    mine = set(keys)
    return [row for row in rows if row["status"] == "out_of_tolerance" and row["invoice_key"] in mine and row["lines"]]


def keys_of(snapshot: Snapshot) -> set[str]:
    """The invoice keys a snapshot has lines of."""
    return {str(entry["x_InvoiceKey"]) for entry in _entries(snapshot)}


def _keys(published: Sequence[Snapshot]) -> list[Key]:
    found: dict[tuple[str, str, str, str, str], Key] = {}
    for snapshot in published:
        for entry in _entries(snapshot):
            told = (
                str(entry["x_Provider"]),
                str(entry["BillingAccountId"]),
                snapshot.period,
                str(entry["x_InvoiceKey"]),
                str(entry["BillingCurrency"]),
            )
            key = found.setdefault(told, Key(provider=told[0], account=told[1], period=told[2], key=told[3], currency=told[4]))
            issuer, category = str(entry["InvoiceIssuerName"]), str(entry["ChargeCategory"])
            key.charges.append(Charge(issuer=issuer, category=category, billed=cost(str(entry["billed"])), rows=int(str(entry["rows"]))))
    return [found[told] for told in sorted(found)]


def _entries(snapshot: Snapshot) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", snapshot.detail.get("invoices", []))


def _meet(keys: Sequence[Key], invoices: Sequence[Invoice]) -> dict[int, Invoice]:
    """Which invoice each key meets: by its id, else by account and period where only one key fits."""
    met: dict[int, Invoice] = {}
    by_name: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
    for key in keys:
        by_name[key.provider, key.key].append(key)
    rest: list[Invoice] = []
    for invoice in invoices:
        named = by_name[invoice.first.provider, invoice.first.invoice_id] or by_name[UNKNOWN_PROVIDER, invoice.first.invoice_id]
        if named:
            met[id(next((key for key in named if _due(key, invoice) is not None), named[0]))] = invoice
        else:
            rest.append(invoice)
    free: defaultdict[tuple[str, str, str, bool], list[Key]] = defaultdict(list)
    for key in keys:
        if id(key) not in met and key.is_final:
            free[key.provider, key.account, key.period, key.key.upper().endswith((":PARTNER", ":MARKETPLACE"))].append(key)
    for invoice in rest:
        first = invoice.first
        resold = any(word in first.issuer.lower() for word in RESELLERS)
        place = (first.billing_account_id, first.billing_period, resold)
        candidates = free[first.provider, *place] or free[UNKNOWN_PROVIDER, *place]
        if len(candidates) == 1:
            met[id(candidates.pop())] = invoice
    return met


def _row(
    key: Key, invoice: Invoice | None, before: Decimal | None, keys: Sequence[Key], *, now: datetime, tolerance: Decimal
) -> dict[str, object]:
    issuers = sorted({charge.issuer for charge in key.charges})
    told: dict[str, object] = {
        "provider": key.provider,
        "billing_account_id": key.account,
        "invoice_id": invoice.first.invoice_id if invoice else key.key,
        "invoice_key": key.key,
        "issuer": invoice.first.issuer if invoice else ", ".join(issuers),
        "billing_period": key.period,
        "currency": key.currency,
        "billed_cost": plain(key.billed),
        "lines": key.rows,
    }
    if invoice is None:
        status = "no_invoice" if key.is_final and Period.parse(key.period).is_closed(now) else "open"
        return {**told, **_unknown(status)}
    due = _due(key, invoice)
    if due is None:
        return {**told, **_unknown("no_invoice")}
    if before is not None and abs(minus(key.billed, before)) > tolerance * abs(due):
        before = None  # what contradicts its invoice at the gate is not explained by having been delivered late either
    steps, unexplained = _waterfall(key, invoice, due, before, keys)
    difference = minus(key.billed, due)
    return {
        **told,
        "invoice_total": plain(due),
        "difference": plain(difference),
        "difference_ratio": plain(_ratio(difference, due)) if due else None,
        "unexplained": plain(unexplained),
        "status": _status(key, due, unexplained, now=now, tolerance=tolerance),
        "waterfall": steps,
    }


def _unknown(status: str) -> dict[str, object]:
    return {"invoice_total": None, "difference": None, "difference_ratio": None, "unexplained": None, "status": status, "waterfall": []}


def _due(key: Key, invoice: Invoice) -> Decimal | None:
    """What the invoice asks in the currency of the lines; None when it states none in that currency."""
    if invoice.first.currency == key.currency:
        return invoice.total
    if invoice.first.payment_currency == key.currency:
        return total(line.payment_total for line in invoice.lines if line.payment_total is not None)
    return None


def _status(key: Key, due: Decimal, unexplained: Decimal, *, now: datetime, tolerance: Decimal) -> str:
    if _is_running(key.period, now):
        return "open"
    off = abs(unexplained)
    if off <= max(RECONCILED_RATIO * abs(due), 5 * subunit(key.currency)):
        return "reconciled"
    return "within_tolerance" if off <= tolerance * abs(due) else "out_of_tolerance"


def _waterfall(
    key: Key, invoice: Invoice, due: Decimal, before: Decimal | None, keys: Sequence[Key]
) -> tuple[list[dict[str, str]], Decimal]:
    """From our lines to the invoice, each step proven by rows or invoice lines; what is left is unexplained."""
    steps: list[dict[str, str]] = []
    rest = minus(key.billed, due)
    for name, amount, proof in _steps(key, invoice, before, keys):
        if amount:
            steps.append({"name": name, "amount": plain(amount), "proof": proof})
            rest = minus(rest, amount)
    bound = max(5 * subunit(key.currency), subunit(key.currency) * Decimal(key.rows).sqrt() / 2)
    if rest and abs(rest) <= bound:
        steps.append({"name": "rounding", "amount": plain(rest), "proof": f"within {plain(cost(bound))} for {count(key.rows, 'line')}"})
        rest = Decimal(0)
    return steps, rest


def _steps(key: Key, invoice: Invoice, before: Decimal | None, keys: Sequence[Key]) -> Iterable[tuple[str, Decimal, str]]:
    lacks = EXPORT_LACKS.get(key.provider, frozenset())
    if "tax" in lacks and not any(charge.category == "Tax" for charge in key.charges):
        yield "tax the export lacks", -invoice.tax, f"invoice {invoice.first.invoice_id} states it; no line is tax"
    present = {charge.category for charge in key.charges}
    for line in invoice.lines:
        category = line.charge_category
        if category and category.casefold() in lacks - {"tax"} and category not in present:
            name = "invoice credits without a row" if category == "Credit" else "charges no export holds"
            yield name, -(line.total - line.tax), f"invoice line '{category}'; no line of ours has this category"
    named = [charge for charge in key.charges if charge.issuer.casefold() == invoice.first.issuer.casefold()]
    if named and len(named) < len(key.charges):
        foreign = [charge for charge in key.charges if charge not in named]
        others = ", ".join(sorted({charge.issuer for charge in foreign}))
        yield (
            "other issuer",
            total(charge.billed for charge in foreign),
            f"{count(sum(charge.rows for charge in foreign), 'line')} issued by {others}",
        )
    if before is not None:
        yield (
            "restated after issue",
            minus(key.billed, before),
            f"the bill as exported before {invoice.first.issued_at} said {plain(before)}",
        )
    loose = [
        other
        for other in keys
        if not other.is_final and (other.provider, other.account, other.period) == (key.provider, key.account, key.period)
    ]
    if loose and key.is_final:
        lines = [charge for other in loose for charge in other.charges if charge.issuer == next(iter(key.charges)).issuer]
        yield (
            "rows without invoice id",
            -total(charge.billed for charge in lines),
            f"{count(sum(charge.rows for charge in lines), 'line')} not yet on an invoice",
        )


def _as_issued(key: Key, invoice: Invoice, published: Sequence[Snapshot], earlier: Earlier) -> Decimal | None:
    """What the key came to in the newest export before the invoice was issued, if the live one is newer than that."""
    issued = datetime.fromisoformat(invoice.first.issued_at).replace(tzinfo=UTC)
    for snapshot in published:
        if key.key not in keys_of(snapshot) or not snapshot.exported_at or snapshot.exported_at <= issued:
            continue
        if old := earlier(snapshot, issued):
            then = [one for one in _keys([old]) if one.key == key.key and one.currency == key.currency]
            return then[0].billed if then else None  # the lines had no invoice's name yet: they prove nothing
    return None


def _unmet(invoice: Invoice, *, now: datetime) -> dict[str, object]:
    """An invoice whose bill has not been delivered: everything on it is unexplained."""
    first = invoice.first
    status = "out_of_tolerance" if invoice.total else "reconciled"
    return {
        "provider": first.provider,
        "billing_account_id": first.billing_account_id,
        "invoice_id": first.invoice_id,
        "invoice_key": first.invoice_id,
        "issuer": first.issuer,
        "billing_period": first.billing_period,
        "currency": first.currency,
        "billed_cost": "0",
        "lines": 0,
        "invoice_total": plain(invoice.total),
        "difference": plain(-invoice.total),
        "difference_ratio": "-1" if invoice.total else None,
        "unexplained": plain(-invoice.total),
        "status": "open" if _is_running(first.billing_period, now) else status,
        "waterfall": [],
    }


def _is_running(period: str, now: datetime) -> bool:
    return now.astimezone(UTC).date() < Period.parse(period).end


def _ratio(difference: Decimal, due: Decimal) -> Decimal:
    return cost(difference / due)
