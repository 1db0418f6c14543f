"""Where rows of Google Cloud get their common columns, their invoice and their owner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bursar.adapters.clouds.simulated.amounts import text, units
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.gcp.catalogue import MAIN, PROJECTS, Account, Sku
from bursar.adapters.clouds.simulated.gcp.lines import Credit, Item
from bursar.adapters.clouds.simulated.ledger import Invoice, Key, Ledger
from bursar.adapters.clouds.simulated.owners import TEAM_KEYS, owner
from bursar.domain.periods import Period

CATEGORIES = {"tax": "Tax", "rounding_error": "Adjustment", "adjustment": "Adjustment"}
ISSUERS = {"GOOGLE": "Google LLC", "PARTNER": "Google Cloud Marketplace"}
DEFAULT_MODEL = {"id": "7754-699E-0EBF", "description": "Default"}


_SPEC = {"compute.googleapis.com/machine_spec": "n2-standard-8"}
_LOCATION = {"location": "us-central1", "country": "US", "region": "us-central1", "zone": "us-central1-a"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What sets a row apart: its owner's labels, its credits, its commitment, and columns of its own in `extra`."""

    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    inherited: Mapping[str, str] = field(default_factory=dict[str, str])
    resource: str = ""
    publisher: str = "GOOGLE"
    cost_type: str = "regular"
    credits: tuple[Credit, ...] = ()
    model: Mapping[str, str] = field(default_factory=lambda: DEFAULT_MODEL)
    extra: Mapping[str, object] = field(default_factory=dict[str, object])
    has_prices: bool = True
    is_fee: bool = False
    is_usage: bool = True
    waste: str = ""

    @property
    def category(self) -> str:
        """The FOCUS charge category its rows come to."""
        return "Adjustment" if "is_contract_adjustment" in self.extra else CATEGORIES.get(self.cost_type, "Usage")


@dataclass(frozen=True, slots=True)
class Desk:
    """One invoice month of the billing account. `is_final` registers its invoices."""

    month: Period
    seed: int
    ledger: Ledger
    is_final: bool = True
    account: Account = MAIN

    def invoice(self, publisher: str) -> str:
        """The key the rows of a publisher type lead to."""
        key = f"{self.account.ident}:{self.month}:{publisher}"
        if self.is_final:
            printed = Draws(self.seed, f"gcp{self.account.suffix}", self.month, publisher).text(10, alphabet="0123456789")
            self.ledger.issue(
                Invoice(
                    key=key, printed=printed, provider="gcp", billing_account=self.account.ident, period=str(self.month),
                    issuer=ISSUERS[publisher], currency=self.account.currency, issued_at=f"{self.month.end + timedelta(days=4)}T00:00:00Z",
                )
            )  # fmt: skip
        return key

    def item(self, sku: Sku, *, project: str = "", terms: Terms = Terms()) -> Item:
        """A row's constant part. Without a project it belongs to the billing account alone."""
        scopes = (terms.labels, {**PROJECTS.get(project, {}), **terms.inherited})
        is_google = terms.publisher == "GOOGLE"
        price = self.account.price(units(sku.rate)) if terms.is_usage else 0
        named = f"{project}{self.account.suffix}" if project else ""
        columns: dict[str, object] = {
            "billing_account_id": self.account.ident,
            "service": {"id": sku.service_id, "description": sku.service},
            "sku": {"id": sku.sku_id, "description": sku.sku},
            "project": _project(named, PROJECTS.get(project, {})),
            "labels": _pairs(terms.labels),
            "system_labels": _pairs(_SPEC) if sku.service == "Compute Engine" else [],
            "tags": [{"key": key, "value": value, "inherited": True, "namespace": "482739281"} for key, value in terms.inherited.items()],
            "location": _LOCATION if terms.is_usage else dict.fromkeys(_LOCATION),
            "currency": self.account.currency,
            "currency_conversion_rate": self.account.fx_milli / 1000 if self.account.suffix else 1,
            "invoice": {"month": str(self.month).replace("-", ""), "publisher_type": terms.publisher},
            "adjustment_info": None,
            "transaction_type": "GOOGLE" if is_google else "THIRD_PARTY_RESELLER",
            "seller_name": None if is_google else "MongoDB, Inc.",
            "subscription": {"instance_id": None},
            "price": _price(sku, price) if terms.is_usage else None,
            "consumption_model": dict(terms.model) if terms.is_usage else None,
            "resource": {"name": terms.resource or None, "global_name": _global_name(sku, named, terms.resource)},
            **terms.extra,
        }  # fmt: skip
        return Item(
            key=Key(
                provider="gcp", period=str(self.month), currency=self.account.currency, source=f"gcp-{self.account.ident}".lower(),
                invoice=self.invoice(terms.publisher), account=named, service=sku.service, category=terms.category,
                team=owner(scopes, TEAM_KEYS),
            ),
            columns=columns, cost_type=terms.cost_type, credits=terms.credits, rate=price,
            per=sku.per, unit=sku.unit, pricing_unit=sku.pricing_unit, has_prices=terms.has_prices, is_fee=terms.is_fee,
            waste=terms.waste, resource=_global_name(sku, named, terms.resource) or "",
        )  # fmt: skip


def _project(project: str, labels: Mapping[str, str]) -> dict[str, object]:
    if not project:
        return {"id": None, "number": None, "name": None, "labels": [], "ancestry_numbers": None, "ancestors": []}
    number = str(10**11 + Draws(0, "project", project).below(10**11))
    return {
        "id": project,
        "number": number,
        "name": project.replace("-", " "),
        "labels": _pairs(labels),
        "ancestry_numbers": "/482739281/",
        "ancestors": [
            {"resource_name": f"projects/{number}", "display_name": project},
            {"resource_name": "organizations/482739281", "display_name": "acme.example"},
        ],
    }


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _price(sku: Sku, price: int) -> dict[str, object]:
    return {"effective_price": float(text(price)), "tier_start_amount": 0, "unit": sku.pricing_unit, "pricing_unit_quantity": 1}


def _global_name(sku: Sku, project: str, resource: str) -> str | None:
    if not resource:
        return None
    return f"//{sku.service.split()[0].lower()}.googleapis.com/projects/{project}/zones/us-central1-a/{sku.resource}/{resource}"
