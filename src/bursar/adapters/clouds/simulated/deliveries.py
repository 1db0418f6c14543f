"""One more month as it reaches a bucket: partial, whole, final, restated, late, twice, wrong. To be ingested in order."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bursar.adapters.clouds.simulated import invoices
from bursar.adapters.clouds.simulated.aws import bill as aws
from bursar.adapters.clouds.simulated.aws.payer import PAYERS
from bursar.adapters.clouds.simulated.azure import bill as azure
from bursar.adapters.clouds.simulated.azure.catalogue import SCOPES
from bursar.adapters.clouds.simulated.estate import Estate
from bursar.adapters.clouds.simulated.gcp import bill as gcp
from bursar.adapters.clouds.simulated.gcp.catalogue import JAPAN, MAIN
from bursar.adapters.clouds.simulated.ledger import Ledger
from bursar.adapters.clouds.simulated.variant import Delivery, Variant
from bursar.domain.periods import Period

ROWS = 600
PARTIAL_DAYS = 18
MISSING = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One delivery: its folder's name, what becomes of it, why, and how it is written.

    `expected`: live (it is published), recorded (older than what is live), unchanged (the same bytes again),
    quarantined (the one before stays live).
    """

    name: str
    cloud: str
    expected: str
    why: str
    write: Callable[[Path, Estate], None]


def write(folder: Path, month: Period, estate: Estate, *, clouds: tuple[str, ...], only: str = "") -> list[dict[str, object]]:
    """Write the deliveries of a month that no final bill covers, or the `only` one. Returns what truth.json says of each, in order."""
    told: list[dict[str, object]] = []
    steps = (step for step in _steps(month, folder) if step.cloud in clouds and only in {"", step.name})
    for number, step in enumerate(steps, start=1):
        name = f"{number:02d}-{step.name}"
        aside = estate.aside()
        step.write(folder / name, aside)
        told.append(
            {
                "folder": f"{folder.name}/{name}",
                "provider": step.cloud,
                "expected": step.expected,
                "why": step.why,
                "totals": _totals(aside.ledger),
            }
        )
    return told


def _totals(ledger: Ledger) -> dict[str, object]:
    """Rows and the four costs of a delivery, by source and period."""
    return {
        period: {provider: {"currency": summary["currency"], "by_source": summary["by_source"], "invoices": summary["invoices"]}}
        for period, providers in ledger.periods().items()
        for provider, summary in providers.items()
    }


def _steps(month: Period, folder: Path) -> Iterator[Step]:
    yield from _aws_steps(month, folder)
    yield from _gcp_steps(month)
    yield from _azure_steps(month)
    yield from _gap_steps(month)
    yield from _yen_steps(month)


def _aws_steps(month: Period, folder: Path) -> Iterator[Step]:
    whole, open_month = Variant(), Variant(is_final=False)
    partial = Variant(is_final=False, days=PARTIAL_DAYS)
    restated = Variant(without="idle_address", refund="-145.20")
    doubled = Variant(factor_ppm=1_120_000)
    days = -(month.end - month.start).days + PARTIAL_DAYS
    yield Step(
        name="aws-partial", cloud="aws", expected="live", why="the month is running: no invoice ids",
        write=_acme(month, "partial", days, partial),
    )  # fmt: skip
    yield Step(
        name="aws-month-end", cloud="aws", expected="live", why="every day is in, invoices are not issued yet",
        write=_acme(month, "end", 1, open_month),
    )  # fmt: skip
    yield Step(
        name="aws-final", cloud="aws", expected="live", why="invoice ids and the invoices themselves",
        write=_acme(month, "final", 3, whole, with_invoices=True),
    )  # fmt: skip
    yield Step(
        name="aws-restated", cloud="aws", expected="live", why="after closing a refund came and rows went; within tolerance of the invoice",
        write=_acme(month, "restated", 20, restated),
    )  # fmt: skip
    yield Step(
        name="aws-late-older", cloud="aws", expected="recorded", why="an execution older than the live one arrives late",
        write=_acme(month, "older", 2, open_month),
    )  # fmt: skip
    yield Step(
        name="aws-duplicate", cloud="aws", expected="unchanged", why="the live delivery again, byte for byte",
        write=_copy_of(folder, "04-aws-restated"),
    )  # fmt: skip
    yield Step(
        name="aws-contradicts-invoice", cloud="aws", expected="quarantined", why="more than 3 % above its invoices",
        write=_acme(month, "doubled", 25, doubled),
    )  # fmt: skip
    yield Step(
        name="aws-missing-part", cloud="aws", expected="quarantined", why="the manifest names a part that is not there",
        write=_torn(month),
    )  # fmt: skip


def _gcp_steps(month: Period) -> Iterator[Step]:
    def written(variant: Variant) -> Callable[[Path, Estate], None]:
        return lambda root, estate: gcp.deliver(root / "gcp", estate, MAIN, month=month, rows=ROWS, variant=variant)

    partial = Variant(is_final=False, days=PARTIAL_DAYS)
    yield Step(
        name="gcp-partial", cloud="gcp", expected="live", why="an extract while the month runs",
        write=written(partial),
    )  # fmt: skip
    yield Step(
        name="gcp-final", cloud="gcp", expected="live", why="the whole table again, with tax and rounding",
        write=written(Variant()),
    )  # fmt: skip


def _azure_steps(month: Period) -> Iterator[Step]:
    scope = SCOPES[0]
    delivery = Delivery(month=month, rows=ROWS, run="final", at=azure.after(month, days=9))

    def written(*kinds: str) -> Callable[[Path, Estate], None]:
        return lambda root, estate: azure.deliver(root / "azure", estate, scope, delivery=delivery, kinds=kinds)

    actual, amortised = azure.KINDS
    yield Step(
        name="azure-actual-only", cloud="azure", expected="live", why="without its amortised twin effective cost is what was billed",
        write=written(actual),
    )  # fmt: skip
    yield Step(
        name="azure-amortised", cloud="azure", expected="live", why="the twin completes the pair",
        write=written(actual, amortised),
    )  # fmt: skip


def _gap_steps(month: Period) -> Iterator[Step]:
    def written(run: str, days: int, variant: Variant) -> Callable[[Path, Estate], None]:
        delivery = Delivery(month=month, rows=ROWS, run=run, at=aws.after(month, days=days), variant=variant)

        def write(root: Path, estate: Estate) -> None:
            aws.deliver(root / "aws", estate, PAYERS[1], delivery=delivery)

        return write

    yield Step(
        name="aws-missing-day", cloud="aws", expected="live", why=f"no line speaks of {month}-{MISSING}: unknown, not zero",
        write=written("gap", 5, Variant(is_final=False, missing=MISSING)),
    )  # fmt: skip
    yield Step(
        name="aws-day-arrives", cloud="aws", expected="live", why="the day that was missing is in",
        write=written("gap-filled", 6, Variant(is_final=False)),
    )  # fmt: skip


def _yen_steps(month: Period) -> Iterator[Step]:
    def written(root: Path, estate: Estate) -> None:
        gcp.deliver(root / "gcp", estate, JAPAN, month=month, rows=ROWS, variant=Variant())
        invoices.write(root / "invoices", month, estate.ledger)

    yield Step(
        name="gcp-yen", cloud="gcp", expected="live", why="another billing account, in a currency without minor units, with its invoices",
        write=written,
    )  # fmt: skip


def _acme(month: Period, run: str, days: int, variant: Variant, *, with_invoices: bool = False) -> Callable[[Path, Estate], None]:
    def written(root: Path, estate: Estate) -> None:
        delivery = Delivery(month=month, rows=ROWS, run=run, at=aws.after(month, days=days), variant=variant)
        aws.deliver(root / "aws", estate, PAYERS[0], delivery=delivery)
        if with_invoices:
            invoices.write(root / "invoices", month, estate.ledger)

    return written


def _copy_of(folder: Path, name: str) -> Callable[[Path, Estate], None]:
    def written(root: Path, estate: Estate) -> None:  # noqa: ARG001  copied, not made
        shutil.copytree(folder / name, root)

    return written


def _torn(month: Period) -> Callable[[Path, Estate], None]:
    def written(root: Path, estate: Estate) -> None:
        delivery = Delivery(month=month, rows=ROWS, run="torn", at=aws.after(month, days=3))
        aws.deliver(root / "aws", estate, PAYERS[1], delivery=delivery)
        for part in sorted(root.rglob("*.csv.gz"))[-1:]:
            part.unlink()

    return written
