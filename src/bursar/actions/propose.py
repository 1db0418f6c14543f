"""Findings become plans: one for each provider and currency, no larger than may be applied. Making a plan is the dry run."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.actions.cards import Card
from bursar.actions.playbooks.playbook import Excepted, Left, Playbook, Seen, Worths, judged
from bursar.domain.periods import stamp
from bursar.domain.plans import Change, Limits, Plan

LIFE = timedelta(days=7)
"""How long a plan may wait for its approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Under what a plan is made. `taken` are resources that no new plan may have, each with why."""

    card: Card
    maker: str
    now: datetime
    generation: int
    policy_digest: str
    worths: Worths
    excepted: Excepted
    taken: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What came of it: plans, dearest first, and what was left alone and why."""

    plans: tuple[Plan, ...]
    left: tuple[Left, ...]


def propose(book: Playbook, seen: Sequence[Seen], ask: Ask) -> Proposal:
    """The plans a playbook makes of what was seen. Pure and deterministic; nothing is changed.

    A plan holds what the limits let it apply, the dearest first; the rest is left for the next one, and said.
    """
    changes, left = judged(book, seen, card=ask.card, worths=ask.worths, excepted=ask.excepted)
    free = [change for change in changes if change.resource.id not in ask.taken]
    left += [Left(resource=one.resource, why=ask.taken[one.resource.id]) for one in changes if one.resource.id in ask.taken]
    population = Counter(one.now.resource.population for one in seen)
    kept, over = _within(free, population, ask.card.limit())
    groups: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in kept:
        groups[change.resource.provider, change.saving.currency if change.saving else ""].append(change)
    plans: list[Plan] = []
    for group in groups.values():
        few, more = group[: ask.card.limit().changes], group[ask.card.limit().changes :]
        over += [Left(resource=change.resource, why="over the limit of changes in a plan; the next one") for change in more]
        plans.append(_plan(few, population, ask))
    return Proposal(plans=tuple(sorted(plans, key=_dearest)), left=tuple(sorted((*left, *over), key=lambda one: one.resource)))


def _within(changes: Sequence[Change], population: Counter[str], limits: Limits) -> tuple[list[Change], list[Left]]:
    """The changes within each account's share, dearest first."""
    kept: list[Change] = []
    over: list[Left] = []
    taken: Counter[str] = Counter()
    for change in sorted(changes, key=lambda one: (-(one.saving.amount if one.saving else Decimal(0)), one.resource)):
        there = change.resource.population
        if taken[there] < limits.share(population[there]):
            taken[there] += 1
            kept.append(change)
        else:
            over.append(
                Left(
                    resource=change.resource, why=f"over {limits.population_percent} % of {population[there]} in its account; the next plan"
                )
            )
    return kept, over


def _plan(changes: Sequence[Change], population: Counter[str], ask: Ask) -> Plan:
    places = {change.resource.population for change in changes}
    return Plan(
        maker=ask.maker,
        made_at=stamp(ask.now),
        expires_at=stamp(ask.now + LIFE),
        playbook=ask.card.name,
        tier=ask.card.tier,
        card_digest=ask.card.digest,
        policy_digest=ask.policy_digest,
        generation=ask.generation,
        limits=ask.card.limit(),
        population={place: population[place] for place in sorted(places)},
        changes=tuple(changes),
    )


def _dearest(plan: Plan) -> tuple[Decimal, str]:
    return -(plan.saving.amount if plan.saving else Decimal(0)), plan.digest
