"""Where rows of Azure get their common columns, their invoice and their owner."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bursar.adapters.clouds.simulated.azure.catalogue import MCA_ACCOUNT, PROFILE, Scope, Sku, subscription_id
from bursar.adapters.clouds.simulated.azure.lines import CATEGORIES, Item
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.ledger import Invoice, Key, Ledger
from bursar.adapters.clouds.simulated.owners import TEAM_KEYS, owner
from bursar.domain.periods import Period

MICROSOFT = "Microsoft Ireland Operations Limited"
MARKETPLACE = "Microsoft Azure Marketplace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a row is for: its type, how it is priced, and the commitment behind it, if any."""

    type: str = "Usage"
    model: str = "OnDemand"
    frequency: str = "UsageBased"
    is_marketplace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a row is about."""

    subscription: str
    name: str = ""
    tags: Mapping[str, str] | None = None
    waste: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """One month of one billing scope."""

    scope: Scope
    month: Period
    seed: int
    ledger: Ledger
    is_final: bool = True

    @property
    def is_agreement(self) -> bool:
        """Whether the scope is a customer agreement (MCA); else an enrolment (EA)."""
        return self.scope.name == "mca"

    def number(self, kind: str) -> str:
        """The number printed on an invoice."""
        draws = Draws(self.seed, "azure", self.scope.name, self.month, kind)
        return ("G0" if self.is_agreement else "") + draws.text(8, alphabet="123456789")

    def invoice(self, *, is_marketplace: bool) -> str:
        """The key rows lead to: the invoice id of an agreement, the enrolment and month of an enrolment."""
        apart = is_marketplace and not self.is_agreement
        number = self.number("marketplace" if apart else "main")
        key = number if self.is_agreement else f"{self.scope.account}:{self.month}{':Marketplace' if apart else ''}"
        if self.is_final:
            self.ledger.issue(
                Invoice(
                    key=key, printed=number, provider="azure", billing_account=self.scope.account, period=str(self.month),
                    issuer=MARKETPLACE if apart else MICROSOFT, currency="EUR", issued_at=f"{self.month.end + timedelta(days=7)}T00:00:00Z",
                )
            )  # fmt: skip
        return key

    def item(self, sku: Sku, resource: Resource, charge: Charge, *, prices: tuple[int, ...], discount: str = "") -> Item:
        """A row's constant part. `prices` are three: paid, contract, public; `discount` names the commitment."""
        key = self.invoice(is_marketplace=charge.is_marketplace)
        columns = {
            **self._scope_columns(),
            **_sku_columns(sku, charge),
            **self._resource_columns(sku, resource),
            **_commitment_columns(charge, discount),
            "chargetype": charge.type,
            "frequency": charge.frequency,
            "pricingmodel": charge.model,
        }
        tags = resource.tags or {}
        return Item(
            charge_type=charge.type, pricing_model=charge.model, columns=columns, rate_milli=self.scope.rate_milli,
            price=prices[0], unit_price=prices[1], payg=prices[2], waste=resource.waste,
            key=Key(
                provider="azure", period=str(self.month), currency="EUR", source=self.scope.source, invoice=key,
                account=subscription_id(resource.subscription), service=sku.category,
                category=CATEGORIES.get(charge.type, "Usage"), team=owner((tags,), TEAM_KEYS),
            ),
        )  # fmt: skip

    def _scope_columns(self) -> dict[str, str]:
        first, last = self.month.start, self.month.end - timedelta(days=1)
        account = MCA_ACCOUNT if self.is_agreement else self.scope.account
        rate = self.scope.rate_milli
        return {
            "invoiceid": self.number("main") if self.is_agreement else "",
            "billingaccountid": account, "billingaccountname": "Acme Europe", "billingprofileid": PROFILE if self.is_agreement else account,
            "billingprofilename": "Acme Europe Finance" if self.is_agreement else "Acme Europe",
            "billingperiodstartdate": f"{first:%m/%d/%Y}", "billingperiodenddate": f"{last:%m/%d/%Y}",
            "accountownerid": "billing@acme.example", "accountname": "Acme Engineering", "invoicesectionid": "IT-SECTION",
            "invoicesection": "Engineering", "invoicesectionname": "Engineering", "billingcurrency": "EUR",
            "pricingcurrency": self.scope.price_currency, "exchangeratepricingtobilling": f"{rate // 1000}.{rate % 1000:03d}",
            "exchangeratedate": f"{first:%m/%d/%Y}", "isazurecrediteligible": "True", "provider": "Azure", "offerid": "MS-AZR-0017P",
        }  # fmt: skip

    def _resource_columns(self, sku: Sku, resource: Resource) -> dict[str, str]:
        subscription = subscription_id(resource.subscription)
        group = f"rg-{resource.subscription}"
        path = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{sku.path}/{resource.name}" if resource.name else ""
        return {
            "subscriptionid": subscription, "subscriptionname": resource.subscription, "resourcegroup": group, "resourcegroupname": group,
            "resourceid": path, "resourcename": resource.name, "resourcelocation": "westeurope",
            "location": "EU West", "meterregion": "EU West",
            "tags": _tags(resource.tags or {}, braces=self.is_agreement),
        }  # fmt: skip


def _sku_columns(sku: Sku, charge: Charge) -> dict[str, str]:
    product = f"{sku.category} {sku.subcategory} - {sku.meter} - EU West"
    return {
        "meterid": sku.meter_id, "metername": sku.meter, "metercategory": sku.category, "metersubcategory": sku.subcategory,
        "product": product, "productname": product, "productid": f"DZH318Z0{sku.meter_id[:6].upper()}",
        "partnumber": f"AAA-{sku.meter_id[:5]}",
        "servicefamily": sku.family, "consumedservice": sku.consumed, "unitofmeasure": sku.unit,
        "publishertype": "Marketplace" if charge.is_marketplace else "Azure",
        "publishername": "Confluent" if charge.is_marketplace else "Microsoft",
        "planname": "Confluent Cloud" if charge.is_marketplace else "",
    }  # fmt: skip


def _commitment_columns(charge: Charge, discount: str) -> dict[str, str]:
    if not discount:
        return {}
    order, ident = Draws(0, "order", discount).uuid(), Draws(0, "discount", discount).uuid()
    named = {"benefitname": discount, "term": "12", "productorderid": order, "productordername": f"{discount}, 1 year"}
    if charge.model == "Reservation":
        path = f"/providers/Microsoft.Capacity/reservationOrders/{order}/reservations/{ident}"
        return {**named, "reservationid": ident, "reservationname": discount, "benefitid": path}
    path = f"/providers/Microsoft.BillingBenefits/savingsPlanOrders/{order}/savingsPlans/{ident}"
    return {**named, "benefitid": path}


def _tags(tags: Mapping[str, str], *, braces: bool) -> str:
    """Tags as the export writes them: an enrolment leaves the braces off."""
    if not tags:
        return ""
    text = json.dumps(dict(tags))
    return text if braces else text[1:-1]
