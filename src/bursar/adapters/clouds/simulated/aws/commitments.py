"""The fees of AWS commitments: recurring with their unused part, upfront, and a refund."""

from collections.abc import Iterator
from dataclasses import dataclass

from bursar.adapters.clouds.simulated.amounts import text, units
from bursar.adapters.clouds.simulated.aws.catalogue import Plan, Reservation, skus
from bursar.adapters.clouds.simulated.aws.lines import Item, Run, single
from bursar.adapters.clouds.simulated.aws.payer import Terms, product
from bursar.adapters.clouds.simulated.aws.usage import (
    Usage,
    daily_commitment,
    plan_columns,
    reservation_columns,
)
from bursar.adapters.clouds.simulated.slots import DAY, moment

TERM_DAYS = 365


@dataclass(frozen=True, slots=True)
class Commitments:
    """Fee lines of one payer's month. Needs the usage to have been iterated: what is unused depends on it."""

    usage: Usage

    def runs(self, *, is_first_month: bool) -> Iterator[Run]:
        """All fee lines; upfront fees only in the first month, when the commitments are bought."""
        for plan in self.usage.desk.payer.plans:
            yield from self._plan_fees(plan, is_first_month=is_first_month)
        for reservation in self.usage.desk.payer.reservations:
            yield from self._reservation_fees(reservation, is_first_month=is_first_month)

    def _plan_fees(self, plan: Plan, *, is_first_month: bool) -> Iterator[Run]:
        usage, percent = self.usage, self.usage.desk.payer.net_percent
        kept, _ = usage.meters()
        daily = daily_commitment(kept, mode=f"sp:{plan.key}", scale=usage.scale())
        amortised = daily * plan.upfront_percent // 100
        recurring = daily - amortised
        for day in range(usage.days):
            used = usage.used.plan[plan.key, day]
            item = self._plan_fee(plan, used=used, amortised=amortised, recurring=recurring)
            net = recurring * percent // 100
            self._discount(day, recurring - net)
            yield single(item, moment(day * 24, DAY), recurring, net=net)
        if is_first_month and amortised:
            yield self._plan_upfront(plan, amortised * TERM_DAYS)
        if is_first_month or plan.key != "ml":
            yield self._plan_refund(plan)

    def _plan_fee(self, plan: Plan, *, used: int, amortised: int, recurring: int) -> Item:
        desk, percent = self.usage.desk, self.usage.desk.payer.net_percent
        columns = self._plan_product(plan, "SavingsPlan Recurring Fee") | {
            "savings_plan_total_commitment_to_date": text(amortised + recurring),
            "savings_plan_used_commitment": text(used),
            "savings_plan_amortized_upfront_commitment_for_billing_period": text(amortised),
            "savings_plan_recurring_commitment_for_billing_period": text(recurring),
        }
        if percent != 100:
            columns["savings_plan_net_amortized_upfront_commitment_for_billing_period"] = text(amortised * percent // 100)
            columns["savings_plan_net_recurring_commitment_for_billing_period"] = text(recurring * percent // 100)
        unused = (amortised + recurring - used) * percent // 100
        return desk.item("SavingsPlanRecurringFee", desk.payer.account, columns, terms=Terms(unused=unused, is_commitment=True))

    def _plan_product(self, plan: Plan, what: str) -> dict[str, str]:
        description = f"{what}: 1 year {plan.option} {plan.offering}"
        named = product("ComputeSavingsPlans", "Savings Plans for AWS Compute usage", description=description)
        return {**named, **plan_columns(self.usage.desk, plan), "line_item_usage_type": f"USE1-{plan.offering}:1yr"}

    def _plan_upfront(self, plan: Plan, fee: int) -> Run:
        desk, percent = self.usage.desk, self.usage.desk.payer.net_percent
        bill, document = ("Purchase", f"purchase-{plan.key}") if percent == 100 else ("Anniversary", "main")
        columns = self._plan_product(plan, "SavingsPlan Upfront Fee")
        terms = Terms(bill=bill, document=document, is_commitment=True)
        item = desk.item("SavingsPlanUpfrontFee", desk.payer.account, columns, terms=terms)
        net = fee * percent // 100
        self._discount(0, fee - net)
        return single(item, moment(0, 1), fee, net=net)

    def _plan_refund(self, plan: Plan) -> Run:
        """A returned plan: the refund has a bill, and in acme an invoice, of its own."""
        desk = self.usage.desk
        document = f"refund-{plan.key}" if desk.payer.net_percent == 100 else "main"
        columns = self._plan_product(plan, "Refund of returned SavingsPlan")
        item = desk.item("Refund", desk.payer.account, columns, terms=Terms(bill="Refund", document=document, is_commitment=True))
        return single(item, moment(24 * 4, 1), units("-25.40"))

    def _reservation_fees(self, reservation: Reservation, *, is_first_month: bool) -> Iterator[Run]:
        usage, desk, percent = self.usage, self.usage.desk, self.usage.desk.payer.net_percent
        kept, _ = usage.meters()
        daily = daily_commitment(kept, mode=f"ri:{reservation.key}", scale=usage.scale())
        upfront = daily * reservation.upfront_percent // 100
        amortised, recurring = upfront * usage.days, (daily - upfront) * usage.days
        unused_amortised = amortised - usage.used.amortised[reservation.key]
        unused_recurring = recurring - (usage.used.reservation[reservation.key] - usage.used.amortised[reservation.key])
        columns = self._reservation_product(reservation, "Reserved instance fee") | {
            "reservation_amortized_upfront_fee_for_billing_period": text(amortised),
            "reservation_unused_amortized_upfront_fee_for_billing_period": text(unused_amortised),
            "reservation_unused_recurring_fee": text(unused_recurring),
            "reservation_unused_quantity": "24.0",
            "reservation_unused_normalized_unit_quantity": "192.0",
            "reservation_upfront_value": text(upfront * TERM_DAYS),
        }
        if percent != 100:
            columns |= {
                "reservation_net_amortized_upfront_fee_for_billing_period": text(amortised * percent // 100),
                "reservation_net_unused_amortized_upfront_fee_for_billing_period": text(unused_amortised * percent // 100),
                "reservation_net_unused_recurring_fee": text(unused_recurring * percent // 100),
                "reservation_net_upfront_value": text(upfront * TERM_DAYS * percent // 100),
            }
        unused = unused_amortised * percent // 100 + unused_recurring * percent // 100
        item = desk.item("RIFee", desk.payer.account, columns, terms=Terms(unused=unused, is_commitment=True))
        net = recurring * percent // 100
        self._discount(0, recurring - net)
        yield single(item, moment(0, usage.days * 24), recurring, net=net)
        if is_first_month and upfront:
            yield self._reservation_upfront(reservation, upfront * TERM_DAYS)
            yield self._reservation_refund(reservation)

    def _reservation_product(self, reservation: Reservation, what: str) -> dict[str, str]:
        sku = skus()[reservation.sku]
        named = product(sku.product, sku.name, description=f"{what}: {reservation.option}, {sku.usage_type}")
        return {**named, **reservation_columns(self.usage.desk, reservation), "line_item_usage_type": f"USE1-{sku.usage_type}"}

    def _reservation_upfront(self, reservation: Reservation, fee: int) -> Run:
        desk, percent = self.usage.desk, self.usage.desk.payer.net_percent
        bill, document = ("Purchase", f"purchase-{reservation.key}") if percent == 100 else ("Anniversary", "main")
        columns = self._reservation_product(reservation, "Upfront fee")
        item = desk.item("Fee", desk.payer.account, columns, terms=Terms(bill=bill, document=document, is_commitment=True))
        net = fee * percent // 100
        self._discount(0, fee - net)
        return single(item, moment(0, 1), fee, net=net)

    def _reservation_refund(self, reservation: Reservation) -> Run:
        """Part of the upfront fee given back, on a bill, and in acme an invoice, of its own."""
        desk = self.usage.desk
        document = f"refund-{reservation.key}" if desk.payer.net_percent == 100 else "main"
        columns = self._reservation_product(reservation, "Refund of upfront fee")
        item = desk.item("Refund", desk.payer.account, columns, terms=Terms(bill="Refund", document=document, is_commitment=True))
        return single(item, moment(24 * 5, 1), units("-18.75"))

    def _discount(self, day: int, amount: int) -> None:
        self.usage.used.discount[self.usage.desk.payer.account, day] += amount
