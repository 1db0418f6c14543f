"""A plan is data: what would be changed, why, what it saves and how it is taken back. Its digest is what is approved.

Rendering and applying walk the same list of changes. Two plans are the same when their canonical JSON is: nothing of a
plan lives anywhere else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from bursar.domain.canonical import canonical, digest
from bursar.domain.errors import ConfigError
from bursar.domain.estates import Resource, State
from bursar.domain.money import total

SCHEMA = "bursar.plan/1"
PROD = "prod"
"""The environment of what nobody says anything of: the strictest."""
HARMLESS = frozenset({"dev", "test", "staging", "sandbox"})
"""Environments that are not production; every other word counts as it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Money a month of thirty days: what is expected, and between which bounds. Negative costs more than before."""

    amount: Decimal
    low: Decimal
    high: Decimal
    currency: str

    @classmethod
    def read(cls, told: Mapping[str, object]) -> "Range":
        """From its JSON form."""
        amounts = {name: Decimal(str(told[name])) for name in ("amount", "low", "high")}
        return cls(**amounts, currency=str(told["currency"]))

    def document(self) -> dict[str, object]:
        """Its JSON form; amounts are plain decimal strings once canonical."""
        return {"amount": self.amount, "low": self.low, "high": self.high, "currency": self.currency}


def sum_of(ranges: Sequence[Range]) -> Range | None:
    """The sum of ranges in one currency; None of none. Bounds add up: the causes of an error are shared, not independent.

    Raises ConfigError when currencies differ: there is no such sum.
    """
    if not ranges:
        return None
    currencies = {one.currency for one in ranges}
    if len(currencies) > 1:
        raise ConfigError(f"cannot add savings in {', '.join(sorted(currencies))}")
    return Range(
        amount=total(one.amount for one in ranges),
        low=total(one.low for one in ranges),
        high=total(one.high for one in ranges),
        currency=currencies.pop(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How a change is taken back: the inverse verb, its parameters, and what of the outcome it `needs` besides."""

    verb: str
    params: State = field(default_factory=dict[str, object])
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of a plan: a verb on a resource, what it was, what it will be, and why.

    `saving` is None where no price is known. `env` is prod where nobody knows better; `owner` the team the bill names.
    A destructive change without an `undo` is irreversible.
    """

    resource: Resource
    verb: str
    params: State
    before: State | None
    after: State | None
    because: tuple[str, ...]
    saving: Range | None
    undo: Undo | None
    permissions: tuple[str, ...]
    env: str = PROD
    owner: str | None = None
    is_destructive: bool = True

    def document(self) -> dict[str, object]:
        """Its JSON form."""
        where = self.resource
        return {
            "provider": where.provider,
            "account": where.account,
            "region": where.region,
            "kind": where.kind,
            "resource": where.id,
            "verb": self.verb,
            "params": self.params,
            "before": self.before,
            "after": self.after,
            "because": list(self.because),
            "saving_monthly": self.saving.document() if self.saving else None,
            "undo": None if self.undo is None else {"verb": self.undo.verb, "params": self.undo.params, "needs": list(self.undo.needs)},
            "permissions": list(self.permissions),
            "env": self.env,
            "owner": self.owner,
            "destructive": self.is_destructive,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The blast radius, on by default. Money is a month's saving in any one currency.

    `population_percent` is of the kind's population in the account, and never less than one resource. `per_second`
    changes begin at most; after `failures` nothing more is tried.
    """

    changes: int = 25
    population_percent: int = 10
    daily: int = 100
    daily_destructive: int = 20
    per_second: int = 1
    failures: int = 2
    monthly_two_approvers: int = 10_000

    def share(self, population: int) -> int:
        """So many of a population may be changed."""
        return max(1, population * self.population_percent // 100) if population else 0

    def document(self) -> dict[str, object]:
        """Its JSON form."""
        return {name: getattr(self, name) for name in self.__slots__}

    def loosened(self) -> tuple[str, ...]:
        """The limits that allow more than the defaults, in words a reader of a plan should see."""
        default = Limits()
        return tuple(
            f"{name} {getattr(self, name)} instead of {getattr(default, name)}"
            for name in self.__slots__
            if getattr(self, name) > getattr(default, name)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is proposed, whole. Moments are RFC 3339 in UTC; `population` counts what there is beside the resources changed.

    `tier` is R (reversible), D (destructive with an undo) or I (irreversible); `undoes` the digest of the plan taken back.
    """

    maker: str
    made_at: str
    expires_at: str
    playbook: str
    tier: str
    card_digest: str
    policy_digest: str
    generation: int
    limits: Limits
    population: Mapping[str, int]
    changes: tuple[Change, ...]
    undoes: str | None = None

    def document(self) -> dict[str, object]:
        """The JSON form that is signed, stored and shown."""
        return {
            "schema": SCHEMA,
            "maker": self.maker,
            "made_at": self.made_at,
            "expires_at": self.expires_at,
            "playbook": self.playbook,
            "tier": self.tier,
            "card_digest": self.card_digest,
            "policy_digest": self.policy_digest,
            "generation": self.generation,
            "limits": self.limits.document(),
            "population": dict(self.population),
            "changes": [change.document() for change in self.changes],
            "undoes": self.undoes,
        }

    @property
    def body(self) -> str:
        """The canonical JSON: these bytes are the plan."""
        return canonical(self.document())

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return digest(self.document())

    @property
    def saving(self) -> Range | None:
        """What all changes save a month; None when none of them has a price."""
        return sum_of([change.saving for change in self.changes if change.saving])

    @property
    def is_production(self) -> bool:
        """Whether any change touches production, or something nobody says is not."""
        return any(change.env not in HARMLESS for change in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A verified subject's word on exactly one plan. `role` is what the subject was when it was given; used once."""

    plan_digest: str
    approver: str
    role: str
    verdict: str
    via: str
    reason: str
    at: str
    expires_at: str
    used_at: str | None = None


def read_plan(body: str) -> Plan:
    """The plan a stored body tells of. Raises ConfigError for a body of another schema."""
    told = cast("dict[str, object]", json.loads(body))
    if told.get("schema") != SCHEMA:
        raise ConfigError(f"not a plan of this version: {told.get('schema')!r}", cure="Make a new plan: bursar plan")
    return Plan(
        maker=str(told["maker"]),
        made_at=str(told["made_at"]),
        expires_at=str(told["expires_at"]),
        playbook=str(told["playbook"]),
        tier=str(told["tier"]),
        card_digest=str(told["card_digest"]),
        policy_digest=str(told["policy_digest"]),
        generation=cast("int", told["generation"]),
        limits=Limits(**cast("dict[str, int]", told["limits"])),
        population=cast("dict[str, int]", told["population"]),
        changes=tuple(_change(one) for one in cast("list[dict[str, object]]", told["changes"])),
        undoes=cast("str | None", told["undoes"]),
    )


def token(plan_digest: str, position: int) -> str:
    """The idempotency token of a plan's change: the same in every attempt, another for every plan."""
    return digest({"plan": plan_digest, "position": position})[:32]


def _change(told: Mapping[str, object]) -> Change:
    saving, undo = cast("State | None", told["saving_monthly"]), cast("State | None", told["undo"])
    return Change(
        resource=Resource(
            provider=str(told["provider"]),
            account=str(told["account"]),
            region=str(told["region"]),
            kind=str(told["kind"]),
            id=str(told["resource"]),
        ),
        verb=str(told["verb"]),
        params=cast("State", told["params"]),
        before=cast("State | None", told["before"]),
        after=cast("State | None", told["after"]),
        because=tuple(cast("list[str]", told["because"])),
        saving=Range.read(saving) if saving else None,
        undo=_undo(undo) if undo else None,
        permissions=tuple(cast("list[str]", told["permissions"])),
        env=str(told["env"]),
        owner=cast("str | None", told["owner"]),
        is_destructive=bool(told["destructive"]),
    )


def _undo(told: State) -> Undo:
    return Undo(verb=str(told["verb"]), params=cast("State", told["params"]), needs=tuple(cast("list[str]", told["needs"])))
