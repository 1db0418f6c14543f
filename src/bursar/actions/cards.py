"""A playbook's card: how dangerous it is, who must agree, when it may run, how far, and with which permissions.

It lies beside the playbook's code; a file `playbooks/<name>.yaml` in the project replaces it. Its digest is part of every
plan, so that a plan made under one card is not applied under another.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bursar.domain.canonical import digest
from bursar.domain.errors import ConfigError
from bursar.domain.plans import Limits, Plan

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Count = Annotated[int, Field(ge=1)]


class Part(BaseModel):
    """A part of a card: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Approvals(Part):
    """How many people must agree; `prod` where any change touches production or an unknown environment."""

    default: Count
    prod: Count


class Hours(Part):
    """When changes may begin: days of the week and a span of hours [start, end) in a time zone."""

    tz: str = "UTC"
    days: tuple[Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ...] = DAYS
    start: Annotated[int, Field(ge=0, le=23)] = 0
    end: Annotated[int, Field(ge=1, le=24)] = 24

    def hold(self, now: datetime) -> bool:
        """Whether the moment lies within them."""
        local = now.astimezone(ZoneInfo(self.tz))
        return DAYS[local.weekday()] in self.days and self.start <= local.hour < self.end


class Permissions(Part):
    """API calls a playbook makes on one cloud: to look, to change, and to take the change back."""

    observe: tuple[str, ...]
    change: tuple[str, ...]
    undo: tuple[str, ...]


class Card(Part):
    """Everything about a playbook that is not its code. `evidence` are its thresholds, whole numbers in the named unit."""

    name: str
    version: int
    title: str
    tier: Literal["R", "D", "I"]
    approvals: Approvals
    standing: bool
    production: bool
    hours: Hours = Hours()
    limits: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict[str, int])
    evidence: dict[str, int]
    permissions: dict[str, Permissions]
    undo: str
    saving: str
    docs: str

    @property
    def digest(self) -> str:
        """SHA-256 of the card's content."""
        return digest(self.model_dump(mode="json"))

    def limit(self) -> Limits:
        """The blast radius in force: the defaults, and what the card says otherwise."""
        return Limits(**{name: self.limits.get(name, default) for name, default in Limits().document().items()})  # pyright: ignore[reportArgumentType]

    def needed(self, plan: Plan) -> int:
        """How many approvals a plan needs: the card's number, and two above the money limit. An undo needs what reversible work does."""
        asked = 1 if plan.tier == "R" else self.approvals.prod if plan.is_production else self.approvals.default
        saving = plan.saving
        if saving and max(abs(saving.amount), abs(saving.high)) > plan.limits.monthly_two_approvers:
            return max(2, asked)
        return asked


def packaged(name: str) -> str:
    """The text of the card that ships. Raises ConfigError for a playbook that does not."""
    file = files("bursar.actions.playbooks").joinpath(f"{name}.yaml")
    if not file.is_file():
        raise ConfigError(f"there is no playbook {name!r}", cure="List them with: bursar plan --help")
    return file.read_text("utf-8")


def card(name: str, project: Path | None = None) -> Card:
    """The card that counts: the project's, else the one that ships. Raises ConfigError naming the key that is wrong."""
    own = project / "playbooks" / f"{name}.yaml" if project else None
    text = own.read_text("utf-8") if own and own.is_file() else packaged(name)
    try:
        read = Card.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise ConfigError(f"card {name}: {_first(error)}", cure="Compare it with the card that ships, or remove it.") from error
    _check(read, name)
    return read


def _check(read: Card, name: str) -> None:
    if read.name != name:
        raise ConfigError(f"card {name} calls itself {read.name!r}", cure="A card has the name of its file.")
    if unknown := read.limits.keys() - Limits().document().keys():
        raise ConfigError(f"card {name}: unknown limit {min(unknown)}", cure=f"Known: {', '.join(Limits().document())}.")
    if read.tier == "I" and min(read.approvals.default, read.approvals.prod) < 2:
        raise ConfigError(f"card {name}: what cannot be undone needs two approvals", cure="Set approvals to 2 or more.")
    if read.standing and read.tier != "R":
        raise ConfigError(f"card {name}: only reversible work may be approved for good", cure="Set standing: false.")


def _first(error: ValidationError | yaml.YAMLError) -> str:
    if isinstance(error, yaml.YAMLError):
        return "not valid YAML"
    first: Mapping[str, object] = dict(error.errors()[0])
    place = ".".join(str(step) for step in error.errors()[0]["loc"])
    return f"{place}: {first['msg']}"
