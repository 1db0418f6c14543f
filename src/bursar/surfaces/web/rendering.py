"""Jinja on its strictest: everything escaped, nothing undefined, and one door through which JSON enters a page."""

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bursar.surfaces.web import assets, display
from bursar.surfaces.web.frame import Frame

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The templates with their few filters; built once."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Callable[..., object]] = made.filters  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - jinja2 leaves it untyped
    filters.update(
        digits=display.digits, clean=display.clean, money=display.money, whole=display.whole, day_month=display.day_month,
        month_year=display.month_year, moment=display.moment, island=island, percent=display.percent, rounded=display.rounded,
    )  # fmt: skip
    made.globals.update(asset=assets.address, MINUS=display.MINUS)  # pyright: ignore[reportUnknownMemberType] - jinja2 leaves globals untyped
    return made


def visible(value: object) -> object:
    """Text without control and direction characters, wherever a page shows it; markup of our own as it is."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(sign for sign in value if sign in "\n\t" or unicodedata.category(sign) not in display.HIDDEN)


def island(data: str) -> Markup:
    """JSON for a script element, which no escaping may touch. Raises ValueError on anything that could end the element."""
    if "<" in data or ">" in data:
        raise ValueError("JSON for a page must have < and > escaped")
    return Markup(data)  # noqa: S704 - nothing in it can be read as markup: checked the line before


def render(name: str, frame: Frame, values: Mapping[str, object]) -> str:
    """A page as HTML text."""
    return environment().get_template(f"{name}.html").render(frame=frame, **values)
