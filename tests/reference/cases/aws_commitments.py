"""Hand-written AWS bills with savings plans and reservations, on gross and net amounts."""

from __future__ import annotations

from reference.case import charge
from reference.cases.aws_lines import BY_PLAN, BY_RESERVATION, FREE, NO_STATUS, PLAN, RESERVATION, UNUSED, USED, bill, line

SAVINGS_PLANS = [
    bill(
        "savings plan without upfront",
        [
            line("SavingsPlanCoveredUsage", cost="3", public="3.5", plan=PLAN, plan_cost="2"),
            line("SavingsPlanNegation", cost="-3", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="2.5", plan=PLAN, total="2.5", used="2", upfront="0", recurring="2.5"),
        ],
        charge("0 2 3 3.5", "Usage", "covered: 0, the plan's effective cost, U, P", **USED, **BY_PLAN),
        charge("2.5 0 2.5 2.5", "Purchase", "the fee is billed", **NO_STATUS, **BY_PLAN, charge_frequency="Recurring"),
        charge("0 0.5 0 0", "Usage", "2.5 committed − 2 used, × ratio 1", **UNUSED, **BY_PLAN),
    ),
    bill(
        "savings plan with part upfront",
        [
            line("SavingsPlanUpfrontFee", cost="876", plan=PLAN),
            line("SavingsPlanCoveredUsage", cost="200", public="210", plan=PLAN, plan_cost="140"),
            line("SavingsPlanNegation", cost="-200", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="73", plan=PLAN, total="146", used="140", upfront="73", recurring="73"),
        ],
        charge("876 0 876 876", "Purchase", "paid once, effective never", **NO_STATUS, **BY_PLAN, charge_frequency="One-Time"),
        charge("0 140 200 210", "Usage", "covered", **USED),
        charge("73 0 73 73", "Purchase", "the fee", **NO_STATUS, charge_frequency="Recurring"),
        charge("0 6 0 0", "Usage", "146 − 140, upfront part included", **UNUSED),
    ),
    bill(
        "savings plan all upfront, fully used",
        [
            line("SavingsPlanCoveredUsage", cost="100", public="100", plan=PLAN, plan_cost="60"),
            line("SavingsPlanNegation", cost="-100", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="0", plan=PLAN, total="60", used="60", upfront="60", recurring="0"),
        ],
        charge("0 60 100 100", "Usage", "covered", **USED),
        charge("0 0 0 0", "Purchase", "the fee of a plan paid upfront is 0, its row stays", **NO_STATUS),
        charge("0 0 0 0", "Usage", "nothing unused, two rows all the same", **UNUSED),
    ),
    bill(
        "savings plan on a net basis",
        [
            line("SavingsPlanCoveredUsage", cost="150", net="120", public="160", plan=PLAN, plan_cost="90", plan_net="72"),
            line("SavingsPlanNegation", cost="-150", net="-120", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="100", net="80", plan=PLAN, total="100", used="90", recurring="100", recurring_net="80"),
            line("EdpDiscount", cost="-20"),
        ],
        charge("0 72 120 160", "Usage", "effective and U are net, P is public", **USED),
        charge("80 0 80 80", "Purchase", "the net fee", **NO_STATUS),
        charge("0 8 0 0", "Usage", "(100 − 90) × 80/100", **UNUSED),
        charge("0 0 0 0", "Usage", "an empty net is 0 on a discount row: the net of the others holds it", **FREE),
    ),
    bill(
        "savings plan whose ratio never ends",
        [
            line(
                "SavingsPlanRecurringFee",
                cost="3",
                net="2",
                plan=PLAN,
                total="3",
                used="2",
                upfront="1",
                upfront_net="0.5",
                recurring="2",
                recurring_net="1.5",
            ),
            line("EdpDiscount", cost="-1"),
            line("SavingsPlanCoveredUsage", cost="4", net="4", public="4", plan=PLAN, plan_cost="2", plan_net="1.833333333333"),
            line("SavingsPlanNegation", cost="-4", net="-4", plan=PLAN),
        ],
        charge("2 0 2 2", "Purchase", "the net fee", **NO_STATUS),
        charge("0 0.666666666667 0 0", "Usage", "(3 − 2) × (0.5 + 1.5)/(1 + 2), half up at digit 12", **UNUSED),
        charge("0 0 0 0", "Usage", "an empty net on a discount row is 0", **FREE),
        charge("0 1.833333333333 4 4", "Usage", "covered", **USED),
    ),
    bill(
        "savings plan fee without its own net commitment",
        [
            line("SavingsPlanRecurringFee", cost="10", net="10", plan=PLAN, total="10", used="4", recurring="10"),
            line(
                "SavingsPlanRecurringFee",
                cost="5",
                net="5",
                plan=PLAN + "0",
                total="5",
                used="4",
                recurring="0",
                recurring_net="0",
                upfront="0",
            ),
            line("SavingsPlanCoveredUsage", cost="6", net="6", public="6", plan=PLAN + "0", plan_cost="4"),
            line("SavingsPlanNegation", cost="-6", net="-6", plan=PLAN + "0"),
            line("SavingsPlanCoveredUsage", cost="9", net="9", public="9", plan=PLAN, plan_cost="4"),
            line("SavingsPlanNegation", cost="-9", net="-9", plan=PLAN),
        ],
        charge("10 0 10 10", "Purchase", "the fee", **BY_PLAN),
        charge("0 6 0 0", "Usage", "ratio 1 where the net is absent", **UNUSED, **BY_PLAN),
        charge("5 0 5 5", "Purchase", "the fee", commitment_discount_id=PLAN + "0"),
        charge("0 1 0 0", "Usage", "ratio 1 where the gross is 0", **UNUSED, commitment_discount_id=PLAN + "0"),
        charge("0 4 9 9", "Usage", "covered", **USED, **BY_PLAN),
        charge("0 4 6 6", "Usage", "covered", **USED, commitment_discount_id=PLAN + "0"),
    ),
    bill(
        "plans that do not cancel out",
        [
            line("SavingsPlanCoveredUsage", cost="3", public="3", plan=PLAN, plan_cost="2"),
            line("SavingsPlanNegation", cost="-2.99", plan=PLAN),
            line("SavingsPlanRecurringFee", cost="2", plan=PLAN, total="2", used="2", recurring="2"),
        ],
        is_quarantined=True,
    ),
]

RESERVATIONS = [
    bill(
        "reservation without upfront",
        [
            line("DiscountedUsage", cost="0", public="8", reservation=RESERVATION, ri_cost="4.8"),
            line("RIFee", cost="6", reservation=RESERVATION, ri_upfront="0", idle_upfront="0", idle_recurring="1.2"),
        ],
        charge("0 4.8 8 8", "Usage", "U is 0, contracted and list are P", **USED, **BY_RESERVATION),
        charge("6 0 6 6", "Purchase", "the fee", **NO_STATUS, **BY_RESERVATION, charge_frequency="Recurring"),
        charge("0 1.2 0 0", "Usage", "the unused recurring fee", **UNUSED, **BY_RESERVATION),
    ),
    bill(
        "reservation with part upfront",
        [
            line("Fee", cost="120", reservation=RESERVATION),
            line("DiscountedUsage", cost="0", public="20", reservation=RESERVATION, ri_cost="9"),
            line("RIFee", cost="5", reservation=RESERVATION, ri_upfront="10", idle_upfront="4", idle_recurring="2"),
        ],
        charge("120 0 120 120", "Purchase", "a fee with a reservation's ARN is its upfront", **BY_RESERVATION, charge_frequency="One-Time"),
        charge("0 9 20 20", "Usage", "used", **USED),
        charge("5 0 5 5", "Purchase", "the fee", **NO_STATUS, charge_frequency="Recurring"),
        charge("0 6 0 0", "Usage", "unused upfront 4 + unused recurring 2", **UNUSED),
    ),
    bill(
        "reservation on a net basis",
        [
            line("DiscountedUsage", cost="0", net="0", public="20", reservation=RESERVATION, ri_cost="9", ri_net="8.1"),
            line(
                "RIFee",
                cost="5",
                net="4.5",
                reservation=RESERVATION,
                ri_upfront="10",
                ri_upfront_net="9",
                idle_upfront="4",
                idle_upfront_net="3.6",
                idle_recurring="2",
                idle_recurring_net="1.8",
            ),
            line("EdpDiscount", cost="-0.5"),
        ],
        charge("0 8.1 20 20", "Usage", "the net effective cost", **USED),
        charge("4.5 0 4.5 4.5", "Purchase", "the net fee", **NO_STATUS),
        charge("0 5.4 0 0", "Usage", "net unused 3.6 + 1.8", **UNUSED),
        charge("0 0 0 0", "Usage", "an empty net on a discount row is 0"),
    ),
    bill(
        "reserved usage billed a rest",
        [line("DiscountedUsage", cost="0.25", public="0", reservation=RESERVATION + "0", ri_cost="0.25")],
        charge("0.25 0.25 0.25 0.25", "Usage", "billed is U, which is commonly 0; P falls back to unblended", **USED),
    ),
]
