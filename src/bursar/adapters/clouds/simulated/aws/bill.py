"""One payer's month of AWS: events in, native files out, the ledger told of every charge."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bursar.adapters.clouds.simulated.aws import cur, cur2
from bursar.adapters.clouds.simulated.aws.catalogue import ACME
from bursar.adapters.clouds.simulated.aws.charges import Charges
from bursar.adapters.clouds.simulated.aws.commitments import Commitments
from bursar.adapters.clouds.simulated.aws.lines import Run
from bursar.adapters.clouds.simulated.aws.payer import PAYERS, Desk, Payer
from bursar.adapters.clouds.simulated.aws.usage import Usage
from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.estate import Estate
from bursar.adapters.clouds.simulated.slots import DAY
from bursar.adapters.clouds.simulated.variant import Delivery, Variant
from bursar.adapters.clouds.simulated.waste import DISK_WASTE
from bursar.domain.periods import Period

ACME_SHARE_PERCENT = 70
CHUNK_ROWS = 250_000


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write both organisations' final bills of the months, each with an older run left behind."""
    for month in months:
        for payer in PAYERS[: estate.organisations]:
            share = ACME_SHARE_PERCENT if payer.account == ACME else 100 - ACME_SHARE_PERCENT
            rows, variant = estate.rows["aws"] * share // 100, estate.variant(month)
            if not variant.is_final:
                running = Delivery(month=month, rows=rows, run="running", at=on(estate.as_of or month.end), variant=variant)
                deliver(root, estate, payer, delivery=running)
                continue
            older = Delivery(month=month, rows=400, run="older", at=after(month, days=-9))
            final = Delivery(month=month, rows=rows, run="final", at=after(month, days=3))
            # the bucket keeps older runs; no manifest of the month names them any more
            deliver(root, estate.aside(), payer, delivery=older)
            deliver(root, estate, payer, delivery=final)


def deliver(root: Path, estate: Estate, payer: Payer, *, delivery: Delivery) -> int:
    """Write one complete run of a payer's export. Returns the number of native rows."""
    month = delivery.month
    ident = Draws(estate.seed, "aws", payer.account, month, "run", delivery.run).uuid()
    events = runs(estate, payer, delivery)
    chunk_rows = min(CHUNK_ROWS, max(2_000, delivery.rows // 2))
    execution = cur2.Execution(at=delivery.at, ident=ident)
    if payer.net_percent == 100:
        return cur2.write(root / "cur2", month, events, execution=execution, chunk_rows=chunk_rows, account=payer.account)
    return cur.write(root / "cur", month, events, execution=execution, chunk_rows=chunk_rows, account=payer.account)


def runs(estate: Estate, payer: Payer, delivery: Delivery) -> Iterator[Run]:
    """Every line of the month, told to the ledger as it passes."""
    month, variant = delivery.month, delivery.variant
    desk = Desk(payer, month, estate.seed, estate.ledger, variant.is_final)
    usage = Usage(desk, estate.shape, delivery.rows, variant)
    charges = Charges(usage)
    for phase in (usage.runs(), Commitments(usage).runs(is_first_month=month == estate.first), charges.runs()):
        for run in phase:
            if not _is_missing(run, variant):
                yield _booked(estate, run)
    if variant.is_final:
        yield _booked(estate, charges.closing())


def _is_missing(run: Run, variant: Variant) -> bool:
    """Whether a line is of the day that is missing; what stretches over the month is not."""
    when = run.moments[0]
    return variant.missing == when // 24_000 + 1 and when % 1000 <= DAY


def _booked(estate: Estate, run: Run) -> Run:
    estate.ledger.post(run.postings())
    ident = run.item.columns.get("line_item_resource_id", "")
    month = datetime.fromisoformat(f"{run.item.key.period}-01").replace(tzinfo=UTC)
    if ident.startswith("vol-"):
        day = (month + timedelta(hours=run.moments[0] // 1000)).date()
        tags = {key.removeprefix("user_").removeprefix("user:"): value for key, value in run.item.tags.items()}
        estate.disks.note(ident, run.item.key, sum(run.used), day=day, tags=tags, is_waste=run.item.waste == DISK_WASTE)
    if run.item.waste:
        item = run.item
        charges = [(amount, month + timedelta(hours=when // 1000), when % 1000) for when, amount in zip(run.moments, run.net, strict=True)]
        estate.waste.note(item.waste, item.key, item.columns["line_item_resource_id"], charges)
    return run


def after(month: Period, *, days: int) -> datetime:
    """The hour the export runs, so many days after the month's end."""
    return on(month.end + timedelta(days=days))


def on(day: date) -> datetime:
    """The hour the export runs on a day."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=4, minutes=15)
