"""`rules.yaml`: whose cost is it, and how shared costs are split. The user's file over the packaged default.

A dimension the file does not name keeps its default rules. Every mistake that can be seen without a bill is a ConfigError
naming file, rule and cure; `proofs` holds the reasoning, `owners` and `shared` the SQL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from bursar.allocation.reading import Dated, Section, read
from bursar.domain.errors import ConfigError

FILE = "rules.yaml"
Dimension = Literal["team", "service", "env"]
DIMENSIONS: tuple[Dimension, ...] = ("team", "service", "env")
UNALLOCATED = "unallocated"
"""Owner of what nobody owns; a value like any other in the marts, never a missing one."""

COSTS = ("billed_cost", "effective_cost", "contracted_cost", "list_cost")
WHOLE = Decimal(100)
_FOLD = str.maketrans("", "", "-_. ")


def fold_key(key: str) -> str:
    """A tag key as it is compared: case and `-_. ` do not count."""
    return key.translate(_FOLD).lower()


def clean_value(value: str) -> str:
    """An owner's name as it is kept: white space around it and case do not count. Raises ValueError when nothing is left."""
    cleaned = value.strip().lower()
    if not cleaned:
        raise ValueError("an owner's name may not be empty")
    return cleaned


Owner = Annotated[str, AfterValidator(clean_value)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
TagKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class TagRule(Dated):
    """The first of these tag keys that has a value: resource tags before cost categories before inherited tags."""

    tags: tuple[TagKey, ...] = Field(min_length=1)
    map: dict[str, Owner] = Field(default_factory=dict)

    @field_validator("map")
    @classmethod
    def _cleaned(cls, given: dict[str, str]) -> dict[str, str]:
        cleaned = {clean_value(key): value for key, value in given.items()}
        if len(cleaned) < len(given):
            raise ValueError("two of its keys are one value, as case and white space around it do not count")
        return cleaned


class WhenRule(Dated):
    """Charges a condition of the filter language holds for."""

    when: str
    value: Owner


class AccountRule(Dated):
    """Sub-account (AWS account, GCP project, Azure subscription) → owner. Ids are text: leading zeros stay."""

    accounts: dict[str, Owner] = Field(min_length=1)


class DefaultRule(Section):
    """Everything no rule before it decided; the last rule of a dimension."""

    default: Owner


def _kind(rule: object) -> str | None:
    """Which kind of rule a mapping is meant to be."""
    if isinstance(rule, Section):
        return next(key for key, model in KINDS.items() if isinstance(rule, model))
    return next((key for key in KINDS if key in rule), None) if isinstance(rule, dict) else None


KINDS: Mapping[str, type[Section]] = {"tags": TagRule, "when": WhenRule, "accounts": AccountRule, "default": DefaultRule}

AnyRule = TagRule | WhenRule | AccountRule | DefaultRule
Rule = Annotated[
    Annotated[TagRule, Tag("tags")]
    | Annotated[WhenRule, Tag("when")]
    | Annotated[AccountRule, Tag("accounts")]
    | Annotated[DefaultRule, Tag("default")],
    Discriminator(_kind, custom_error_type="rule", custom_error_message="a rule says one of tags, when, accounts or default"),
]


class Pool(Dated):
    """A shared cost: the charges of `pool`, borne by the values of `to`. `percent` belongs to `fixed`, `by` to the weighted modes."""

    name: Name
    pool: str
    to: Dimension
    mode: Literal["even", "fixed", "weighted", "by_metric"]
    by: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$")] | None = None
    basis: Literal["direct", "running"] = "direct"
    among: str | None = None
    percent: dict[str, Decimal] = Field(default_factory=dict)

    @field_validator("percent")
    @classmethod
    def _cleaned(cls, given: dict[str, Decimal]) -> dict[str, Decimal]:
        cleaned = {clean_value(key): value for key, value in given.items()}
        if len(cleaned) < len(given):
            raise ValueError("two of its owners are one, as case and white space around a name do not count")
        return cleaned

    @model_validator(mode="after")
    def _fits_its_mode(self) -> Self:
        if (self.mode == "fixed") != bool(self.percent):
            raise ValueError("'percent' lists the owners of mode fixed, and of no other")
        if self.mode == "fixed":
            self._check_percent()
        if self.mode == "by_metric" and not self.by:
            raise ValueError("mode by_metric needs 'by', the name of a unit metric")
        if self.mode == "weighted" and self.weight not in COSTS:
            raise ValueError(f"mode weighted goes 'by' one of {', '.join(COSTS)}, not '{self.by}'")
        if self.mode in {"even", "fixed"} and self.by:
            raise ValueError(f"mode {self.mode} goes by nothing: remove 'by'")
        return self

    @property
    def weight(self) -> str:
        """The cost that weighs its bearers, between the values of `to` (weighted) or within each (even, fixed)."""
        return self.by if self.by and self.mode == "weighted" else "effective_cost"

    def _check_percent(self) -> None:
        if any(value <= 0 or value != round(value, 10) for value in self.percent.values()):
            raise ValueError("a percentage is above 0, with ten digits after the point at most")
        if UNALLOCATED in self.percent:
            raise ValueError(f"'{UNALLOCATED}' is nobody and bears no share")
        if (total := sum(self.percent.values())) != WHOLE:
            raise ValueError(f"the percentages sum to {total}, not to 100")


class RulesFile(Section):
    """What `rules.yaml` may say."""

    dimensions: dict[Dimension, tuple[Rule, ...]] = Field(default_factory=dict[Dimension, tuple[Rule, ...]])
    shared: tuple[Pool, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules that count: those of the file over the defaults. `digest` names them, whatever their spelling in YAML."""

    file: str
    dimensions: Mapping[str, tuple[AnyRule, ...]]
    shared: tuple[Pool, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over the rules in one normal form."""
        content: dict[str, Any] = {
            "dimensions": {
                name: [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules] for name, rules in self.dimensions.items()
            },
            "shared": [pool.model_dump(mode="json", exclude_defaults=True) for pool in self.shared],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


_KNOWN = {
    "": ("dimensions", "shared"),
    "dimensions": DIMENSIONS,
    "shared": tuple(Pool.model_fields),
    **{key: tuple(model.model_fields) for key, model in KINDS.items()},
}


def read_rules(path: Path | None = None) -> Rules:
    """The rules of a project's `rules.yaml`, or the defaults where there is none. Raises ConfigError naming file, rule and cure."""
    default = parse_rules(files("bursar.allocation").joinpath(FILE).read_text("utf-8"), file=f"the packaged {FILE}")
    if path is None:
        return default
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: cannot be read as UTF-8 text", cure="Save it as UTF-8, readable by this user.") from error
    return parse_rules(text, file=path.name, default=default)


def parse_rules(text: str, *, file: str = FILE, default: Rules | None = None) -> Rules:
    """Rules from YAML text; dimensions it does not name come from `default`. Raises ConfigError naming file, rule and cure."""
    from bursar.allocation.proofs import check  # noqa: PLC0415 - it reasons over the models above

    given = read(text, file=file, model=RulesFile, known=_KNOWN)
    dimensions = {name: given.dimensions.get(name) or (default.dimensions[name] if default else ()) for name in DIMENSIONS}
    rules = Rules(file=file, dimensions=dimensions, shared=given.shared)
    check(rules)
    return rules
