"""The worker beside a server: passes over the house while its pages are served, in a thread and a house of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Thread

from bursar.bootstrap import open_rounds, wire
from bursar.config import Config
from bursar.domain.errors import BursarError
from bursar.operations.rounds import Rounds
from bursar.ports import Clock

PATIENCE_SECONDS = 10.0
"""How long an ending server waits for the pass under way; a pass that is cut short is gone on with by the next one."""


@contextmanager
def working(config: Config, *, clock: Clock | None = None, say: Callable[[str], None] = lambda _: None) -> Generator[None]:
    """Passes until the block ends, a first one at once. What a pass cannot do is said once, and tried again by the next."""
    over = Event()
    thread = Thread(target=_work, args=(config, clock, over, say), name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_SECONDS)


def _work(config: Config, clock: Clock | None, over: Event, say: Callable[[str], None]) -> None:
    rounds: Rounds | None = None
    said = ""
    while not over.is_set():
        told = ""
        try:
            rounds = rounds or open_rounds(wire(config, clock=clock))
            told = "; ".join(fault.message for fault in rounds.once().faults)
        except BursarError as error:
            told = error.message
        except Exception as error:  # noqa: BLE001 - one bad pass must not end the worker, nor go unsaid
            told = f"a pass failed: {type(error).__name__}: {error}"
        if told and told != said:
            say(told)
        said = told
        over.wait(config.schedule.poll_seconds)
