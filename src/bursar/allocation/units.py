"""`units.yaml`: which business metrics get a cost per unit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from bursar.allocation.reading import Section, read
from bursar.allocation.rules import Owner
from bursar.domain.errors import ConfigError

FILE = "units.yaml"
MetricName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]+$")]


class Metric(Section):
    """One metric: the services it is for (none listed: all that report it), and whether tenants are told apart."""

    unit: str = "unit"
    services: tuple[Owner, ...] = ()
    by_tenant: bool = True


class UnitsFile(Section):
    """What `units.yaml` may say."""

    metrics: dict[MetricName, Metric] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The metrics that count. `digest` names them, whatever their spelling in YAML."""

    file: str
    metrics: dict[str, Metric]

    @property
    def digest(self) -> str:
        """SHA-256 over the metrics in one normal form."""
        content = {name: metric.model_dump(mode="json") for name, metric in self.metrics.items()}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_units(path: Path | None = None) -> Units:
    """The metrics of a project's `units.yaml`, or the packaged default where there is none. Raises ConfigError naming place and cure."""
    if path is None:
        return parse_units(files("bursar.allocation").joinpath(FILE).read_text("utf-8"), file=f"the packaged {FILE}")
    try:
        return parse_units(path.read_text("utf-8"), file=path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: cannot be read as UTF-8 text", cure="Save it as UTF-8, readable by this user.") from error


def parse_units(text: str, *, file: str = FILE) -> Units:
    """Metrics from YAML text. Raises ConfigError naming file, place and cure."""
    known = {"": ("metrics",), "metrics": tuple(Metric.model_fields)}
    return Units(file=file, metrics=read(text, file=file, model=UnitsFile, known=known).metrics)


def unit_variables(units: Units) -> list[dict[str, object]]:
    """Each metric as the dbt project's int_driver takes it."""
    return [{"metric": name, "services": list(metric.services), "by_tenant": metric.by_tenant} for name, metric in units.metrics.items()]
