"""One payer's month of AWS: events in, native files out, the ledger told of every charge."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
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
from bursar.domain.periods import Period

ACME_SHARE_PERCENT = 70
CHUNK_ROWS = 250_000


def write(root: Path, months: Sequence[Period], estate: Estate) -> None:
    """Write both organisations' final bills of the months, each with an older run left behind."""
    for month in months:
        for payer in PAYERS:
            share = ACME_SHARE_PERCENT if payer.account == ACME else 100 - ACME_SHARE_PERCENT
            rows = estate.rows["aws"] * share // 100
            _leftover(root, month, estate, payer)
            deliver(root, month, estate, payer, rows=rows, run="final", at=_after(month, days=3))


def deliver(root: Path, month: Period, estate: Estate, payer: Payer, *, rows: int, run: str, at: datetime) -> int:
    """Write one complete run of a payer's export. Returns the number of native rows."""
    ident = Draws(estate.seed, "aws", payer.account, month, "run", run).uuid()
    events = runs(month, estate, payer, rows=rows)
    chunk_rows = min(CHUNK_ROWS, max(2_000, rows // 2))
    if payer.net_percent == 100:
        execution = cur2.Execution(at=at, ident=ident)
        return cur2.write(root / "cur2", month, events, execution=execution, chunk_rows=chunk_rows, account=payer.account)
    return cur.write(root / "cur", month, events, assembly=ident, chunk_rows=chunk_rows, account=payer.account)


def runs(month: Period, estate: Estate, payer: Payer, *, rows: int) -> Iterator[Run]:
    """Every line of the month, told to the ledger as it passes."""
    desk = Desk(payer, month, estate.seed, estate.ledger)
    usage = Usage(desk, estate.shape, rows, days=(month.end - month.start).days)
    charges = Charges(usage)
    for phase in (usage.runs(), Commitments(usage).runs(is_first_month=month == estate.first), charges.runs()):
        for run in phase:
            yield _booked(estate, run)
    yield _booked(estate, charges.closing())


def _booked(estate: Estate, run: Run) -> Run:
    estate.ledger.post(run.postings())
    if run.item.waste:
        estate.note_waste("aws", run.item.waste, run.item.columns["line_item_resource_id"], period=run.item.key.period, amount=sum(run.net))
    return run


def _leftover(root: Path, month: Period, estate: Estate, payer: Payer) -> None:
    """An older run of the export, as the bucket keeps it: its files stay, no manifest of the month names them."""
    aside = estate.aside()
    deliver(root, month, aside, payer, rows=400, run="older", at=_after(month, days=-9))


def _after(month: Period, *, days: int) -> datetime:
    return datetime.combine(month.end, datetime.min.time(), UTC) + timedelta(days=days, hours=4, minutes=15)
