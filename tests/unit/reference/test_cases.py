"""The reference meets every hand-written case, straight and through the native files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.reference import aws, azure, gcp, identities
from tests.reference.case import Case
from tests.reference.cases.every import CASES
from tests.reference.charge import Charge, Identity, WrongBill
from tests.reference.matching import unmatched
from tests.reference.native import data_files, write_native
from tests.reference.reading import folder_rows
from tests.reference.values import Row

TABLES: dict[str, Callable[[Iterable[Row]], Iterable[Charge]]] = {
    "aws-cur": aws.charges,
    "aws-cur2": aws.charges,
    "gcp-detailed": gcp.charges,
}
SUMS: dict[str, Callable[[Iterable[Row]], list[Identity]]] = {
    "aws-cur": identities.aws,
    "aws-cur2": identities.aws,
    "gcp-detailed": identities.gcp,
}
IDS = [f"{case.format}: {case.name}" for case in CASES]


def normalised(case: Case) -> list[Charge]:
    """The charges of the case's rows."""
    if case.format == "azure-cost":
        return list(azure.charges(case.rows, case.amortised))
    return list(TABLES[case.format](case.rows or ()))


def checked(case: Case) -> list[Identity]:
    """The identities of the case's rows."""
    if case.format == "azure-cost":
        return identities.azure(case.rows, case.amortised)
    return SUMS[case.format](case.rows or ())


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_every_native_row_becomes_what_the_table_says(case: Case) -> None:
    """Each hand-written bill becomes exactly the charges its table gives it, or is refused."""
    if case.is_quarantined:
        with pytest.raises(WrongBill):
            refuse(case)
        return
    assert unmatched(case.expected, normalised(case)) == []
    assert [identity.name for identity in checked(case) if not identity.holds()] == []


def refuse(case: Case) -> None:
    """Raise WrongBill as a gate would: on what cannot be normalised, or on an identity that does not hold."""
    broken = [identity.name for identity in checked(case) if not identity.holds()]
    if broken:
        raise WrongBill(*broken)


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_quarantined], ids=lambda case: f"{case.format}: {case.name}")
def test_a_native_file_says_what_its_rows_say(case: Case, tmp_path: Path) -> None:
    """A bill written in its provider's layout and read back becomes the same charges."""
    files = data_files(write_native(case, tmp_path))
    if case.format == "azure-cost":
        amortised = [path for path in files if "amortizedcost" in path.parts]
        actual = [path for path in files if "actualcost" in path.parts]
        found = list(azure.charges(folder_rows(actual), None if case.amortised is None else folder_rows(amortised)))
    else:
        found = list(TABLES[case.format](folder_rows(files)))
    assert unmatched(case.expected, found) == []
