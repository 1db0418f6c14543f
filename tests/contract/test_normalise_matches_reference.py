"""The product's SQL and the reference, written apart from the same tables, make the same charges of the same bills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Context
from functools import cache
from pathlib import Path

import pytest
from reference import aws, azure, gcp
from reference.case import Case
from reference.cases.aws import CSV_ONLY
from reference.cases.every import CASES
from reference.charge import COSTS, FIELDS, Charge, pile, sums
from reference.dialects import DIALECTS
from reference.matching import unmatched
from reference.native import chunk, columns, export_time, write_together
from reference.product import Taken, take
from reference.reading import folder_rows

from bursar.adapters.clouds.simulated.simulate import simulate

Bench = Callable[[Case], list[Charge]]
SOUND = [case for case in CASES if not case.is_quarantined]
WRONG = [case for case in CASES if case.is_quarantined]


def fellows(case: Case) -> tuple[object, ...]:
    """What cases share that can be delivered together: the format, the basis of its amounts, the header, the runs."""
    if case.format == "azure-cost":
        header = frozenset(columns([*(case.rows or ()), *(case.amortised or ())]))
        return (case.format, header, case.amortised is None)
    return (case.format, any("_net_" in name and cell for row in case.rows or () for name, cell in row.items()))


def of_case(taken: Taken, case: Case, index: int) -> list[Charge]:
    """The charges made of the case that was written at this place among its fellows."""
    if case.format == "gcp-detailed":
        return taken.by("x_ExportTime")[export_time(index)]
    if case.format == "focus":
        return taken.by("SubAccountId")[case.name]
    return [charge for file, some in taken.by("x_SourceFile").items() if chunk(index) in str(file) for charge in some]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The product's charges of a case, delivered together with its fellows."""

    @cache
    def taken(key: tuple[object, ...]) -> Taken:
        folder = tmp_path_factory.mktemp("bill")
        return take(write_together([case for case in SOUND if fellows(case) == key], folder / "bucket"), folder / "home")

    def charges(case: Case) -> list[Charge]:
        index = [one.name for one in SOUND if fellows(one) == fellows(case)].index(case.name)
        found = taken(fellows(case))
        assert [outcome.cause for outcome in found.refused()] == []
        return of_case(found, case, index)

    return charges


@pytest.mark.parametrize("case", SOUND, ids=lambda case: f"{case.format}: {case.name}")
def test_the_product_makes_of_a_bill_what_the_table_says(case: Case, bench: Bench) -> None:
    """Each hand-written bill comes out of the product as exactly the charges its table gives it."""
    assert unmatched(case.expected, bench(case)) == []


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case.format}: {case.name}")
def test_the_product_refuses_a_bill_that_does_not_add_up(case: Case, tmp_path: Path) -> None:
    """A bill that breaks an identity of its format is quarantined with a cause and a cure, and makes no snapshot."""
    taken = take(write_together([case], tmp_path / "bucket"), tmp_path / "home")
    assert [outcome.outcome for outcome in taken.outcomes] == ["quarantined"]
    assert all(outcome.cause and outcome.cure for outcome in taken.outcomes)
    assert not taken.made


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_kind_of_file_changes_nothing(dialect: str, tmp_path: Path) -> None:
    """The same bill as CSV, Parquet or a dump with arrays in text becomes the same charges."""
    form, write = DIALECTS[dialect]
    cases = [case for case in SOUND if fellows(case) == (form, False) and case.name not in CSV_ONLY]
    (tmp_path / "bucket").mkdir()
    write(cases, tmp_path / "bucket")
    taken = take(tmp_path / "bucket", tmp_path / "home")
    assert [outcome.cause for outcome in taken.refused()] == []
    assert [said for index, case in enumerate(cases) for said in unmatched(case.expected, of_case(taken, case, index))] == []


SEEDS = (1, 2)
UNSPOKEN = frozenset({"commitment_discount_type"})
"""No table fixes the type: it is the provider's wording, or ours where there is none."""
AS_DOUBLE = Context(prec=12)
"""Quantities are compared to so many digits: in JSON and Parquet they are binary numbers and some are longer than a double holds."""


def by_hand(taken: Taken) -> list[tuple[str, list[Charge], list[Charge]]]:
    """For each bill its source, the product's charges, and the reference's of the very same delivered files."""
    found: list[tuple[str, list[Charge], list[Charge]]] = []
    for snapshot in taken.made:
        rows = {role: folder_rows(files) for role, files in taken.native(snapshot).items()}
        if snapshot.format == "azure-cost":
            charges: Sequence[Charge] = list(azure.charges(rows.get("actual"), rows.get("amortised")))
        else:
            table = gcp if snapshot.format == "gcp-detailed" else aws
            charges = list(table.charges(rows["bill"]))
        found.append((snapshot.source, [rounded(charge) for charge in taken.of(snapshot)], [rounded(charge) for charge in charges]))
    return found


def rounded(charge: Charge) -> Charge:
    """The charge with its quantities at the digits that every reader of a double sees."""
    pricing, consumed = charge.pricing_quantity, charge.consumed_quantity
    return replace(charge, pricing_quantity=pricing and AS_DOUBLE.plus(pricing), consumed_quantity=consumed and AS_DOUBLE.plus(consumed))


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, list[Charge], list[Charge]]]:
    """A generated month of every cloud, made by both."""
    folder = tmp_path_factory.mktemp("month")
    simulate(folder / "bucket", rows=1000, seed=request.param, months=1)
    taken = take(folder / "bucket", folder / "home")
    assert [outcome.cause for outcome in taken.refused()] == []
    return by_hand(taken)


def test_generated_months_hold_every_format(month: list[tuple[str, list[Charge], list[Charge]]]) -> None:
    """Both reports of AWS, the GCP export and both agreements of Azure are compared."""
    assert len(month) == 5


def test_generated_months_cost_the_same(month: list[tuple[str, list[Charge], list[Charge]]]) -> None:
    """The four costs of a generated month are equal to the digit for each invoice, service, account and category."""
    by = ("invoice_key", "service_name", "sub_account_id", "charge_category")
    for source, product, reference in month:
        assert sums(product, *by) == sums(reference, *by), source


def test_generated_months_are_the_same_row_by_row(month: list[tuple[str, list[Charge], list[Charge]]]) -> None:
    """Each row of a generated month is the same in every field the tables fix."""
    for source, product, reference in month:
        for name in (name for name in FIELDS if name not in UNSPOKEN):
            named = (*COSTS, "charge_category", "x_source_charge_type", name)
            assert pile(product, named) == pile(reference, named), f"{source}: {name}"
