"""Rows of Azure as cost-details exports: CSV parts in a run's folder, the manifest written last."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bursar.adapters.clouds.simulated import packed
from bursar.adapters.clouds.simulated.amounts import text
from bursar.adapters.clouds.simulated.azure.catalogue import Scope, header
from bursar.adapters.clouds.simulated.azure.lines import Item, Row
from bursar.domain.periods import Period

BOM = "\ufeff"
_VARYING = {
    "date", "quantity", "effectiveprice", "cost", "unitprice", "paygprice", "serviceperiodstartdate", "serviceperiodenddate",
    "costinbillingcurrency", "costinpricingcurrency", "costinusd", "paygcostinbillingcurrency", "paygcostinusd",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of an export: which of the pair, when, under which id, and whether its folder names the time."""

    kind: str
    at: datetime
    ident: str
    root: str

    @property
    def is_actual(self) -> bool:
        """Whether it is the actual-cost export; else the amortised one."""
        return self.kind == "ActualCost"


@dataclass(slots=True)
class Export:
    """The writer of one run. Rows are buffered by the part; `close` writes the manifest."""

    root: Path
    scope: Scope
    month: Period
    run: Run
    part_rows: int
    _waiting: list[str] = field(default_factory=list[str])
    _blobs: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    _templates: dict[int, tuple[Item, str]] = field(default_factory=dict[int, tuple[Item, str]])

    @property
    def name(self) -> str:
        """The export's name."""
        return f"acme-{self.scope.name}-{'actual' if self.run.is_actual else 'amortized'}"

    @property
    def folder(self) -> str:
        """The run's folder, as the container names it. The enrolment's exports keep a folder per time of run."""
        last = self.month.end - timedelta(days=1)
        span = f"{self.month.start:%Y%m%d}-{last:%Y%m%d}"
        time = f"/{self.run.at:%Y%m%d%H%M}" if self.scope.name == "ea" else ""
        return f"{self.run.root}/{self.name}/{span}{time}/{self.run.ident}"

    def add(self, row: Row) -> None:
        """Take a row, if this kind of export has it."""
        if not (row.item.is_in_actual if self.run.is_actual else row.item.is_in_amortised):
            return
        known = self._templates.get(id(row.item))
        if known is None:
            known = (row.item, self._template(row.item))
            self._templates[id(row.item)] = known
        self._waiting.append(known[1] % self._values(row))
        if len(self._waiting) >= self.part_rows:
            self._flush()

    def close(self) -> int:
        """Write what waits, then the manifest. Returns the number of rows of the run."""
        self._flush()
        manifest = json.dumps(self._manifest(), indent=2)
        (self.root / self.folder / "manifest.json").write_text(manifest, encoding="utf-8")
        return sum(int(str(blob["dataRowCount"])) for blob in self._blobs)

    def _flush(self) -> None:
        if not self._waiting and self._blobs:
            return
        suffix = "csv" if self.scope.name == "ea" else "csv.gz"
        blob = f"{self.folder}/part_{len(self._blobs)}_0001.{suffix}"
        path = self.root / blob
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [BOM + ",".join(header(self.scope.name)) + "\n", *self._waiting]
        if suffix == "csv":
            path.write_text("".join(lines), encoding="utf-8", newline="")
        else:
            packed.write(path, lines)
        self._blobs.append({"blobName": blob, "byteCount": path.stat().st_size, "dataRowCount": len(self._waiting)})
        self._waiting = []
        self._templates.clear()

    def _template(self, item: Item) -> str:
        known = {name: text.replace("%", "%%") for name, text in item.columns.items()} | dict.fromkeys(_VARYING, "%s")
        cells = [known.get(name.lower(), "") for name in header(self.scope.name)]
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(cells)
        return buffer.getvalue()

    def _values(self, row: Row) -> tuple[str, ...]:
        """The varying cells, in header order."""
        cost = row.actual_cost if self.run.is_actual else row.cost
        day, quantity = f"{row.day:%m/%d/%Y}", text(row.quantity * 10_000)
        pricing = cost * 1000 // row.item.rate_milli
        price = text(row.item.price * 10**6) if cost and row.item.price else text(pricing)
        unit, payg = text(row.item.unit_price * 10**6), text(row.item.payg * 10**6)
        if row.item.charge_type == "RoundingAdjustment":
            unit = payg = price = text(abs(cost))
        if self.scope.name == "ea":
            return day, quantity, price, text(cost), unit, payg
        listed = row.listed
        return (
            day, day, day, price, quantity, text(cost), text(pricing), text(pricing),
            text(listed), text(listed * 1000 // row.item.rate_milli), payg, unit,
        )  # fmt: skip

    def _manifest(self) -> dict[str, object]:
        last = self.month.end - timedelta(days=1)
        return {
            "manifestVersion": "2024-04-01",
            "byteCount": sum(int(str(blob["byteCount"])) for blob in self._blobs),
            "blobCount": len(self._blobs),
            "dataRowCount": sum(int(str(blob["dataRowCount"])) for blob in self._blobs),
            "exportConfig": {
                "exportName": self.name, "resourceId": f"{self.scope.resource}/providers/Microsoft.CostManagement/exports/{self.name}",
                "dataVersion": self.scope.version, "apiVersion": "2023-07-01-preview", "type": self.run.kind,
                "timeFrame": "TheLastMonth", "granularity": "Daily",
            },
            "deliveryConfig": {
                "partitionData": True, "dataOverwriteBehavior": "CreateNewReport", "fileFormat": "Csv",
                "compressionMode": "None" if self.scope.name == "ea" else "gzip",
                "containerUri": "/subscriptions/acme/blobServices/exports", "rootFolderPath": self.run.root,
            },
            "runInfo": {
                "executionType": "Scheduled", "submittedTime": f"{self.run.at:%Y-%m-%dT%H:%M:%S}.0000000Z", "runId": self.run.ident,
                "startDate": f"{self.month.start}T00:00:00", "endDate": f"{last}T00:00:00",
            },
            "blobs": self._blobs,
        }  # fmt: skip


def pair(root: Path, scope: Scope, month: Period, *, runs: tuple[Run, ...], rows: Iterator[Row], part_rows: int) -> None:
    """Write several exports of one month from one pass over its rows."""
    exports = [Export(root, scope, month, run, part_rows) for run in runs]
    for row in rows:
        for export in exports:
            export.add(row)
    for export in exports:
        export.close()
