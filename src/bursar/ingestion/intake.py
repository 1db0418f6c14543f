"""Take deliveries in: landed, normalised and staged, each on its own, so that one bad bill stops nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from bursar.domain.errors import BillError
from bursar.domain.periods import Period
from bursar.ingestion import normalise as normaliser
from bursar.ingestion.ahead import MOST, Ahead
from bursar.ingestion.deliveries import PAIRED, Delivery, cause_of
from bursar.ingestion.land import MIXED, ROLES, Fingerprint, fingerprint, land
from bursar.ingestion.normalise import Work
from bursar.ingestion.outcomes import Outcome, outcome_of, passed_over
from bursar.ingestion.packed import check_packed
from bursar.ingestion.reading import BillFile, DescribedFile
from bursar.lake import snapshots
from bursar.lake.generations import Lake
from bursar.lake.snapshots import Snapshot
from bursar.ports import Clock, Progress, Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes bills into the lake. Tells what it is doing through `progress`, and `ready` that there will be something to build."""

    lake: Lake
    warehouse: Warehouse
    clock: Clock
    progress: Progress
    ready: Callable[[], None] = lambda: None

    def take(self, bills: Sequence[Delivery]) -> list[Outcome]:
        """Take every bill in; a wrong one becomes a quarantined outcome, all others go on."""
        outcomes: list[Outcome] = []
        pairs: defaultdict[tuple[str, str], list[Delivery]] = defaultdict(list)
        with Ahead(lake=self.lake.root, warehouse=self.warehouse) as ahead:
            for bill in bills:
                self._begin(ahead, lambda bill=bill: self._foreseen(bill))
            for bill in bills:
                self.progress(f"Reading {bill.name}")
                outcomes += self._guarded(bill, lambda bill=bill: self._one(bill, pairs, ahead))
            for source, period in pairs:
                self._begin(ahead, lambda source=source, period=period: self._both(source, period, pairs[source, period]))
            for (source, period), members in pairs.items():
                self.progress(f"Reading {source} {period}")
                outcomes += self._guarded(
                    members[-1], lambda source=source, period=period, members=members: self._pair(source, period, members, ahead)
                )
        return outcomes

    def _begin(self, ahead: Ahead, work_of: Callable[[], Work | None]) -> None:
        """Have a bill normalised ahead, if it can be; whatever is wrong with it is found again, and told, when its turn comes."""
        with suppress(BillError):
            if (work := work_of()) and ahead.begin(work):
                self.ready()

    def _foreseen(self, bill: Delivery) -> Work | None:
        """A bill of a known place, landed; None for one whose rows must be looked at first, and for what was taken before."""
        if bill.fault or bill.format == PAIRED or not (bill.source and bill.period):
            return None
        bill, mark = _once(bill, fingerprint(bill))
        if mark.bytes > MOST or self._known(bill, mark):
            return None
        check_packed(bill)
        return self._work(bill, [self._land(bill, mark)])

    def _guarded(self, bill: Delivery, taking: Callable[[], list[Outcome]]) -> list[Outcome]:
        try:
            return taking()
        except BillError as error:
            return [_quarantined(bill, error)]

    def _one(self, bill: Delivery, pairs: defaultdict[tuple[str, str], list[Delivery]], ahead: Ahead) -> list[Outcome]:
        if bill.fault:
            raise BillError(bill.fault.cause, cure=bill.fault.cure)
        bill, mark = _once(bill, fingerprint(bill))
        if known := self._known(bill, mark):
            return known
        check_packed(bill)
        if bill.format == PAIRED:
            placed = self._placed(bill)
            self._land(placed, mark)
            pairs[str(placed.source), str(placed.period)].append(placed)
            return []
        if bill.source and bill.period:
            work = self._work(bill, [self._land(bill, mark)])
            ahead.wait(work)
            return [self._staged(bill, work, mark.bytes)]
        return self._loose(bill, mark)

    def _known(self, bill: Delivery, mark: Fingerprint) -> list[Outcome]:
        """Outcomes of a delivery whose bytes were taken before, by this very code; nothing when it must be read."""
        with self.lake.store.connect().execution_options(read_only=True) as connection:
            raw = snapshots.find(connection, mark.id)
            made = [one for one in snapshots.select(connection, layer="focus", format=raw.format) if raw.id in one.input_ids] if raw else []
            live = snapshots.live(connection, "focus")
        current = _standing([one for one in made if one.code_digest == normaliser.code_digest(one.format)])
        shown = {one.id: live.get((one.source, one.period)) for one in current}
        if not current or any(one.state == "quarantined" for one in current) or not _is_whole(raw, current):
            return []
        if any(_goes_back(bill.exported_at, one, shown[one.id]) for one in current):
            return []
        self._confirm(bill, current)
        return [_seen(one, shown[one.id], name=bill.name, size=mark.bytes) for one in current]

    def _confirm(self, bill: Delivery, current: Sequence[Snapshot]) -> None:
        """The newest export says what is live still: one between the two that comes late is older."""
        with self.lake.store.begin() as connection:
            for one in current:
                if one.state != "superseded" and bill.exported_at and bill.exported_at > one.order:
                    snapshots.record(connection, snapshots.confirmed(one, bill.exported_at))

    def _land(self, bill: Delivery, mark: Fingerprint, *, holds: Sequence[tuple[str, str]] = ()) -> Snapshot:
        """The delivered bytes in the lake; bytes that were there count as exported when they were last."""
        with self.lake.store.begin() as connection:
            known = snapshots.find(connection, mark.id)
            if known and bill.exported_at and bill.exported_at > known.order:
                known = replace(known, exported_at=bill.exported_at)
                snapshots.record(connection, known)
        return known or land(bill, mark, lake=self.lake.root, store=self.lake.store, now=self.clock(), holds=holds)

    def _loose(self, bill: Delivery, mark: Fingerprint) -> list[Outcome]:
        """A file outside any export layout: its rows say whose bill it is and which periods it holds."""
        files = self._described(bill)
        found = normaliser.probe(bill.format, files, warehouse=self.warehouse)
        if not found:
            raise BillError(f"{bill.name}: holds no charges, not a row", cure=normaliser.NO_CHARGES)
        sources = {normaliser.source_name(bill.format, one.account) for one in found}
        periods = {one.period for one in found}
        whole = replace(
            bill, source=next(iter(sources)) if len(sources) == 1 else None, period=next(iter(periods)) if len(periods) == 1 else MIXED
        )
        raw = self._land(whole, mark, holds=sorted((normaliser.source_name(bill.format, one.account), one.period) for one in found))
        outcomes: list[Outcome] = []
        for one in found:
            part = replace(
                bill,
                source=normaliser.source_name(bill.format, one.account),
                period=one.period,
                exported_at=bill.exported_at or one.exported_at or raw.seen_at,
                dated="export" if bill.exported_at else "rows" if one.exported_at else "arrival",
            )
            where = normaliser.only(one.period, one.account, bill.format) if len(found) > 1 else ""
            work = self._work(part, [raw])
            outcomes += self._guarded(part, lambda part=part, work=work, where=where: [self._staged(part, work, mark.bytes, where=where)])
        return outcomes

    def _placed(self, bill: Delivery) -> Delivery:
        """An Azure delivery with its scope and month; a loose one's rows tell them."""
        if bill.source and bill.period:
            return bill
        found = normaliser.probe(bill.format, self._described(bill), warehouse=self.warehouse)
        if len(found) != 1:
            held = ", ".join(sorted(f"{one.account} {one.period}" for one in found)) or "no charges"
            raise BillError(
                f"{bill.name}: must hold one billing account and month, but holds {held}", cure="Export one month of one account at a time."
            )
        return replace(
            bill,
            source=normaliser.source_name(bill.format, found[0].account),
            period=found[0].period,
            exported_at=bill.exported_at or found[0].exported_at,
            dated="export" if bill.exported_at else "rows",
        )

    def _pair(self, source: str, period: str, members: Sequence[Delivery], ahead: Ahead) -> list[Outcome]:
        """The newest actual and the newest amortised export of one scope and month, as one bill."""
        work = self._both(source, period, members)
        ahead.wait(work)
        bill = replace(members[-1], exported_at=work.exported_at)
        return [self._staged(bill, work, sum(file.bytes for raw in work.raws for file in raw.files))]

    def _both(self, source: str, period: str, members: Sequence[Delivery]) -> Work:
        raws = [raw for role in ("actual", "amortised") if (raw := self._newest(source, period, role))]
        if [raw.role for raw in raws] == ["amortised"]:
            raise BillError(
                f"{members[-1].name}: an amortised export without the actual one: what was billed is not known",
                cure=f"Deliver the actual cost export of {period} too; the two are read together.",
            )
        newest = max((raw.exported_at for raw in raws if raw.exported_at), default=None)
        return self._work(replace(members[-1], exported_at=newest), raws)

    def _newest(self, source: str, period: str, role: str) -> Snapshot | None:
        with self.lake.store.connect().execution_options(read_only=True) as connection:
            found = snapshots.select(connection, newest_first=True, layer="raw", source=source, billing_period=period, role=role)
        return found[0] if found else None

    def _described(self, bill: Delivery) -> tuple[DescribedFile, ...]:
        role = bill.role if bill.role in ROLES else ""
        files = [BillFile(path=part.path, key=part.key, kind=part.kind, role=role) for part in bill.parts]
        return normaliser.look(files, warehouse=self.warehouse)

    def _work(self, bill: Delivery, raws: Sequence[Snapshot]) -> Work:
        return Work(
            raws=tuple(raws),
            source=str(bill.source),
            period=str(Period.parse(str(bill.period))),
            format=bill.format,
            exported_at=bill.exported_at,
            dated=bill.dated,
        )

    def _staged(self, bill: Delivery, work: Work, size: int, *, where: str = "") -> Outcome:
        """Normalise one period and stage it; what is older than the live one is kept for history only."""
        with self.lake.store.connect().execution_options(read_only=True) as connection:
            known = snapshots.find(connection, work.id)
            shown = snapshots.live(connection, "focus").get((work.source, work.period))
        work = replace(work, again=known is not None and _goes_back(work.exported_at, known, shown))
        self.ready()
        made = normaliser.settled(work, lake=self.lake.root)
        if made is None:
            files = normaliser.describe(work.raws, lake=self.lake.root, warehouse=self.warehouse)
            made = normaliser.normalise(work, files, lake=self.lake.root, warehouse=self.warehouse, where=where)
        with self.lake.store.begin() as connection:
            live = snapshots.live(connection, "focus").get((work.source, work.period))
            if live and live.id == made.id:
                return outcome_of(live, "unchanged", name=bill.name, size=size)
            late = live is not None and made.order < live.order
            if not (late and known):
                snapshots.record(connection, made.to("superseded" if late else "staged"))
        if not late:
            return outcome_of(made, "staged", name=bill.name, size=size)
        return _older(outcome_of(made, "recorded", name=bill.name, size=size), made, live or made)


def _standing(made: Sequence[Snapshot]) -> list[Snapshot]:
    """Of the snapshots made from the same bytes, the one that counts of each place: live or waiting before superseded, then the newest."""
    counting = sorted(made, key=lambda one: (one.state != "superseded", one.order))
    return list({(one.source, one.period): one for one in counting}.values())


def _goes_back(exported_at: datetime | None, known: Snapshot, shown: Snapshot | None) -> bool:
    """Whether a delivery restates what its place had before: it was superseded, and comes again newer than what is shown."""
    return known.state == "superseded" and shown is not None and exported_at is not None and exported_at > shown.order


def _seen(known: Snapshot, shown: Snapshot | None, *, name: str, size: int) -> Outcome:
    """The outcome of bytes that were taken before: they wait, are shown, or are history."""
    if known.state == "staged":
        return outcome_of(known, "staged", name=name, size=size)
    again = outcome_of(known, "unchanged", name=name, size=size)
    return _older(again, known, shown) if known.state == "superseded" and shown else again


def _older(outcome: Outcome, snapshot: Snapshot, shown: Snapshot) -> Outcome:
    why = passed_over(snapshot, shown)
    return replace(outcome, cause=why.cause, cure=why.cure)


def _is_whole(raw: Snapshot | None, made: Sequence[Snapshot]) -> bool:
    """Whether every period a loose file holds was made: a run may have died between two, or one of them was wrong."""
    holds = cast("list[list[str]]", raw.detail.get("holds", [])) if raw else []
    return {(source, period) for source, period in holds} <= {(one.source, one.period) for one in made}


def _once(bill: Delivery, mark: Fingerprint) -> tuple[Delivery, Fingerprint]:
    """Without the parts of a loose delivery that are copies of another: the same rows twice are not twice the cost."""
    if bill.source or len(set(mark.digests)) == len(mark.digests):
        return bill, mark
    once = replace(bill, parts=tuple(dict(zip(reversed(mark.digests), reversed(bill.parts), strict=True)).values())[::-1])
    return once, fingerprint(once)


def _quarantined(bill: Delivery, error: BillError) -> Outcome:
    return Outcome(
        name=bill.name,
        outcome="quarantined",
        format=bill.format,
        source=bill.source,
        period=bill.period,
        exported_at=bill.exported_at,
        bytes=sum(_bytes(bill)),
        cause=cause_of(error, bill.name, {part.path: part.key for part in bill.parts}),
        cure=error.cure or "Export the bill again; if it stays, name its format with --format.",
    )


def _bytes(bill: Delivery) -> Iterable[int]:
    for part in bill.parts:
        if part.path.exists():
            yield part.path.stat().st_size
