"""The `bursar` command as people and scripts meet it: started as a process, judged by exit code, output and files.

`BURSAR_COMMAND` names the command under test (default: the one beside the running Python). Bills are of months long closed,
so that no promise depends on today.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

MONTH = "2025-03"
COMMAND = Path(os.environ.get("BURSAR_COMMAND") or Path(sys.executable).with_name("bursar"))
COLUMNS = (
    "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ServiceCategory,ServiceSubcategory,ProviderName,PublisherName,"
    "InvoiceIssuerName,ChargeDescription,PricingQuantity,PricingUnit,ConsumedQuantity,ConsumedUnit,SkuId,Tags"
).split(",")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a run of the command left: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - a JSON document
        """The document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A project folder, its state folder, and the command over both."""

    project: Path

    @property
    def home(self) -> Path:
        """The state folder."""
        return self.project / ".bursar"

    def run(self, *words: str | Path, code: int | None = 0) -> Said:
        """Run a verb here; the exit code must be the one promised, and no traceback may reach anybody."""
        done = subprocess.run(
            [COMMAND, *map(str, words)],
            cwd=self.project,
            env={**environment(), "HOME": str(self.project), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        assert code in {None, done.returncode}, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Said(code=done.returncode, out=done.stdout, err=done.stderr)

    def totals(self, metric: str = "billed_cost", *more: str) -> dict[str, Decimal]:
        """The month's published sum by currency."""
        return {row["currency"]: Decimal(row["value"]) for row in self.costs(metric, *more)["rows"]}

    def costs(self, metric: str = "billed_cost", *more: str) -> Any:  # noqa: ANN401 - a JSON document
        """An answer of `bursar costs` about the month."""
        return self.run("costs", "--metric", metric, "--period", MONTH, "--format", "json", *more).json

    def generation(self) -> int:
        """The generation readers see."""
        return int(self.run("reconcile", "--format", "json", code=None).json["generation"])

    def copy(self, to: Path) -> House:
        """The same house elsewhere."""
        shutil.copytree(self.project, to, dirs_exist_ok=True)
        return House(project=to)


def environment() -> dict[str, str]:
    """Our environment without our settings; compiled modules are kept, as an installation keeps them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BURSAR", "COV_", "COVERAGE"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / f"bursar-pyc-{os.getuid()}"), **kept}


def charge(cost: str, *, day: int = 5, account: str = "9001", team: str = "core", **more: str) -> dict[str, str]:
    """One FOCUS line of the month."""
    return {
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost),
        "BillingCurrency": "USD",
        "BillingAccountId": account,
        "ChargeCategory": "Usage",
        "SkuId": "sku-1",
        "ChargeDescription": "Hours",
        "BillingPeriodStart": "2025-03-01T00:00:00Z",
        "BillingPeriodEnd": "2025-04-01T00:00:00Z",
        "ChargePeriodStart": f"2025-03-{day:02d}T00:00:00Z",
        "ChargePeriodEnd": f"2025-03-{day + 1:02d}T00:00:00Z",
        "ServiceName": "Acme Compute",
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Virtual Machines",
        **dict.fromkeys(("ProviderName", "PublisherName", "InvoiceIssuerName"), "Acme"),
        "PricingQuantity": "1",
        "PricingUnit": "Hours",
        "ConsumedQuantity": "1",
        "ConsumedUnit": "Hours",
        "Tags": json.dumps({"team": team}),
        **more,
    }


def bill(path: Path, *rows: dict[str, str]) -> Path:
    """A FOCUS file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([row[name] for name in COLUMNS] for row in rows)
    return path


def invoice(path: Path, total: str, *, account: str = "9001", ident: str = "INV-1") -> Path:
    """An invoice file of the month."""
    header = "provider,billing_account_id,invoice_id,billing_period,issuer,currency,total,tax,issued_at"
    path.write_text(f"{header}\nother,{account},{ident},{MONTH},Acme,USD,{total},0,2025-04-03\n")
    return path


def published(folder: Path) -> House:
    """A house with one small bill published: two teams, 30 dollars."""
    folder.mkdir(parents=True)
    house = House(project=folder)
    bill(folder / "bill.csv", charge("10"), charge("20", day=9, team="web"))
    house.run("ingest", "bill.csv")
    return house


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@contextmanager
def once(folder: Path, name: str) -> Iterator[Path | None]:
    """The folder to fill for the first worker that comes; None for the others, once it is full.

    One that could not be filled is not there for the others: each says why itself, and none looks at half a house.
    """
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place = folder / name
        if place.exists():
            yield None
            return
        try:
            yield place
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise


@pytest.fixture(scope="session")
def small(session_folder: Path) -> House:
    """The small published house, made once a run; copy it before changing anything."""
    with once(session_folder, "small") as place:
        if place:
            published(place)
    return House(project=session_folder / "small")


@pytest.fixture(scope="session")
def simulated(session_folder: Path) -> House:
    """Bills of two clouds with their invoices, published; made once a run, never changed."""
    with once(session_folder, "simulated") as place:
        if place:
            place.mkdir()
            house = House(project=place)
            house.run("-q", "simulate", "--out", "bills", "--rows", "1000", "--months", "1", "--clouds", "aws,gcp", "--from", MONTH)
            house.run("ingest", "bills")
    return House(project=session_folder / "simulated")


@pytest.fixture
def house(small: House, tmp_path: Path) -> House:
    """A copy of the small published house to do anything with."""
    return small.copy(tmp_path / "house")
