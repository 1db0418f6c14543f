"""Moments as options give them: `--as-of`, the generation that was the newest at the end of a day, and `--exported-at`."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bursar.domain.errors import ConfigError

if TYPE_CHECKING:
    from bursar.lake.generations import Generation
    from bursar.loop import Bursar


def moment(text: str) -> datetime:
    """A day or a moment in ISO 8601, UTC unless it says otherwise. Raises ConfigError for anything else."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"not a moment: {text!r}", cure="Write it as YYYY-MM-DD or YYYY-MM-DDTHH:MM.") from error
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def generation_as_of(app: "Bursar", as_of: str | None) -> "Generation | None":
    """The newest generation, or the newest at the end of a day (UTC). Raises ConfigError for what is not a day, or before the first."""
    if as_of is None:
        return app.lake.head()
    try:
        day = date.fromisoformat(as_of)
    except ValueError as error:
        raise ConfigError(f"not a day: {as_of!r}", cure="Write it as YYYY-MM-DD.") from error
    found = app.lake.at(datetime.combine(day + timedelta(days=1), time.min, UTC) - timedelta(seconds=1))
    if found is None and app.lake.head():
        first = app.lake.generation(1).at
        raise ConfigError(f"nothing was published by {as_of}", cure=f"The first generation is of {first:%Y-%m-%d %H:%M} UTC.")
    return found
