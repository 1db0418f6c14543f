"""The simulated estate's tables, as CSV beside the code that reads them."""

import csv
from collections.abc import Mapping
from importlib.resources import files

USUAL = "usual"
"""Written for tags that follow from team, service and env."""


def rows(cloud: str, name: str) -> list[dict[str, str]]:
    """The rows of a cloud's table, in file order."""
    source = files(f"bursar.adapters.clouds.simulated.{cloud}").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(source.splitlines()))


def pairs(text: str) -> dict[str, str]:
    """`team=web;env=prod` as a mapping; empty text is none."""
    return dict(part.split("=", 1) for part in text.split(";") if part)


def tags(row: Mapping[str, str], *, prefix: str = "") -> dict[str, str]:
    """The tags a table row asks for: `usual` ones named after its team, service and env, or those it spells out."""
    if row["tags"] != USUAL:
        return pairs(row["tags"])
    return {f"{prefix}team": row["team"], f"{prefix}service": row["service"], f"{prefix}env": row["env"]}
