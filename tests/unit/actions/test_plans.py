"""A plan is data: one form, one digest, and everything in it counts."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.actions.world import World

from bursar.domain.errors import ConfigError
from bursar.domain.estates import Resource
from bursar.domain.plans import Change, Limits, Plan, Range, Undo, read_plan, sum_of, token

texts = st.text(max_size=12)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, allow_infinity=False, places=6)
states = st.none() | st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=3)
ranges = st.none() | st.builds(Range, amount=amounts, low=amounts, high=amounts, currency=st.just("USD"))
changes = st.builds(
    Change,
    resource=st.builds(Resource, provider=texts, account=texts, region=texts, kind=texts, id=texts),
    verb=texts,
    params=st.dictionaries(texts, texts, max_size=2),
    before=states,
    after=states,
    because=st.tuples(texts),
    saving=ranges,
    undo=st.none() | st.builds(Undo, verb=texts, params=st.dictionaries(texts, texts, max_size=1), needs=st.tuples(texts)),
    permissions=st.tuples(texts),
    env=texts,
    owner=st.none() | texts,
    is_destructive=st.booleans(),
)
plans = st.builds(
    Plan,
    maker=texts,
    made_at=texts,
    expires_at=texts,
    playbook=texts,
    tier=st.sampled_from("RDI"),
    card_digest=texts,
    policy_digest=texts,
    generation=st.integers(min_value=0),
    limits=st.builds(Limits, changes=st.integers(0, 99)),
    population=st.dictionaries(texts, st.integers(0, 999), max_size=2),
    changes=st.lists(changes, max_size=3).map(tuple),
    undoes=st.none() | texts,
)


@given(plans)
def test_what_is_stored_reads_as_what_was_made(plan: Plan) -> None:
    """The body read again has the same bytes and the same digest."""
    again = read_plan(plan.body)
    assert again.body == plan.body
    assert again.digest == plan.digest


@given(plans, st.data())
def test_everything_in_a_plan_counts(plan: Plan, data: st.DataObject) -> None:
    """Another value of any one field is another plan."""
    name = data.draw(st.sampled_from([field.name for field in fields(Plan)]))
    other = replace(plan, **{name: getattr(data.draw(plans), name)})
    assert (other.body == plan.body) == (other.digest == plan.digest)
    if json.loads(other.body)[name] != json.loads(plan.body)[name]:
        assert other.digest != plan.digest


@given(plans, st.data())
def test_everything_in_a_change_counts(plan: Plan, data: st.DataObject) -> None:
    """Another value of any one field of a change is another plan."""
    if not plan.changes:
        return
    name = data.draw(st.sampled_from([field.name for field in fields(Change)]))
    changed = replace(plan.changes[0], **{name: getattr(data.draw(changes), name)})
    other = replace(plan, changes=(changed, *plan.changes[1:]))
    assert (other.body == plan.body) == (other.digest == plan.digest)


def test_every_change_has_a_token_of_its_own() -> None:
    """By plan and position, the same in every attempt."""
    assert token("a", 1) == token("a", 1)
    assert len({token("a", 1), token("a", 2), token("b", 1), token("b", 2)}) == 4


def test_savings_in_two_currencies_have_no_sum() -> None:
    """There is no such number."""
    dollar, euro = (Range(amount=Decimal(1), low=Decimal(1), high=Decimal(1), currency=name) for name in ("USD", "EUR"))
    with pytest.raises(ConfigError, match="EUR, USD"):
        sum_of([dollar, euro])
    assert sum_of([]) is None
    assert sum_of([dollar, dollar]) == replace(dollar, amount=Decimal(2), low=Decimal(2), high=Decimal(2))


def test_another_version_of_a_plan_is_not_read() -> None:
    """It is told, not guessed."""
    with pytest.raises(ConfigError, match="not a plan of this version"):
        read_plan('{"schema": "bursar.plan/2"}')


def test_loosened_limits_are_seen_in_the_plan() -> None:
    """What allows more than the default is named; what allows less is not."""
    assert Limits(changes=26, daily=5).loosened() == ("changes 26 instead of 25",)
    assert Limits().loosened() == ()
    assert [Limits().share(population) for population in (0, 1, 5, 19, 20, 40)] == [0, 1, 1, 1, 2, 4]


def test_making_the_same_plan_again_makes_the_same_digest(world: World) -> None:
    """Deterministic to the byte."""
    first = world.plan()
    assert world.plan().digest == first.digest
