"""The `bursar` command as it would run at another moment, on a disk that fills up; started by tests under the Python of the command.

Arguments: the moment (ISO 8601), when the disk is full (`never`; `flip`: as a generation is to be published; `sent`: as the answer
that a message was taken is to be written down), then the command line. Full is what the kernel says: no file may grow any more.
"""

import resource
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

import bursar.loop
from bursar import bootstrap
from bursar.store import outbox
from bursar.surfaces.cli import main

P = ParamSpec("P")
R = TypeVar("R")


def full(original: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
    """The function, on a disk where nothing more fits."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    return original(*args, **more)


def told(moment: datetime) -> datetime:
    """The moment a clock tells."""
    return moment


if __name__ == "__main__":
    clock, when = partial(told, datetime.fromisoformat(sys.argv.pop(1))), sys.argv.pop(1)
    bootstrap.open_bursar = partial(bootstrap.open_bursar, clock=clock)
    if when == "flip":
        bursar.loop.flip = partial(full, bursar.loop.flip)
    elif when == "sent":
        outbox.settle = partial(full, outbox.settle)
    main.run()
