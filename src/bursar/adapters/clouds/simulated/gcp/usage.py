"""Rows of Google Cloud: metered usage with its credits, commitments of both models, and what only a bill has."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bursar.adapters.clouds.simulated.absences import Kept
from bursar.adapters.clouds.simulated.amounts import UNIT, split
from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.adapters.clouds.simulated.gcp.catalogue import ESSENTIAL, GcpMeter, Sku, meters, skus
from bursar.adapters.clouds.simulated.gcp.desk import DEFAULT_MODEL, Desk, Terms
from bursar.adapters.clouds.simulated.gcp.lines import Credit, Item, Row
from bursar.adapters.clouds.simulated.naming import GCP, Naming
from bursar.adapters.clouds.simulated.shape import Shape
from bursar.adapters.clouds.simulated.slots import Places, Slots, per_meter
from bursar.adapters.clouds.simulated.variant import Variant

SUD = Credit(type="SUSTAINED_USAGE_DISCOUNT", name="Sustained Usage Discount")
PROMOTION = Credit(type="PROMOTION", name="Migration promotion", id="promo-4711")
OLD_CUD = Credit(type="COMMITTED_USAGE_DISCOUNT", name="Committed Usage Discount: CPU", id="d0a1c2e3-0001")
SPEND_CUD = Credit(
    type="COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE", name="Committed Usage Discount - dollar based: Cloud SQL", id="d0a1c2e3-0003"
)
OFFSET = Credit(type="FEE_UTILIZATION_OFFSET", name="Fee utilization offset", id="d0a1c2e3-0002")
CUD_MODEL = {"id": "D97B-0795-975B", "description": "Compute Flexible CUDs (1 Year)"}
CREDITS = {"sud": (SUD,), "promo": (PROMOTION,), "cud-old": (OLD_CUD,), "cud-dollar": (SPEND_CUD,)}


@dataclass(slots=True)
class Usage:
    """The metered rows of an invoice month. After iteration `covered` holds what new-model commitments covered, by day."""

    desk: Desk
    shape: Shape
    rows: int
    variant: Variant = field(default_factory=Variant)
    covered: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    total: int = 0

    @property
    def days(self) -> int:
        """How many days of the month are in."""
        return self.variant.days_of(self.desk.month)

    def meters(self) -> tuple[tuple[GcpMeter, ...], int]:
        """The meters kept for so many rows, and the rows a day each gets."""
        kept, each = per_meter(self.rows // 30, len(meters()), essential=ESSENTIAL)
        return meters()[:kept], each

    def scale(self) -> int:
        """By how much the kept meters stand in for all, in ppm of the account's currency for a dollar."""
        kept, _ = self.meters()
        return self.desk.account.money(PPM) * sum(meter.monthly for meter in meters()) // sum(meter.monthly for meter in kept)

    def all_rows(self) -> Iterator[Row]:
        """Every metered row of the month."""
        kept, each = self.meters()
        for meter in kept:
            places = self._places(meter, each)
            for day in range(self.days):
                yield from self._day(meter, day, places=places)

    def _places(self, meter: GcpMeter, rows: int) -> Places[Item]:
        draws = Draws(self.desk.seed, "gcp", meter.key, "slots")
        is_autoscaled = skus()[meter.sku].is_autoscaled
        slots = Slots.wasted(rows, draws=draws) if meter.waste else Slots.of(rows, draws=draws, is_autoscaled=is_autoscaled)
        return Places(slots, lambda number: self._item(meter, number))

    def _day(self, meter: GcpMeter, day: int, *, places: Places[Item]) -> Iterator[Row]:
        slots = places.slots
        date = self.desk.month.start + timedelta(days=day)
        amount = self.shape.daily("gcp", meter, date, scale_ppm=self.scale())
        event = self.shape.event("gcp", meter, date)
        is_expired = event is not None and event.kind == "credit_expiry"
        midnight = self.midnight(day)
        hours = 1 if slots.is_hourly else 24
        for index, part in enumerate(split(amount, slots.weights)):
            item = places.at(index, date)
            if kept := self.shape.absences.kept(item.resource, date):
                yield self._snapshot(meter, kept, midnight)
            if self.shape.absences.name(item.resource, date) is None:
                continue
            if is_expired:
                item = replace(item, credits=())
            for hour, net in enumerate(split(part, slots.row_weights(is_flat=meter.profile == "flat"))):
                starts = midnight + timedelta(hours=hour)
                row = self._row(meter, item, starts=starts, hours=hours, net=net)
                if meter.mode == "cud-new":
                    self.covered[day] += row.cost
                self.total += row.cost + sum(row.credits)
                if event:
                    self.shape.seen[event].charge(date, row.cost + sum(row.credits), item.key, resource=item.resource)
                yield row

    def _snapshot(self, meter: GcpMeter, kept: Kept, midnight: datetime) -> Row:
        """A day of a snapshot that an applied plan left behind."""
        item = self.desk.item(skus()["snapshot"], project=meter.project, terms=Terms(resource=kept.id))
        row = self._row(meter, item, starts=midnight, hours=24, net=kept.daily(item.rate))
        self.total += row.cost
        return row

    def midnight(self, day: int) -> datetime:
        """When a day begins: Google bills by Pacific days."""
        offset = 8 if self.desk.month.month in {11, 12, 1, 2} else 7
        start = datetime.combine(self.desk.month.start, datetime.min.time(), UTC)
        return start + timedelta(days=day, hours=offset)

    def _row(self, meter: GcpMeter, item: Item, *, starts: datetime, hours: int, net: int) -> Row:
        cost, credited, at_list, at_default = _amounts(meter.mode, net, is_credited=bool(item.credits))
        ends = starts + timedelta(hours=hours)
        return Row(item, starts, ends, ends + timedelta(hours=4, minutes=12, seconds=7), cost, credited, at_list, at_default)

    def _item(self, meter: GcpMeter, index: int) -> Item:
        sku = skus()[meter.sku]
        name = f"{meter.service}-{sku.resource.rstrip('s')}-{Draws(self.desk.seed, 'gcp', meter.key, 'resource').text(8, index)}"
        terms = Terms(
            labels=_labels(meter, sku, index), inherited=meter.inherited, resource=name if sku.resource else "",
            publisher="PARTNER" if meter.mode == "partner" else "GOOGLE", credits=CREDITS.get(meter.mode, ()),
            model=CUD_MODEL if meter.mode == "cud-new" else DEFAULT_MODEL, has_prices=meter.has_prices, waste=meter.waste,
        )  # fmt: skip
        return self.desk.item(sku, project=meter.project, terms=terms)

    def commitment_fee(self, mode: str) -> int:
        """What a commitment costs a day: always a little more than its usage can reach."""
        kept, _ = self.meters()
        base = sum(meter.monthly for meter in kept if meter.mode == mode) * UNIT // 30
        return base * self.scale() // PPM * 1_050_000 // PPM


def _amounts(mode: str, net: int, *, is_credited: bool) -> tuple[int, tuple[int, ...], int, int]:
    """Cost, credits, cost at list and at the default price of a row whose net cost is given.

    Without its credit a promoted row costs what it is given: the net is larger then, the usage is not.
    Under an older commitment the meter's amount is the commitment's: the usage is charged on demand and credited whole.
    """
    if mode == "sud":
        cost = net * 5 // 4
        return cost, (net - cost,), cost, cost
    if mode == "promo":
        cost = net * 4 // 3 if is_credited else net
        return cost, (net - cost,) if is_credited else (), cost * 21 // 20, cost
    if mode in {"cud-old", "cud-dollar"}:
        cost = net * 10 // 7
        return cost, (-cost,), cost, cost
    if mode == "cud-new":
        return net, (), net * 10 // 7, net * 10 // 7
    return net, (), net, net


def _labels(meter: GcpMeter, sku: Sku, index: int) -> dict[str, str]:
    kind = "instance" if sku.is_autoscaled else "disk" if sku.resource == "disks" else ""
    labels = Naming(spelling=GCP, meter=meter, tags=meter.labels, kind=kind).of(index)
    if meter.mode == "gke":
        labels |= {
            "goog-k8s-cluster-name": "prod-1",
            "goog-k8s-cluster-location": "us-central1-a",
            "k8s-namespace": meter.service,
            "k8s-workload-name": f"{meter.service}-{index % 12}",
            "k8s-workload-type": "apps/v1-Deployment",
        }
    return labels
