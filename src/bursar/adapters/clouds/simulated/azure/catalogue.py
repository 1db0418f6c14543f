"""What runs on Azure: scopes, subscriptions, meters. Amounts are monthly effective cost in euros."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from bursar.adapters.clouds.simulated import tables
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.shape import Meter

ENROLMENT = "80012345"
MCA_ACCOUNT = "5f0c2f9e-3d2b-5a5e-9d57-2f1b6a0c4e11:8e1c4b7a-6a0e-4c1b-8f4d-0d9c7a1b2c3d_2019-05-31"
PROFILE = "ACME-FIN0-BG7-PGB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A billing scope with its pair of exports. `rate_milli` turns its pricing currency into euros, in thousandths."""

    name: str
    account: str
    resource: str
    source: str
    version: str
    price_currency: str
    rate_milli: int
    percent: int
    essential: int


SCOPES = (
    Scope(
        name="ea", account=ENROLMENT, resource=f"/providers/Microsoft.Billing/billingAccounts/{ENROLMENT}",
        source=f"azure-{ENROLMENT}", version="2021-10-01", price_currency="EUR", rate_milli=1000, percent=65, essential=10,
    ),
    Scope(
        name="mca", account=PROFILE, resource=f"/providers/Microsoft.Billing/billingAccounts/{MCA_ACCOUNT}/billingProfiles/{PROFILE}",
        source=f"azure-{PROFILE}".lower(), version="2023-12-01-preview", price_currency="USD", rate_milli=925, percent=35, essential=6,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """What is metered. Prices are per unit of measure, in 10^-4 of the scope's pricing currency."""

    category: str
    subcategory: str
    meter: str
    family: str
    consumed: str
    unit: str
    price: int
    payg: int
    path: str
    name: str

    @property
    def meter_id(self) -> str:
        """The meter's identifier."""
        return Draws(0, "azure", "meter", self.meter).uuid()


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureMeter(Meter):
    """A meter on Azure. `mode`: od, spot, ri (reserved), sp (savings plan)."""

    sku: str
    subscription: str
    mode: str
    tags: Mapping[str, str]
    waste: str


def subscription_id(name: str) -> str:
    """A subscription's identifier."""
    return Draws(0, "azure", "subscription", name).uuid()


@cache
def skus() -> dict[str, Sku]:
    """Every meter sold, by short name."""
    return {row["sku"]: _sku(row) for row in tables.rows("azure", "skus.csv")}


@cache
def meters(scope: str) -> tuple[AzureMeter, ...]:
    """A scope's meters, most telling first."""
    return tuple(_meter(row) for row in tables.rows("azure", "meters.csv") if row["scope"] == scope)


@cache
def header(scope: str) -> tuple[str, ...]:
    """The column names of a scope's exports, in order."""
    return next(tuple(row["columns"].split(",")) for row in tables.rows("azure", "headers.csv") if row["scope"] == scope)


def _sku(row: Mapping[str, str]) -> Sku:
    return Sku(
        category=row["category"], subcategory=row["subcategory"], meter=row["meter"], family=row["family"],
        consumed=row["consumed"], unit=row["unit"], price=_price(row["price"]), payg=_price(row["payg"]),
        path=row["provider_path"], name=row["name"],
    )  # fmt: skip


def _price(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole) * 10_000 + int(fraction.ljust(4, "0"))


def _meter(row: Mapping[str, str]) -> AzureMeter:
    return AzureMeter(
        key="/".join(row[name] for name in ("scope", "sku", "team", "service", "env", "mode")),
        team=row["team"], service=row["service"], env=row["env"], monthly=int(row["monthly"]), profile=row["profile"],
        cv_ppm=int(row["cv_ppm"]), sku=row["sku"], subscription=row["subscription"], mode=row["mode"],
        tags=tables.tags(row), waste=row["waste"], is_launch=row["launch"] == "yes",
    )  # fmt: skip
