"""One exception: what it says, what it must say, and what it covers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from bursar.domain.errors import ConfigError
from bursar.domain.money import plain
from bursar.domain.periods import stamp
from bursar.query.filters import parse
from bursar.query.known import Fact, holds

LONGEST = timedelta(days=180)

Origin = Literal["file", "store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An exception. `resource` is exact, or a prefix with one * at its end; `scope` a condition of the filter language. Times UTC."""

    id: str
    rule: str
    resource: str
    owner: str
    approver: str
    reason: str
    created: datetime
    expires: datetime
    scope: str | None = None
    ticket: str | None = None
    max_monthly_cost: Decimal | None = None
    currency: str | None = None
    origin: Origin = "store"

    @property
    def pattern(self) -> str:
        """The resource as an anchored regular expression, quoted: what reads like one in a name means itself."""
        return f"(?s)^{re.escape(self.resource.removesuffix('*'))}{'.*' if self.resource.endswith('*') else ''}$"

    def covers(self, rule: str, resource: str, facts: Mapping[str, Fact], *, now: datetime) -> bool:
        """Whether it holds now for this rule and resource; a scope that only may hold does not."""
        fits = self.rule == rule and re.search(self.pattern, resource) is not None and self.created <= now < self.expires
        return fits and (self.scope is None or holds(parse(self.scope), facts) is True)


def read_grant(entry: Mapping[str, object], *, origin: Origin) -> Grant:
    """The exception of an entry. Raises ConfigError naming what is wrong with it."""
    try:
        checked = _Entry.model_validate(entry)
    except (ValidationError, ConfigError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(str(step) for step in first["loc"]) if first else ""
        message = first["msg"].removeprefix("Value error, ") if first else str(error)
        raise ConfigError(f"{where}: {message}" if where else message, cure="See docs/policies.md#exceptions") from error
    return Grant(**checked.model_dump(), origin=origin)


def document(grant: Grant) -> dict[str, object]:
    """An exception as it is stored and told; amounts and moments as text."""
    row = {name: value for name, value in asdict(grant).items() if name != "origin"}
    cap = grant.max_monthly_cost
    return {
        **row,
        "created": stamp(grant.created),
        "expires": stamp(grant.expires),
        "max_monthly_cost": None if cap is None else plain(cap),
    }


class _Entry(BaseModel):
    """An exception as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    rule: str
    resource: str
    owner: str
    approver: str
    reason: str
    created: datetime
    expires: datetime
    scope: str | None = None
    ticket: str | None = None
    max_monthly_cost: Decimal | None = None
    currency: str | None = None

    @field_validator("created", "expires", mode="before")
    @classmethod
    def _moment(cls, value: Any) -> Any:  # noqa: ANN401 - whatever was written
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment

    @field_validator("max_monthly_cost", mode="before")
    @classmethod
    def _amount(cls, value: Any) -> Any:  # noqa: ANN401 - whatever was written
        try:
            return Decimal(value) if isinstance(value, str) else value
        except InvalidOperation as error:
            raise ValueError(f"{value!r} is not an amount") from error

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        texts = {name: getattr(self, name) for name in ("id", "rule", "resource", "owner", "approver", "reason")}
        if empty := [name for name, text in texts.items() if not text.strip()]:
            raise ValueError(f"{empty[0]} is empty")
        if "*" in self.resource.removesuffix("*"):
            raise ValueError("resource is exact, or a prefix with one * at its end")
        if self.resource == "*" and self.scope is None:
            raise ValueError("resource * without a scope covers everything")
        if not timedelta(0) < self.expires - self.created <= LONGEST:
            raise ValueError(f"it ends after it begins, and within {LONGEST.days} days")
        if self.max_monthly_cost is not None and (not self.max_monthly_cost.is_finite() or self.currency is None):
            raise ValueError("max_monthly_cost is an amount with a currency")
        if self.scope is not None:
            parse(self.scope)
        return self
