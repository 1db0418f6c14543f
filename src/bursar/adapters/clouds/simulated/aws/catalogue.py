"""What runs on AWS: accounts, meters, commitments. Amounts are monthly effective cost in USD."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    instance: str = ""
    resource: str = ""
    spot: str = ""


def _ec2(instance: str, rate: str, *, spot: str = "") -> Sku:
    usage = "SpotUsage" if spot else "BoxUsage"
    operation = "RunInstances:SV001" if spot else "RunInstances"
    return Sku(
        product="AmazonEC2", name="Amazon Elastic Compute Cloud", usage_type=f"{usage}:{instance}", operation=operation,
        unit="Hrs", rate=rate, family="Compute Instance", instance=instance, resource="i-", spot=spot,
    )  # fmt: skip


SKUS: dict[str, Sku] = {
    "p4d": _ec2("p4d.24xlarge", "32.7726"),
    "g5": _ec2("g5.2xlarge", "1.212"),
    "m5": _ec2("m5.xlarge", "0.192"),
    "c6i": _ec2("c6i.2xlarge", "0.34"),
    "r6g": _ec2("r6g.large", "0.1008"),
    "t3": _ec2("t3.medium", "0.0416"),
    "spot-m5": _ec2("m5.xlarge", "0.192", spot="0.0672"),
    "spot-r5": _ec2("r5.2xlarge", "0.504", spot="0.1814"),
    "gp3": Sku(product="AmazonEC2", name="Amazon Elastic Compute Cloud", usage_type="EBS:VolumeUsage.gp3", operation="CreateVolume-Gp3", unit="GB-Mo", rate="0.08", family="Storage", resource="vol-"),
    "eip": Sku(product="AmazonVPC", name="Amazon Virtual Private Cloud", usage_type="PublicIPv4:IdleAddress", operation="AllocateAddressVPC", unit="Hrs", rate="0.005", family="VpcPublicIPv4Address", resource="eipalloc-"),
    "nat": Sku(product="AmazonEC2", name="Amazon Elastic Compute Cloud", usage_type="NatGateway-Bytes", operation="NatGateway", unit="GB", rate="0.045", family="NAT Gateway", resource="nat-"),
    "transfer": Sku(product="AWSDataTransfer", name="AWS Data Transfer", usage_type="DataTransfer-Out-Bytes", operation="InterZone-Out", unit="GB", rate="0.09", family="Data Transfer", resource="i-"),
    "rds": Sku(product="AmazonRDS", name="Amazon Relational Database Service", usage_type="InstanceUsage:db.r6g.xlarge", operation="CreateDBInstance:0014", unit="Hrs", rate="0.45", family="Database Instance", instance="db.r6g.xlarge", resource="db:"),
    "cache": Sku(product="AmazonElastiCache", name="Amazon ElastiCache", usage_type="NodeUsage:cache.r6g.large", operation="CreateCacheCluster:0002", unit="Hrs", rate="0.206", family="Cache Instance", instance="cache.r6g.large", resource="cluster:"),
    "search": Sku(product="AmazonES", name="Amazon OpenSearch Service", usage_type="ESInstance:r6g.large", operation="ESDomain", unit="Hrs", rate="0.167", family="Amazon OpenSearch Service Instance", instance="r6g.large.search", resource="domain/"),
    "redshift": Sku(product="AmazonRedshift", name="Amazon Redshift", usage_type="Node:ra3.xlplus", operation="RunComputeNode:0001", unit="Hrs", rate="1.086", family="Compute Instance", instance="ra3.xlplus", resource="cluster:"),
    "glue": Sku(product="AWSGlue", name="AWS Glue", usage_type="ETL-DPU-Hour", operation="Jobrun", unit="DPU-Hour", rate="0.44", family="AWS Glue", resource="job/"),
    "lambda": Sku(product="AWSLambda", name="AWS Lambda", usage_type="Lambda-GB-Second-ARM", operation="Invoke", unit="Lambda-GB-Second", rate="0.0000133334", family="Serverless", resource="function:"),
    "s3": Sku(product="AmazonS3", name="Amazon Simple Storage Service", usage_type="TimedStorage-ByteHrs", operation="StandardStorage", unit="GB-Mo", rate="0.023", family="Storage", resource="bucket-"),
    "s3-requests": Sku(product="AmazonS3", name="Amazon Simple Storage Service", usage_type="Requests-Tier1", operation="PutObject", unit="Requests", rate="0.000005", family="API Request", resource="bucket-"),
    "logs": Sku(product="AmazonCloudWatch", name="AmazonCloudWatch", usage_type="DataProcessing-Bytes", operation="PutLogEvents", unit="GB", rate="0.5", family="Data Payload", resource="log-group:"),
    "cdn": Sku(product="AmazonCloudFront", name="Amazon CloudFront", usage_type="US-DataTransfer-Out-Bytes", operation="GET", unit="GB", rate="0.085", family="Data Transfer", resource="distribution/"),
    "alb": Sku(product="AWSELB", name="Elastic Load Balancing", usage_type="LCUUsage", operation="LoadBalancing:Application", unit="LCU-Hrs", rate="0.008", family="Load Balancer-Application", resource="loadbalancer/app/"),
    "eks": Sku(product="AmazonEKS", name="Amazon Elastic Kubernetes Service", usage_type="AmazonEKS-Hours:perCluster", operation="CreateOperation", unit="Hours", rate="0.1", family="Compute", resource="cluster/"),
    "dynamo": Sku(product="AmazonDynamoDB", name="Amazon DynamoDB", usage_type="WriteRequestUnits", operation="PayPerRequestThroughput", unit="WriteRequestUnits", rate="0.00000125", family="Amazon DynamoDB PayPerRequest Throughput", resource="table/"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsMeter(Meter):
    """A meter on AWS. `mode`: od, spot, `sp:<plan>`, `ri:<reservation>`; `edp` has a discount row of its own in acme.

    `tags` replaces the usual team/service/env tags; `categories` are cost categories; `waste` names a planted waste.
    """

    sku: str
    account: str
    mode: str = "od"
    tags: Mapping[str, str] | None = None
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
GLOBEX_PLANS = (
    Plan(key="globex", offering="ComputeSavingsPlans", option="Partial Upfront", upfront_percent=40, discount=(13, 9)),
)
GLOBEX_RESERVATIONS = (
    Reservation(key="globex-db", sku="rds", option="Partial Upfront", upfront_percent=50, discount=(5, 3)),
)


def _meter(sku: str, team: str, service: str, env: str, account: str, monthly: int, **more: object) -> AwsMeter:
    key = f"{account}/{team}/{service}/{env}/{sku}/{more.get('mode', 'od')}"
    return AwsMeter(key=key, sku=sku, team=team, service=service, env=env, account=account, monthly=monthly, **more)  # type: ignore[arg-type]


_PROD, _DEV, _ML, _SHARED = "333333333333", "222222222222", "444444444444", "012345678901"

ACME_METERS = (
    _meter("p4d", "ml", "training", "prod", _ML, 67_000, profile="flat", cv_ppm=11_000),
    _meter("m5", "payments", "checkout-api", "prod", _PROD, 3_600, mode="sp:compute", profile="shop"),
    _meter("c6i", "web", "storefront", "prod", _PROD, 1_900, mode="ri:web", profile="flat", cv_ppm=4_000),
    _meter("rds", "payments", "checkout-api", "prod", _PROD, 2_400, mode="ri:db", profile="flat", cv_ppm=4_000),
    _meter("cache", "web", "storefront", "prod", _PROD, 900, mode="ri:cache", profile="flat", cv_ppm=4_000),
    _meter("r6g", "payments", "fraud-score", "prod", _PROD, 1_800, mode="sp:ec2"),
    _meter("g5", "ml", "inference", "prod", _ML, 2_600, mode="sp:ml", profile="shop"),
    _meter("spot-r5", "data", "pipelines", "prod", _PROD, 1_400, mode="spot", profile="batch"),
    _meter("cdn", "web", "cdn", "prod", _PROD, 1_700, profile="shop", edp=True),
    _meter("logs", "platform", "observability", "prod", _SHARED, 3_200, profile="batch"),
    _meter("gp3", "platform", "orphaned", "prod", _SHARED, 420, profile="flat", cv_ppm=0, waste="unattached_disk", tags={}),
    _meter("eip", "platform", "orphaned", "prod", _SHARED, 60, profile="flat", cv_ppm=0, waste="idle_address", tags={}),
    _meter("redshift", "data", "warehouse", "prod", _PROD, 3_200, profile="batch", edp=True),
    _meter("t3", "", "sandbox", "dev", _DEV, 3_900, tags={"user_name": "sandbox"}),
    # a misspelt value is a team of its own, a misspelt key none at all
    _meter("lambda", "paymets", "fraud-score", "prod", _PROD, 1_300, tags={"user_team": "paymets", "user_service": "fraud-score", "user_env": "prod"}),
    _meter("dynamo", "payments", "checkout-api", "staging", _DEV, 1_900, tags={"user_taem": "payments", "user_service": "checkout-api", "user_env": "stg"}),
    _meter("search", "search", "query", "prod", _PROD, 1_600, tags={"user_squad": " Search ", "user_application": "query", "user_environment": "production"}),
    _meter("glue", "data", "pipelines", "prod", _PROD, 1_100, profile="batch", tags={"user_cost_center": "data", "user_component": "pipelines", "user_stage": "live"}),
    _meter("s3", "data", "warehouse", "prod", _PROD, 2_100, profile="flat", cv_ppm=5_000, tags={"user_service": "warehouse", "user_env": "prd"}, categories={"Team": "Data"}),
    _meter("nat", "platform", "ingress", "prod", _SHARED, 700),
    _meter("transfer", "platform", "ingress", "prod", _SHARED, 500),
    _meter("eks", "platform", "cluster", "prod", _SHARED, 300, profile="flat", cv_ppm=0),
    _meter("spot-m5", "platform", "ci", "dev", _DEV, 900, mode="spot"),
    _meter("alb", "payments", "checkout-api", "prod", _PROD, 350, profile="shop"),
    _meter("m5", "payments", "checkout-api", "staging", _DEV, 500, mode="sp:compute"),
    _meter("m5", "payments", "checkout-api", "dev", _DEV, 350),
    _meter("c6i", "search", "indexer", "prod", _PROD, 900, profile="batch"),
    _meter("c6i", "payments", "fraud-score", "prod", _PROD, 900),
    _meter("lambda", "payments", "fraud-score", "prod", _PROD, 400, profile="shop"),
    _meter("g5", "ml", "inference", "staging", _DEV, 300),
    _meter("s3", "ml", "training", "dev", _ML, 450, profile="flat", cv_ppm=3_000),
    _meter("s3", "", "legacy-backups", "prod", _SHARED, 2_300, profile="flat", cv_ppm=3_000, tags={}),
    _meter("gp3", "data", "warehouse", "prod", _PROD, 800, profile="flat", cv_ppm=3_000),
    _meter("gp3", "payments", "checkout-api", "prod", _PROD, 500, profile="flat", cv_ppm=3_000),
    _meter("gp3", "search", "query", "prod", _PROD, 400, profile="flat", cv_ppm=3_000),
    _meter("t3", "web", "storefront", "dev", _DEV, 260),
    _meter("t3", "data", "pipelines", "dev", _DEV, 240),
    _meter("rds", "web", "storefront", "prod", _PROD, 800, profile="flat", cv_ppm=6_000),
    _meter("dynamo", "web", "storefront", "prod", _PROD, 600, profile="shop"),
    _meter("s3-requests", "web", "cdn", "prod", _PROD, 150, profile="shop"),
)
"""Most telling first: a small bill keeps the head of the list, so every charge type stays."""

GLOBEX_METERS = (
    _meter("m5", "payments", "ledger-api", "prod", "066666666666", 5_200, mode="sp:globex", profile="office", tags={"user:Team": "Payments", "user:Service": "ledger-api", "user:Environment": "Production"}),
    _meter("rds", "payments", "ledger-api", "prod", "066666666666", 2_600, mode="ri:globex-db", profile="flat", cv_ppm=4_000, tags={"user:Team": "Payments", "user:Service": "ledger-api", "user:Environment": "Production"}),
    _meter("c6i", "search", "catalogue", "prod", "066666666666", 4_100, tags={"user:Team": "search", "user:team": "web", "user:Service": "catalogue", "user:Environment": "prod"}),
    _meter("s3", "data", "archive", "prod", "066666666666", 2_300, profile="flat", cv_ppm=4_000, tags={"user:Service": "archive", "user:Environment": "prod"}, categories={"Team": "data"}),
    _meter("spot-m5", "platform", "ci", "dev", "777777777777", 1_500, mode="spot", tags={"user:Owner": "platform", "user:Service": "ci", "user:Environment": "development"}),
    _meter("transfer", "web", "shop", "prod", "066666666666", 1_700, profile="shop", tags={"user:Team": "web", "user:Service": "shop", "user:Environment": "prod"}),
    _meter("t3", "", "unknown", "dev", "777777777777", 1_600, tags={"aws:createdBy": "Root:555555555555"}),
    _meter("gp3", "platform", "orphaned", "dev", "777777777777", 310, profile="flat", cv_ppm=0, waste="unattached_disk", tags={}),
    _meter("lambda", "web", "shop", "prod", "066666666666", 900, profile="shop", tags={"user:Team": "web", "user:Service": "shop", "user:Environment": "prod"}),
    _meter("logs", "platform", "logging", "dev", "777777777777", 700, profile="batch", tags={"user:Team": "platform", "user:Service": "logging", "user:Environment": "dev"}),
)
