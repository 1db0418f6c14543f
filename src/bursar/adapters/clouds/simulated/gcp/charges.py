"""Rows only a bill has: commitment fees, credits above cost, corrections, late usage, tax and rounding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bursar.adapters.clouds.simulated.amounts import rounding, units
from bursar.adapters.clouds.simulated.gcp.catalogue import Sku, skus
from bursar.adapters.clouds.simulated.gcp.desk import Desk, Terms
from bursar.adapters.clouds.simulated.gcp.lines import Credit, Item, Row
from bursar.adapters.clouds.simulated.gcp.usage import OFFSET, Usage

_GCE = ("Compute Engine", "6F81-5844-456A")
_INVOICE = ("Invoice", "3C4C-1B2B-0E4A")


def _sku(service: tuple[str, str], sku: str, ident: str) -> Sku:
    name, service_id = service
    return Sku(
        sku=sku, sku_id=ident, service=name, service_id=service_id, rate="1",
        pricing_unit="hour", unit="seconds", per=3600, resource="",
    )  # fmt: skip


OLD_FEE = _sku(_GCE, "Commitment v1: N1 Cpu in Americas for 1 Year", "9F0A-BD6D-2E2F")
SPEND_FEE = _sku(
    ("Cloud SQL", "9662-B51E-5089"), "Commitment - dollar based v1: Cloud SQL database in us-central1 for 1 year", "7C1F-20D4-6B8E"
)
NEW_FEE = _sku(_GCE, "Commitment - dollar based v1: GCE for 1 year", "5B2C-9B04-AE81")
TAX = _sku(_INVOICE, "Tax", "9B3F-0E2A-1CC1")
ROUNDING = _sku(_INVOICE, "Rounding error", "1A2B-3C4D-5E6F")
CONTRACT = _sku(_INVOICE, "Contract billing adjustment", "C7A1-99F0-2B3D")


@dataclass(frozen=True, slots=True)
class Charges:
    """The other rows of an invoice month. Needs the usage to have been iterated."""

    usage: Usage

    @property
    def desk(self) -> Desk:
        """The invoice month's desk."""
        return self.usage.desk

    @property
    def _step(self) -> int:
        return self.desk.account.step

    def _money(self, dollars: str) -> int:
        return self.desk.account.money(units(dollars))

    def rows(self) -> Iterator[Row]:
        """What arrives while the month runs: fees, credits, corrections, late usage."""
        yield from self._fees()
        yield self._late()
        yield self._above_cost()
        yield from self._corrections()

    def closing(self) -> Iterator[Row]:
        """What arrives after the month: tax, adjustments, and the rounding that brings each invoice to whole cents."""
        tax = self.desk.item(TAX, terms=_closing(cost_type="tax"))
        yield self._flat(tax, self.usage.total * 4 // 1000 // self._step * self._step)
        memo = self.desk.item(CONTRACT, terms=_closing(extra={"is_contract_adjustment": True}))
        yield self._flat(memo, self._money("-12.5"))
        goodwill = {"adjustment_info": _adjustment("BILLING_MODIFICATION", "Goodwill for an outage")}
        modified = self.desk.item(skus()["egress"], project="acme-web-prod", terms=_closing(cost_type="adjustment", extra=goodwill))
        yield self._flat(modified, self._money("-30.1234567"))
        for publisher in ("GOOGLE", "PARTNER"):
            item = self.desk.item(ROUNDING, terms=_closing(cost_type="rounding_error", publisher=publisher))
            yield self._flat(item, rounding(self.desk.ledger.billed(item.key.invoice), self._step))

    def _fees(self) -> Iterator[Row]:
        """Both models: older fees stand whole and their usage is credited; the newer is credited by what was used."""
        terms = Terms(extra=_subscription("d0a1c2e3-0001"), is_fee=True, has_prices=False)
        old = self.desk.item(OLD_FEE, project="acme-search-prod", terms=terms)
        terms = Terms(labels={"team": "web"}, extra=_subscription("d0a1c2e3-0003"), is_fee=True, has_prices=False)
        spend = self.desk.item(SPEND_FEE, project="acme-web-prod", terms=terms)
        terms = Terms(labels={"team": "ml"}, extra=_subscription("d0a1c2e3-0002"), credits=(OFFSET,), is_fee=True, has_prices=False)
        new = self.desk.item(NEW_FEE, project="acme-ml-prod", terms=terms)
        fees = {mode: self.usage.commitment_fee(mode) for mode in ("cud-old", "cud-dollar", "cud-new")}
        for day in range(self.usage.days):
            yield self._on(old, day, fees["cud-old"])
            yield self._on(spend, day, fees["cud-dollar"])
            yield self._on(new, day, fees["cud-new"], credited=(-self.usage.covered[day],))

    def _late(self) -> Row:
        """Usage of the last evening of the month before, reported late and billed now."""
        terms = Terms(labels={"team": "web", "service": "cdn", "env": "prod"}, resource="late-reporter")
        item = self.desk.item(skus()["egress"], project="acme-web-prod", terms=terms)
        return self._on(item, -2, self._money("14.2578125"))

    def _above_cost(self) -> Row:
        """A credit larger than the row's cost: the charge is negative and stays so."""
        credit = Credit(type="PROMOTION", name="Free trial credit", id="promo-0815")
        item = self.desk.item(skus()["gcs"], project="acme-sandbox", terms=Terms(resource="trial-bucket", credits=(credit,)))
        return self._on(item, 6, self._money("3.25"), credited=(self._money("-5"),))

    def _corrections(self) -> Iterator[Row]:
        """Usage of the month before, taken back and charged anew: cost_type stays regular."""
        info = {"adjustment_info": _adjustment("USAGE_CORRECTION", "Usage was metered twice")}
        terms = Terms(labels={"team": "search", "service": "query", "env": "prod"}, resource="query-corrected", extra=info)
        item = self.desk.item(skus()["n2"], project="acme-search-prod", terms=terms)
        yield self._on(item, -9, self._money("-48.1234567891"))
        yield self._on(item, -9, self._money("21.0000000009"))

    def _on(self, item: Item, day: int, cost: int, *, credited: tuple[int, ...] = ()) -> Row:
        starts = self.usage.midnight(day)
        exported = self.usage.midnight(max(day, 1)) + timedelta(days=1, hours=5)
        return Row(item, starts, starts + timedelta(days=1), exported, cost, credited, cost, cost)

    def _flat(self, item: Item, cost: int) -> Row:
        starts, ends = self.usage.midnight(0), self.usage.midnight(self.usage.days)
        exported: datetime = ends + timedelta(days=3, hours=9)
        return Row(replace(item, rate=0), starts, ends, exported, cost, (), cost, cost)


def _adjustment(kind: str, description: str) -> dict[str, str]:
    return {"id": f"adj-{kind.lower()}", "description": description, "mode": "PARTIAL_CORRECTION", "type": kind}


def _closing(*, cost_type: str = "regular", publisher: str = "GOOGLE", extra: Mapping[str, object] | None = None) -> Terms:
    """What a row that is no usage has in common with its like: no quantity, no price, no place."""
    return Terms(cost_type=cost_type, publisher=publisher, extra=extra or {}, is_usage=False, has_prices=False)


def _subscription(ident: str) -> dict[str, object]:
    return {"subscription": {"instance_id": ident}}
