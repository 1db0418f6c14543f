"""Everything anybody can do to the small estate, each with its line in the oracle's diary; applying is judged by it."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from unit.actions.oracle import DAY, WEEK, Diary, Told, Word
from unit.actions.test_apply import forge
from unit.actions.world import IDLE, NOW, World, usual_world

from bursar.actions.door import Freeze
from bursar.actions.guards import RULES, Rules
from bursar.domain.errors import BursarError, Refused
from bursar.domain.periods import stamp
from bursar.domain.plans import Plan

PEOPLE = ("ana", "bob", "maker")
SPOILS = (
    "nothing", "nothing", "nothing", "nothing", "stop", "policy", "freeze", "card", "keep", "few", "viewer", "maker", "spent", "no", "week",
    "late", "back", "edit", "tag", "shrink",
)  # fmt: skip
"""The one thing that is wrong with an aimed plan; in a fifth of them nothing is."""
EPISODE = 12


@dataclass(slots=True)
class Driver:
    """A world and its diary, driven step by step. Raises AssertionError when the house does what the diary does not allow."""

    world: World
    diary: Diary
    rules: Rules = RULES
    plans: list[Plan] = field(default_factory=list[Plan])
    steps: int = 0
    applied: int = 0

    @classmethod
    def begin(cls, folder: Path, *, rules: Rules = RULES) -> Driver:
        """A fresh estate: three idle disks among forty."""
        world = usual_world(folder)
        diary = Diary(now=NOW)
        diary.world = {one.resource.id: diary.see(one.state) for one in world.estate.survey("disk")}
        return cls(world, diary, rules)

    def propose(self, *, is_production: bool) -> None:
        """A plan of whatever is idle, if anything is."""
        self.world.env = "prod" if is_production else "dev"
        try:
            made = self.world.plan()
        except IndexError:
            return
        self._keep(made, is_production=is_production)

    def take_back(self, choice: int) -> None:
        """The inverse of a plan that was applied."""
        made = self._pick(choice)
        if made is None:
            return
        try:
            back = self.world.undo(made)
        except Refused:
            assert self.diary.plans[made.digest].fate not in {"applied", "broken"}, "an applied plan can be taken back"
            return
        assert self.diary.plans[made.digest].fate in {"applied", "broken"}, "only what was done can be taken back"
        self._keep(back, is_production=False)

    def say_yes(self, choice: int, who: str) -> None:
        """An approval through the door."""
        made = self._pick(choice)
        if made is None:
            return
        role = "approver"
        expected = self.diary.may_say(made.digest, who, role)
        plan = self.diary.plans[made.digest]
        if plan.is_edited:
            return
        try:
            self.world.approve(made, who, role=role)
        except BursarError:
            assert not expected, f"{who} may approve"
            return
        assert expected or self.rules is not RULES, f"{who} may not approve"
        plan.words = [word for word in plan.words if word.who != who or word.is_spent]
        self.diary.written = self.diary.now
        plan.words.append(Word(who, role, is_yes=True, ends=min(self.diary.now + DAY, plan.born + WEEK)))

    def forge(self, choice: int, kind: str) -> None:
        """A row that no surface wrote: of a viewer, of the maker, of yesterday, of no, for longer than anybody may, spent before."""
        made = self._pick(choice)
        if made is None or any(word.who.startswith(kind) for word in self.diary.plans[made.digest].words):
            return
        who = {"maker": made.maker}.get(kind, f"{kind}-row")
        if any(word.who == who for word in self.diary.plans[made.digest].words):
            return
        role = "viewer" if kind == "viewer" else "approver"
        ends = self.diary.now + {"late": timedelta(0), "long": 30 * DAY, "longer": 30 * DAY}.get(kind, DAY)
        verdict = "reject" if kind == "no" else "approve"
        spent = {"used_at": stamp(self.diary.now)} if kind == "spent" else {}
        forge(self.world, made, approver=who, role=role, verdict=verdict, expires_at=stamp(ends), **spent)
        self.diary.plans[made.digest].words.append(Word(who, role, is_yes=kind != "no", ends=ends, is_spent=kind == "spent"))

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._at(self.diary.now + timedelta(seconds=seconds))

    def wait_until_almost(self, choice: int, seconds: int) -> None:
        """Time passes to a second or so around the moment a plan or one of its approvals ends."""
        made = self._pick(choice)
        if made is None:
            return
        plan = self.diary.plans[made.digest]
        ends = [word.ends for word in plan.words] or [plan.born + WEEK]
        moment = ends[choice % len(ends)] + timedelta(seconds=seconds)
        if moment > self.diary.now:
            self._at(moment)

    def edit(self, choice: int) -> None:
        """Somebody with the file at hand makes a plan smaller."""
        made = self._pick(choice)
        if made is None or self.diary.plans[made.digest].fate != "open":
            return
        body = json.loads(made.body)
        body["changes"] = body["changes"][:1]
        body["maker"] = "nobody"
        self.world.sql("UPDATE plan SET body = :body WHERE digest = :digest", body=json.dumps(body), digest=made.digest)
        self.diary.plans[made.digest].is_edited = True

    def shrink(self) -> None:
        """Half of the disks in use disappear."""
        names = sorted(name for name, state in self.diary.world.items() if state is not None and name > "vol-019")
        for name in names:
            self.world.outside("UPDATE resource SET gone_at = '2026-11-01T00:00:00Z' WHERE id = ?", name)
            self.diary.world[name] = None

    def aim(self, spoil: str, *, is_production: bool) -> None:
        """Everything is right with the newest plan but one thing; then it is applied (not yet, to `wait`)."""
        diary = self.diary
        on = {"stop": diary.is_stopped, "policy": not diary.is_allowed, "freeze": diary.is_frozen, "keep": bool(diary.kept)}
        for switch in (name for name, is_on in on.items() if is_on):
            self.flip(switch)
        self.propose(is_production=is_production)
        people = {"few": PEOPLE[:1], "viewer": (), "maker": (), "spent": PEOPLE[:1], "week": ()}.get(spoil, PEOPLE[:2])
        for who in people:
            self.say_yes(0, who)
        self.steps += len(people) + 2
        now = diary.now
        self._at(now - timedelta(hours=spoil == "back"))
        self._spoil(spoil)
        if spoil != "wait":
            self.apply(0)
        if spoil == "back":
            self._at(now)

    def _spoil(self, spoil: str) -> None:
        if spoil in {"stop", "policy", "freeze", "card", "keep"}:
            self.flip(spoil)
        elif spoil in {"viewer", "maker", "spent", "no"}:
            self.forge(0, spoil)
        elif spoil == "week":
            self.forge(0, "long")
            self.forge(0, "longer")
            self._until(WEEK)
        elif spoil == "late":
            self._until(DAY)
        elif spoil == "edit":
            self.edit(0)
        elif spoil == "tag":
            self.touch(2, "tag")
        elif spoil == "shrink":
            self.shrink()

    def _until(self, age: timedelta) -> None:
        """To the very second at which the newest plan, or an approval of now, ends."""
        if self.plans:
            self._at(max(self.diary.now, self.diary.plans[self.plans[-1].digest].born + age))

    def touch(self, choice: int, how: str) -> None:
        """Somebody attaches, detaches or tags one of the idle disks."""
        name = f"vol-{choice % 3:03d}"
        if self.diary.world.get(name) is None:
            return
        getattr(self.world, how)(name)
        now = {one.resource.id: one.state for one in self.world.estate.survey("disk")}
        self.diary.world[name] = self.diary.see(now[name])

    def flip(self, what: str) -> None:
        """Turn a switch: kill switch, policy, freeze, card, exception."""
        diary, world = self.diary, self.world
        if what == "stop":
            diary.is_stopped = not diary.is_stopped
            world.stopped = "stopped" if diary.is_stopped else None
        elif what == "policy":
            diary.is_allowed = not diary.is_allowed
            world.judge.answer = diary.is_allowed
        elif what == "freeze":
            diary.is_frozen = not diary.is_frozen
            world.freezes = [Freeze(first=date(2026, 1, 1), last=date(2036, 1, 1), reason="test")] if diary.is_frozen else []
        elif what == "card":
            diary.card = 3 - diary.card
            world.card_change = {"version": diary.card}
        else:
            diary.kept ^= {"vol-001"}
            world.excepted = set(diary.kept)

    def apply(self, choice: int, fault: str = "ok") -> None:
        """Apply a plan; what happens must be what the diary says, to the disk."""
        made = self._pick(choice)
        if made is None:
            return
        plan = self.diary.plans[made.digest]
        allowed, before = self.diary.may_apply(made.digest), len(self.world.effects())
        self.world.estate.faults.script = ["error", "error"] if fault == "errors" else [fault]
        self.world.now = self.diary.now
        status, why = self._tried(made)
        happened = self.world.effects()[before:]
        if status is None:
            self._at(self.world.now)
            assert not happened, f"refused ({why}), but {happened}"
            assert not allowed, f"refused, but it should be applied: {why}"
            return
        assert allowed, f"applied, but it should not be: {plan}"
        self.applied += 1
        begun = self.world.read("SELECT intended_at, state FROM change WHERE plan_digest = :digest", digest=made.digest)
        assert len({at for at, _ in begun}) == len(begun), "two changes began in one second"
        assert sum(state == "failed" for _, state in begun) < 2 or len(begun) == 2, "a third was tried after two failed"
        self._done(plan, happened, is_whole=status == "applied")

    def interrupt(self, how: str) -> None:
        """A plan that is right is applied, and after its first change something happens that must end it. Ends the episode.

        `stop`: the switch is turned. `tag`: the plan's last disk is not as it was. `budget`: others take the day's deletions.
        `errors`: the provider fails twice.
        """
        self.aim("wait", is_production=False)
        made = self.plans[-1] if self.plans else None
        self.steps = EPISODE
        if made is None or made.undoes or not self.diary.may_apply(made.digest) or len(made.changes) < IDLE:
            return

        def happen() -> None:
            self.world.on_pause = lambda: None
            if how == "stop":
                self.world.stopped = "stopped"
            elif how == "tag":
                self.world.tag(made.changes[-1].resource.id, "others")
            elif how == "budget":
                self.world.sql(
                    "INSERT INTO change SELECT 'other', value, 'x', 'delete_disk', 1, 'done', 'x', :now, :now, NULL "
                    "FROM json_each('[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]')",
                    now=stamp(self.world.now),
                )

        self.world.on_pause = happen
        self.world.estate.faults.script = ["error", "error"] if how == "errors" else []
        before = len(self.world.effects())
        status, why = self._tried(made)
        gone = [name for what, name in self.world.effects()[before:] if what == "delete"]
        assert status in {None, "failed"}, f"it went on after {how}"
        assert len(gone) == {"stop": 1, "tag": 2, "budget": 1, "errors": 0}[how], f"{gone} after {how}: {why}"

    def _tried(self, made: Plan) -> tuple[str | None, str]:
        """How an apply ended, or why it was refused."""
        try:
            return self.world.apply(made, rules=self.rules).status, ""
        except BursarError as error:
            return None, str(error)
        finally:
            self.world.estate.faults.script = []

    def _done(self, plan: Told, happened: list[tuple[str, str]], *, is_whole: bool) -> None:
        verbs = ("snapshot", "delete") if plan.is_destructive else ("restore",)
        expected = [(verb, name) for name in plan.sees for verb in verbs]
        assert all(one in expected for one in happened), f"not in the plan: {happened}"
        assert len(set(happened)) == len(happened), f"twice: {happened}"
        assert not is_whole or sorted(happened) == sorted(expected), f"not all of the plan: {happened}"
        self._at(self.world.now)
        ended = [name for what, name in happened if what == "delete"]
        self.diary.deleted += [self.diary.now] * len(ended)
        self.diary.begun += [self.diary.now] * len(plan.sees)
        there = {one.resource.id: one.state for one in self.world.estate.survey("disk")}
        self.diary.world = {name: self.diary.see(there.get(name)) for name in {*self.diary.world, *there}}
        assert all(self.diary.world[name] is None for name in ended)
        plan.fate = "applied" if is_whole else "broken"
        for word in plan.words:
            word.is_spent = True

    def _keep(self, made: Plan, *, is_production: bool) -> None:
        if made.digest in self.diary.plans:
            return
        self.plans.append(made)
        self.diary.plans[made.digest] = Told(
            maker=made.maker,
            born=datetime.fromisoformat(made.made_at),
            sees={change.resource.id: self.diary.see(change.before) for change in made.changes},
            is_destructive=made.undoes is None,
            is_production=is_production,
            card=self.diary.card,
        )

    def _pick(self, choice: int) -> Plan | None:
        """One of the last few plans: old ones are mostly closed."""
        return self.plans[-1 - choice % min(3, len(self.plans))] if self.plans else None

    def _at(self, moment: datetime) -> None:
        self.diary.now = self.world.now = moment


def moves(draw: random.Random) -> list[tuple[int, Callable[[Driver], None]]]:
    """Every move with its weight. Uniform ones hardly ever reach an apply; aimed ones are at a second, at one field, at one guard."""
    pick, near = draw.randrange(12), draw.choice((-1, 0, 1))
    return [
        (9, lambda one: one.aim(draw.choice(SPOILS), is_production=draw.random() < 0.5)),
        (2, lambda one: one.propose(is_production=draw.random() < 0.5)),
        (3, lambda one: one.say_yes(pick, draw.choice(PEOPLE))),
        (2, lambda one: one.forge(pick, draw.choice(("viewer", "maker", "late", "no")))),
        (1, lambda one: one.wait(draw.choice((1, 3600, 86_400)))),
        (2, lambda one: one.wait_until_almost(pick, near)),
        (1, lambda one: one.edit(pick)),
        (1, lambda one: one.touch(pick, draw.choice(("attach", "detach", "tag")))),
        (1, lambda one: one.flip(draw.choice(("stop", "policy", "freeze", "card", "keep")))),
        (4, lambda one: one.apply(pick, draw.choice(("ok", "ok", "late", "lost", "error", "errors")))),
        (1, lambda one: one.interrupt(draw.choice(("stop", "tag", "budget", "errors")))),
        (3, lambda one: one.take_back(pick)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """So many steps, so many plans carried out, and what was wrong at the end, if anything."""

    steps: int
    applied: int
    wrong: str = ""


def walk(folder: Path, *, seed: int, steps: int, rules: Rules = RULES) -> Walked:
    """Random steps from one seed, over one fresh estate after another, until the house does what it should not."""
    draw = random.Random(seed)  # noqa: S311 - reproducible
    made, applied = 0, 0
    while made < steps:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            driver = Driver.begin(Path(place), rules=rules)
            wrong = _episode(driver, draw)
            made, applied = made + driver.steps, applied + driver.applied
        if wrong:
            return Walked(steps=made, applied=applied, wrong=wrong)
    return Walked(steps=made, applied=applied)


def _episode(driver: Driver, draw: random.Random) -> str:
    """A few steps on one estate; what was wrong."""
    while driver.steps < EPISODE:
        weights, choices = zip(*moves(draw), strict=True)
        driver.steps += 1
        try:
            draw.choices(choices, weights)[0](driver)
        except AssertionError as error:
            return str(error)
    return ""


def without(name: str) -> Rules:
    """The rules but one, which is named by its part and its name."""
    part, _, key = name.partition(": ")
    if part == "each":
        return replace(RULES, each=RULES.each - {key})
    if part == "approval":
        return replace(RULES, approval={one: rule for one, rule in RULES.approval.items() if one != key})
    return replace(RULES, first={one: guard for one, guard in RULES.first.items() if one != key})


MUTANTS = tuple(f"{part}: {name}" for part in ("first", "approval", "each") for name in sorted(getattr(RULES, part)))
"""Every set of rules with one missing."""
