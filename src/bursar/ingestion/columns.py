"""The columns of `cost_and_usage`, as `focus/columns.yaml` lists them."""

from functools import cache
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from bursar.ingestion.families import packaged


class FocusColumn(BaseModel):
    """One column: its SQL type, the FOCUS versions that have it, and what it may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: Literal["VARCHAR", "DECIMAL(38,12)", "TIMESTAMP", "MAP(VARCHAR, VARCHAR)"]
    focus: tuple[str, ...]
    nullable: bool | dict[str, bool]
    level: str = ""
    allowed: tuple[str, ...] = ()
    description: str

    @property
    def may_be_null(self) -> bool:
        """Whether the newest version that has the column allows NULL."""
        return self.nullable if isinstance(self.nullable, bool) else self.nullable[max(self.nullable)]


@cache
def focus_columns() -> tuple[FocusColumn, ...]:
    """Every column, in file order."""
    listed = yaml.safe_load(packaged("focus/columns.yaml"))["columns"]
    return TypeAdapter(tuple[FocusColumn, ...]).validate_python(listed)
