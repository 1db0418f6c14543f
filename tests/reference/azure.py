"""The Azure table of the billing formats, row by row: cost details, actual and amortised together, to charges.

Charges are all amortised rows but purchases and refunds of commitments, and from the actual rows exactly those.
Actual rows alone give charges that are not amortised; amortised rows alone cannot be billed and are refused.
Source: design of the billing formats, section 5; FOCUS 1.2 where the table is silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from reference.charge import Charge, WrongBill
from reference.reading import azure_row
from reference.values import ZERO, Row, moment, month_end, month_start, number, period, plain, string_map, text, twelve

ALIASES = {
    "date": ("date", "usagedatetime"),
    "cost": ("costinbillingcurrency", "cost", "pretaxcost"),
    "currency": ("billingcurrencycode", "billingcurrency", "currency"),
    "product": ("productname", "product"),
    "resource": ("resourceid", "instanceid", "instancename"),
    "group": ("resourcegroup", "resourcegroupname"),
    "subscription": ("subscriptionid", "subscriptionguid"),
    "quantity": ("quantity", "usagequantity"),
    "price": ("unitprice", "resourcerate"),
}
COMMITMENTS = {"Reservation": "Usage", "SavingsPlan": "Spend"}
UNUSED = ("UnusedReservation", "UnusedSavingsPlan")
CATEGORIES = {
    "Usage": "Usage",
    "Purchase": "Purchase",
    "Refund": "Purchase",
    "Tax": "Tax",
    "Credit": "Credit",
    "RoundingAdjustment": "Adjustment",
}
FREQUENCIES = {"onetime": "One-Time", "recurring": "Recurring", "usagebased": "Usage-Based"}
PRICINGS = {"spot": "Dynamic"}
MULTIPLES = {"K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
BLOCK = re.compile(r"\s*(?P<count>\d+)(?P<multiple>[KMB](?![A-Za-z]))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the columns of a delivery say about it as a whole."""

    names: frozenset[str]

    def is_mca(self) -> bool:
        """A Microsoft Customer Agreement states invoice ids or a pricing currency; an enterprise agreement neither."""
        return bool(self.names & {"invoiceid", "pricingcurrency", "costinpricingcurrency"})

    def commitment(self, row: Row) -> str | None:
        """`Reservation` or `SavingsPlan` by the pricing model; by the ids on the row where there is no such column."""
        if "pricingmodel" in self.names:
            model = (text(row, "pricingmodel") or "").replace(" ", "")
            return model if model in COMMITMENTS else None
        benefit = (text(row, "benefitid") or "").lower()
        if "savingsplan" in benefit:
            return "SavingsPlan"
        return "Reservation" if benefit or text(row, "reservationid") else None


def charges(actual: Iterable[Row] | None, amortised: Iterable[Row] | None) -> Iterator[Charge]:
    """The charges of one billing period. Raises WrongBill when there are amortised rows and no actual ones."""
    billed = [azure_row(row) for row in actual or ()]
    if amortised is None:
        header = Header(names=frozenset(name for row in billed for name in row))
        yield from (_unamortised(row, header) for row in billed)
        return
    if actual is None:
        msg = "amortised rows without the actual ones cannot be billed"
        raise WrongBill(msg)
    spread = [azure_row(row) for row in amortised]
    header = Header(names=frozenset(name for row in billed + spread for name in row))
    yield from (_charge_of(row, header) for row in spread if not is_commitment_purchase(row, header))
    yield from (_charge_of(row, header) for row in billed if is_commitment_purchase(row, header))


def is_commitment_purchase(row: Row, header: Header) -> bool:
    """A commitment bought or given back: billed from the actual rows, effective never."""
    return charge_type(row) in ("Purchase", "Refund") and header.commitment(row) is not None


def _charge_of(row: Row, header: Header) -> Charge:
    kind, cost, model = charge_type(row), aliased_money(row, "cost"), header.commitment(row)
    if kind in UNUSED:
        charge = _charge(row, header, costs=(ZERO, cost), category="Usage")
        charge = replace(charge, list_cost=ZERO, consumed_quantity=None)
        return _committed(charge, row, model=model or kind.removeprefix("Unused"), status="Unused")
    if kind == "Usage" and model:
        return _committed(_charge(row, header, costs=(ZERO, cost), category="Usage"), row, model=model, status="Used")
    if model and is_commitment_purchase(row, header):
        charge = _charge(row, header, costs=(cost, ZERO), category="Purchase")
        charge = replace(charge, charge_class="Correction" if kind == "Refund" else None)
        return _committed(charge, row, model=model, status=None)
    return _plain(row, header)


def _plain(row: Row, header: Header) -> Charge:
    kind, cost = charge_type(row), aliased_money(row, "cost")
    charge = _charge(row, header, costs=(cost, cost), category=CATEGORIES.get(kind, "Adjustment"))
    is_late = kind == "Refund" and charge.charge_period_start < charge.billing_period_start
    return replace(charge, charge_class="Correction" if is_late else None, is_unknown=kind not in CATEGORIES)


def _unamortised(row: Row, header: Header) -> Charge:
    """An actual row with no amortised run beside it: effective is what was billed."""
    cost = aliased_money(row, "cost")
    return replace(_charge_of(row, header), billed_cost=cost, effective_cost=cost, amortization_class="None")


def _charge(row: Row, header: Header, *, costs: tuple[Decimal, Decimal], category: str) -> Charge:
    billed, effective = costs
    start, end = billing_period(row)
    day = _day(row) or start
    contracted, listed = _prices(row, header, category=category)
    return Charge(
        billed_cost=billed,
        effective_cost=effective,
        contracted_cost=contracted,
        list_cost=listed,
        charge_category=category,
        charge_frequency=_frequency(row, category),
        pricing_category=_pricing(row, category),
        invoice_key=invoice_key(row, header),
        invoice_id=text(row, "invoiceid"),
        billing_account_id=billing_account(row, header),
        sub_account_id=text(row, *ALIASES["subscription"]),
        billing_currency=text(row, *ALIASES["currency"]) or "USD",
        billing_period_start=start,
        billing_period_end=end,
        charge_period_start=day,
        charge_period_end=day + timedelta(days=1),
        service_name=text(row, "metercategory", "servicename", "consumedservice"),
        resource_id=(text(row, *ALIASES["resource"]) or "").lower() or None,
        region_id=(text(row, "resourcelocation", "location") or "").lower().replace(" ", "") or None,
        sku_id=None if category == "Tax" else text(row, "meterid"),
        tags=tags(row),
        pricing_quantity=None if category == "Tax" else _quantity(row),
        consumed_quantity=_quantity_of_units(row) if category == "Usage" else None,
        x_source_charge_type=text(row, "chargetype") or "Usage",
    )


def _committed(charge: Charge, row: Row, *, model: str, status: str | None) -> Charge:
    return replace(
        charge,
        commitment_discount_id=text(row, "benefitid", "reservationid"),
        commitment_discount_category=COMMITMENTS[model],
        commitment_discount_type=model,
        commitment_discount_status=status,
        pricing_category="Committed" if status else "Standard",
    )


def _prices(row: Row, header: Header, *, category: str) -> tuple[Decimal, Decimal]:
    """Contracted and list cost: price × quantity in billing currency.

    A price or a quantity that is not stated is none: the row costs what it costs. A stated 0 is a price of usage, but
    none of covered usage, of purchases and the rest.
    """
    cost, stated = aliased_money(row, "cost"), number(row, "paygcostinbillingcurrency")
    contracted = _times(row, _aliased_number(row, "price"))
    listed = _times(row, number(row, "paygprice")) if stated is None else stated
    if category != "Usage" or (charge_type(row) == "Usage" and header.commitment(row)):
        return contracted or cost, listed or cost
    contracted = cost if contracted is None else contracted
    return contracted, contracted if listed is None else listed


def _times(row: Row, price: Decimal | None) -> Decimal | None:
    """A price in pricing currency, times quantity, in billing currency."""
    quantity, rate = _quantity(row), number(row, "exchangeratepricingtobilling")
    if price is None or quantity is None:
        return None
    return twelve(price * quantity * (Decimal(1) if rate is None else rate))


def charge_type(row: Row) -> str:
    """The native charge type; headers older than the column hold usage only."""
    return text(row, "chargetype") or "Usage"


def aliased_money(row: Row, alias: str) -> Decimal:
    """The money under the first of the alias's columns that holds any."""
    return _aliased_number(row, alias) or ZERO


def _aliased_number(row: Row, alias: str) -> Decimal | None:
    return next((found for name in ALIASES[alias] if (found := number(row, name)) is not None), None)


def _quantity(row: Row) -> Decimal | None:
    return _aliased_number(row, "quantity")


def _quantity_of_units(row: Row) -> Decimal:
    return twelve((_quantity(row) or ZERO) * block_size(text(row, "unitofmeasure") or "1"))


def block_size(unit: str) -> int:
    """How many units one priced unit holds: `100 Hours` 100, `10K` 10,000, `1 GB/Month` 1."""
    found = BLOCK.match(unit)
    return int(found["count"]) * MULTIPLES.get(found["multiple"], 1) if found else 1


def _frequency(row: Row, category: str) -> str:
    stated = FREQUENCIES.get((text(row, "frequency") or "usagebased").lower().replace("-", ""), "Usage-Based")
    return "One-Time" if category == "Purchase" and stated == "Usage-Based" else stated


def _pricing(row: Row, category: str) -> str | None:
    if category not in ("Usage", "Purchase"):
        return None
    return PRICINGS.get((text(row, "pricingmodel") or "").lower(), "Standard")


def _day(row: Row) -> datetime | None:
    return moment(text(row, *ALIASES["date"]))


def billing_period(row: Row) -> tuple[datetime, datetime]:
    """From the stated start to the day after the stated last day; the month of the row's day when nothing is stated."""
    start, last = moment(text(row, "billingperiodstartdate")), moment(text(row, "billingperiodenddate"))
    if start and last:
        return start, last + timedelta(days=1)
    day = start or _day(row)
    if day is None:
        msg = "a line without any date"
        raise ValueError(msg)
    return month_start(day), month_end(day)


def billing_account(row: Row, header: Header) -> str | None:
    """The enrolment, or the billing profile of a customer agreement; a subscription that pays for itself is its own account."""
    names = ("billingprofileid", "billingaccountid") if header.is_mca() else ("billingaccountid", "billingprofileid")
    return text(row, *names, *ALIASES["subscription"])


def invoice_key(row: Row, header: Header) -> str:
    """The invoice's id, else account and month, with Marketplace apart as it is invoiced apart."""
    apart = ":Marketplace" if (text(row, "publishertype") or "").lower() == "marketplace" else ""
    opened = f"{billing_account(row, header)}:{period(billing_period(row)[0])}{apart}"
    return text(row, "invoiceid") or opened


def tags(row: Row) -> dict[str, str]:
    """Tags as JSON, or as an enterprise agreement writes them: the same without braces."""
    written = text(row, "tags")
    if written is None:
        return {}
    found = plain(written if written.startswith("{") else "{" + written + "}")
    return string_map(found.items()) if isinstance(found, dict) else {}
