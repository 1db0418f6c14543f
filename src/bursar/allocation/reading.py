"""A project's YAML file as a checked model. Every scalar stays the text that was written.

So `NO`, `on`, `1e3` and the account `000123` mean what they look like, and a key given twice is an error, not the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from bursar.config import text_yaml
from bursar.domain.errors import ConfigError
from bursar.domain.periods import Period

Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """A part of a project file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Section):
    """Something that holds in some billing periods only: from the first named to the last named, both included."""

    valid_from: str | None = None
    valid_to: str | None = None

    @field_validator("valid_from", "valid_to")
    @classmethod
    def _is_period(cls, text: str | None) -> str | None:
        if text is None or re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
            return text
        raise ValueError(f"'{text}' is not a billing period: write it as YYYY-MM")

    @model_validator(mode="after")
    def _holds_some_period(self) -> Self:
        first, last = self.span()
        if first and last and last < first:
            raise ValueError(f"valid_to {last} is before valid_from {first}: it never applies")
        return self

    def span(self) -> tuple[Period | None, Period | None]:
        """First and last billing period, None where open."""
        first, last = self.valid_from, self.valid_to
        return (Period.parse(first) if first else None, Period.parse(last) if last else None)

    def within(self, other: Dated) -> bool:
        """Whether the other one holds in every period this one does."""
        (first, last), (other_first, other_last) = self.span(), other.span()
        starts = other_first is None or (first is not None and first >= other_first)
        return starts and (other_last is None or (last is not None and last <= other_last))

    def meets(self, other: Dated) -> bool:
        """Whether there is a period in which both hold."""
        (first, last), (other_first, other_last) = self.span(), other.span()
        return not (first and other_last and first > other_last) and not (last and other_first and last < other_first)


def read(text: str, *, file: str, model: type[Model], known: Mapping[str, Iterable[str]]) -> Model:
    """The file as a model. Raises ConfigError naming file, place and cure.

    `known` gives, for the name of a key or of a kind of rule, the keys that may stand below it: what "did you mean" chooses from.
    """
    content = text_yaml(text, file=file)
    try:
        return model.model_validate(content or {})
    except ValidationError as error:
        raise _explained(error, file, known) from error


def _explained(error: ValidationError, file: str, known: Mapping[str, Iterable[str]]) -> ConfigError:
    """The first complaint of pydantic as ours."""
    first = error.errors()[0]
    steps = first["loc"]
    place = _place(steps, known)
    if first["type"] == "extra_forbidden":
        below = [str(step) for step in steps[:-1] if isinstance(step, str) and step in known]
        choices = sorted(known[below[-1]] if below else known[""])
        near = get_close_matches(str(steps[-1]), choices, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(choices)}."
        return ConfigError(f"{file}: {place}: unknown key '{steps[-1]}'", cure=hint)
    message = first["msg"].removeprefix("Value error, ")
    return ConfigError(f"{file}: {place}: {message}", cure="See the commented example: bursar init")


def _place(steps: tuple[int | str, ...], known: Mapping[str, Iterable[str]]) -> str:
    """`dimensions.team[1].when`; the name of the kind of rule, which pydantic puts after an index, is left out."""
    text = ""
    for before, step in zip((None, *steps), steps, strict=False):
        if isinstance(step, int):
            text += f"[{step}]"
        elif not (isinstance(before, int) and step in known and step is not steps[-1]):
            text += f".{step}" if text else step
    return text or "the file"
