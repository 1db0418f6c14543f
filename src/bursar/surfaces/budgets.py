"""`budgets` as a listing: how every budget stands, and what is wrong with them together (`schemas/budgets.json`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bursar.bootstrap import open_gate
from bursar.domain.money import plain
from bursar.policies.burn import worst
from bursar.policies.measured import Fault, Measure
from bursar.policies.reservations import reserved
from bursar.query.filters import Filter
from bursar.surfaces.documents import Document, Listing
from bursar.surfaces.gating.document import text

if TYPE_CHECKING:
    from bursar.loop import Bursar

COLUMNS = (
    "id", "parent", "owner", "period", "currency", "amount", "actual", "forecast_p50", "p_breach", "breach_date", "burn", "reserved",
    "status",
)  # fmt: skip


ALONE = frozenset({"owner_unknown", "no_amount", "nothing_matched", "children_above", "unassigned"})
"""Faults that speak of a budget and what lies within it; the others name a sibling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How budgets stand now, and what is wrong with them together."""

    measures: tuple[Measure, ...]
    faults: tuple[Fault, ...]
    held: Mapping[tuple[str, str], Decimal]
    generation: int | None

    def listing(self) -> Listing:
        """As a document and as rows."""
        return budgets_listing(self.measures, faults=self.faults, held=self.held, generation=self.generation)


def standing(app: Bursar, *, sees: Callable[[Filter], bool] | None = None) -> Standing:
    """Every budget in its current period; with `sees` those whose charges it says may be seen, and faults of those alone."""
    ledger = open_gate(app).ledger(app.lake.head(), now=app.clock())
    chosen = [one for one in ledger.budgets if sees is None or sees(ledger.budgets.whole_scope(one))]
    names = {one.id for one in chosen}
    faults = [one for one in ledger.faults(tuple(app.config.owners)) if sees is None or (one.budget in names and one.kind in ALONE)]
    with app.store.connect().execution_options(read_only=True) as connection:
        held = reserved(connection, now=app.clock())
    return Standing(
        measures=tuple(ledger.measure(one) for one in chosen), faults=tuple(faults), held=held,
        generation=ledger.generation.n if ledger.generation else None,
    )  # fmt: skip


def status_of(measure: Measure) -> str:
    """One word: no_data, no_amount, exceeded, burning, at_risk or ok."""
    if measure.amount is None:
        return "no_amount"
    if measure.actual is None:
        return "no_data"
    if measure.actual > measure.amount:
        return "exceeded"
    if worst(list(measure.burn)):
        return "burning"
    return "at_risk" if measure.p_breach is not None and measure.p_breach >= Decimal("0.5") else "ok"


def budgets_listing(
    measures: Sequence[Measure], *, faults: Iterable[Fault], held: Mapping[tuple[str, str], Decimal], generation: int | None
) -> Listing:
    """Each budget in its current period."""
    told = [_budget(measure, held.get((measure.budget.id, measure.budget.currency), Decimal(0))) for measure in measures]
    found = [{"budget": one.budget, "kind": one.kind, "message": one.message} for one in faults]
    rows = [_row(entry) for entry in told]
    return Listing(document={"generation": generation, "rows": told, "findings": found}, columns=COLUMNS, rows=rows)


def _budget(measure: Measure, held: Decimal) -> Document:
    budget, forecast = measure.budget, measure.forecast
    quantiles = {f"p{percent}": text(forecast.at(percent)) for percent in (10, 50, 90)} if forecast else None
    return {
        "id": budget.id,
        "parent": budget.parent,
        "owner": budget.owner,
        "period": f"{measure.span.start:%Y-%m}",
        "start": measure.span.start.isoformat(),
        "end": measure.span.end.isoformat(),
        "watermark": measure.watermark.isoformat(),
        "currency": budget.currency,
        "amount": text(measure.amount),
        "actual": text(measure.actual),
        "forecast": quantiles,
        "p_breach": _short(measure.p_breach),
        "breach_date": measure.breach_on.isoformat() if measure.breach_on else None,
        "burn": [{"window": one.window, "rate": _short(one.rate), "severity": one.severity} for one in measure.burn],
        "reserved": plain(held),
        "status": status_of(measure),
    }


def _row(entry: Document) -> tuple[object, ...]:
    """The flat form: the worst burn, the median."""
    forecast, burn = entry["forecast"], entry["burn"]
    flat: dict[str, object] = {**entry, "forecast_p50": None, "burn": None}
    if isinstance(forecast, Mapping):
        flat["forecast_p50"] = forecast["p50"]
    if isinstance(burn, list) and burn:
        flat["burn"] = burn[0]["rate"]
    return tuple(flat[name] for name in COLUMNS)


def _short(rate: Decimal | None) -> str | None:
    return None if rate is None else plain(rate.quantize(Decimal("0.001")))
