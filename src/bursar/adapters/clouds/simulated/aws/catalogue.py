"""What runs on AWS: accounts, meters, commitments. Amounts are monthly effective cost in USD."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from bursar.adapters.clouds.simulated import tables
from bursar.adapters.clouds.simulated.shape import Meter

ACME = "111111111111"
GLOBEX = "555555555555"
ACCOUNTS: dict[str, str] = {
    ACME: "acme-management",
    "222222222222": "acme-nonprod",
    "333333333333": "acme-prod",
    "444444444444": "acme-ml",
    "012345678901": "acme-shared",
    GLOBEX: "globex-management",
    "066666666666": "globex-prod",
    "777777777777": "globex-dev",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """What is metered: product, usage type, operation, the unit, its public price and its spot price if it has one."""

    product: str
    name: str
    usage_type: str
    operation: str
    unit: str
    rate: str
    family: str
    instance: str
    resource: str
    spot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsMeter(Meter):
    """A meter on AWS. `mode`: od, spot, `sp:<plan>`, `ri:<reservation>`; `edp` has a discount row of its own in acme.

    `tags` are as the report names them; `categories` are cost categories; `waste` names a planted waste.
    """

    sku: str
    account: str
    mode: str
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    categories: Mapping[str, str] = field(default_factory=dict[str, str])
    edp: bool = False
    waste: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A Savings Plan: the part paid up front in percent, and how much of the commitment stays unused in ppm."""

    key: str
    offering: str
    option: str
    upfront_percent: int
    discount: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A reservation: the part paid up front in percent; `discount` is on-demand price over effective price."""

    key: str
    sku: str
    option: str
    upfront_percent: int
    discount: tuple[int, int]


PLANS = (
    Plan(key="compute", offering="ComputeSavingsPlans", option="No Upfront", upfront_percent=0, discount=(13, 9)),
    Plan(key="ec2", offering="EC2InstanceSavingsPlans", option="Partial Upfront", upfront_percent=50, discount=(3, 2)),
    Plan(key="ml", offering="ComputeSavingsPlans", option="All Upfront", upfront_percent=100, discount=(8, 5)),
)
RESERVATIONS = (
    Reservation(key="web", sku="c6i", option="No Upfront", upfront_percent=0, discount=(3, 2)),
    Reservation(key="db", sku="rds", option="Partial Upfront", upfront_percent=50, discount=(5, 3)),
    Reservation(key="cache", sku="cache", option="All Upfront", upfront_percent=100, discount=(7, 4)),
)
GLOBEX_PLANS = (Plan(key="globex", offering="ComputeSavingsPlans", option="Partial Upfront", upfront_percent=40, discount=(13, 9)),)
GLOBEX_RESERVATIONS = (Reservation(key="globex-db", sku="rds", option="Partial Upfront", upfront_percent=50, discount=(5, 3)),)


@cache
def skus() -> dict[str, Sku]:
    """Everything that is metered, by short name."""
    return {row["sku"]: Sku(**{name: value for name, value in row.items() if name != "sku"}) for row in tables.rows("aws", "skus.csv")}


@cache
def meters(payer: str) -> tuple[AwsMeter, ...]:
    """A payer's meters. Most telling first: a small bill keeps the head of the list, so every charge type stays."""
    return tuple(_meter(row) for row in tables.rows("aws", "meters.csv") if row["payer"] == payer)


def _meter(row: Mapping[str, str]) -> AwsMeter:
    return AwsMeter(
        key="/".join(row[name] for name in ("account", "team", "service", "env", "sku", "mode")),
        team=row["team"], service=row["service"], env=row["env"], monthly=int(row["monthly"]), profile=row["profile"],
        cv_ppm=int(row["cv_ppm"]), sku=row["sku"], account=row["account"], mode=row["mode"], edp=row["edp"] == "yes",
        tags=tables.tags(row, prefix="user_"), categories=tables.pairs(row["categories"]), waste=row["waste"],
        is_launch=row["launch"] == "yes",
    )  # fmt: skip
