"""One AWS organisation: who pays, in which form it is told, and the columns every line of it carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bursar.adapters.clouds.simulated.aws.catalogue import (
    ACCOUNTS,
    ACME,
    GLOBEX,
    GLOBEX_PLANS,
    GLOBEX_RESERVATIONS,
    PLANS,
    RESERVATIONS,
    AwsMeter,
    Plan,
    Reservation,
    Sku,
    meters,
)
from bursar.adapters.clouds.simulated.aws.lines import Item
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.ledger import Invoice, Key, Ledger
from bursar.adapters.clouds.simulated.owners import TEAM_KEYS, owner
from bursar.domain.periods import Period

AWS_INC = "Amazon Web Services, Inc."
MARKETPLACE = "Amazon Web Services EMEA SARL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """A management account and its report. `net_percent` 100: no net columns, discounts are lines of their own."""

    account: str
    source: str
    net_percent: int
    meters: tuple[AwsMeter, ...]
    plans: tuple[Plan, ...]
    reservations: tuple[Reservation, ...]
    essential: int


PAYERS = (
    Payer(
        account=ACME, source="aws-cur2-finops", net_percent=100, meters=meters("acme"),
        plans=PLANS, reservations=RESERVATIONS, essential=19,
    ),
    Payer(
        account=GLOBEX, source=f"aws-cur-globex-{GLOBEX}", net_percent=91, meters=meters("globex"),
        plans=GLOBEX_PLANS, reservations=GLOBEX_RESERVATIONS, essential=8,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What sets a line apart: the document it stands on, whose it is, and the amounts its item knows (see Item)."""

    bill: str = "Anniversary"
    document: str = "main"
    issuer: str = AWS_INC
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    categories: Mapping[str, str] = field(default_factory=dict[str, str])
    rate: int = 0
    unused: int = 0
    is_commitment: bool = False
    is_split: bool = False
    waste: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the lines of one payer's month are given their common columns, invoice and owner."""

    payer: Payer
    month: Period
    seed: int
    ledger: Ledger
    is_final: bool = True

    def number(self, kind: str) -> str:
        """The invoice number of a kind of bill; empty while the month is open."""
        if not self.is_final:
            return ""
        draws = Draws(self.seed, "aws", self.payer.account, self.month, "invoice", kind)
        return "2" + draws.text(9, alphabet="0123456789")

    def invoice(self, kind: str, issuer: str) -> tuple[str, str]:
        """The printed number and the key of an invoice; a final one is registered with the ledger."""
        number = self.number(kind)
        if not number:
            return "", f"{self.payer.account}:{self.month}:{issuer}:open"
        issued = self.month.end + timedelta(days=4)
        self.ledger.issue(
            Invoice(
                key=number, printed=number, provider="aws", billing_account=self.payer.account,
                period=str(self.month), issuer=issuer, currency="USD", issued_at=f"{issued}T06:00:00Z",
            )
        )  # fmt: skip
        return number, number

    def item(self, line_type: str, account: str, sku_columns: Mapping[str, str], *, terms: Terms = Terms()) -> Item:
        """A line's constant part: bill, account, product columns, owner."""
        number, key = self.invoice(terms.document, terms.issuer)
        columns = {**self._bill(terms.bill, number, terms.issuer), **self._account(account), **sku_columns}
        columns.setdefault("line_item_legal_entity", AWS_INC)
        columns["line_item_line_item_type"] = line_type
        bare = {name.removeprefix("user_").removeprefix("user:"): value for name, value in terms.tags.items()}
        return Item(
            type=line_type,
            key=Key(
                provider="aws", period=str(self.month), currency="USD", source=self.payer.source, invoice=key,
                account=account, service=columns["product_product_name"], category="", team=owner((bare, terms.categories), TEAM_KEYS),
            ),
            columns=columns, tags=terms.tags, categories=terms.categories, rate=terms.rate, unused=terms.unused,
            is_commitment=terms.is_commitment, is_split=terms.is_split, waste=terms.waste,
        )  # fmt: skip

    def _bill(self, bill: str, number: str, issuer: str) -> dict[str, str]:
        return {
            "bill_bill_type": bill,
            "bill_billing_entity": "AWS" if issuer == AWS_INC else "AWS Marketplace",
            "bill_billing_period_start_date": f"{self.month.start}T00:00:00Z",
            "bill_billing_period_end_date": f"{self.month.end}T00:00:00Z",
            "bill_invoice_id": number,
            "bill_invoicing_entity": issuer,
            "bill_payer_account_id": self.payer.account,
            "bill_payer_account_name": ACCOUNTS[self.payer.account],
            "line_item_currency_code": "USD",
            "pricing_currency": "USD",
        }

    def _account(self, account: str) -> dict[str, str]:
        return {"line_item_usage_account_id": account, "line_item_usage_account_name": ACCOUNTS[account]}


def product(code: str, name: str, *, description: str, **more: str) -> dict[str, str]:
    """The columns that say what was bought, for lines that are no metered usage."""
    return {
        "line_item_product_code": code,
        "line_item_line_item_description": description,
        "product_servicecode": code,
        "product_product_name": name,
        **more,
    }


def metered(sku: Sku, *, region: str, resource: str, term: str, rate: str) -> dict[str, str]:
    """The columns of metered usage of one resource."""
    rate_code = Draws(0, "sku", sku.usage_type).text(16, alphabet="ABCDEFGHJKMNPQRSTUVWXYZ23456789")
    columns = {
        "line_item_product_code": sku.product,
        "line_item_usage_type": f"USE1-{sku.usage_type}",
        "line_item_operation": sku.operation,
        "line_item_resource_id": resource,
        "line_item_line_item_description": f"${rate} per {sku.unit} of {sku.usage_type}",
        "line_item_unblended_rate": rate,
        "line_item_blended_rate": rate,
        "pricing_unit": sku.unit,
        "pricing_term": term,
        "pricing_public_on_demand_rate": sku.rate,
        "pricing_rate_code": f"{rate_code}.JRTCKXETXF.6YS6EN2CT7",
        "pricing_rate_id": str(Draws(0, "rate", sku.usage_type).below(10**12)),
        "product_product_name": sku.name,
        "product_servicecode": sku.product,
        "product_sku": rate_code,
        "product_product_family": sku.family,
        "product_region_code": region,
        "product_location": "US East (N. Virginia)",
        "product_location_type": "AWS Region",
        "product_usagetype": f"USE1-{sku.usage_type}",
        "product_operation": sku.operation,
        "product_pricing_unit": sku.unit,
    }
    if sku.instance:
        columns |= {"product_instance_type": sku.instance, "product_instance_family": sku.family}
        columns |= {"line_item_availability_zone": f"{region}a"}
    return columns
