"""The parameters and bodies the API reads. Unknown names are refused, texts are bounded; what they mean is for `query` to say."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

Short = Annotated[str, Field(max_length=300)]
Long = Annotated[str, Field(max_length=8192)]

_EXAMPLE: JsonDict = {
    "group_by": ["team"],
    "window": "30d",
    "granularity": "day",
    "filter": "provider = 'aws' AND tag:env != 'prod'",
    "top": 10,
}


class Parameters(BaseModel):
    """What every address takes: the form of the reply."""

    model_config = ConfigDict(extra="forbid")
    format: Short | None = Field(default=None, description="json or csv; else by Accept", examples=["csv"])


class Pinned(Parameters):
    """What an address that reads a generation takes."""

    generation: int | None = Field(default=None, ge=0, le=2**31, description="A published generation; the newest if left out")


class CostParameters(Pinned):
    """A question about cost in parameters."""

    metric: Short | None = Field(
        default=None, description="effective_cost (default), billed_cost, list_cost, contracted_cost, allocated_cost"
    )
    group_by: Long | None = Field(default=None, description="Up to four dimensions with commas between", examples=["team,tag:product"])
    granularity: Short | None = Field(default=None, description="day, week, month (default) or total")
    window: Short | None = Field(
        default=None, description="Charge days: today, week, month, lastmonth, 30d, YYYY-MM, START..END", examples=["30d"]
    )
    period: Short | None = Field(
        default=None, description="A billing period, YYYY-MM; the latest if neither is given", examples=["2026-10"]
    )
    filter: Long | None = Field(default=None, description="Which charges", examples=["provider = 'aws' AND tag:env != 'prod'"])
    having: Long | None = Field(default=None, description="Which groups, by their sum", examples=["value > 100"])
    compare: Short | None = Field(default=None, description="previous_period, previous_year or START..END")
    order: Short | None = Field(default=None, description="value (largest first, default) or name")
    top: Short | None = Field(default=None, description="The largest groups of each currency; the rest is one row, other", examples=["10"])


class CostQuestion(BaseModel):
    """The same question as a body."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    metric: Short = "effective_cost"
    group_by: list[Short] = Field(default=[], max_length=4)
    granularity: Short = "month"
    window: Short | None = None
    period: Short | None = None
    filter: Long | None = None
    having: Long | None = None
    compare: Short | None = None
    order: Short = "value"
    top: int | None = Field(default=None, ge=1, le=1000)


class ValueParameters(Pinned):
    """Which values of a dimension."""

    q: Short | None = Field(default=None, description="Letters the value holds")
    limit: int = Field(default=20, ge=1, le=100)


class ChargeParameters(Pinned):
    """Which bill lines, and from where on."""

    window: Short | None = Field(default=None, description="Charge days", examples=["lastweek"])
    period: Short | None = Field(default=None, description="A billing period, YYYY-MM", examples=["2026-10"])
    filter: Long | None = Field(default=None, description="Which lines, by FOCUS columns and tags", examples=["resource_id = 'i-0abc'"])
    limit: int = Field(default=100, ge=1, le=1000)
    cursor: Short | None = Field(default=None, description="From the Link header of the page before")


class ReconciliationParameters(Pinned):
    """Which invoices."""

    period: Short | None = Field(default=None, description="A billing period, YYYY-MM; all if left out", examples=["2026-10"])


class ListParameters(Parameters):
    """How many."""

    limit: int = Field(default=200, ge=1, le=1000)


class AnomalyParameters(Parameters):
    """Which anomalies."""

    status: Literal["open", "closed", "settled", "withheld", "retracted"] | None = Field(default=None, description="All if left out")


class ForecastParameters(Parameters):
    """Whose month."""

    scope: Long | None = Field(default=None, description="Reckon this filter's charges now", examples=["team = 'payments'"])


class Feedback(BaseModel):
    """What an anomaly was. The range is that of `planned`; without one it is the anomaly's own days."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"verdict": "expected", "note": "the new region"}]})
    verdict: Literal["expected", "planned", "false", "true"]
    first: date | None = None
    last: date | None = None
    note: Annotated[str, Field(max_length=400)] | None = None


class Word(BaseModel):
    """Why, for the journal. Who says it is the key's name."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Looked at it with the team."}]})
    reason: str = Field(min_length=8, max_length=1000)


class ExceptionGiven(BaseModel):
    """An exception to be granted. Who allows it is the key's name; it begins now."""

    model_config = ConfigDict(extra="forbid")
    id: Short = Field(examples=["legacy-vm"])
    rule: Short = Field(examples=["BRS-TAG-001"])
    resource: Short = Field(description="A name, or the beginning of names and a *", examples=["aws_instance.legacy*"])
    owner: Short = Field(description="The team that answers for it", examples=["payments"])
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    expires: Short = Field(description="YYYY-MM-DD or a moment; 180 days ahead at most", examples=["2027-03-31"])
    scope: Long | None = Field(default=None, description="Only where this filter holds", examples=["env = 'dev'"])
    ticket: Short | None = None
    max_monthly_cost: Short | None = Field(default=None, description="Decimal; with it a currency", examples=["250"])
    currency: Short | None = None
