"""Small bills are normalised two at a time, ahead of their turn: most of what one takes is waiting for its own child.

What is made lies in the lake under its own name, as after a run that was cut short; only the turn makes it count. Nothing here
writes to the store, and what goes wrong here happens again, and is told, when the turn comes.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from bursar.domain.errors import BursarError
from bursar.ingestion import normalise as normaliser
from bursar.ingestion.normalise import Work
from bursar.ports import Warehouse

AT_ONCE = 2
MOST = 32 * 1024 * 1024
"""Bytes of a delivery up to which it is small: larger ones fill the box and the processor by themselves."""


@dataclass(slots=True, kw_only=True)
class Ahead:
    """Works under way by their id, while it is entered."""

    lake: Path
    warehouse: Warehouse
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ahead"))
    _begun: dict[str, Future[None]] = field(default_factory=dict[str, Future[None]])

    def __enter__(self) -> Self:
        """Ready."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What was not begun is not; what was is waited for."""
        self._pool.shutdown(cancel_futures=True)

    def begin(self, work: Work) -> bool:
        """Normalise a work beside whatever goes on; False for one that is large, or under way already."""
        if work.id in self._begun or sum(file.bytes for raw in work.raws for file in raw.files) > MOST:
            return False
        self._begun[work.id] = self._pool.submit(self._make, work)
        return True

    def wait(self, work: Work) -> None:
        """Until a work that was begun is over, however it ended."""
        if begun := self._begun.get(work.id):
            begun.exception()

    def _make(self, work: Work) -> None:
        with suppress(BursarError):
            if normaliser.settled(work, lake=self.lake) is None:
                files = normaliser.describe(work.raws, lake=self.lake, warehouse=self.warehouse)
                normaliser.normalise(work, files, lake=self.lake, warehouse=self.warehouse)
