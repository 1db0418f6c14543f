"""`thresholds.yaml`: when a day is an alarm and an alarm an incident. The user's file replaces the packaged one."""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bursar.domain.canonical import digest
from bursar.domain.errors import ConfigError

FILE = "thresholds.yaml"
_QUIET = re.compile(r"(\d{2})-(\d{2})(?:\.\.(\d{2})-(\d{2}))?")

Ratio = Annotated[float, Field(ge=0, le=10)]
Days = Annotated[int, Field(ge=1, le=800)]
Dollars = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """A part of the thresholds: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Daily(Section):
    """The daily detector. Scales and slopes are in the log of the cost."""

    level_days: Annotated[int, Field(ge=7, le=56)] = 21
    profile_weeks: Annotated[int, Field(ge=2, le=16)] = 8
    history_days: Annotated[int, Field(ge=28, le=180)] = 70
    confirm_days: Annotated[int, Field(ge=2, le=14)] = 4
    undo_days: Days = 35
    limit: Annotated[float, Field(gt=0.5, le=50)] = 4.2
    floor: Annotated[float, Field(gt=0, le=1)] = 0.012
    prior: Annotated[float, Field(gt=0, le=2)] = 0.44
    prior_days: Days = 35
    first_day: Days = 21
    zero_dollars: Annotated[float, Field(gt=0)] = 0.5
    alarm_dollars: Dollars = 5
    alarm_ratio: Ratio = 0.01


class Watched(Section):
    """Which series there are: from a mean of 28 days, or one day; at most so many."""

    dollars_a_day: Dollars = 1
    dollars_once: Dollars = 5
    most: Annotated[int, Field(ge=1)] = 20_000
    history_days: Annotated[int, Field(ge=60, le=800)] = 400


class Calendar(Section):
    """Days on which a dip is forgiven. `quiet_days` are MM-DD or MM-DD..MM-DD, both ends included, every year."""

    country: str = "US"
    accounts: dict[str, str] = Field(default_factory=dict[str, str])
    quiet_days: tuple[str, ...] = ("12-24..01-01",)
    dip: Annotated[float, Field(ge=0, le=5)] = 0.6

    @field_validator("quiet_days")
    @classmethod
    def _readable(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for text in given:
            quiet_span(text)
        return given


class Incidents(Section):
    """From scores to incidents."""

    stay: Ratio = 0.7
    close_days: Days = 2
    reopen_days: Days = 14
    fold_ratio: Ratio = 0.7
    headline_ratio: Ratio = 0.7
    report_days: Days = 35


class S1(Section):
    """From so many dollars a day; or so large a part of what was expected, from so many dollars."""

    dollars_a_day: Dollars = 1000
    ratio: Ratio = 1.0
    dollars: Dollars = 250


class S2(Section):
    """From so many dollars; or so large a part of what was expected, from so many dollars."""

    dollars: Dollars = 250
    ratio: Ratio = 0.5
    ratio_dollars: Dollars = 50


class S3(Section):
    """From so many dollars; or so large a part of what was expected, from the larger of dollars and a part of the estate's day."""

    dollars: Dollars = 50
    ratio: Ratio = 0.2
    ratio_dollars: Dollars = 5
    estate_ratio: Ratio = 0.01


class Severities(Section):
    """How loud an incident is."""

    s1: S1 = S1()
    s2: S2 = S2()
    s3: S3 = S3()


class Thresholds(Section):
    """Everything `thresholds.yaml` may say."""

    version: Literal[1] = 1
    daily: Daily = Daily()
    series: Watched = Watched()
    calendar: Calendar = Calendar()
    incidents: Incidents = Incidents()
    severity: Severities = Severities()

    @property
    def digest(self) -> str:
        """A short name of these parameters, the same for the same values."""
        return digest(self.model_dump_json())[:16]


def read_thresholds(path: Path | None) -> Thresholds:
    """The user's file, or the packaged one. Raises ConfigError naming the key that is wrong."""
    text = path.read_text("utf-8") if path else files("bursar.anomaly").joinpath(FILE).read_text("utf-8")
    try:
        content: object = yaml.safe_load(text) or {}
        return Thresholds.model_validate(content)
    except yaml.YAMLError as error:
        raise ConfigError(f"{FILE}: not valid YAML", cure="Check the indentation and quotes.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "the file"
        raise ConfigError(f"{FILE}: {place}: {first['msg']}", cure="See docs/anomalies.md for every key and its default.") from error


def quiet_span(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """`12-24..01-01` → first and last (month, day). Raises ValueError for what is no day of a year."""
    match = _QUIET.fullmatch(text.strip())
    if not match:
        raise ValueError(f"not a day of the year: {text!r}; write MM-DD or MM-DD..MM-DD")
    first = (int(match[1]), int(match[2]))
    last = (int(match[3]), int(match[4])) if match[3] else first
    for month, day in (first, last):
        date(2024, month, day)
    return first, last
