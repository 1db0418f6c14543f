"""Metered usage of AWS, day by day: on demand, spot, covered by Savings Plans, reserved."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bursar.adapters.clouds.simulated.absences import Kept
from bursar.adapters.clouds.simulated.amounts import CENT, UNIT, split, text, units
from bursar.adapters.clouds.simulated.aws.catalogue import (
    AwsMeter,
    Plan,
    Reservation,
    Sku,
    skus,
)
from bursar.adapters.clouds.simulated.aws.lines import Item, Run
from bursar.adapters.clouds.simulated.aws.payer import Desk, Terms, metered
from bursar.adapters.clouds.simulated.draws import PPM, Draws
from bursar.adapters.clouds.simulated.naming import CUR, CUR2, Naming
from bursar.adapters.clouds.simulated.shape import WEEKS, Shape
from bursar.adapters.clouds.simulated.slots import DAY, Places, Slots, moment, per_meter
from bursar.adapters.clouds.simulated.variant import Variant

REGION = "us-east-1"
INSTANCE = "i-"
"""How the ids of instances begin: what scales by itself and is replaced."""
TERMS = {"ri": "Reserved", "spot": "Spot"}
LINE_TYPES = {"sp": "SavingsPlanCoveredUsage", "ri": "DiscountedUsage"}
_NORMALISED = 100
"""Covered amounts are multiples of this many units, so that a net twin of a whole percentage stays whole."""


@dataclass(slots=True)
class Used:
    """What the month's usage came to, for the fees, discounts and taxes that depend on it."""

    plan: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    reservation: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    amortised: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    account: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    discount: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Usage:
    """The usage lines of one payer's month. Iterate `runs` once; then `used` holds what they came to."""

    desk: Desk
    shape: Shape
    rows: int
    variant: Variant = field(default_factory=Variant)
    used: Used = field(default_factory=Used)

    @property
    def days(self) -> int:
        """How many days of the month are in."""
        return self.variant.days_of(self.desk.month)

    def meters(self) -> tuple[tuple[AwsMeter, ...], int]:
        """The meters kept for so many rows, and the rows a day each gets."""
        steady = self._steady()
        kept, each = per_meter(self.rows // 30, len(steady), essential=self.desk.payer.essential)
        return steady[:kept], each

    def _steady(self) -> tuple[AwsMeter, ...]:
        return tuple(meter for meter in self.desk.payer.meters if not meter.is_launch)

    def scale(self) -> int:
        """By how much the kept meters stand in for all, in ppm: money does not depend on the number of rows."""
        kept, _ = self.meters()
        return self.variant.factor_ppm * sum(meter.monthly for meter in self._steady()) // sum(meter.monthly for meter in kept)

    def runs(self) -> Iterator[Run]:
        """All usage lines, with the negations of those under a Savings Plan."""
        kept, each = self.meters()
        for meter in (*kept, *(meter for meter in self.desk.payer.meters if meter.is_launch)):
            if meter.waste and meter.waste == self.variant.without:
                continue
            places = self._places(meter, each)
            negation = self._negation(meter) if meter.mode.startswith("sp:") else None
            for day in range(self.days):
                if day + 1 != self.variant.missing:
                    yield from self._day(meter, day, places=places, negation=negation)

    def _places(self, meter: AwsMeter, rows: int) -> Places[Item]:
        draws = Draws(self.desk.seed, "aws", meter.key, "slots")
        is_instance = skus()[meter.sku].resource == INSTANCE
        slots = Slots.wasted(rows, draws=draws) if meter.waste else Slots.of(rows, draws=draws, is_autoscaled=is_instance)
        return Places(slots, lambda number: self._item(meter, number))

    def _day(self, meter: AwsMeter, day: int, *, places: Places[Item], negation: Item | None) -> Iterator[Run]:
        slots = places.slots
        today = self.desk.month.start + timedelta(days=day)
        total = self.shape.daily("aws", meter, today, scale_ppm=self.variant.factor_ppm if meter.is_launch else self.scale())
        if not total:
            return
        event = self.shape.event("aws", meter, today)
        moments, weights = slots.moments(day), slots.row_weights(is_flat=meter.profile == "flat")
        for index, amount in enumerate(split(total, slots.weights)):
            original = places.at(index, today)
            if kept := self.shape.absences.kept(original.columns["line_item_resource_id"], today):
                yield self._snapshot(meter, kept, day)
            item = self._named(original, today)
            if item is None:
                continue
            run = self._run(meter, item, moments=moments, parts=split(amount // _NORMALISED, weights))
            self._note(meter, run, day)
            if event:
                self.shape.seen[event].charge(today, sum(run.used), run.item.key, resource=run.item.columns["line_item_resource_id"])
            yield run
            if negation:
                yield self._negated(negation, run, day)

    def _named(self, item: Item, day: date) -> Item | None:
        """The resource under the name it has that day; None while it is gone."""
        ident = item.columns["line_item_resource_id"]
        name = self.shape.absences.name(ident, day)
        if name is None or name == ident:
            return None if name is None else item
        return replace(item, columns={**item.columns, "line_item_resource_id": name})

    def _snapshot(self, meter: AwsMeter, kept: Kept, day: int) -> Run:
        """A day of a snapshot that an applied plan left behind."""
        sku, percent = skus()["snapshot"], self.desk.payer.net_percent
        resource = f"arn:aws:ec2:{REGION}:{meter.account}:snapshot/{kept.id}"
        columns = metered(sku, region=REGION, resource=resource, term=TERMS.get("od", "OnDemand"), rate=sku.rate)
        item = self.desk.item("Usage", meter.account, columns, terms=Terms(categories=meter.categories, rate=units(sku.rate)))
        parts = kept.daily(units(sku.rate)) // _NORMALISED
        gross, net, none = [parts * _NORMALISED], [parts * percent], [0]
        run = Run(item, [moment(day * 24, DAY)], gross, net, gross, none, none, none)
        self._note(meter, run, day)
        return run

    def _run(self, meter: AwsMeter, item: Item, *, moments: list[int], parts: list[int]) -> Run:
        """One resource's day. `parts` are hundreds of units of effective cost, before any net percentage."""
        percent = self.desk.payer.net_percent
        kind, _, name = meter.mode.partition(":")
        gross = [part * _NORMALISED for part in parts]
        net = [part * percent for part in parts]
        none = [0] * len(parts)
        if kind == "sp":
            over, under = self._plan(name).discount
            cost = [value * over // under // _NORMALISED * _NORMALISED for value in gross]
            net_cost = [value // 100 * percent for value in cost]
            return Run(item, moments, cost, net_cost, cost, net, gross, none)
        if kind == "ri":
            reservation = self._reservation(name)
            over, under = reservation.discount
            public = [value * over // under for value in gross]
            return Run(item, moments, none, none, public, net, gross, [value * reservation.upfront_percent // 100 for value in gross])
        sku = skus()[meter.sku]
        public = [value * units(sku.rate) // units(sku.spot) for value in gross] if sku.spot else gross
        return Run(item, moments, gross, net, public, none, none, none)

    def _note(self, meter: AwsMeter, run: Run, day: int) -> None:
        used, (kind, _, name) = self.used, meter.mode.partition(":")
        if kind == "sp":
            used.plan[name, day] += sum(run.gross)
            return
        if kind == "ri":
            used.reservation[name] += sum(run.gross)
            used.amortised[name] += sum(run.amortised)
            return
        cost = sum(run.cost)
        used.account[meter.account] += cost
        used.discount[meter.account, day] += cost - sum(run.net)

    def _item(self, meter: AwsMeter, index: int) -> Item:
        sku, draws = skus()[meter.sku], Draws(self.desk.seed, "aws", meter.key, "resource")
        resource = f"{sku.resource}0{draws.text(16, index)}"
        if not sku.resource.endswith("-"):
            namespace = sku.product.removeprefix("Amazon").removeprefix("AWS").lower()
            resource = f"arn:aws:{namespace}:{REGION}:{meter.account}:{sku.resource}{meter.service}-{draws.text(6, index)}"
        kind, _, name = meter.mode.partition(":")
        rate = sku.spot or sku.rate
        columns = metered(sku, region=REGION, resource=resource, term=TERMS.get(kind, "OnDemand"), rate=rate)
        line_type = LINE_TYPES.get(kind, "Usage")
        if kind == "sp":
            columns |= plan_columns(self.desk, self._plan(name))
        if kind == "ri":
            columns |= reservation_columns(self.desk, self._reservation(name))
            columns["line_item_unblended_rate"] = columns["line_item_blended_rate"] = "0.0000000000"
        terms = Terms(tags=self._tags(meter, sku, index), categories=meter.categories, rate=units(rate), waste=meter.waste)
        return self.desk.item(line_type, meter.account, columns, terms=terms)

    def _tags(self, meter: AwsMeter, sku: Sku, index: int) -> dict[str, str]:
        spelling = CUR2 if self.desk.payer.net_percent == 100 else CUR
        kind = {INSTANCE: "instance", "vol-": "" if meter.waste else "disk"}.get(sku.resource, "")
        return Naming(spelling=spelling, meter=meter, tags=meter.tags, kind=kind).of(index)

    def _negation(self, meter: AwsMeter) -> Item:
        item = self._item(meter, 0)
        columns = {**item.columns, "line_item_line_item_description": "SavingsPlanNegation used by AccountId", "line_item_resource_id": ""}
        return self.desk.item("SavingsPlanNegation", meter.account, columns, terms=Terms(rate=item.rate))

    def _negated(self, item: Item, run: Run, day: int) -> Run:
        return Run(item, [moment(day * 24, DAY)], [-sum(run.cost)], [-sum(run.net)], [0], [0], [0], [0])

    def _plan(self, name: str) -> Plan:
        return next(plan for plan in self.desk.payer.plans if plan.key == name)

    def _reservation(self, name: str) -> Reservation:
        return next(reservation for reservation in self.desk.payer.reservations if reservation.key == name)


def daily_commitment(meters: tuple[AwsMeter, ...], *, mode: str, scale: int) -> int:
    """What a commitment costs a day, in multiples of ten cents: always a little more than its usage can reach."""
    base = 0
    for meter in meters:
        if meter.mode == mode:
            margin = 1_080_000 if mode.startswith("sp:") else 1_040_000
            base += meter.monthly * UNIT // 30 * max(WEEKS[meter.profile]) // PPM * margin // PPM
    step = 10 * CENT
    return (base * scale // PPM // step + 1) * step


def plan_columns(desk: Desk, plan: Plan) -> dict[str, str]:
    """The columns that name a Savings Plan."""
    ident = Draws(desk.seed, "aws", "plan", plan.key).uuid()
    return {
        "savings_plan_savings_plan_a_r_n": f"arn:aws:savingsplans::{desk.payer.account}:savingsplan/{ident}",
        "savings_plan_offering_type": plan.offering,
        "savings_plan_payment_option": plan.option,
        "savings_plan_purchase_term": "1yr",
        "savings_plan_region": "us-east-1" if plan.offering.startswith("EC2") else "",
        "savings_plan_savings_plan_rate": text(units("0.1")),
        "savings_plan_start_time": "2026-01-01T00:00:00Z",
        "savings_plan_end_time": "2027-12-31T23:59:59Z",
    }


def reservation_columns(desk: Desk, reservation: Reservation) -> dict[str, str]:
    """The columns that name a reservation."""
    draws = Draws(desk.seed, "aws", "reservation", reservation.key)
    service = {"AmazonEC2": "ec2", "AmazonRDS": "rds", "AmazonElastiCache": "elasticache"}[skus()[reservation.sku].product]
    return {
        "reservation_reservation_a_r_n": f"arn:aws:{service}:{REGION}:{desk.payer.account}:reserved-instances/{draws.uuid()}",
        "reservation_subscription_id": str(10**9 + draws.below(10**9)),
        "pricing_offering_class": "standard",
        "pricing_lease_contract_length": "1yr",
        "pricing_purchase_option": reservation.option,
        "reservation_start_time": "2026-01-01T00:00:00Z",
        "reservation_end_time": "2027-12-31T23:59:59Z",
        "reservation_number_of_reservations": "4",
        "reservation_units_per_reservation": "730.0",
        "reservation_normalized_units_per_reservation": "5840.0",
        "reservation_total_reserved_units": "2920.0",
        "reservation_total_reserved_normalized_units": "23360.0",
    }
