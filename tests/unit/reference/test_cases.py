"""The reference meets every hand-written case, straight and through the native files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from reference.aws import charges as aws_charges
from reference.azure import charges as azure_charges
from reference.case import Case
from reference.cases.aws import CSV_ONLY
from reference.cases.every import CASES
from reference.charge import Charge, Identity, WrongBill
from reference.dialects import DIALECTS
from reference.focus import charges as focus_charges
from reference.gcp import charges as gcp_charges
from reference.identities import aws as aws_identities
from reference.identities import azure as azure_identities
from reference.identities import gcp as gcp_identities
from reference.matching import unmatched
from reference.native import data_files, write_native
from reference.reading import folder_rows
from reference.values import Row

TABLES: dict[str, Callable[[Iterable[Row]], Iterable[Charge]]] = {
    "aws-cur": aws_charges,
    "aws-cur2": aws_charges,
    "gcp-detailed": gcp_charges,
    "focus": focus_charges,
}
SUMS: dict[str, Callable[[Iterable[Row]], list[Identity]]] = {
    "aws-cur": aws_identities,
    "aws-cur2": aws_identities,
    "gcp-detailed": gcp_identities,
}
IDS = [f"{case.format}: {case.name}" for case in CASES]


def normalised(case: Case) -> list[Charge]:
    """The charges of the case's rows."""
    if case.format == "azure-cost":
        return list(azure_charges(case.rows, case.amortised))
    return list(TABLES[case.format](case.rows or ()))


def checked(case: Case) -> list[Identity]:
    """The identities of the case's rows."""
    if case.format == "azure-cost":
        return azure_identities(case.rows, case.amortised)
    return SUMS[case.format](case.rows or ()) if case.format in SUMS else []


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
    normalised(case)
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
        found = list(azure_charges(folder_rows(actual), None if case.amortised is None else folder_rows(amortised)))
    else:
        found = list(TABLES[case.format](folder_rows(files)))
    assert unmatched(case.expected, found) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_kind_of_file_changes_nothing(dialect: str, tmp_path: Path) -> None:
    """The same bill as CSV, Parquet or a dump with arrays in text is read as the same charges."""
    form, write = DIALECTS[dialect]
    cases = [case for case in CASES if case.format == form and not case.is_quarantined and case.name not in CSV_ONLY]
    for index, case in enumerate(cases):
        folder = tmp_path / str(index)
        folder.mkdir()
        write([case], folder)
        assert unmatched(case.expected, TABLES[form](folder_rows(data_files(folder)))) == []
