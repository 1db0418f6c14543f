"""Which resources are not there, from when until when: what applied plans left behind in a simulated control plane."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bursar.adapters.clouds.simulated.draws import Draws
from bursar.domain.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A resource is gone from a day on; `until` it is there again under the name `back_as`, or for good."""

    since: date
    until: date | None = None
    back_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A snapshot that is paid for from a day on, beside the disk it was made of."""

    of: str
    id: str
    size_gb: int
    since: date

    def daily(self, rate: int) -> int:
        """What it costs a day, at the price of a gigabyte a month: a snapshot holds what is used of its disk, no more."""
        percent = 30 + Draws(0, "used", self.of).below(50)
        return self.size_gb * rate * percent // 100 // 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Absences:
    """Gaps and snapshots by the id of the disk. Empty: nothing was ever done."""

    gaps: Mapping[str, Gap] = field(default_factory=dict[str, Gap])
    snapshots: Mapping[str, Kept] = field(default_factory=dict[str, Kept])

    def name(self, resource: str, day: date) -> str | None:
        """What a resource is called on a day; None while it is gone."""
        gap = self.gaps.get(resource)
        if gap is None or day < gap.since:
            return resource
        return (gap.back_as or resource) if gap.until and day >= gap.until else None

    def kept(self, resource: str, day: date) -> Kept | None:
        """The snapshot of a resource that is paid for on a day, if there is one."""
        found = self.snapshots.get(resource)
        return found if found and day >= found.since else None


def read(file: Path | None) -> Absences:
    """What a control plane's file says was done; nothing without a file. Raises ConfigError for a file that is none."""
    if file is None:
        return Absences()
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT id, kind, state, made_at, gone_at, back_at, back_as FROM resource ORDER BY provider, id"
            ).fetchall()
        connection.close()
    except sqlite3.Error as error:
        raise ConfigError(f"{file}: not the file of a simulated estate", cure="It is estate.sqlite in the state folder.") from error
    gaps = {row[0]: _gap(row[4], row[5], row[6]) for row in rows if row[1] == "disk" and row[4]}
    kept = [_kept(row[0], json.loads(row[2]), row[3]) for row in rows if row[1] == "snapshot"]
    return Absences(gaps=gaps, snapshots={one.of: one for one in kept})


def _gap(gone_at: str, back_at: str | None, back_as: str | None) -> Gap:
    until = date.fromisoformat(back_at[:10]) if back_at else None
    return Gap(since=date.fromisoformat(gone_at[:10]), until=until, back_as=back_as or "")


def _kept(ident: str, state: Mapping[str, object], made_at: str) -> Kept:
    return Kept(of=str(state["of"]), id=ident, size_gb=int(str(state["size_gb"])), since=date.fromisoformat(made_at[:10]))
