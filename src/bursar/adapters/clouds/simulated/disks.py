"""The disks of the simulated estate: those the bills charge for, others beside them, and what was seen of them each day.

A control plane tells of attachment, tags and locks what no bill does. Some disks here must not be touched although nothing
is attached to them: a volume claim's, a storage driver's, a locked one, one just detached, one that comes and goes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from bursar.adapters.clouds.simulated.amounts import UNIT, text
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.ledger import Key
from bursar.domain.periods import Period

PAST_DAYS = 30
BILLED = 120
"""At most so many billed disks of an account are told, beside the wasted ones."""
DISK = "disk"
FOUNDED = date(2025, 1, 1)
"""The company is older than any month that is simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a disk of a cloud is: its type, where it is, the price of a gigabyte a month in 10^-10, and how ids are made."""

    type: str
    region: str
    rate: int
    ident: Callable[[str, str], str]


def _azure(account: str, suffix: str) -> str:
    return f"/subscriptions/{account}/resourcegroups/rg-data/providers/microsoft.compute/disks/data-{suffix}"


def _gcp(account: str, suffix: str) -> str:
    return f"//compute.googleapis.com/projects/{account}/zones/us-central1-a/disks/data-{suffix}"


MODELS: dict[str, Model] = {
    "aws": Model(type="gp3", region="us-east-1", rate=UNIT * 8 // 100, ident=lambda _account, suffix: f"vol-0{suffix:0>16}"),
    "gcp": Model(type="pd-ssd", region="us-central1", rate=UNIT * 17 // 100, ident=_gcp),
    "azure": Model(type="Premium_LRS", region="westeurope", rate=UNIT * 12 // 100, ident=_azure),
}
SPARED: tuple[tuple[str, Mapping[str, str], bool, int], ...] = (
    ("claim", {"kubernetes.io/created-for/pvc/name": "data-postgres-0"}, False, PAST_DAYS),
    ("driver", {"ebs.csi.aws.com/cluster": "true"}, False, PAST_DAYS),
    ("locked", {"purpose": "forensics"}, True, PAST_DAYS),
    ("fresh", {}, False, 5),
)
"""Unattached disks that no playbook may touch: name, tags, lock, and for how many days nothing was attached."""


@dataclass(slots=True)
class Charged:
    """A disk as the bills tell of it: since when, what it cost by month, and whether it is a planted waste."""

    key: Key
    tags: Mapping[str, str]
    is_waste: bool
    first: date
    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Disks:
    """Every disk the bills charged for, by id."""

    charged: dict[str, Charged] = field(default_factory=dict[str, Charged])

    def note(self, ident: str, key: Key, amount: int, *, day: date, tags: Mapping[str, str], is_waste: bool) -> None:
        """Book a day's charge of a disk."""
        disk = self.charged.get(ident)
        if disk is None:
            disk = self.charged[ident] = Charged(key, tags, is_waste, day)
        disk.first = min(disk.first, day)
        disk.sums[key.period] += amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """All disks of an estate as they are at midnight after its last day, with the thirty days before."""

    disks: Disks
    seed: int
    as_of: date

    def told(self) -> Iterator[dict[str, object]]:
        """Each disk once, by account and id."""
        accounts: dict[tuple[str, str], list[tuple[str, Charged]]] = defaultdict(list)
        for ident, disk in sorted(self.disks.charged.items()):
            accounts[disk.key.provider, disk.key.account].append((ident, disk))
        seen: set[str] = set()
        for (provider, account), found in sorted(accounts.items()):
            wasted = [(ident, disk) for ident, disk in found if disk.is_waste]
            used = [(ident, disk) for ident, disk in found if not disk.is_waste][:BILLED]
            for ident, disk in (*wasted, *used):
                yield self._billed(ident, disk)
            yield from self._beside(provider, account)
            if provider not in seen and wasted:
                seen.add(provider)
                yield from self._spared(provider, account)

    def _billed(self, ident: str, disk: Charged) -> dict[str, object]:
        last = max(disk.sums)
        month, provider = Period.parse(last), disk.key.provider
        since = max(disk.first, month.start)
        amount = disk.sums[last] * 30 // (min(month.end, self.as_of) - since).days
        size = max(1, amount // MODELS[provider].rate)
        holder = None if disk.is_waste else f"holder-{Draws(self.seed, 'holder', ident).text(8)}"
        state = self._state(ident, provider, size=size, tags=disk.tags, holder=holder)
        told = self._one(ident, provider, disk.key.account, state) | {"monthly": {"amount": text(amount), "currency": disk.key.currency}}
        if disk.is_waste and disk.first.day > 1:  # made within a month, it was not there before
            return told | {"history": [_span(max(disk.first, self.as_of - timedelta(days=PAST_DAYS)), self.as_of, state)]}
        return told

    def _beside(self, provider: str, account: str) -> Iterator[dict[str, object]]:
        """Disks that no line of the bill names: root volumes of instances, told with them."""
        draws = Draws(self.seed, "beside", provider, account)
        for index in range(12 + draws.below(30)):
            ident = MODELS[provider].ident(account, f"{draws.text(8, index + 1)}")
            holder = f"holder-{draws.text(8, index + 100)}"
            state = self._state(ident, provider, size=20 + draws.below(80, index + 1), tags={"Name": f"root-{index:02d}"}, holder=holder)
            yield self._one(ident, provider, account, state)

    def _spared(self, provider: str, account: str) -> Iterator[dict[str, object]]:
        for name, tags, is_locked, days in SPARED:
            ident = MODELS[provider].ident(account, Draws(self.seed, "spared", provider, name).text(8))
            state = self._state(ident, provider, size=100, tags=tags, is_locked=is_locked)
            yield self._one(ident, provider, account, state, days=days)
        ident = MODELS[provider].ident(account, Draws(self.seed, "spared", provider, "weekly").text(8))
        state = self._state(ident, provider, size=250, tags={"Name": "month-end-batch"})
        busy = {**state, "attached_to": "holder-batch"}
        on, off = self.as_of - timedelta(days=9), self.as_of - timedelta(days=7)
        spans = [(self.as_of - timedelta(days=PAST_DAYS), on, state), (on, off, busy), (off, self.as_of, state)]
        yield self._one(ident, provider, account, state) | {"history": [_span(*span) for span in spans]}

    def _state(
        self, ident: str, provider: str, *, size: int, tags: Mapping[str, str], holder: str | None = None, is_locked: bool = False
    ) -> dict[str, object]:
        age = Draws(self.seed, "age", ident).below(400)
        return {
            "size_gb": size, "type": MODELS[provider].type, "attached_to": holder, "tags": dict(sorted(tags.items())),
            "locked": is_locked, "created": (FOUNDED - timedelta(days=age)).isoformat(),
        }  # fmt: skip

    def _one(self, ident: str, provider: str, account: str, state: Mapping[str, object], *, days: int = PAST_DAYS) -> dict[str, object]:
        first, since = self.as_of - timedelta(days=PAST_DAYS), self.as_of - timedelta(days=days)
        spans = [(since, self.as_of, state)]
        if days < PAST_DAYS:
            spans.insert(0, (first, since, {**state, "attached_to": "holder-before"}))
        return {
            "provider": provider, "account": account, "region": MODELS[provider].region, "kind": DISK, "id": ident,
            "state": state, "history": [_span(*span) for span in spans],
        }  # fmt: skip


def _span(start: date, end: date, state: Mapping[str, object]) -> dict[str, object]:
    """Days [start, end) on which the state was seen."""
    return {"start": start.isoformat(), "end": end.isoformat(), "state": state}
