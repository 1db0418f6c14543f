"""Thresholds, rates, quiet days and severities: what a project may say, and what it means."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.anomaly.calendars import quiet_days
from bursar.anomaly.fx import Fx, read_fx
from bursar.anomaly.severity import Size, severity
from bursar.anomaly.thresholds import Calendar, Thresholds, read_thresholds
from bursar.domain.errors import ConfigError

RULES = Thresholds().severity


def test_the_packaged_file_says_the_defaults() -> None:
    """What is written for people to copy is what counts without a file."""
    assert read_thresholds(None) == Thresholds()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("daily: {limit: none}", "daily.limit"),
        ("dayly: {}", "dayly"),
        ("calendar: {quiet_days: ['24-12']}", "calendar"),
        ("daily: [", "YAML"),
    ],
)
def test_a_wrong_threshold_names_its_place(tmp_path: Path, text: str, place: str) -> None:
    """A typing error is refused with its key."""
    file = tmp_path / "thresholds.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=place):
        read_thresholds(file)


def test_the_earliest_rate_of_a_currency_counts_for_good(tmp_path: Path) -> None:
    """A later row never changes an old score; both directions of a rate are read."""
    file = tmp_path / "fx.csv"
    file.write_text(
        "day,from,to,rate,source\n2026-02-01,EUR,USD,2.0,x\n2026-01-01,EUR,USD,1.25,x\n2026-01-01,USD,JPY,150,x\n2026-01-01,EUR,CHF,0.9,x\n"
    )
    fx = read_fx(file)
    assert (fx.unit("EUR"), fx.unit("JPY"), fx.unit("USD"), fx.unit("CHF")) == (Decimal("0.8"), Decimal(150), 1, 1)
    assert fx.note("JPY") == ""
    assert "JPY" in Fx().note("JPY")


@pytest.mark.parametrize("row", ["2026-01-01,EUR,USD,much", "2026-01-01,EUR,USD,-1", "2026-01-01,EUR,USD,0"])
def test_a_wrong_rate_names_its_line(tmp_path: Path, row: str) -> None:
    """What is no rate is the operator's to mend."""
    file = tmp_path / "fx.csv"
    file.write_text(f"day,from,to,rate\n{row}\n")
    with pytest.raises(ConfigError, match="line 2"):
        read_fx(file)


def test_holidays_bridge_days_and_the_end_of_the_year_are_quiet() -> None:
    """Christmas, the Friday after a Thursday holiday, and the days between the years; an ordinary Tuesday is not."""
    days = [date(2026, 5, 14) + timedelta(days=offset) for offset in range(240)]
    quiet = dict(zip(days, quiet_days(days, country="DE", calendar=Calendar()), strict=True))
    assert quiet[date(2026, 5, 14)]
    assert quiet[date(2026, 5, 15)]
    assert quiet[date(2026, 12, 28)]
    assert quiet[date(2027, 1, 1)]
    assert not quiet[date(2026, 6, 16)]
    with pytest.raises(ConfigError, match="no calendar"):
        quiet_days(days, country="XX", calendar=Calendar())


@pytest.mark.parametrize(
    ("excess", "expected", "days", "level"),
    [
        (3000, 100_000, 2, "S1"), (250, 240, 1, "S1"), (260, 100_000, 9, "S2"), (60, 100, 1, "S2"), (55, 100_000, 1, "S3"),
        (30, 100, 1, "S3"), (6, 20, 1, "S4"), (4, 4, 1, "S4"),
    ],
)  # fmt: skip
def test_severity_follows_dollars_and_parts(excess: int, expected: int, days: int, level: str) -> None:
    """Each rule by its edge, on an estate of a thousand dollars a day."""
    size = Size(excess=Decimal(excess), expected=Decimal(expected), days=days, estate=Decimal(1000), is_drop=False)
    assert severity(size, RULES)[0] == level


def test_a_drop_is_not_loud() -> None:
    """Whatever falls away is S3 at most, and says why."""
    size = Size(excess=Decimal(9000), expected=Decimal(9000), days=1, estate=Decimal(10_000), is_drop=True)
    level, rule = severity(size, RULES)
    assert level == "S3"
    assert "drop" in rule
