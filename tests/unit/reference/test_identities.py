"""Whatever a bill holds, the reference loses no row and no money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from reference.aws import charges as aws_charges
from reference.azure import charges as azure_charges
from reference.cases.aws_lines import PLAN, RESERVATION, line
from reference.cases.azure import RI, ea
from reference.cases.gcp import credit, row
from reference.charge import Charge, Identity
from reference.gcp import charges as gcp_charges
from reference.identities import aws, azure, gcp
from reference.values import Row, twelve

unhurried = settings(deadline=None, max_examples=60)
amounts = st.decimals(min_value=-(10**6), max_value=10**6, places=10, allow_nan=False, allow_infinity=False)
costs = st.decimals(min_value=0, max_value=10**6, places=10, allow_nan=False, allow_infinity=False)
kinds = st.sampled_from(["Usage", "Fee", "Tax", "Credit", "Refund", "FlatRateSubscription", "EdpDiscount", "SppDiscount", "SomethingNew"])


@st.composite
def plain_lines(draw: st.DrawFn) -> list[Row]:
    """Lines of any type that stands alone."""
    return [line(kind, cost=str(cost), public=str(abs(cost))) for kind, cost in draw(st.lists(st.tuples(kinds, amounts), max_size=8))]


@st.composite
def plans(draw: st.DrawFn) -> list[Row]:
    """A savings plan of any kind of payment: covered usage, its negation, and a fee whose parts make up what is committed."""
    arn = f"{PLAN}{draw(st.integers(0, 9))}"
    covered = draw(st.lists(st.tuples(costs, costs), min_size=1, max_size=4))
    used, unused = sum(effective for _, effective in covered), draw(costs)
    upfront = draw(st.decimals(min_value=0, max_value=used + unused, places=10))
    recurring = used + unused - upfront
    return [
        *(line("SavingsPlanCoveredUsage", cost=str(cost), plan=arn, plan_cost=str(effective)) for cost, effective in covered),
        line("SavingsPlanNegation", cost=str(-sum(cost for cost, _ in covered)), plan=arn),
        line(
            "SavingsPlanRecurringFee",
            cost=str(recurring),
            plan=arn,
            total=str(used + unused),
            used=str(used),
            upfront=str(upfront),
            recurring=str(recurring),
        ),
    ]


@st.composite
def reservations(draw: st.DrawFn) -> list[Row]:
    """A reservation of any kind of payment, partly used."""
    used, idle_upfront, idle_recurring = draw(costs), draw(costs), draw(costs)
    upfront = draw(st.decimals(min_value=0, max_value=used, places=10)) + idle_upfront
    fee = used + idle_upfront + idle_recurring - upfront
    return [
        line("DiscountedUsage", cost="0", public="9", reservation=RESERVATION, ri_cost=str(used)),
        line(
            "RIFee",
            cost=str(fee),
            reservation=RESERVATION,
            ri_upfront=str(upfront),
            idle_upfront=str(idle_upfront),
            idle_recurring=str(idle_recurring),
        ),
    ]


def broken(identities: Iterable[Identity]) -> list[str]:
    """The names of the identities that do not hold."""
    return [identity.name for identity in identities if not identity.holds()]


def total(charges: Iterable[Charge], cost: str) -> Decimal:
    """The sum of one cost."""
    return sum((getattr(charge, cost) for charge in charges), Decimal(0))


@unhurried
@given(alone=plain_lines(), plan=plans(), reservation=reservations())
def test_any_aws_month_adds_up(alone: list[Row], plan: list[Row], reservation: list[Row]) -> None:
    """Plans, reservations and every other line together satisfy each identity to the last digit."""
    assert broken(aws([*alone, *plan, *reservation])) == []


@unhurried
@given(alone=plain_lines(), plan=plans(), reservation=reservations())
def test_no_aws_line_is_lost(alone: list[Row], plan: list[Row], reservation: list[Row]) -> None:
    """A line is one charge, a commitment's fee two, a negation and a split row none."""
    split = line("Usage", cost="0", operation="EKSPod-EC2")
    made = list(aws_charges([*alone, *plan, *reservation, split]))
    assert len(made) == len(alone) + len(plan) - 1 + 1 + len(reservation) + 1


@unhurried
@given(plan=plans(), by=st.decimals(min_value="0.01", max_value=10, places=10))
def test_a_plan_that_does_not_cancel_out_is_noticed(plan: list[Row], by: Decimal) -> None:
    """Covered usage without its whole negation breaks the plan's identity and no other."""
    short = [
        row | {"line_item_unblended_cost": str(Decimal(str(row["line_item_unblended_cost"])) + by)} if _is_negation(row) else row
        for row in map(dict, plan)
    ]
    assert {name.split(",")[0] for name in broken(aws(short))} <= {"covered and negated", "covered and negated net"}
    assert broken(aws(short))


def _is_negation(row: Row) -> bool:
    return row["line_item_line_item_type"] == "SavingsPlanNegation"


@unhurried
@given(
    rows=st.lists(
        st.tuples(
            amounts,
            st.lists(amounts, max_size=3),
            st.sampled_from(["regular", "tax", "adjustment", "rounding_error", "new"]),
            st.sampled_from(["GOOGLE", "PARTNER"]),
        ),
        min_size=1,
        max_size=10,
    ),
)
def test_any_gcp_month_adds_up(rows: list[tuple[Decimal, list[Decimal], str, str]]) -> None:
    """Σ (cost + K) is what is billed and what is effective, for each invoice; one charge a row."""
    native = [
        row(
            str(cost),
            cost_type=kind,
            credits=[credit("PROMOTION", str(one)) for one in given_back],
            invoice={"month": "202610", "publisher_type": of},
        )
        for cost, given_back, kind, of in rows
    ]
    made = list(gcp_charges(native))
    assert len(made) == len(native)
    assert broken(gcp(native)) == []
    assert total(made, "billed_cost") == sum(twelve(cost) + sum(given_back) for cost, given_back, _, _ in rows)


@unhurried
@given(
    purchase=amounts,
    used=st.lists(costs, max_size=4),
    unused=costs,
    others=st.lists(
        st.tuples(st.sampled_from(["Usage", "Purchase", "Refund", "Tax", "Credit", "RoundingAdjustment", "New"]), amounts), max_size=6
    ),
)
def test_any_azure_month_adds_up(purchase: Decimal, used: list[Decimal], unused: Decimal, others: list[tuple[str, Decimal]]) -> None:
    """Billed is the actual file, effective the amortised one, to the last digit."""
    shared = [ea(str(cost), kind=kind) for kind, cost in others]
    actual = [*shared, ea(str(purchase), kind="Purchase", **RI), *(ea("0", **RI) for _ in used)]
    amortised = [*shared, *(ea(str(cost), **RI) for cost in used), ea(str(unused), kind="UnusedReservation", **RI)]
    assert broken(azure(actual, amortised)) == []
    assert len(list(azure_charges(actual, amortised))) == len(amortised) + 1


def test_an_identity_allows_what_it_allows() -> None:
    """The tolerance is the last difference that passes."""
    near = Identity(name="near", left=Decimal("1.01"), right=Decimal(1), tolerance=Decimal("0.01"))
    assert near.holds()
    assert not replace(near, left=Decimal("1.0100000001")).holds()
