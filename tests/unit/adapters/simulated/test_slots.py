"""Which resource fills a place, and what it is called."""

from datetime import date, timedelta

from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.naming import CUR2, Naming
from bursar.adapters.clouds.simulated.owners import TEAM_KEYS, owner
from bursar.adapters.clouds.simulated.shape import Meter
from bursar.adapters.clouds.simulated.slots import Slots

MONTH = [date(2026, 9, 1) + timedelta(days=day) for day in range(30)]
METER = Meter(key="m5", team="web", service="shop", env="prod", monthly=100)


def resources(slots: Slots) -> set[int]:
    """The resources a month meets."""
    return {slots.resource(place, day) for place in range(len(slots.weights)) for day in MONTH}


def test_a_large_bill_has_a_resource_for_every_hundred_rows_or_so() -> None:
    """Autoscaled hourly resources come and go, so that distinct ones grow with the rows."""
    slots = Slots.of(24 * 70, draws=Draws(7, "slots"), is_autoscaled=True)
    assert 50 < 24 * 70 * 30 / len(resources(slots)) < 300


def test_a_small_bill_keeps_its_resources() -> None:
    """Resources with one row a day stay, whatever they are."""
    slots = Slots.of(12, draws=Draws(7, "slots"), is_autoscaled=True)
    assert resources(slots) == set(range(12))


def test_no_two_places_share_a_resource() -> None:
    """On any day each place is filled by a resource of its own, and none ever moves to another place."""
    slots = Slots.of(24 * 30, draws=Draws(7, "slots"), is_autoscaled=True)
    homes: dict[int, int] = {}
    for day in MONTH:
        for place in range(len(slots.weights)):
            assert homes.setdefault(slots.resource(place, day), place) == place


def test_names_decide_no_owner() -> None:
    """Whatever tags a resource has of its own, its team is the one its meter's tags name; without those it has none."""
    for tags, team in (({"user_team": "web"}, "web"), ({"user_squad": "web"}, "web"), ({"user_taem": "web"}, "unallocated")):
        naming = Naming(spelling=CUR2, meter=METER, tags=tags, kind="instance")
        for number in range(50):
            bare = {name.removeprefix("user_"): value for name, value in naming.of(number).items()}
            assert owner((bare,), TEAM_KEYS) == team
    assert Naming(spelling=CUR2, meter=METER, tags={}, kind="instance").of(1) == {}


def test_most_resources_have_a_name_of_their_own() -> None:
    """A good part of the resources is told apart by a name."""
    naming = Naming(spelling=CUR2, meter=METER, tags={"user_team": "web"}, kind="")
    names = [naming.of(number).get("user_name") for number in range(1000)]
    assert 600 < sum(name is not None for name in names) < 800
    assert len({name for name in names if name}) == sum(name is not None for name in names)
