"""What detection left to be read: incidents and what was said of them from the store, scores from the newest scored generation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import cast

import sqlalchemy as sa

from bursar.anomaly import records
from bursar.anomaly.records import Kept
from bursar.anomaly.written import SCORES, newest
from bursar.domain.periods import stamp
from bursar.store import schema
from bursar.surfaces.web.books import Books, House

HEAT_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer to an incident: the verdict, who gave it when, the days of a planned range, and a note."""

    verdict: str
    by: str
    at: datetime
    first: date | None
    last: date | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDay:
    """A team's day against its expectation; amounts are None where nothing is known. `status` is closed, partial or missing."""

    team: str
    day: date
    actual: Decimal | None
    expected: Decimal | None
    lo: Decimal | None
    hi: Decimal | None
    status: str
    currency: str

    @property
    def excess(self) -> Decimal | None:
        """What was charged beyond the expectation."""
        return None if self.actual is None or self.expected is None else self.actual - self.expected

    @property
    def is_outside(self) -> bool:
        """Whether the amount lies outside its band."""
        if self.actual is None or self.lo is None or self.hi is None:
            return False
        return not self.lo <= self.actual <= self.hi


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The newest days of every team, and the generation they were scored on."""

    generation: int
    days: Sequence[TeamDay]
    sql: str

    @property
    def currencies(self) -> list[str]:
        """The currencies teams are charged in, that of most teams first."""
        found = {(one.currency, one.team) for one in self.days}
        codes = [code for code, _ in found]
        return sorted(set(codes), key=lambda code: (-codes.count(code), code))

    def within(self, currency: str) -> "Scored":
        """The same in one currency alone."""
        return replace(self, days=[one for one in self.days if one.currency == currency])


def incidents(house: House) -> list[Kept]:
    """Every incident, the open ones first, the loudest before the others, the newest before the older."""
    with house.store.connect().execution_options(read_only=True) as connection:
        found = records.kept(connection)
    return sorted(
        found, key=lambda one: (one.status != "open", one.severity if one.status == "open" else "", -one.onset.toordinal(), one.id)
    )


def incident(house: House, name: str) -> Kept | None:
    """The incident of this id."""
    with house.store.connect().execution_options(read_only=True) as connection:
        return records.find(connection, name)


def said_of(house: House, incident_id: str) -> list[Said]:
    """What people said of an incident, newest first."""
    table = schema.feedback
    query = sa.select(table).where(table.c.incident_id == incident_id).order_by(table.c.seq.desc())
    with house.store.connect().execution_options(read_only=True) as connection:
        rows = connection.execute(query).mappings().all()
    return [_said(row) for row in rows]


def open_count(house: House) -> int:
    """How many incidents are open."""
    query = sa.select(sa.func.count()).select_from(schema.incident).where(schema.incident.c.status == "open")
    with house.store.connect().execution_options(read_only=True) as connection:
        return connection.execute(query).scalar_one()


def waiting_count(house: House, *, now: datetime) -> int:
    """How many plans wait for a word."""
    table = schema.plan
    query = sa.select(sa.func.count()).select_from(table).where(table.c.status == "proposed", table.c.expires_at > stamp(now))
    with house.store.connect().execution_options(read_only=True) as connection:
        return connection.execute(query).scalar_one()


def scored(books: Books) -> Scored | None:
    """The teams' newest days, or None before anything was scored. A folder that is half there is as if it were not."""
    found = newest(books.house.lake.root, until=books.generation.n if books.generation else None)
    file = found[1] / f"{SCORES}.parquet" if found else None
    if found is None or file is None or not file.exists():
        return None
    quoted = "'" + str(file).replace("'", "''") + "'"
    sql = files("bursar.surfaces.web").joinpath("scores.sql").read_text("utf-8").replace("{file}", quoted)
    rows = books.house.warehouse.rows(sql, (HEAT_DAYS,), reads=[file]).rows
    shown = sql.replace(quoted, f"'scores/g{found[0]}/{SCORES}.parquet'").replace("?", str(HEAT_DAYS))
    return Scored(generation=found[0], days=[_team_day(row) for row in rows], sql=shown)


def _team_day(row: Sequence[object]) -> TeamDay:
    team, day, actual, expected, lo, hi, status, currency = row
    amounts = [cast("Decimal | None", value) for value in (actual, expected, lo, hi)]
    return TeamDay(
        team=str(team) if team is not None else "no team", day=cast("date", day),
        actual=amounts[0], expected=amounts[1], lo=amounts[2], hi=amounts[3], status=str(status), currency=str(currency),
    )  # fmt: skip


def _said(row: sa.RowMapping) -> Said:
    return Said(
        verdict=row["verdict"],
        by=row["by"],
        at=datetime.fromisoformat(row["at"]),
        first=date.fromisoformat(row["first_day"]) if row["first_day"] else None,
        last=date.fromisoformat(row["last_day"]) if row["last_day"] else None,
        note=row["note"] or "",
    )
