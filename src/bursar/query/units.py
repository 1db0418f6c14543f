"""Cost per unit of a business metric over a billing period: sums first, then one division."""

from dataclasses import dataclass
from decimal import Context, Decimal

from bursar.lake.generations import Generation
from bursar.ports import Warehouse

TABLE = "unit_cost_daily"
_DIVIDE = Context(prec=28)
_SQL = """
SELECT metric, service, tenant, currency,
  sum(quantity) FILTER (quality <> 'missing') AS quantity,
  sum(cost_direct) FILTER (quality <> 'missing') AS direct,
  sum(cost_loaded) FILTER (quality <> 'missing') AS loaded,
  sum(cost_loaded) AS whole
FROM read_parquet([{files}])
WHERE metric = ? AND (? IS NULL OR service = ?) AND currency <> 'XXX'
GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCost:
    """What a unit cost one service and tenant. Unit costs are None where nothing was counted.

    `direct` is the service's own cost, `loaded` with its shares; `uncounted` is the loaded cost of days without a count.
    """

    metric: str
    service: str
    tenant: str
    currency: str
    quantity: Decimal
    direct: Decimal
    loaded: Decimal
    uncounted: Decimal

    @property
    def unit_direct(self) -> Decimal | None:
        """Own cost per unit."""
        return _DIVIDE.divide(self.direct, self.quantity) if self.quantity else None

    @property
    def unit_loaded(self) -> Decimal | None:
        """Cost per unit, shared costs included."""
        return _DIVIDE.divide(self.loaded, self.quantity) if self.quantity else None


def unit_costs(metric: str, *, period: str, generation: Generation, warehouse: Warehouse, service: str | None = None) -> list[UnitCost]:
    """Unit costs of a metric in a billing period, per service, tenant and currency; empty when nothing was counted."""
    files = [file.path for file in generation.of(TABLE, period=period)]
    if not files:
        return []
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    found = warehouse.rows(_SQL.replace("{files}", listed), (metric, service, service), reads=files)
    return [_unit_cost(row) for row in found.rows]


def _unit_cost(row: tuple[object, ...]) -> UnitCost:
    quantity, direct, loaded, whole = (Decimal(str(value or 0)) for value in row[4:8])
    return UnitCost(
        metric=str(row[0]),
        service=str(row[1]),
        tenant=str(row[2]),
        currency=str(row[3]),
        quantity=quantity,
        direct=direct,
        loaded=loaded,
        uncounted=whole - loaded,
    )
