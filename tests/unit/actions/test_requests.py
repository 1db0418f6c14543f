"""Asking the worker to apply: only what is approved, once, and what is refused must be asked for anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.actions.world import World, usual_world

from bursar.actions import requests
from bursar.domain.errors import NotApproved
from bursar.store import journal


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three idle disks among forty."""
    return usual_world(tmp_path / "world")


def test_only_an_approved_plan_can_be_asked_for(world: World) -> None:
    """A proposal says what is missing; a closed plan that a new one is needed."""
    made = world.plan()
    with world.store.begin() as connection, pytest.raises(NotApproved, match="proposed"):
        requests.ask(connection, made.digest, by="ana", now=world.now)
    world.approve(made)
    world.apply(made)
    with world.store.begin() as connection, pytest.raises(NotApproved, match="applied"):
        requests.ask(connection, made.digest, by="ana", now=world.now)


def test_asking_twice_is_one_request(world: World) -> None:
    """The first who asked stands, in the plan and in the journal."""
    made = world.approved()
    with world.store.begin() as connection:
        requests.ask(connection, made.digest, by="ana", now=world.now)
        assert requests.ask(connection, made.digest, by="bob", now=world.now).requested_by == "ana"
        assert [one.digest for one in requests.asked(connection)] == [made.digest]
    assert world.read("SELECT count(*) FROM journal WHERE kind = 'plan.requested'") == [(1,)]


def test_what_was_refused_is_asked_for_anew(world: World) -> None:
    """The refusal is in the journal, the request is gone, and the chain holds."""
    made = world.approved()
    with world.store.begin() as connection:
        entry = requests.ask(connection, made.digest, by="ana", now=world.now)
        journal.lock(connection)
        requests.drop(connection, entry, why="the switch is on", now=world.now)
        assert requests.asked(connection) == []
        assert requests.ask(connection, made.digest, by="bob", now=world.now).requested_by == "bob"
    assert world.read("SELECT count(*) FROM journal WHERE kind = 'plan.request_refused'") == [(1,)]
