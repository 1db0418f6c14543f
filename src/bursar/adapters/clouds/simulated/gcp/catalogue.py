"""What runs on Google Cloud: projects and meters. Amounts are monthly effective cost in USD, credits included."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bursar.adapters.clouds.simulated.shape import Meter

BILLING_ACCOUNT = "01AAAA-BBBBBB-CCCCCC"
TABLE = "gcp_billing_export_resource_v1_01AAAA_BBBBBB_CCCCCC"

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


_GCE = ("Compute Engine", "6F81-5844-456A")
_GIB_MONTH = ("gibibyte month", "byte-seconds", 2**30 * 2_592_000)


def _sku(service: tuple[str, str], sku: str, ident: str, rate: str, unit: tuple[str, str, int], resource: str) -> Sku:
    pricing_unit, base, per = unit
    return Sku(service=service[0], service_id=service[1], sku=sku, sku_id=ident, rate=rate, pricing_unit=pricing_unit, unit=base, per=per, resource=resource)  # fmt: skip


SKUS: dict[str, Sku] = {
    "n2": _sku(_GCE, "N2 Instance Core running in Americas", "D2C2-7D7E-5E2C", "0.031611", ("hour", "seconds", 3600), "instances"),
    "n2-ram": _sku(_GCE, "N2 Instance Ram running in Americas", "6CFC-CAB0-B39D", "0.004237", ("gibibyte hour", "byte-seconds", 2**30 * 3600), "instances"),
    "n1": _sku(_GCE, "N1 Predefined Instance Core running in Americas", "2E27-4F75-95CD", "0.031611", ("hour", "seconds", 3600), "instances"),
    "e2": _sku(_GCE, "E2 Instance Core running in Americas", "CF4E-A0C7-E3BF", "0.02181159", ("hour", "seconds", 3600), "instances"),
    "c3": _sku(_GCE, "C3 Instance Core running in Americas", "F5A5-9A0B-7C1D", "0.03398", ("hour", "seconds", 3600), "instances"),
    "pd": _sku(_GCE, "SSD backed PD Capacity", "B188-61DD-52E4", "0.17", _GIB_MONTH, "disks"),
    "ip": _sku(_GCE, "Static Ip Charge", "92CF-0F4D-7C3F", "0.01", ("hour", "seconds", 3600), "addresses"),
    "egress": _sku(_GCE, "Network Internet Egress from Americas to Americas", "9DE9-9092-B3BC", "0.12", ("gibibyte", "bytes", 2**30), "instances"),
    "bigquery": _sku(("BigQuery", "24E6-581D-38E5"), "Analysis (us-central1)", "1145-49C5-8DE0", "6.25", ("tebibyte", "bytes", 2**40), "jobs"),
    "gcs": _sku(("Cloud Storage", "95FF-2EF5-5EA1"), "Standard Storage US Regional", "E5F0-6A5D-7BAD", "0.02", _GIB_MONTH, "buckets"),
    "sql": _sku(("Cloud SQL", "9662-B51E-5089"), "Cloud SQL for PostgreSQL: Zonal - vCPU in Americas", "2B1B-9A0C-4E8B", "0.0413", ("hour", "seconds", 3600), "instances"),
    "run": _sku(("Cloud Run", "152E-C115-5142"), "CPU Allocation Time", "F1B2-77C4-0A3D", "0.000024", ("second", "seconds", 1), "services"),
    "vertex": _sku(("Vertex AI", "C7E2-9256-1C43"), "Vertex AI Online/Batch Prediction N1 Predefined Core", "9A2C-0D1E-6F0B", "0.04372", ("hour", "seconds", 3600), "endpoints"),
    "gke": _sku(("Kubernetes Engine", "CCD8-9BF1-090E"), "Zonal Kubernetes Clusters", "6B92-A835-08AB", "0.10", ("hour", "seconds", 3600), "clusters"),
    "atlas": _sku(("MongoDB Atlas (private offer)", "E2F0-77A1-3B9C"), "Atlas credits", "4D1A-0B7E-99C2", "1", ("count", "count", 1), ""),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpMeter(Meter):
    """A meter on Google Cloud. `mode`: plain, sud, promo, cud-old, cud-new, partner, gke. `labels` replaces the usual.

    `inherited` are resource tags that come from above; `has_prices` tells whether the cost_at_ columns are filled.
    """

    sku: str
    project: str
    mode: str = "plain"
    labels: Mapping[str, str] | None = None
    inherited: Mapping[str, str] = field(default_factory=dict[str, str])
    has_prices: bool = True
    waste: str = ""


def _meter(sku: str, team: str, service: str, env: str, project: str, monthly: int, **more: object) -> GcpMeter:
    key = f"{project}/{team}/{service}/{env}/{sku}/{more.get('mode', 'plain')}"
    return GcpMeter(key=key, sku=sku, team=team, service=service, env=env, project=project, monthly=monthly, **more)  # type: ignore[arg-type]


METERS = (
    _meter("n2", "search", "query", "prod", "acme-search-prod", 7_200, mode="sud", profile="shop"),
    _meter("bigquery", "data", "warehouse", "prod", "acme-data-prod", 6_400, mode="promo", profile="office", labels={"service": "warehouse", "env": "prod"}, inherited={"team": "data"}),
    _meter("n1", "search", "indexer", "prod", "acme-search-prod", 3_000, mode="cud-old", profile="flat", cv_ppm=4_000, labels={"app": "indexer"}),
    _meter("c3", "ml", "inference", "prod", "acme-ml-prod", 4_200, mode="cud-new", profile="flat", cv_ppm=6_000),
    _meter("e2", "payments", "ledger", "prod", "acme-web-prod", 2_300, mode="gke"),
    _meter("atlas", "web", "storefront", "prod", "acme-web-prod", 1_200, mode="partner", profile="flat", cv_ppm=0),
    _meter("pd", "", "orphaned", "prod", "acme-sandbox", 190, profile="flat", cv_ppm=0, labels={}, waste="unattached_disk"),
    _meter("ip", "", "orphaned", "prod", "acme-sandbox", 36, profile="flat", cv_ppm=0, labels={}, waste="idle_address"),
    _meter("n2", "", "sandbox", "dev", "acme-sandbox", 2_100, labels={"taem": "ml", "purpose": "trials"}),
    _meter("run", "web", "storefront", "prod", "acme-web-prod", 2_100, profile="shop", has_prices=False),
    _meter("n2-ram", "search", "query", "prod", "acme-search-prod", 2_300, mode="sud", profile="shop"),
    _meter("vertex", "ml", "inference", "prod", "acme-ml-prod", 2_400, profile="shop"),
    _meter("sql", "payments", "ledger", "prod", "acme-web-prod", 1_500, profile="flat", cv_ppm=5_000, labels={"Team": "Payments", "Application": "ledger", "Stage": "live"}),
    _meter("gcs", "data", "lake", "prod", "acme-data-prod", 1_900, profile="flat", cv_ppm=3_000, labels={}, inherited={"team": "data", "service": "lake", "env": "prod"}),
    _meter("gke", "platform", "cluster", "prod", "acme-web-prod", 220, profile="flat", cv_ppm=0),
    _meter("egress", "web", "cdn", "prod", "acme-web-prod", 900, profile="shop"),
    _meter("gcs", "", "exports", "prod", "acme-sandbox", 900, profile="flat", cv_ppm=3_000, labels={"goog-owner": "nobody"}),
    _meter("pd", "search", "query", "prod", "acme-search-prod", 700, profile="flat", cv_ppm=3_000),
)  # fmt: skip
ESSENTIAL = 10
