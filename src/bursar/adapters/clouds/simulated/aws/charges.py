"""AWS lines that are no usage of a meter: support, Marketplace, tax, credits, refunds, discounts, split lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from bursar.adapters.clouds.simulated.amounts import CENT, text, to_cent, units
from bursar.adapters.clouds.simulated.aws.catalogue import AwsMeter, skus
from bursar.adapters.clouds.simulated.aws.lines import Run, single
from bursar.adapters.clouds.simulated.aws.payer import MARKETPLACE, Terms, metered, product
from bursar.adapters.clouds.simulated.aws.usage import REGION, Usage
from bursar.adapters.clouds.simulated.slots import DAY, moment

_EC2 = ("AmazonEC2", "Amazon Elastic Compute Cloud")
_CDN = ("AmazonCloudFront", "Amazon CloudFront")
_SAGEMAKER = ("AmazonSageMaker", "Amazon SageMaker")


@dataclass(frozen=True, slots=True)
class Charges:
    """The other lines of one payer's month. Needs usage and commitments to have been iterated."""

    usage: Usage

    def runs(self) -> Iterator[Run]:
        """Every other charge type of the table, then the usage line that brings the main invoice to whole cents."""
        yield from self._fees()
        yield from self._refunds_and_credits()
        yield from self._taxes()
        yield from self._discounts()
        yield from self._split_lines()

    def closing(self) -> Run:
        """A last usage line, of one to two cents: invoices are printed in whole cents."""
        desk = self.usage.desk
        _, key = desk.invoice("main", "Amazon Web Services, Inc.")
        columns = metered(skus()["s3-requests"], region=REGION, resource="acme-access-logs", term="OnDemand", rate="0.000005")
        item = desk.item("Usage", desk.payer.account, columns, terms=Terms(rate=units("0.000005")))
        return single(item, moment((self.usage.days - 1) * 24, DAY), to_cent(desk.ledger.billed(key)))

    def _month(self) -> int:
        return moment(0, self.usage.days * 24)

    def _one(self, line_type: str, columns: dict[str, str], amount: str, *, day: int = 0) -> Run:
        """A fee, credit or refund of the payer's own account: on a day, or over the month."""
        desk = self.usage.desk
        when = moment(day * 24, DAY) if day else self._month()
        item = desk.item(line_type, desk.payer.account, columns)
        return single(item, when, units(amount))

    def _fees(self) -> Iterator[Run]:
        support = product("AWSSupportBusiness", "AWS Support (Business)", description="AWS Support (Business) monthly fee")
        yield self._one("Fee", support, "1900.00" if self.usage.desk.payer.net_percent == 100 else "240.00")
        flat = product(*_CDN, description="CloudFront flat-rate plan: Pro", line_item_usage_type="Global-FlatRatePlan-Pro")
        yield self._one("FlatRateSubscription", flat, "15.00")
        unknown = product(*_SAGEMAKER, description="Prepaid allocation of capacity", line_item_usage_type="USE1-Allocation")
        yield self._one("PrepaidAllocation", unknown, "12.34", day=9)
        if self.usage.desk.payer.net_percent == 100:
            yield from self._marketplace()

    def _marketplace(self) -> Iterator[Run]:
        """A seller's product: its own invoice, issuer and legal entity."""
        desk, account = self.usage.desk, "333333333333"
        common = {"line_item_legal_entity": "Elastic N.V.", "product_product_family": "AWS Marketplace"}
        saas = product("8ad3bw5bxqxhgjyklxyqzr3cx", "Elastic Cloud", description="Elastic Cloud units", **common)
        tags = {"user_team": "search", "user_service": "query", "user_env": "prod"}
        metered_units = {**saas, "line_item_usage_type": "Global-SoftwareUsage-Units", "pricing_unit": "Units"}
        terms = Terms(issuer=MARKETPLACE, document="marketplace", tags=tags, rate=units("1"))
        usage = desk.item("Usage", account, metered_units, terms=terms)
        for day in range(self.usage.days):
            yield single(usage, moment(day * 24, DAY), units("31.50"), public=units("31.50"))
        contract = {**saas, "line_item_usage_type": "Global-SoftwareContract"}
        fee = desk.item("Fee", account, contract, terms=Terms(issuer=MARKETPLACE, document="marketplace"))
        yield single(fee, self._month(), units("450.00"))

    def _refunds_and_credits(self) -> Iterator[Run]:
        refund = product(*_EC2, description="Refund for an impaired availability zone", line_item_usage_type="USE1-BoxUsage:m5.xlarge")
        yield self._one("Refund", refund, "-61.7712345678", day=11)
        if self.usage.variant.refund:
            late = product(*_EC2, description="Refund agreed after the month was closed")
            yield self._one("Refund", late, self.usage.variant.refund, day=20)
        credit = product(*_EC2, description="AWS Activate promotional credit")
        yield self._one("Credit", credit, "-350.00")
        above = product(*_SAGEMAKER, description="Service credit, more than the service cost")
        yield self._one("Credit", above, "-40.00", day=9)

    def _taxes(self) -> Iterator[Run]:
        desk = self.usage.desk
        for account, cost in sorted(self.usage.used.account.items()):
            columns = product(*_EC2, description="Tax for product code AmazonEC2 usage", line_item_tax_type="US Sales Tax")
            columns["line_item_usage_type"] = "Tax-AmazonEC2"
            item = desk.item("Tax", account, columns)
            yield single(item, self._month(), cost * 6 // 1000 // CENT * CENT)

    def _discounts(self) -> Iterator[Run]:
        bundled = product(*_CDN, description="Bundled transfer included in the plan", line_item_usage_type="USE1-Bundle")
        if self.usage.desk.payer.net_percent == 100:
            yield self._one("BundledDiscount", bundled, "-8.4321", day=14)
            yield self._one("SppDiscount", product(*_EC2, description="Solution provider programme discount"), "-17.25", day=15)
            yield self._one("PrivateRateDiscount", product(*_EC2, description="Private rate for data transfer"), "-23.0500000001", day=16)
            yield from self._negotiated()
            return
        yield from self._negotiated_net()

    def _negotiated(self) -> Iterator[Run]:
        """Without net columns an enterprise discount is a line of its own, a day and meter each, with the meter's tags."""
        kept, _ = self.usage.meters()
        for meter in kept:
            if meter.edp:
                yield from self._of_meter(meter)

    def _of_meter(self, meter: AwsMeter) -> Iterator[Run]:
        sku = skus()[meter.sku]
        columns = product(sku.product, sku.name, description="Enterprise Program Discount", line_item_usage_type=f"USE1-{sku.usage_type}")
        item = self.usage.desk.item("EdpDiscount", meter.account, columns, terms=Terms(tags=meter.tags))
        share = -meter.monthly * self.usage.scale() * 20  # 6 % of a month, a thirtieth of it a day, in units
        for day in range(self.usage.days):
            yield single(item, moment(day * 24, DAY), share // 10 * 10)

    def _negotiated_net(self) -> Iterator[Run]:
        """With net columns the discount lines stay, at a net of nothing, and equal what the net columns took off."""
        for (account, day), amount in sorted(self.usage.used.discount.items()):
            if not amount:
                continue
            columns = product(*_EC2, description="Enterprise Program Discount", line_item_usage_type="USE1-BoxUsage")
            item = self.usage.desk.item("EdpDiscount", account, columns)
            part = amount // 20
            yield single(item, moment(day * 24, DAY), part - amount, net=0)
            bundled = self.usage.desk.item("BundledDiscount", account, {**columns, "line_item_line_item_description": "Bundled discount"})
            yield single(bundled, moment(day * 24, DAY), -part, net=0)

    def _split_lines(self) -> Iterator[Run]:
        """Split cost allocation: no charges, only how the cost of an instance divides among its pods and tasks."""
        desk, account = self.usage.desk, self.usage.desk.payer.meters[1].account
        for index, (namespace, share) in enumerate((("payments", 55), ("platform", 30), ("kube-system", 10), ("", 5))):
            cost = units("4.608") * share // 100
            columns = (
                product(*_EC2, description="Part of an instance")
                | _split_resource(account, namespace, index)
                | {
                    "split_line_item_parent_resource_id": "i-0e1f5a2b3c4d5e6f7",
                    "split_line_item_actual_usage": "2.5",
                    "split_line_item_reserved_usage": "3.0",
                    "split_line_item_split_usage": "3.0",
                    "split_line_item_split_usage_ratio": f"0.{share:02d}",
                    "split_line_item_split_cost": text(cost),
                    "split_line_item_unused_cost": text(cost // 10),
                    "split_line_item_public_on_demand_split_cost": text(cost),
                    "split_line_item_public_on_demand_unused_cost": text(cost // 10),
                }
            )
            if desk.payer.net_percent != 100:
                columns["split_line_item_net_split_cost"] = text(cost * desk.payer.net_percent // 100)
                columns["split_line_item_net_unused_cost"] = text(cost // 10 * desk.payer.net_percent // 100)
            tags = {"aws:eks:cluster-name": "prod", "aws:eks:namespace": namespace} if namespace else {}
            item = desk.item("Usage", account, columns, terms=Terms(tags=tags, is_split=True))
            for day in range(self.usage.days):
                yield single(item, moment(day * 24, DAY), 0)


def _split_resource(account: str, namespace: str, index: int) -> dict[str, str]:
    """What a split line is about: a pod of a namespace, or, without one, a task."""
    kind, what = ("EKS", f"pod/prod/{namespace}/app-{index}/7c1e") if namespace else ("ECS", "task/prod/7c1e")
    return {
        "line_item_operation": "EKSPod-EC2" if namespace else "ECSTask-EC2",
        "line_item_usage_type": f"USE1-{kind}-EC2-vCPU-Hours",
        "line_item_resource_id": f"arn:aws:{kind.lower()}:{REGION}:{account}:{what}",
    }
