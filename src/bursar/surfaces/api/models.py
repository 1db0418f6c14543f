"""The API's bodies as OpenAPI tells them. Bodies are written by `surfaces.documents`; a test holds both together."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]*[1-9])?$", examples=["1024.5"], description="Decimal without exponent")]
PeriodText = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2026-10"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]


class Days(BaseModel):
    """Days from start up to but not including end, UTC."""

    start: date
    end: date


class CostRow(BaseModel):
    """One group, bucket and currency. Each dimension of group_by stands beside these fields under its name; null where there is none."""

    model_config = ConfigDict(extra="allow")
    start: date
    end: date = Field(description="exclusive")
    currency: Currency
    value: DecimalText
    previous: DecimalText | None = Field(default=None, description="The compared days; null where they have no data")


class Costs(BaseModel):
    """The answer to a question about cost; `window` or `period` tells which days it covers."""

    metric: str
    group_by: list[str]
    granularity: Literal["day", "week", "month", "total"]
    window: Days | None = None
    period: PeriodText | None = None
    compare: Days | None = None
    generation: int
    data_as_of: datetime | None
    why: str | None = Field(default=None, description="Why there are no rows")
    rows: list[CostRow]


class DimensionValue(BaseModel):
    """A value a dimension takes, with its effective cost over everything published."""

    value: str | None
    currency: Currency
    effective_cost: DecimalText


class DimensionValues(BaseModel):
    """Values, dearest first."""

    rows: list[DimensionValue]


class Charge(BaseModel):
    """A bill line: every FOCUS column by its snake_case name, and where it came from."""

    model_config = ConfigDict(extra="allow")
    source: str | None
    x_snapshot_id: str
    x_source_file: str
    charge_period_start: datetime
    billing_currency: Currency
    billed_cost: DecimalText
    effective_cost: DecimalText


class Charges(BaseModel):
    """A page of bill lines, dearest first. `next` is the cursor of the page after it."""

    generation: int
    data_as_of: datetime | None
    rows: list[Charge]
    next: str | None


class Step(BaseModel):
    """One step of the waterfall from our lines to the invoice."""

    name: str
    amount: DecimalText
    proof: str


class Invoice(BaseModel):
    """How one invoice stands to the lines that meet it."""

    provider: str
    billing_account_id: str
    invoice_id: str
    invoice_key: str
    issuer: str
    billing_period: PeriodText
    currency: Currency
    billed_cost: DecimalText
    invoice_total: DecimalText | None
    difference: DecimalText | None
    difference_ratio: DecimalText | None
    unexplained: DecimalText | None
    status: Literal["reconciled", "within_tolerance", "out_of_tolerance", "open", "no_invoice"]
    lines: int
    waterfall: list[Step]


class Reconciliation(BaseModel):
    """Every invoice, newest billing period first."""

    rows: list[Invoice]


class Age(BaseModel):
    """How old a source's live data is."""

    source: str
    format: str
    newest_period: PeriodText
    exported_at: datetime | None
    landed_at: datetime | None
    published_at: datetime | None
    rows: int


class Freshness(BaseModel):
    """Every live source."""

    rows: list[Age]


class FourCosts(BaseModel):
    """The four costs of one currency."""

    billed: DecimalText
    effective: DecimalText
    list: DecimalText
    contracted: DecimalText


class Delivery(BaseModel):
    """Something that arrived, and what became of it."""

    seq: int
    seen_at: datetime
    name: str
    source: str | None
    format: str | None
    billing_period: str | None
    snapshot_id: str | None
    exported_at: datetime | None
    outcome: str
    rows: int | None
    bytes: int | None
    cause: str | None
    cure: str | None
    sums: dict[str, FourCosts]


class Deliveries(BaseModel):
    """Deliveries, newest first."""

    rows: list[Delivery]


class GenerationRow(BaseModel):
    """One published state of everything."""

    n: int
    at: datetime
    cause: str
    data_as_of: datetime | None


class Generations(BaseModel):
    """Generations, newest first."""

    rows: list[GenerationRow]


class Agreed(BaseModel):
    """How a plan stands after a word on it: how many approvals count, and how many it takes."""

    digest: str
    status: str
    given: int
    needed: int


class State(BaseModel):
    """That a probe found what it looked for."""

    status: Literal["ok"]
    generation: int | None = None


class FaultModel(BaseModel):
    """One part of a request that is wrong."""

    pointer: str
    message: str
    hint: str
    column: int | None = Field(default=None, description="1-based character within the part")


_EXAMPLE = {
    "type": "/problems/question",
    "title": "The question cannot be answered as asked",
    "status": 422,
    "detail": "there is no column 'temm'",
    "code": "question",
    "errors": [{"pointer": "group_by", "message": "there is no column 'temm'", "hint": "did you mean 'team'?", "column": 1}],
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
}


class Problem(BaseModel):
    """What went wrong, as RFC 9457 says it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/question",
                    "title": "The question cannot be answered as asked",
                    "status": 422,
                    "detail": "there is no column 'temm'",
                    "code": "question",
                    "errors": [
                        {"pointer": "group_by", "message": "there is no column 'temm'", "hint": "did you mean 'team'?", "column": 1}
                    ],
                    "trace_id": "0af7651916cd43dd8448eb211c80319c",
                }
            ]
        }
    )
    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FaultModel]
    trace_id: str
