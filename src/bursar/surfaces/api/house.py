"""What the API needs of the house, and the generation a request is about."""

from __future__ import annotations

from typing import Protocol, cast

import sqlalchemy as sa
from fastapi import Request
from starlette.exceptions import HTTPException

from bursar.config import Config
from bursar.domain.errors import ConfigError
from bursar.lake.generations import Generation, Lake
from bursar.ports import Clock, Warehouse


class House(Protocol):
    """The wired house, as far as the API goes."""

    @property
    def config(self) -> Config:
        """The project and the state folder."""
        ...

    @property
    def lake(self) -> Lake:
        """The lake."""
        ...

    @property
    def warehouse(self) -> Warehouse:
        """What answers SELECTs."""
        ...

    @property
    def store(self) -> sa.Engine:
        """The operational database."""
        ...

    @property
    def clock(self) -> Clock:
        """Now, in UTC."""
        ...


def house_of(request: Request) -> House:
    """The house this application was made over."""
    return cast("House", request.app.state.house)


def pinned(house: House, n: int | None) -> Generation | None:
    """The generation a request names, else the newest; None while nothing was published. Answers 404 for one that never was."""
    if n is None:
        return house.lake.head()
    try:
        return house.lake.generation(n) if n else None
    except ConfigError:
        raise HTTPException(404, f"there is no generation {n}") from None
