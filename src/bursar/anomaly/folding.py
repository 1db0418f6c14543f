"""One incident for each cause: runs of the same days and direction that speak of the same charges are told together.

Narrow series (a cloud service, a service, an environment) are linked where most of the smaller excess lies on the same charges.
Wide ones, which hold others merely by adding them up, join the group that explains them; what no group explains stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bursar.anomaly.panel import Series
from bursar.anomaly.root_cause import Leaves
from bursar.anomaly.runs import Run, Scored, cost_of

NARROW = frozenset({"cloud_service", "team_service", "team_service_env"})
RANK = ("estate", "provider", "team", "account", "unused", "team_service", "cloud_service", "team_service_env")
"""Levels from the widest to the deepest; of equally deep ones the one with an owner is preferred."""

LeavesOf = Callable[[str, int, int], Leaves]
"""Leaves of a currency over columns `first` to `last` of the panel."""


@dataclass(slots=True, kw_only=True)
class Group:
    """Runs of one cause: those that are about it, and wide ones that merely hold them and may have begun for other reasons.

    `headline` is the row of the series that names it: usually a member's, else their common parent's.
    """

    core: list[Run]
    wide: list[Run] = field(default_factory=list[Run])
    headline: int = -1
    excess: dict[int, float] = field(default_factory=dict[int, float])

    @property
    def members(self) -> list[Run]:
        """All of them."""
        return [*self.core, *self.wide]

    @property
    def onset(self) -> int:
        """The first day of what it is about."""
        return min(run.onset for run in self.core)

    @property
    def first(self) -> list[Run]:
        """The runs that began that day."""
        return [run for run in self.members if run.onset == self.onset]


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Runs of one currency and direction that began within a day of each other, and what their charges have in common."""

    scored: Scored
    runs: list[Run]
    leaves: Callable[[], Leaves]
    ratio: float

    def series(self, run: Run) -> Series:
        return self.scored.panel.series[run.row]

    def shared(self, one: Run, other: Run) -> tuple[float, float, float]:
        """The excess on charges of both, and of each, in the direction of the runs."""
        leaves = self.leaves()
        mine, theirs = (leaves.within(self.series(run).scope) for run in (one, other))
        change = leaves.change * one.sign
        return float(change[mine & theirs].sum()), float(change[mine].sum()), float(change[theirs].sum())

    def linked(self, one: Run, other: Run) -> bool:
        """Whether most of the smaller excess lies on the same charges."""
        a, b = self.series(one), self.series(other)
        if a.holds(b) or b.holds(a):
            return True
        if (a.level == "unused") != (b.level == "unused") or _apart(a, b):
            return False
        both, mine, theirs = self.shared(one, other)
        return both > 0 and both >= self.ratio * max(min(mine, theirs), 1e-9)


def fold(scored: Scored, runs: Sequence[Run], *, leaves_of: LeavesOf) -> list[Group]:
    """Groups of runs, each with its headline, by onset."""
    buckets = _buckets(scored, runs, leaves_of=leaves_of)
    groups: list[Group] = []
    for bucket in buckets:
        narrow = [run for run in bucket.runs if bucket.series(run).level in NARROW]
        groups += [Group(core=members) for members in _components(narrow, bucket.linked)]
    explained = list(groups)
    for bucket in buckets:
        wide = [run for run in bucket.runs if bucket.series(run).level not in NARROW and not _absorbed(run, explained, scored)]
        wide = [run for run in wide if not _goes_on(run, groups, bucket)]
        groups += [Group(core=members) for members in _components(wide, bucket.linked)]
    for group in groups:
        _name(group, scored)
    return sorted(groups, key=lambda group: (group.onset, scored.panel.series[group.headline].key))


def _buckets(scored: Scored, runs: Sequence[Run], *, leaves_of: LeavesOf) -> list[_Bucket]:
    """Runs apart by currency, direction, and onset: a day later still counts as the same."""
    ratio = scored.thresholds.incidents.fold_ratio
    kinds: dict[tuple[str, int], list[Run]] = {}
    for run in sorted(runs, key=lambda each: (each.onset, scored.panel.series[each.row].key)):
        kinds.setdefault((scored.panel.series[run.row].currency, run.sign), []).append(run)
    found: list[_Bucket] = []
    for (currency, _), same in kinds.items():
        rest = same
        while rest:
            began = rest[0].onset
            mine = [run for run in rest if run.onset <= began + 1]
            rest = rest[len(mine) :]
            found.append(_Bucket(scored, mine, _Once(leaves_of, currency, began, max(run.onset for run in mine)), ratio))
    return found


class _Once:
    """Leaves read when they are first asked for."""

    def __init__(self, leaves_of: LeavesOf, currency: str, first: int, last: int) -> None:
        self._ask = (currency, first, last)
        self._leaves_of = leaves_of
        self._held: Leaves | None = None

    def __call__(self) -> Leaves:
        if self._held is None:
            self._held = self._leaves_of(*self._ask)
        return self._held


def _components(runs: Sequence[Run], linked: Callable[[Run, Run], bool]) -> list[list[Run]]:
    """Runs that are linked, directly or through others."""
    groups: list[list[Run]] = []
    for run in runs:
        near = [group for group in groups if any(linked(run, other) for other in group)]
        merged = [run, *(other for group in near for other in group)]
        groups = [group for group in groups if group not in near] + [sorted(merged, key=lambda each: (each.onset, each.row))]
    return groups


def _absorbed(wide: Run, groups: Sequence[Group], scored: Scored) -> bool:
    """Put a wide run into the group that explains most of its first day, if groups explain enough of it together.

    Steps of the last weeks count too: the wide series may learn them later than the narrow one that was alarmed about them.
    """
    series = scored.panel.series[wide.row]
    whole = _first_day(wide, wide, scored)
    parts: dict[str, float] = {}
    largest: tuple[float, int] | None = None
    for place, group in enumerate(groups):
        for run in group.members:
            held = scored.panel.series[run.row]
            if run.sign != wide.sign or held.level not in NARROW or not series.holds(held) or not _lasts(run, wide, scored):
                continue
            part = max(_first_day(run, wide, scored), 0.0)
            parts[held.level] = parts.get(held.level, 0.0) + part
            if largest is None or (part, -place) > largest:
                largest = (part, -place)
    if largest is None or max(parts.values()) < scored.thresholds.incidents.fold_ratio * whole:
        return False
    groups[-largest[1]].wide.append(wide)
    return True


def _goes_on(wide: Run, groups: Sequence[Group], bucket: _Bucket) -> bool:
    """Put a wide run into an incident that goes on when it begins, where most of its excess lies on the charges of that one."""
    series = bucket.scored.panel.series
    for group in groups:
        for run in group.members:
            on = run.sign == wide.sign and run.onset < wide.onset and _lasts(run, wide, bucket.scored)
            if not on or series[run.row].currency != series[wide.row].currency or _apart(series[run.row], series[wide.row]):
                continue
            both, mine, _ = bucket.shared(wide, run)
            if mine > 0 and both >= bucket.ratio * mine and not series[run.row].holds(series[wide.row]):
                group.wide.append(wide)
                return True
    return False


def _first_day(run: Run, wide: Run, scored: Scored) -> float:
    """What a run adds on the day a wide one began (or its own first, where that is a day later)."""
    day = max(wide.onset, run.onset)
    whole, before = cost_of(scored, run, last=day), cost_of(scored, run, last=day - 1)
    return float(whole.excess - before.excess) * run.sign


def _lasts(run: Run, wide: Run, scored: Scored) -> bool:
    """Whether a run began early enough to explain a wide one, and was not over before."""
    recent = wide.onset - scored.thresholds.daily.level_days <= run.onset <= wide.onset + 1
    return recent and (run.closed is None or run.settled is not None or run.last >= wide.onset)


def _apart(one: Series, other: Series) -> bool:
    """Whether two scopes name different values of the same dimension: no charge is in both."""
    return any(name in other.scope and other.scope[name] != value for name, value in one.scope.items())


def _name(group: Group, scored: Scored) -> None:
    """The headline: the deepest scope that holds most of the excess of the first day, else the parent all have in common."""
    series = scored.panel.series
    group.excess = {run.row: float(cost_of(scored, run, last=max(group.onset, run.onset)).excess) * run.sign for run in group.members}
    narrow = [run for run in group.first if series[run.row].level in NARROW] or group.first
    whole = _together([run.row for run in narrow], group, series)
    able = [run.row for run in group.first if group.excess[run.row] >= scored.thresholds.incidents.headline_ratio * whole]
    group.headline = max(able, key=lambda row: _rank(series[row], group.excess[row])) if able else _parent(narrow, scored)


def _together(rows: Sequence[int], group: Group, series: Sequence[Series]) -> float:
    """The largest sum of excesses on scopes of one level, which never share a charge."""
    sums: dict[str, float] = {}
    for row in rows:
        sums[series[row].level] = sums.get(series[row].level, 0.0) + group.excess[row]
    return max(sums.values())


def _rank(series: Series, excess: float) -> tuple[int, float, str]:
    return (RANK.index(series.level), excess, series.key)


def _parent(members: Sequence[Run], scored: Scored) -> int:
    """The deepest series of the panel that holds all of these."""
    named = [scored.panel.series[run.row] for run in members]
    able = [row for row, series in enumerate(scored.panel.series) if not series.is_other and all(series.holds(one) for one in named)]
    return max(able, key=lambda row: _rank(scored.panel.series[row], 0.0))
