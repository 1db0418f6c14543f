"""The truth: what the events add up to, by everything a reader may be asked for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from bursar.adapters.clouds.simulated.amounts import text


class Costs(NamedTuple):
    """The four FOCUS costs of one or more charges, in whole units of 10^-10."""

    billed: int
    effective: int
    contracted: int
    list: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a charge belongs to. `service` is the cloud's own name for it, `team` ours, decided by the owner rules.

    `account` is the sub account and may be empty (a tax without project); `source` names the export.
    """

    provider: str
    period: str
    currency: str
    source: str
    invoice: str
    account: str
    service: str
    category: str
    team: str


class Posting(NamedTuple):
    """So many charges of one key and their costs."""

    key: Key
    costs: Costs
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """A document the provider issues: `key` is what the bill's lines lead to, `printed` the number on the paper."""

    key: str
    printed: str
    provider: str
    billing_account: str
    period: str
    issuer: str
    currency: str
    issued_at: str


class Ledger:
    """Sums of postings. Adding is the only verb; nothing is ever read back from a file."""

    def __init__(self) -> None:
        self.sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
        self.invoices: dict[str, Invoice] = {}

    def post(self, postings: Iterable[Posting]) -> None:
        """Add charges."""
        for key, costs, rows in postings:
            sums = self.sums[key]
            for index, cost in enumerate(costs):
                sums[index] += cost
            sums[4] += rows

    def issue(self, invoice: Invoice) -> None:
        """Register a document, so that its total is printed among the invoices."""
        self.invoices.setdefault(invoice.key, invoice)

    def billed(self, invoice: str, *, category: str | None = None) -> int:
        """What an invoice adds up to so far, of one charge category or of all."""
        return sum(sums[0] for key, sums in self.sums.items() if key.invoice == invoice and category in (None, key.category))

    def periods(self) -> dict[str, dict[str, dict[str, object]]]:
        """Per period and provider: rows, the four costs, invoices, and the costs by service, account, category."""
        groups: dict[str, dict[str, list[Key]]] = defaultdict(lambda: defaultdict(list))
        for key in self.sums:
            groups[key.period][key.provider].append(key)
        return {
            period: {provider: self._summary(keys) for provider, keys in sorted(providers.items())}
            for period, providers in sorted(groups.items())
        }

    def _summary(self, keys: list[Key]) -> dict[str, object]:
        total = self._total(keys)
        return {
            "currency": keys[0].currency,
            **total,
            "invoices": {invoice: text(self.billed(invoice)) for invoice in sorted({key.invoice for key in keys})},
            "by_service": self._by(keys, "service"),
            "by_account": self._by(keys, "account"),
            "by_charge_category": self._by(keys, "category"),
            "by_source": self._by(keys, "source"),
        }

    def _by(self, keys: list[Key], field: str) -> dict[str, dict[str, object]]:
        groups: dict[str, list[Key]] = defaultdict(list)
        for key in keys:
            groups[getattr(key, field)].append(key)
        return {name: self._total(members) for name, members in sorted(groups.items())}

    def _total(self, keys: Iterable[Key]) -> dict[str, object]:
        sums = [sum(column) for column in zip(*(self.sums[key] for key in keys), strict=True)]
        names = ("billed", "effective", "contracted", "list")
        return {"rows": sums[4], **{name: text(value) for name, value in zip(names, sums, strict=False)}}

    def owners(self) -> dict[str, dict[str, dict[str, str]]]:
        """Effective cost by period, team and currency."""
        sums: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        for key, values in self.sums.items():
            sums[key.period][key.team][key.currency] += values[1]
        return {
            period: {team: {currency: text(value) for currency, value in sorted(values.items())} for team, values in sorted(teams.items())}
            for period, teams in sorted(sums.items())
        }
