"""Generations: one transaction moves everybody from one truth to the next."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.domain.errors import ConfigError, Refused
from bursar.lake import snapshots
from bursar.lake.generations import Generation, Lake, flip
from bursar.lake.snapshots import Snapshot
from bursar.store import journal
from tests.unit.lake.conftest import DAY, Make


def flipped(store: sa.Engine, *put: Snapshot, day: int = 0) -> int:
    """Flip these in, so many days after the first of November."""
    with store.begin() as connection:
        return flip(connection, now=DAY + timedelta(days=day), actor="bursar", cause="ingest", put=put, reconciliation={})


def ids(generation: Generation | None) -> list[str]:
    """The snapshots a generation reads."""
    return sorted({file.snapshot_id for file in generation.files}) if generation else []


def test_before_the_first_flip_there_is_nothing(store: sa.Engine, tmp_path: Path) -> None:
    """An empty lake has no head and no generation of any number."""
    lake = Lake(tmp_path, store)
    assert lake.head() is None
    assert lake.at(DAY) is None
    with pytest.raises(ConfigError, match="no generation 1"):
        lake.generation(1)


def test_a_restatement_replaces_the_whole_month_and_only_that(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """The new snapshot stands where the old one stood; other months and sources stay."""
    flipped(store, make("old"), make("september", period="2026-09"), make("other", source="gcp"))
    flipped(store, make("new"))
    lake = Lake(tmp_path, store)
    assert ids(lake.head()) == ["new", "other", "september"]
    assert ids(lake.generation(1)) == ["old", "other", "september"]
    with store.connect() as connection:
        states = {one.id: one.state for one in snapshots.select(connection, layer="focus")}
    assert states == {"old": "superseded", "new": "live", "september": "live", "other": "live"}


def test_a_generation_taken_once_never_changes(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """A reader that holds generation 1 reads the same files after a flip, from its cache or from the store."""
    flipped(store, make("old"))
    lake = Lake(tmp_path, store)
    held = lake.head()
    flipped(store, make("new"))
    assert lake.generation(1) == held == Lake(tmp_path, store).generation(1)


def test_a_day_in_the_past_shows_what_was_believed_then(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """Between two flips the first one counts, from the second it made it on."""
    flipped(store, make("old"), day=2)
    flipped(store, make("new"), day=5)
    lake = Lake(tmp_path, store)
    seen = [ids(lake.at(DAY + timedelta(days=days))) for days in (1, 2, 4, 5, 9)]
    assert seen == [[], ["old"], ["old"], ["new"], ["new"]]


def test_a_snapshot_may_come_back(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """Flipping back to an earlier snapshot is a generation of its own; none of the three is lost."""
    for one in ("first", "second", "first"):
        flipped(store, make(one))
    lake = Lake(tmp_path, store)
    assert [ids(lake.generation(n)) for n in (1, 2, 3)] == [["first"], ["second"], ["first"]]


def test_data_is_as_new_as_the_newest_export_in_it(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """Not as the time of publication, and not as a mart's."""
    flipped(
        store, make("a", exported_at=DAY - timedelta(days=9)), make("b", source="gcp", exported_at=None), make("m", layer="marts"), day=3
    )
    head = Lake(tmp_path, store).head()
    assert head is not None
    assert head.data_as_of == DAY - timedelta(days=9)
    assert head.at == DAY + timedelta(days=3)


def test_raw_bytes_are_in_no_generation(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """What was delivered is kept but never served."""
    flipped(store, make("bill"), make("bytes", layer="raw"))
    assert ids(Lake(tmp_path, store).head()) == ["bill"]


def test_every_flip_is_in_the_journal(store: sa.Engine, make: Make) -> None:
    """The entry names the generation, its cause and every snapshot put, and the chain holds."""
    flipped(store, make("bill"))
    flipped(store, make("more", source="gcp"))
    with store.connect() as connection:
        entries = connection.execute(sa.text("SELECT payload FROM journal ORDER BY seq")).scalars().all()
        assert journal.first_broken(connection) is None
    assert ['"generation":1' in entries[0], '"snapshot":"more"' in entries[1]] == [True, True]


def test_marts_of_a_bill_that_is_not_live_do_not_flip(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """A bill restated while its marts were being built: nothing of the flip remains, head and journal included."""
    flipped(store, make("old"))
    flipped(store, make("new"))
    with pytest.raises(Refused, match="not live any more"):
        flipped(store, make("marts", layer="marts", source="_all", input_ids=("old",)))
    head = Lake(tmp_path, store).head()
    assert head is not None
    assert (head.n, ids(head)) == (2, ["new"])
    with store.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM journal")).scalar() == 2


def test_a_bill_does_not_flip_from_under_its_marts(store: sa.Engine, make: Make) -> None:
    """A restatement alone would leave marts built from the bill it replaces."""
    flipped(store, make("old"), make("marts", layer="marts", source="_all", input_ids=("old",)))
    with pytest.raises(Refused, match=r"marts of 2026-10"):
        flipped(store, make("new"))


def test_marts_may_be_built_from_metrics_too(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """A driver that is live or flips now is as good an input as a bill."""
    flipped(
        store,
        make("bill"),
        make("requests", layer="metrics", source="metrics-requests"),
        make("marts", layer="marts", source="_all", input_ids=("bill", "requests")),
    )
    assert ids(Lake(tmp_path, store).head()) == ["bill", "marts", "requests"]


def test_a_window_of_days_prunes_files_by_their_days_not_by_their_month(store: sa.Engine, tmp_path: Path, make: Make) -> None:
    """Late usage of October in November's bill is found under October's days; ends are exclusive."""
    late = make("late", period="2026-11")
    late_file = late.files[0].__class__(
        path="x", table="cost_and_usage", rows=1, bytes=1, sha256="", min_day=date(2026, 10, 20), max_day=date(2026, 11, 3)
    )
    undated = late_file.__class__(path="y", table="cost_and_usage", rows=0, bytes=1, sha256="")
    flipped(store, make("october"), make("late", period="2026-11", files=(late_file,)), make("empty", source="gcp", files=(undated,)))
    head = Lake(tmp_path, store).head()
    assert head is not None

    def found(start: date | None, end: date | None) -> set[str]:
        return {file.snapshot_id for file in head.of("cost_and_usage", start=start, end=end)}

    assert found(date(2026, 10, 28), date(2026, 10, 29)) == {"october", "late", "empty"}
    assert found(date(2026, 10, 29), None) == {"late", "empty"}
    assert found(None, date(2026, 10, 20)) == {"october", "empty"}
    assert found(None, date(2026, 10, 1)) == {"empty"}
    assert {file.snapshot_id for file in head.of("cost_and_usage", period="2026-11")} == {"late"}
    assert head.of("charge_daily") == ()
    assert head.periods() == ["2026-10", "2026-11"]
