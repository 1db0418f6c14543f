from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.periods import Period
from bursar.lake.reports import Bucket, Reconciled
from bursar.surfaces.web.ledgers import invoice_table, month_waterfall, waterfall

cents = st.decimals(min_value="-1e6", max_value="1e6", places=2, allow_nan=False)


def invoice(billed: Decimal, total: Decimal | None, steps: list[Decimal]) -> Reconciled:
    """An invoice whose difference is explained by these steps, as far as they go."""
    difference = None if total is None else billed - total
    return Reconciled(
        provider="aws", billing_account_id="1", invoice_id="I-1", invoice_key="K", issuer="Amazon", billing_period="2026-10", currency="USD",
        billed_cost=billed, invoice_total=total, difference=difference, difference_ratio=None,
        unexplained=None if difference is None else difference - sum(steps, Decimal(0)), status="no_invoice" if total is None else "reconciled",
        lines=9, waterfall=tuple(Bucket(name=f"step {at}", amount=step, proof="rows") for at, step in enumerate(steps)),
    )  # fmt: skip


@given(cents, cents, st.lists(cents, max_size=4))
def test_a_waterfall_ends_at_the_invoice_and_shows_what_is_left(billed: Decimal, total: Decimal, steps: list[Decimal]) -> None:
    """From our lines, step by step, to the invoice: what the steps leave is unexplained, to the last digit."""
    row = invoice(billed, total, steps)
    made = waterfall(row)
    if made is None:
        assert billed == total
        return
    assert made.steps[0].amount == billed
    assert made.steps[-1].amount == total
    assert made.unexplained == row.unexplained
    moved = sum((step.amount for step in made.steps if not step.is_total), Decimal(0))
    assert billed + moved - total == made.unexplained


@given(cents, cents, cents)
def test_the_month_runs_from_what_teams_see_to_what_was_invoiced(effective: Decimal, billed: Decimal, missing: Decimal) -> None:
    """Effective cost, less what no invoice speaks of, by every named step, is the sum of the invoices."""
    rows = [invoice(billed, billed + 3, [Decimal(-3)]), invoice(missing, None, [])]
    made = month_waterfall(rows, effective=effective)
    assert made is not None
    assert made.unexplained == 0
    assert made.steps[-1].amount == billed + 3


def test_without_any_invoice_there_is_no_waterfall() -> None:
    """Nothing is drawn against an invoice nobody gave."""
    assert month_waterfall([invoice(Decimal(5), None, [])], effective=Decimal(5)) is None


def test_the_table_sums_only_invoices_that_came() -> None:
    """A missing invoice is neither a total of zero nor a difference."""
    made = invoice_table([invoice(Decimal(50), Decimal(49), []), invoice(Decimal(7), None, [])], period=Period(2026, 10), currency="USD")
    assert (made.billed, made.invoice_total, made.difference) == (57, 49, 1)
    assert [row.invoice for row in made.rows] == ["I-1", ""]
