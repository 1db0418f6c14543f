"""What every control plane promises to the one who may change it: a token is one effect, and nothing goes without its snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from unit.actions.world import disk, estate_file

from bursar.adapters.clouds.simulated.control import Faults, SimulatedEstate
from bursar.domain.errors import BillError, StalePlan, Unavailable
from bursar.domain.estates import Answer, Observed
from bursar.domain.plans import Change, Undo
from bursar.ports import Estate

PROVIDERS = {"aws": "vol-001", "gcp": "//compute.googleapis.com/projects/p/zones/z/disks/one", "azure": "/subscriptions/s/disks/one"}


def simulated(folder: Path, provider: str) -> SimulatedEstate:
    """A simulated estate with one idle disk of a provider, one in use, and one that is locked."""
    ident = PROVIDERS[provider]
    one = {**disk(1), "provider": provider, "id": ident}
    used = {**disk(2, attached=True), "provider": provider, "id": f"{ident}-used"}
    locked = {**disk(3, locked=True), "provider": provider, "id": f"{ident}-locked"}
    estate = SimulatedEstate(folder / "estate.sqlite")
    estate.take(estate_file(folder / "estate.json", [one, used, locked]))
    return estate


ESTATES: dict[str, Callable[[Path, str], SimulatedEstate]] = {"simulated": simulated}


@pytest.fixture(params=[(name, provider) for name in ESTATES for provider in PROVIDERS], ids="-".join)
def estate(request: pytest.FixtureRequest, tmp_path: Path) -> SimulatedEstate:
    """Every estate, on every provider it speaks for."""
    name, provider = request.param
    return ESTATES[name](tmp_path, provider)


def idle(estate: Estate) -> Observed:
    """The disk nothing is attached to."""
    return next(one for one in estate.survey("disk") if one.state and not one.state["attached_to"] and not one.state["locked"])


def deletion(found: Observed) -> Change:
    """What a plan would ask for."""
    return Change(
        resource=found.resource, verb="delete_disk", params={"snapshot": "required"}, before=found.state, after=None, because=("idle",),
        saving=None, undo=Undo(verb="restore_disk", needs=("snapshot",)), permissions=("x",),
    )  # fmt: skip


def done(estate: Estate, change: Change, token: str) -> Answer:
    """Ask until it is done."""
    for _ in range(20):
        answer = estate.execute(change, token)
        if answer.state != "pending":
            return answer
    raise AssertionError("never done")


def effects(estate: SimulatedEstate) -> list[str]:
    """What happened, as the estate's own log has it."""
    connection = sqlite3.connect(estate.file)
    rows = [str(row[0]) for row in connection.execute("SELECT what FROM effect ORDER BY seq")]
    connection.close()
    return rows


def test_what_is_surveyed_is_what_is_observed(estate: SimulatedEstate) -> None:
    """The same state, the same moment; only what is there is surveyed."""
    for one in estate.survey("disk"):
        assert estate.observe(one.resource) == one
    assert len(estate.survey("disk")) == 3
    assert estate.survey("unicorn") == []


def test_a_token_is_one_effect(estate: SimulatedEstate) -> None:
    """Asked again, and by another process, it answers as it did the first time."""
    change = deletion(idle(estate))
    first = done(estate, change, "t" * 32)
    again = SimulatedEstate(estate.file).execute(change, "t" * 32)
    assert again == first
    assert effects(estate) == ["snapshot", "delete"]
    assert estate.observe(change.resource).state is None


def test_receipts_tell_what_was_done_under_a_token(estate: SimulatedEstate) -> None:
    """So a lost answer is found again by looking alone."""
    change = deletion(idle(estate))
    assert estate.observe(change.resource).receipts == {}
    answer = done(estate, change, "t" * 32)
    receipt = estate.observe(change.resource).receipts["t" * 32]
    assert {name: value for name, value in receipt.items() if name != "at"} == answer.detail


def test_nothing_is_deleted_before_its_snapshot_is_complete(estate: SimulatedEstate) -> None:
    """While it is pending the disk is there and there is one snapshot."""
    estate.faults = Faults(polls=3)
    change = deletion(idle(estate))
    for _ in range(3):
        assert estate.execute(change, "t" * 32).state == "pending"
        assert estate.observe(change.resource).state == change.before
        assert effects(estate) == ["snapshot"]
    answer = estate.execute(change, "t" * 32)
    assert answer.state == "done"
    assert answer.detail["snapshot"]
    assert effects(estate) == ["snapshot", "delete"]


@pytest.mark.parametrize("suffix", ["-used", "-locked"])
def test_what_is_used_or_locked_is_refused(estate: SimulatedEstate, suffix: str) -> None:
    """By the provider itself, with nothing begun."""
    found = next(one for one in estate.survey("disk") if one.resource.id.endswith(suffix))
    with pytest.raises(StalePlan):
        estate.execute(deletion(found), "t" * 32)
    assert effects(estate) == []


def test_another_token_finds_it_gone(estate: SimulatedEstate) -> None:
    """Nothing is deleted twice, whoever asks."""
    change = deletion(idle(estate))
    done(estate, change, "t" * 32)
    with pytest.raises(StalePlan):
        estate.execute(change, "u" * 32)
    assert effects(estate) == ["snapshot", "delete"]


def test_what_was_deleted_comes_back_from_its_snapshot(estate: SimulatedEstate) -> None:
    """As it was; under its own name where names are ours, under a new id on AWS."""
    change = deletion(idle(estate))
    snapshot = done(estate, change, "t" * 32).detail["snapshot"]
    back = replace(change, verb="restore_disk", params={"snapshot_id": snapshot}, before=None, after=change.before, undo=None)
    answer = done(estate, back, "u" * 32)
    name = str(answer.detail["resource"])
    assert (name == change.resource.id) == (change.resource.provider != "aws")
    assert estate.observe(replace(change.resource, id=name)).state == change.before
    assert estate.execute(back, "u" * 32) == answer
    assert effects(estate) == ["snapshot", "delete", "restore"]


def test_without_its_snapshot_nothing_comes_back(estate: SimulatedEstate) -> None:
    """It is refused, not made empty."""
    change = deletion(idle(estate))
    done(estate, change, "t" * 32)
    back = replace(change, verb="restore_disk", params={"snapshot_id": "snap-none"}, before=None, after=change.before, undo=None)
    with pytest.raises(StalePlan):
        done(estate, back, "u" * 32)


@pytest.mark.parametrize(("fault", "happened"), [("lost", []), ("late", ["snapshot", "delete"])])
def test_silence_says_nothing_about_the_effect(estate: SimulatedEstate, fault: str, happened: list[str]) -> None:
    """Unavailable either way; asked again it is one effect."""
    change = deletion(idle(estate))
    estate.faults = Faults(script=[fault])
    with pytest.raises(Unavailable):
        estate.execute(change, "t" * 32)
    assert effects(estate) == happened
    assert estate.execute(change, "t" * 32).state == "done"
    assert effects(estate) == ["snapshot", "delete"]


def test_without_an_estate_nothing_is_known(tmp_path: Path) -> None:
    """It is said, with what to do."""
    with pytest.raises(Unavailable, match="no estate"):
        SimulatedEstate(tmp_path / "none.sqlite").survey("disk")


def test_an_estate_is_taken_in_as_deliveries_are(tmp_path: Path) -> None:
    """Newer replaces, the same is unchanged, older is recorded, another estate is refused."""
    estate = SimulatedEstate(tmp_path / "estate.sqlite")
    two = [disk(1), disk(2)]
    october = estate_file(tmp_path / "october.json", two)
    assert [estate.adopt(october)[0], estate.adopt(october)[0]] == ["published", "unchanged"]
    november = estate_file(tmp_path / "november.json", two[:1], as_of="2026-12-01T00:00:00Z")
    assert estate.adopt(november)[0] == "published"
    assert [one.resource.id for one in estate.survey("disk")] == ["vol-001"]
    assert estate.adopt(october) == ("recorded", [])
    with pytest.raises(BillError, match="another estate"):
        estate.adopt(estate_file(tmp_path / "other.json", two, seed=2))
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(BillError, match="not an estate"):
        estate.adopt(tmp_path / "broken.json")
    (tmp_path / "else.json").write_text('{"schema": "bursar.estate/9", "resources": []}')
    with pytest.raises(BillError, match="version"):
        estate.adopt(tmp_path / "else.json")


def test_what_was_deleted_and_is_listed_again_is_there_again(tmp_path: Path) -> None:
    """A newer file is the truth about what there is; what was done by token stays known."""
    estate = SimulatedEstate(tmp_path / "estate.sqlite")
    estate.adopt(estate_file(tmp_path / "october.json", [disk(1)]))
    change = deletion(idle(estate))
    done(estate, change, "t" * 32)
    estate.adopt(estate_file(tmp_path / "november.json", [disk(1)], as_of="2026-12-01T00:00:00Z"))
    assert estate.observe(change.resource).state is not None
    assert "t" * 32 in estate.observe(change.resource).receipts
