"""The error tree: every failure says what to do and who mends it."""

from __future__ import annotations

import pytest

from bursar.domain import errors


@pytest.mark.parametrize("kind", [errors.ConfigError, errors.BillError, errors.OverLimit, errors.Unavailable, errors.Refused])
def test_an_error_is_its_cause_and_carries_its_cure(kind: type[errors.BursarError]) -> None:
    """The text of an error is the cause alone; the cure stands beside it."""
    error = kind("bill.csv is cut", cure="Fetch it again.")
    assert (str(error), error.message, error.cure) == ("bill.csv is cut", "bill.csv is cut", "Fetch it again.")


def test_a_bill_beyond_its_limits_is_a_wrong_bill() -> None:
    """What does not fit in the box is quarantined as any wrong bill is."""
    assert issubclass(errors.OverLimit, errors.BillError)
