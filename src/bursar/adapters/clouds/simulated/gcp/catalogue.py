"""What runs on Google Cloud: projects and meters. Amounts are monthly effective cost in USD, credits included."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bursar.adapters.clouds.simulated import tables
from bursar.adapters.clouds.simulated.amounts import minor
from bursar.adapters.clouds.simulated.shape import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A billing account: its currency, how much of it a dollar is (in thousandths), and its size beside the main one.

    `suffix` ends the ids of its projects: a project belongs to one account.
    """

    ident: str
    currency: str
    fx_milli: int
    percent: int
    suffix: str

    @property
    def table(self) -> str:
        """The name of its export's table."""
        return f"gcp_billing_export_resource_v1_{self.ident.replace('-', '_')}"

    @property
    def step(self) -> int:
        """What its invoices are rounded to."""
        return minor(self.currency)

    def money(self, dollars: int) -> int:
        """An amount of the main account as this one has it."""
        return dollars * self.fx_milli * self.percent // 100_000

    def price(self, dollars: int) -> int:
        """A price in its currency."""
        return dollars * self.fx_milli // 1000


MAIN = Account(ident="01AAAA-BBBBBB-CCCCCC", currency="USD", fx_milli=1000, percent=100, suffix="")
JAPAN = Account(ident="01DDDD-EEEEEE-FFFFFF", currency="JPY", fx_milli=151_250, percent=10, suffix="-jp")
"""Billed in a currency without minor units; it comes among the deliveries only."""

PROJECTS: dict[str, dict[str, str]] = {
    "acme-search-prod": {"team": "search", "env": "prod"},
    "acme-data-prod": {},
    "acme-ml-prod": {},
    "acme-web-prod": {},
    "acme-sandbox": {},
}
"""Project labels by project id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """What is metered. `rate` is the price of a pricing unit, `per` how many usage units one pricing unit holds."""

    service: str
    service_id: str
    sku: str
    sku_id: str
    rate: str
    pricing_unit: str
    unit: str
    per: int
    resource: str

    @property
    def is_autoscaled(self) -> bool:
        """Whether its resources come and go: instances of Compute Engine and jobs, not databases."""
        return self.resource == "jobs" or (self.resource == "instances" and self.service == "Compute Engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpMeter(Meter):
    """A meter on Google Cloud. `mode`: plain, sud, promo, cud-old, cud-dollar, cud-new, partner, gke.

    `inherited` are resource tags that come from above; `has_prices` tells whether the cost_at_ columns are filled.
    """

    sku: str
    project: str
    mode: str
    labels: Mapping[str, str]
    inherited: Mapping[str, str]
    has_prices: bool
    waste: str


@cache
def skus() -> dict[str, Sku]:
    """Everything that is metered, by short name."""
    return {row["key"]: _sku(row) for row in tables.rows("gcp", "skus.csv")}


@cache
def meters() -> tuple[GcpMeter, ...]:
    """The billing account's meters, most telling first."""
    return tuple(_meter(row) for row in tables.rows("gcp", "meters.csv"))


def _sku(row: Mapping[str, str]) -> Sku:
    return Sku(
        service=row["service"], service_id=row["service_id"], sku=row["sku"], sku_id=row["sku_id"], rate=row["rate"],
        pricing_unit=row["pricing_unit"], unit=row["unit"], per=int(row["per"]), resource=row["resource"],
    )  # fmt: skip


def _meter(row: Mapping[str, str]) -> GcpMeter:
    return GcpMeter(
        key="/".join(row[name] for name in ("project", "team", "service", "env", "sku", "mode")),
        team=row["team"], service=row["service"], env=row["env"], monthly=int(row["monthly"]), profile=row["profile"],
        cv_ppm=int(row["cv_ppm"]), sku=row["sku"], project=row["project"], mode=row["mode"], labels=tables.tags(row),
        inherited=tables.pairs(row["inherited"]), has_prices=row["prices"] == "yes", waste=row["waste"],
    )  # fmt: skip


ESSENTIAL = 15
"""So many meters stay, however small the bill: every way of charging is among them."""
