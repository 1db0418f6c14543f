"""Format families: what the columns of each kind of bill are called, and what they hold.

A family is three files in `focus/`: `<family>.yaml` (this model), `<family>.sql` (native rows to FOCUS) and
`<family>.checks.sql` (what must add up).
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bursar.domain.errors import ConfigError

FAMILIES = ("aws", "gcp", "azure", "focus", "oci")
"""Every family there is; a format belongs to the one whose YAML lists it."""

Kind = Literal["text", "id", "money", "number", "time", "bool", "json", "object", "map", "list"]
Fold = Literal["snake", "squash", "dotted"]


class Column(BaseModel):
    """One canonical column of a native bill.

    `aliases` are further spellings, tried in order after the name itself; a dot in one reaches into a struct, a map
    or JSON (`product.region`). `any` takes, row by row, the first spelling that says anything instead of the first the
    file has. `prefix` gathers every column so named into one map, `rename` changes how their keys begin. An `object` is
    a map as the text of its JSON. `fields` types the members of a list. `valueless` says what a tag key without value
    becomes: nothing, or 'true'. `flag` adds the constant `has_<name>`: whether the file holds the column at all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Kind
    required: bool = False
    aliases: tuple[str, ...] = ()
    flag: bool = False
    any: bool = False
    prefix: tuple[str, ...] = ()
    rename: dict[str, str] = Field(default_factory=dict[str, str])
    valueless: Literal["drop", "true"] = "drop"
    fields: dict[str, Kind] = Field(default_factory=dict[str, Kind])


class Probe(BaseModel):
    """SQL over `raw` that tells deliveries apart: whose bill, which period (YYYY-MM), which currency, and how new."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    period: str
    currency: str
    exported_at: str


class Family(BaseModel):
    """How the bills of one kind are read.

    `charge_types` are globs over x_SourceChargeType: all others are counted as unknown. `blank` says that only a blank
    text means nothing (in ids `NULL`, `N/A`, `-2`, `Unassigned` always do too): cheaper to read. `closed` promises that the
    SQL gives columns with a closed set of values nothing else, whatever the bill holds: cheaper to write.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    provider: str
    formats: tuple[str, ...]
    fold: Fold
    blank: bool = False
    closed: bool = False
    probe: Probe
    charge_types: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    columns: dict[str, Column]

    @property
    def sql(self) -> str:
        """The SELECT that turns `raw` into FOCUS."""
        return packaged(f"focus/{self.name}.sql")

    @property
    def checks(self) -> str:
        """The identities over `raw` and `focus`."""
        return packaged(f"focus/{self.name}.checks.sql")

    def folded(self, spelling: str) -> str:
        """The one form in which two spellings of a column name are compared."""
        return FOLDS[self.fold](spelling)


def snake(spelling: str) -> str:
    """`lineItem/UnblendedCost`, `savingsPlan/SavingsPlanARN` → `line_item_unblended_cost`, `savings_plan_savings_plan_arn`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", spelling)
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def squash(spelling: str) -> str:
    """`Cost In Billing-Currency` → `costinbillingcurrency`; a local name with the English in parentheses takes the English."""
    english = re.fullmatch(r".*\(([^()]+)\)\s*", spelling)
    return re.sub(r"[^a-z0-9]", "", (english[1] if english else spelling).casefold())


def dotted(spelling: str) -> str:
    """`service.description` → `service_description`."""
    return re.sub(r"[^a-z0-9]+", "_", spelling.lower()).strip("_")


FOLDS: dict[Fold, Callable[[str], str]] = {"snake": snake, "squash": squash, "dotted": dotted}


@cache
def family(name: str) -> Family:
    """The family of that name. Raises ConfigError when there is none."""
    if name not in FAMILIES:
        raise ConfigError(f"unknown family of bills: {name!r}", cure=f"Known: {', '.join(FAMILIES)}.")
    return Family.model_validate({"name": name, **yaml.safe_load(packaged(f"focus/{name}.yaml"))})


def family_of(source_format: str) -> Family:
    """The family a format id (`aws-cur2`) belongs to. Raises ConfigError when there is none."""
    for name in FAMILIES:
        if source_format in (found := family(name)).formats:
            return found
    raise ConfigError(f"unknown format of bill: {source_format!r}", cure="Leave the format out to have it recognised.")


def packaged(path: str) -> str:
    """The text of a file that ships beside this module."""
    return resources.files("bursar.ingestion").joinpath(path).read_text("utf-8")
