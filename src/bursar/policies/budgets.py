"""`budgets.yaml`: what may be spent, by whom, in which period, and what happens on the way there.

A budget is measured with its scope and all its ancestors'. Every mistake that can be seen without a bill is a ConfigError naming
budget and cure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from bursar.config import text_yaml
from bursar.domain.errors import ConfigError
from bursar.domain.periods import Period, Span
from bursar.query.catalogue import ALIASES, MARTS, METRICS
from bursar.query.filters import Filter, all_of, compile_sql, parse

FILE = "budgets.yaml"
MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""From the mildest to the worst."""

_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_Amount = Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 15)]
_Ratio = Annotated[Decimal, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Threshold(_Section):
    """Told when the actual cost, or the forecast's median, reaches this part of the amount."""

    at: Annotated[Decimal, Field(gt=0, le=100)]
    of: Literal["actual", "forecast"]
    severity: Severity


class Gate(_Section):
    """What a change may do to a budget: hard denies, soft warns."""

    mode: Literal["hard", "soft"] = "soft"
    p_breach: _Ratio = Decimal("0.5")
    max_delta_monthly: _Amount | None = None
    coverage_min: _Ratio = Decimal("0.9")


class Budget(_Section):
    """One budget as it is written. Amounts by the period's first month (`2026-12`), or `default`."""

    id: _Id
    parent: str | None = None
    owner: str | None = None
    scope: str
    cost: str = "effective_cost"
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    period: Literal["monthly", "quarterly", "annual"] = "monthly"
    fiscal_start: Annotated[int, Field(ge=1, le=12)] = 1
    amounts: dict[str, _Amount]
    thresholds: tuple[Threshold, ...] = ()
    gate: Gate | None = None

    @field_validator("amounts")
    @classmethod
    def _are_periods(cls, given: dict[str, Decimal]) -> dict[str, Decimal]:
        for key in given:
            if key != "default":
                Period.parse(key)
        if not given:
            raise ValueError("amounts names a default, or amounts by month")
        return given

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if self.cost not in METRICS:
            raise ValueError(f"cost is one of {', '.join(METRICS)}")
        columns = MARTS[-1].columns()
        compile_sql(self.filter, {**columns, **{alias: columns[name] for alias, name in ALIASES.items()}})
        return self

    @property
    def filter(self) -> Filter:
        """Its own scope as a tree."""
        return parse(self.scope)

    def span(self, day: date) -> Span:
        """The period that holds a day."""
        months = MONTHS[self.period]
        first = Period.of(day)
        first = first.shift(-((first.month - self.fiscal_start) % months))
        return Span(start=first.start, end=first.shift(months).start)

    def amount(self, span: Span) -> Decimal | None:
        """What may be spent in a period; None where none is given for it."""
        return self.amounts.get(f"{span.start:%Y-%m}", self.amounts.get("default"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """All budgets of a project, by id."""

    by_id: Mapping[str, Budget]

    def __iter__(self) -> Iterator[Budget]:
        """In the order written."""
        return iter(self.by_id.values())

    def __len__(self) -> int:
        """How many."""
        return len(self.by_id)

    def ancestors(self, budget: Budget) -> tuple[Budget, ...]:
        """Its parent, the parent's parent and so on."""
        found: list[Budget] = []
        while budget.parent is not None:
            budget = self.by_id[budget.parent]
            found.append(budget)
        return tuple(found)

    def children(self, parent: str | None) -> tuple[Budget, ...]:
        """The budgets directly below one; those without a parent for None."""
        return tuple(budget for budget in self if budget.parent == parent)

    def whole_scope(self, budget: Budget) -> Filter:
        """Its scope and all its ancestors'."""
        return all_of(budget.filter, *(one.filter for one in self.ancestors(budget)))


NONE = Budgets(by_id={})


def read_budgets(path: Path | None) -> Budgets:
    """The budgets of a project's file; none where there is no file. Raises ConfigError naming budget and cure."""
    if path is None:
        return NONE
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: cannot be read as UTF-8 text", cure="Save it as UTF-8, readable by this user.") from error
    return parse_budgets(text, file=path.name)


def parse_budgets(text: str, *, file: str = FILE) -> Budgets:
    """Budgets from YAML text: a list, or a list under `budgets`."""
    content = text_yaml(text, file=file)
    listed: object = cast("dict[str, object]", content).get("budgets", []) if isinstance(content, dict) else content or []
    if not isinstance(listed, list):
        raise ConfigError(f"{file}: budgets must be a list", cure="See the commented example: bursar init")
    found: dict[str, Budget] = {}
    for number, entry in enumerate(cast("list[object]", listed or []), start=1):
        budget = _read(entry, file=file, number=number)
        if budget.id in found:
            raise ConfigError(f"{file}: budget {budget.id} is given twice", cure="Give every budget an id of its own.")
        found[budget.id] = budget
    budgets = Budgets(by_id=found)
    _check_parents(budgets, file)
    return budgets


def _read(entry: object, *, file: str, number: int) -> Budget:
    try:
        return Budget.model_validate(entry)
    except (ValidationError, ConfigError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        where = ".".join(str(step) for step in first["loc"]) if first else ""
        message = first["msg"].removeprefix("Value error, ") if first else str(error)
        name = cast("dict[str, object]", entry).get("id", number) if isinstance(entry, dict) else number
        place = f"budget {name}{f': {where}' if where else ''}"
        raise ConfigError(f"{file}: {place}: {message}", cure="See docs/policies.md#budgets") from error


def _check_parents(budgets: Budgets, file: str) -> None:
    for budget in budgets:
        seen = {budget.id}
        one = budget
        while one.parent is not None:
            if one.parent not in budgets.by_id:
                raise ConfigError(f"{file}: budget {one.id}: there is no parent {one.parent}", cure="Name a budget of this file.")
            one = budgets.by_id[one.parent]
            if one.id in seen:
                raise ConfigError(f"{file}: budget {budget.id}: it is its own ancestor", cure="Take one of the parents out.")
            seen.add(one.id)
