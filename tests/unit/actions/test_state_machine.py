"""Whatever anybody does in whatever order: a plan is carried out when the diary says so, and then exactly; else nothing is touched."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from unit.actions.driver import PEOPLE, SPOILS, Driver, walk

choices = st.integers(min_value=0, max_value=11)


class Door(RuleBasedStateMachine):
    """The driver's moves as rules. Several aim: to a second around each deadline, at one field, at the same plan again."""

    driver: Driver

    @initialize(is_production=st.booleans())
    def begin(self, is_production: bool) -> None:
        """An estate with a plan."""
        self._folder = tempfile.TemporaryDirectory()
        self.driver = Driver.begin(Path(self._folder.name))
        self.driver.propose(is_production=is_production)

    def teardown(self) -> None:
        """The estate's file goes."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    @rule(is_production=st.booleans())
    def propose(self, is_production: bool) -> None:
        """Another plan."""
        self.driver.propose(is_production=is_production)

    @rule(choice=choices, who=st.sampled_from(PEOPLE))
    def say_yes(self, choice: int, who: str) -> None:
        """One more approval."""
        self.driver.say_yes(choice, who)

    @rule(choice=choices, kind=st.sampled_from(("viewer", "maker", "late", "no")))
    def forge(self, choice: int, kind: str) -> None:
        """A row past the door."""
        self.driver.forge(choice, kind)

    @rule(choice=choices, seconds=st.sampled_from((-1, 0, 1)))
    def wait_until_almost(self, choice: int, seconds: int) -> None:
        """To a second around an end."""
        self.driver.wait_until_almost(choice, seconds)

    @rule(seconds=st.sampled_from((1, 3600, 86_400)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.driver.wait(seconds)

    @rule(choice=choices)
    def edit(self, choice: int) -> None:
        """A plan is edited where it lies."""
        self.driver.edit(choice)

    @rule(choice=choices, how=st.sampled_from(("attach", "detach", "tag")))
    def touch(self, choice: int, how: str) -> None:
        """The world moves."""
        self.driver.touch(choice, how)

    @rule(what=st.sampled_from(("stop", "policy", "freeze", "card", "keep")))
    def flip(self, what: str) -> None:
        """A switch is turned."""
        self.driver.flip(what)

    @rule(choice=choices, fault=st.sampled_from(("ok", "late", "lost", "error", "errors")))
    def apply(self, choice: int, fault: str) -> None:
        """A plan is applied."""
        self.driver.apply(choice, fault)

    @rule(spoil=st.sampled_from(SPOILS), is_production=st.booleans())
    def aim(self, spoil: str, is_production: bool) -> None:
        """All is right but one thing."""
        self.driver.aim(spoil, is_production=is_production)

    @rule(choice=choices)
    def take_back(self, choice: int) -> None:
        """What was done is to be undone."""
        self.driver.take_back(choice)


TestDoor = Door.TestCase
TestDoor.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def test_long_walks_hold(tmp_path: Path) -> None:
    """Three hundred aimed steps with nothing that the diary does not allow, and plans that are carried out among them."""
    walked = walk(tmp_path, seed=3, steps=300)
    assert not walked.wrong
    assert walked.applied > 5
