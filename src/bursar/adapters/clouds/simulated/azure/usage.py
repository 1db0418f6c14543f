"""Rows of Azure: metered usage, commitments bought and unused, and what only a bill has."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from math import gcd

from bursar.adapters.clouds.simulated.absences import Kept
from bursar.adapters.clouds.simulated.amounts import CENT, UNIT, rounding, split
from bursar.adapters.clouds.simulated.azure.catalogue import AzureMeter, Sku, meters, skus
from bursar.adapters.clouds.simulated.azure.desk import Charge, Desk, Resource
from bursar.adapters.clouds.simulated.azure.lines import Item, Row
from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.adapters.clouds.simulated.naming import AZURE, Naming
from bursar.adapters.clouds.simulated.shape import WEEKS, Shape
from bursar.adapters.clouds.simulated.slots import WASTED, Slots, per_meter
from bursar.adapters.clouds.simulated.variant import Variant

MODELS = {"od": "OnDemand", "spot": "Spot", "ri": "Reservation", "sp": "SavingsPlan"}
DISCOUNT_PERCENT = {"ri": 61, "sp": 72}
WHOLE = 10**6
"""One unit of measure, in the quantity's 10^-6."""

MARKETPLACE = Sku(
    category="SaaS", subcategory="Confluent", meter="Confluent Cloud units", family="SaaS", consumed="Microsoft.SaaS",
    unit="1/Month", price=10_000, payg=10_000, path="Microsoft.SaaS/resources", name="saas",
)  # fmt: skip
ROUNDING = Sku(
    category="Rounding adjustment", subcategory="", meter="Rounding", family="", consumed="",
    unit="1", price=0, payg=0, path="", name="",
)  # fmt: skip


@dataclass(slots=True)
class Usage:
    """One scope's month. Iterate `all_rows` once: what is unused and what rounds depends on the rows before."""

    desk: Desk
    shape: Shape
    rows: int
    variant: Variant = field(default_factory=Variant)
    used: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    @property
    def days(self) -> int:
        """How many days of the month are in."""
        return self.variant.days_of(self.desk.month)

    def kept(self) -> tuple[tuple[AzureMeter, ...], int]:
        """The meters kept for so many rows, and the rows a day each gets."""
        steady = self._steady()
        kept, each = per_meter(self.rows // 30, len(steady), essential=self.desk.scope.essential)
        return steady[:kept], each

    def _steady(self) -> tuple[AzureMeter, ...]:
        return tuple(meter for meter in meters(self.desk.scope.name) if not meter.is_launch)

    def scale(self) -> int:
        """By how much the kept meters stand in for all, in ppm."""
        kept, _ = self.kept()
        return PPM * sum(meter.monthly for meter in self._steady()) // sum(meter.monthly for meter in kept)

    def all_rows(self) -> Iterator[Row]:
        """Every row of the month; the last brings the invoice to whole cents."""
        yield from self._metered()
        yield from self._commitments()
        yield from self._marketplace()
        yield from self._refunds()
        if self.variant.is_final:
            yield self._closing()

    def _metered(self) -> Iterator[Row]:
        kept, each = self.kept()
        launches = (meter for meter in meters(self.desk.scope.name) if meter.is_launch)
        for meter in (*kept, *launches):
            slots = Slots.daily(min(each, WASTED) if meter.waste else each, draws=Draws(self.desk.seed, "azure", meter.key, "slots"))
            items = [self._item(meter, index) for index in range(len(slots.weights))]
            for day in range(self.days):
                yield from self._day(meter, day, slots=slots, items=items)

    def _day(self, meter: AzureMeter, day: int, *, slots: Slots, items: list[Item]) -> Iterator[Row]:
        date = self.desk.month.start + timedelta(days=day)
        amount = self.shape.daily("azure", meter, date, scale_ppm=PPM if meter.is_launch else self.scale())
        event = self.shape.event("azure", meter, date)
        for item, part in zip(items, split(amount, slots.weights) if amount else (), strict=bool(amount)):
            ident = item.columns["resourceid"].lower()
            if kept := self.shape.absences.kept(ident, date):
                yield self._snapshot(meter, kept, day)
            if self.shape.absences.name(ident, date) is None:
                continue
            row = self._priced(item, day, part)
            self.used[meter.mode, day] += row.cost
            if event:
                self.shape.seen[event].charge(date, row.cost, item.key, resource=item.columns["resourceid"].lower())
            yield row

    def _snapshot(self, meter: AzureMeter, kept: Kept, day: int) -> Row:
        """A day of a snapshot that an applied plan left behind."""
        sku = skus()["snapshot"]
        resource = Resource(subscription=meter.subscription, name=kept.id)
        item = self.desk.item(sku, resource, Charge(), prices=(sku.price, sku.price, sku.payg))
        return self._priced(item, day, kept.daily(UNIT * sku.price // 10_000 * self.desk.scope.rate_milli // 1000))

    def _priced(self, item: Item, day: int, target: int) -> Row:
        """A row of about the target amount: the quantity is rounded first, the cost follows from it exactly."""
        step = 1000 if item.rate_milli != 1000 else 1
        quantity = target * 1000 // item.rate_milli // item.price // step * step
        return Row(item, self.desk.month.start + timedelta(days=day), quantity, item.amount(item.price, quantity))

    def _item(self, meter: AzureMeter, index: int) -> Item:
        sku = skus()[meter.sku]
        price = sku.price * DISCOUNT_PERCENT.get(meter.mode, 100) // 100
        # Some commitment rows come without a public price, as the real ones do
        payg = 0 if meter.mode == "sp" and not self.desk.is_agreement else sku.payg
        name = f"{sku.name}-{meter.service}-{Draws(self.desk.seed, 'azure', meter.key).text(5, index)}"
        kind = {"disk": "disk", "vmss": "instance"}.get(sku.name, "")
        tags = Naming(spelling=AZURE, meter=meter, tags=meter.tags, kind=kind).of(index)
        resource = Resource(subscription=meter.subscription, name=name, tags=tags, waste=meter.waste)
        charge = Charge(model=MODELS[meter.mode])
        return self.desk.item(sku, resource, charge, prices=(price, sku.price, payg), discount=self._discount(meter.mode))

    def _discount(self, mode: str) -> str:
        return f"{self.desk.scope.name.upper()}-{mode.upper()}-2026" if mode in DISCOUNT_PERCENT else ""

    def daily_commitment(self, mode: str) -> int:
        """What a commitment costs a day, in 10^-4 of the pricing currency: a little more than its usage can reach."""
        kept, _ = self.kept()
        base = sum(meter.monthly * max(WEEKS[meter.profile]) // PPM for meter in kept if meter.mode == mode)
        euros = base * UNIT // 30 * self.scale() // PPM * 108 // 100
        return euros * 1000 // self.desk.scope.rate_milli // WHOLE + 1

    def _commitments(self) -> Iterator[Row]:
        """A reservation paid by the month, a savings plan by the day; each day's rest is unused."""
        for mode, unused_type in (("ri", "UnusedReservation"), ("sp", "UnusedSavingsPlan")):
            daily = self.daily_commitment(mode)
            yield from self._purchases(mode, daily)
            for day in range(self.days):
                rest = self.desk.scope.rate_milli * daily * WHOLE // 1000 - self.used[mode, day]
                item = self._commitment_item(mode, Charge(type=unused_type, model=MODELS[mode]), price=0)
                yield Row(item, self.desk.month.start + timedelta(days=day), WHOLE, rest)

    def _purchases(self, mode: str, daily: int) -> Iterator[Row]:
        charge = Charge(type="Purchase", model=MODELS[mode], frequency="Recurring")
        days, price = (1, daily * self.days) if mode == "ri" else (self.days, daily)
        item = self._commitment_item(mode, charge, price=price)
        for day in range(days):
            yield self._once(item, day)

    def _commitment_item(self, mode: str, charge: Charge, *, price: int) -> Item:
        meter = next(meter for meter in meters(self.desk.scope.name) if meter.mode == mode)
        sku, resource = skus()[meter.sku], Resource(subscription=meter.subscription)
        return self.desk.item(sku, resource, charge, prices=(price, price, price), discount=self._discount(mode))

    def _once(self, item: Item, day: int, *, quantity: int = WHOLE) -> Row:
        return Row(item, self.desk.month.start + timedelta(days=day), quantity, item.amount(item.price, quantity))

    def _marketplace(self) -> Iterator[Row]:
        """A publisher's product, apart from Microsoft's own on an enrolment: it has an invoice of its own there."""
        subscription = meters(self.desk.scope.name)[0].subscription
        tags = {"team": "platform", "service": "streaming", "env": "prod"}
        resource = Resource(subscription=subscription, name="confluent-prod", tags=tags)
        bought = Charge(type="Purchase", frequency="Recurring", is_marketplace=True)
        yield self._once(self.desk.item(MARKETPLACE, resource, bought, prices=(2_400_000,) * 3), 0)
        used = self.desk.item(MARKETPLACE, resource, Charge(is_marketplace=True), prices=(10_000,) * 3)
        for day in range(self.days):
            yield self._once(used, day, quantity=7 * WHOLE)

    def _refunds(self) -> Iterator[Row]:
        returned = self._commitment_item("ri", Charge(type="Refund", model="Reservation", frequency="OneTime"), price=1_204_000)
        yield self._once(returned, 12, quantity=-WHOLE)
        sku = skus()["blob"]
        resource = Resource(subscription=meters(self.desk.scope.name)[0].subscription)
        ordinary = self.desk.item(sku, resource, Charge(type="Refund", frequency="OneTime"), prices=(183_500,) * 3)
        yield self._once(ordinary, 14, quantity=-WHOLE)

    def _closing(self) -> Row:
        """An enrolment has a rounding row; an agreement ends on a usage line that suits the exchange rate."""
        billed = self.desk.ledger.billed(self.desk.invoice(is_marketplace=False))
        resource = Resource(subscription=meters(self.desk.scope.name)[0].subscription)
        last = self.desk.month.end - timedelta(days=1)
        if not self.desk.is_agreement:
            item = self.desk.item(ROUNDING, resource, Charge(type="RoundingAdjustment", frequency="OneTime"), prices=(0, 0, 0))
            rest = rounding(billed)
            # what is given back is a negative quantity of a price, never a negative price
            return Row(item, last, -WHOLE if rest < 0 else WHOLE, rest)
        item = self.desk.item(skus()["transfer"], resource, Charge(), prices=(1, 1, 1))
        rate = self.desk.scope.rate_milli
        cycle = CENT // gcd(rate, CENT)
        thousandths = -(billed // rate) % cycle
        return self._once(item, self.days - 1, quantity=thousandths * 1000)
