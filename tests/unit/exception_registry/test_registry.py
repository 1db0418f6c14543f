"""One registry of exceptions: what counts, what does not, and that every step is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.errors import ConfigError, Refused
from bursar.exception_registry import FINDINGS, Grant, cost_of, grant, load, read_file, record_use, revoke, tell_file
from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.known import UNKNOWN
from bursar.store import journal
from bursar.store.database import open_store
from bursar.store.schema import journal as entries

NOW = datetime(2026, 7, 21, 9, tzinfo=UTC)
DAY = timedelta(days=1)

GIVEN: dict[str, object] = {
    "id": "legacy", "rule": "BRS-TAG-001", "resource": "vm-*", "owner": "core", "approver": "ana", "reason": "moves out",
    "created": "2026-07-01", "expires": "2026-10-01",
}  # fmt: skip


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    """A transaction on an empty store."""
    store = open_store("sqlite://")
    with store.begin() as opened:
        yield opened
    store.dispose()


def told(connection: sa.Connection) -> list[str]:
    """The kinds of the journal's entries."""
    return list(connection.execute(sa.select(entries.c.kind).order_by(entries.c.seq)).scalars())


def file(path: Path, *exceptions: dict[str, object]) -> Path:
    """exceptions.yaml with these."""
    lines = ["exceptions:", *("- " + ", ".join(f"{name}: '{value}'" for name, value in one.items()).join("{}") for one in exceptions)]
    path.write_text("\n".join(lines) if exceptions else "exceptions: []")
    return path


def only(connection: sa.Connection, path: Path, **changes: object) -> tuple[set[str], bool]:
    """The findings of one exception of a file, and whether it counts."""
    registry = load(connection, now=NOW, file=file(path, {**GIVEN, **changes}), owners=("core", "ana-team"))
    return {one.id for one in registry.findings}, bool(registry.applying())


@pytest.mark.parametrize(
    ("changes", "findings", "counts"),
    [
        ({}, set(), True),
        ({"expires": "2026-07-21T09:00:00Z"}, {"BRS-EXC-001"}, False),
        ({"expires": "2026-07-21T09:00:01Z"}, {"BRS-EXC-005"}, True),
        ({"expires": "2027-01-01"}, {"BRS-EXC-002"}, False),
        ({"expires": "2026-06-01"}, {"BRS-EXC-002"}, False),
        ({"expires": "soon"}, {"BRS-EXC-002"}, False),
        ({"approver": "core"}, {"BRS-EXC-004"}, False),
        ({"owner": "gone"}, {"BRS-EXC-004"}, False),
        ({"approver": "core", "created": "2026-07-21T08:00:00Z", "expires": "2026-07-22T08:00:00Z"}, {"BRS-EXC-005"}, True),
        ({"approver": "core", "created": "2026-07-21T08:00:00Z", "expires": "2026-07-22T08:00:01Z"}, {"BRS-EXC-004", "BRS-EXC-005"}, False),
        ({"created": "2026-06-21"}, {"BRS-EXC-003"}, True),
        ({"resource": "*"}, {"BRS-EXC-002"}, False),
        ({"resource": "*", "scope": "team = ''core''"}, set(), True),
        ({"resource": "a*b"}, {"BRS-EXC-002"}, False),
        ({"resource": ""}, {"BRS-EXC-002"}, False),
        ({"scope": "team ="}, {"BRS-EXC-002"}, False),
        ({"reason": " "}, {"BRS-EXC-002"}, False),
        ({"ticket": "FIN-1"}, set(), True),
        ({"colour": "red"}, {"BRS-EXC-002"}, False),
        ({"max_monthly_cost": "10"}, {"BRS-EXC-002"}, False),
        ({"max_monthly_cost": "ten", "currency": "USD"}, {"BRS-EXC-002"}, False),
        ({"max_monthly_cost": "NaN", "currency": "USD"}, {"BRS-EXC-002"}, False),
        ({"max_monthly_cost": "10", "currency": "USD"}, set(), True),
    ],
)
def test_what_is_said_of_an_exception(
    changes: dict[str, object], findings: set[str], counts: bool, connection: sa.Connection, tmp_path: Path
) -> None:
    """Expired, malformed, self-approved and orphaned ones do not count; unused and ending ones are told and do."""
    assert only(connection, tmp_path / "exceptions.yaml", **changes) == (findings, counts)
    assert findings <= set(FINDINGS)


def test_a_cap_ends_it(connection: sa.Connection, tmp_path: Path) -> None:
    """Above its cost cap of the month, in its currency, it does not count."""
    path = file(tmp_path / "exceptions.yaml", {**GIVEN, "max_monthly_cost": "10", "currency": "USD"})
    for spent, counts in (({"USD": Decimal(10)}, True), ({"USD": Decimal("10.01")}, False), ({"EUR": Decimal(99)}, True)):
        registry = load(connection, now=NOW, file=path, monthly={"legacy": spent})
        assert bool(registry.applying()) is counts


def test_one_wrong_entry_does_not_end_the_others(connection: sa.Connection, tmp_path: Path) -> None:
    """Each entry stands for itself; an id given twice counts once."""
    path = file(tmp_path / "exceptions.yaml", {"id": "x"}, GIVEN, {**GIVEN, "resource": "db-*"})
    registry = load(connection, now=NOW, file=path)
    assert [one.resource for one in registry.applying()] == ["vm-*"]
    assert [one.id for one in registry.findings] == ["BRS-EXC-002", "BRS-EXC-002"]


@pytest.mark.parametrize("text", ["exceptions: 5", "exceptions: [", "just text", "\x00"])
def test_a_file_that_is_no_list_is_the_operators_to_mend(text: str, tmp_path: Path) -> None:
    """It is not read as no exceptions."""
    path = tmp_path / "exceptions.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        read_file(path)


def test_the_shipped_file_has_none_and_shows_one(tmp_path: Path, connection: sa.Connection) -> None:
    """What `bursar init` writes is valid, and so is the exception in its comments."""
    package = Path(__file__).parents[3] / "src" / "bursar" / "policies" / "exceptions.yaml"
    assert read_file(package) == ([], [])
    shown = [line.removeprefix("# ") for line in package.read_text().splitlines() if line.startswith(("# - ", "#   "))]
    path = tmp_path / "exceptions.yaml"
    path.write_text("\n".join(shown))
    assert [one.id for one in load(connection, now=datetime(2026, 11, 2, tzinfo=UTC), file=path).applying()] == ["legacy-vm"]


def test_granting_using_and_revoking_are_told(connection: sa.Connection) -> None:
    """An exception of the store counts from its grant to its end; each step is a journal entry, and the chain is whole."""
    made = grant(connection, GIVEN, now=NOW, owners=("core",))
    assert made.expires == datetime(2026, 10, 1, tzinfo=UTC)
    assert load(connection, now=NOW).applying() == (made,)
    record_use(connection, ["legacy", "legacy"], by="gate", subject="plan.json", now=NOW)
    record_use(connection, [], by="gate", subject="plan.json", now=NOW)
    with pytest.raises(ConfigError):
        grant(connection, GIVEN, now=NOW)
    revoke(connection, "legacy", by="bo", now=NOW)
    assert load(connection, now=NOW).grants == ()
    with pytest.raises(ConfigError):
        revoke(connection, "legacy", by="bo", now=NOW)
    assert told(connection) == ["exception.granted", "exception.used", "exception.revoked"]
    assert journal.first_broken(connection) is None


@pytest.mark.parametrize("changes", [{"approver": "core"}, {"owner": "gone"}, {"created": "2026-01-01", "expires": "2026-02-01"}])
def test_what_would_not_count_is_not_granted(changes: dict[str, object], connection: sa.Connection) -> None:
    """A guard says no at once, and nothing is written."""
    with pytest.raises(Refused):
        grant(connection, {**GIVEN, **changes}, now=NOW, owners=("core",))
    assert told(connection) == []


def test_an_exception_that_was_used_lately_is_not_called_unused(connection: sa.Connection) -> None:
    """Thirty days without a use are told."""
    grant(connection, {**GIVEN, "created": "2026-05-01"}, now=NOW)
    assert [one.id for one in load(connection, now=NOW).findings] == ["BRS-EXC-003"]
    record_use(connection, ["legacy"], by="triage", subject="inc-1", now=NOW - 29 * DAY)
    assert load(connection, now=NOW).findings == ()
    assert [one.id for one in load(connection, now=NOW + 2 * DAY).findings] == ["BRS-EXC-003"]


def test_the_file_is_told_when_it_changed(connection: sa.Connection, tmp_path: Path) -> None:
    """The journal holds every state of exceptions.yaml that a decision rested on, once."""
    path = tmp_path / "exceptions.yaml"
    for exceptions, expected in (((), 0), ((GIVEN,), 1), ((GIVEN,), 1), (({**GIVEN, "reason": "later"},), 2), ((), 3)):
        tell_file(connection, load(connection, now=NOW, file=file(path, *exceptions)), now=NOW, actor="gate")
        assert told(connection).count("exception.file") == expected


def _grant(resource: str, **more: object) -> Grant:
    fields = {"owner": "core", "approver": "ana", "reason": "r", "created": NOW - DAY, "expires": NOW + DAY, **more}
    return Grant(id="e", rule="R", resource=resource, **fields)


names = st.text(alphabet=st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(name=names, other=names)
def test_a_name_means_itself(name: str, other: str) -> None:
    """What reads like a pattern in a resource's name is not one; a prefix covers what begins with it, line ends included."""
    assert _grant(name).covers("R", name, {}, now=NOW)
    assert _grant(name).covers("R", other, {}, now=NOW) is (other == name)
    assert _grant(f"{name}*").covers("R", name + other, {}, now=NOW)
    assert _grant(f"{name}*").covers("R", other, {}, now=NOW) is other.startswith(name)
    re.compile(_grant(name).pattern)


def test_a_scope_that_only_may_hold_does_not_excuse() -> None:
    """An exception covers what is certainly in its scope, within its time, for its rule."""
    scoped = _grant("vm-1", scope="team = 'core'")
    assert scoped.covers("R", "vm-1", {"team": "core"}, now=NOW)
    assert not scoped.covers("R", "vm-1", {"team": UNKNOWN}, now=NOW)
    assert not scoped.covers("R", "vm-1", {"team": "ml"}, now=NOW)
    assert not scoped.covers("S", "vm-1", {"team": "core"}, now=NOW)
    assert not scoped.covers("R", "vm-1", {"team": "core"}, now=NOW + DAY)


def test_what_it_has_cost_is_read_from_the_bill(generation: Generation, warehouse: Warehouse) -> None:
    """By resource or scope, by currency; a resource the bill does not know has no cost, not none."""
    everything = cost_of(_grant("*", scope="team = 'core'"), since="2026-07-01", generation=generation, warehouse=warehouse)
    one = cost_of(_grant("res-1", scope="team = 'core'"), since="2026-07-01", generation=generation, warehouse=warehouse)
    prefix = cost_of(_grant("res-*", scope="team = 'core'"), since="2026-07-01", generation=generation, warehouse=warehouse)
    assert set(everything) == {"USD", "EUR"}
    assert everything["USD"] > prefix["USD"] > sum(one.values(), Decimal(0)) >= 0
    assert cost_of(_grant("nothing"), since="2026-07-01", generation=generation, warehouse=warehouse) == {}
    assert cost_of(_grant("res-1", scope="nobody = 'x'"), since="2026-07-01", generation=generation, warehouse=warehouse) == {}
