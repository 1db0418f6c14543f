"""The API at a fixed rate, alone and while months are ingested: thirteen months behind it, an open loop before it.

A request is due at its moment whether or not the one before it was answered, and its latency counts from then: a server that
stalls is charged for all who wait. The client is a process of its own.
"""

import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.measure import SCRATCH
from benchmarks.pipeline import BURSAR, bills
from benchmarks.report import Line

RATE = 50
SECONDS = int(os.environ.get("BENCH_SECONDS", "30"))
MONTHS = 13
ROWS = int(os.environ.get("BENCH_ROWS", "770000"))
"""Lines a month, of the book and of each month that is ingested meanwhile."""
CALLERS = 64
FIRST, NEXT = "2025-10", "2026-11"

GROUPS = ("team", "service", "provider", "env", "service_name", "region_id", "team,service", "provider,service_name")
FILTERS = ("", "provider = 'aws'", "env = 'prod'", "team = 'ml'", "team != 'unallocated'")
SPANS = ((30, "day"), (30, "total"), (90, "week"), (330, "month"))
"""How many days are asked for at once, and by what: as the pages do."""
DAYS_END = date(2026, 11, 1)
LISTS = (
    "/anomalies", "/budgets", "/plans", "/savings", "/exceptions", "/reconciliation", "/freshness", "/deliveries",
    "/dimensions/team/values", "/dimensions/service_name/values",
)  # fmt: skip
KINDS = ("rollup", "repeat", "list")
WEIGHTS = (5, 3, 2)


def lines() -> Iterator[Line]:
    """p50 and p99 at the rate, alone and while ingesting, and what went wrong."""
    home = _book()
    with _served(home) as port:
        _asked(port, seconds=3, seed=0)
        alone = _asked(port, seconds=SECONDS, seed=1)
        with _ingesting(home) as done:
            busy = _asked(port, seconds=SECONDS, seed=2)
        ingested = done()
    beside = f"alone: {alone['p50']:.0f} ms"
    what = f"API at {RATE} requests a second for {SECONDS} s over {MONTHS} × {ROWS:,} lines, while ingesting: p50"
    yield Line(what=what, value=f"{busy['p50']:.0f} ms", aim="≤ 50 ms", beside=beside)
    yield Line(what="  p99", value=f"{busy['p99']:.0f} ms", aim="≤ 150 ms", beside=f"alone: {alone['p99']:.0f} ms")
    for kind in KINDS:
        value = f"{busy[f'{kind} p50']:.0f} and {busy[f'{kind} p99']:.0f} ms"
        beside = f"alone: {alone[f'{kind} p50']:.0f} and {alone[f'{kind} p99']:.0f} ms"
        yield Line(what=f"  of it {kind}s: p50 and p99", value=value, aim="", beside=beside)
    wrong = f"{busy['errors']:.0f} of {busy['asked']:.0f}"
    yield Line(what="  errors", value=wrong, aim="0", beside=f"alone: {alone['errors']:.0f} of {alone['asked']:.0f}; {ingested}")


def _book() -> Path:
    """A state folder of thirteen months of this size, made once, copied for each run: the run changes it."""
    made = SCRATCH / f"serving-{ROWS}"
    if not (made / "done").exists():
        shutil.rmtree(made, ignore_errors=True)
        folder = bills(f"serving-{ROWS}-bills", "--clouds", "aws,gcp", "--from", FIRST, "--months", str(MONTHS), "--rows", str(ROWS))
        subprocess.run([BURSAR, "-q", "--home", str(made), "ingest", *map(str, sorted(folder.iterdir()))], check=False)
        subprocess.run([BURSAR, "-q", "--home", str(made), "detect"], check=True, stdout=subprocess.DEVNULL)
        (made / "done").touch()
    home = SCRATCH / "serving-home"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(made, home, copy_function=_linked)
    return home


def _linked(source: str, to: str) -> None:
    """The lake's files are never written again, so a link is a copy."""
    if "/lake/" in source:
        os.link(source, to)
    else:
        shutil.copy2(source, to)


@contextmanager
def _served(home: Path) -> Iterator[int]:
    """The port of a server over the house, without its worker."""
    argv = [BURSAR, "--home", str(home), "serve", "--port", "0", "--no-worker"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            found = re.search(r":(\d+)/", running.stderr.readline())
            if found is None:
                raise SystemExit("the server did not start")
            yield int(found[1])
        finally:
            running.terminate()


@contextmanager
def _ingesting(home: Path) -> Iterator[Callable[[], str]]:
    """Months are ingested by another process, one after the other, until the block ends; says how many were and in what time."""
    months = [
        bills(f"serving-{ROWS}-{n}", "--clouds", "aws", "--from", NEXT, "--months", "1", "--rows", str(ROWS), "--seed", str(n))
        for n in range(1, 4)
    ]
    took: list[float] = []
    over = threading.Event()

    def work() -> None:
        for n in range(1000):
            began = time.perf_counter()
            subprocess.run([BURSAR, "-q", "--home", str(home), "ingest", str(months[n % len(months)])], check=False, capture_output=True)
            took.append(time.perf_counter() - began)
            if over.is_set():
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: f"{len(took)} ingests of a month, {statistics.median(took):.0f} s each"
    finally:
        over.set()
        thread.join()


def _asked(port: int, *, seconds: int, seed: int) -> dict[str, float]:
    """What a client process measured: figures by name, milliseconds."""
    argv = [sys.executable, "-m", "benchmarks.serving", str(port), str(seconds), str(seed)]
    told: dict[str, float] = json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    return told


def main() -> None:
    """Ask the server at the port of the arguments for so many seconds, and print what was measured as JSON."""
    port, seconds, seed = map(int, sys.argv[1:])
    client = _Client(port)
    draw = random.Random(seed)  # noqa: S311 - reproducible
    plan = [_question(draw) for _ in range(RATE * seconds)]
    for _, path in plan[: len(LISTS)]:
        client.ask("warm", path)
    began = time.perf_counter() + 0.2
    with ThreadPoolExecutor(CALLERS) as pool:
        for n, (kind, path) in enumerate(plan):
            due = began + n / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(client.ask, kind, path, due)
    print(json.dumps(client.told()))


def _question(draw: random.Random) -> tuple[str, str]:
    """A kind and an address: a rollup as good as never asked before, one of a few that are asked again and again, a list."""
    kind = draw.choices(KINDS, WEIGHTS)[0]
    if kind == "list":
        return kind, f"/api/v1{draw.choice(LISTS)}"
    source = draw if kind == "rollup" else random.Random(draw.randrange(6))  # noqa: S311 - as above
    days, granularity = source.choice(SPANS)
    last = DAYS_END - timedelta(days=source.randrange(60))
    window = f"{last - timedelta(days=days)}..{last}"
    parts = {"group_by": source.choice(GROUPS), "window": window, "granularity": granularity}
    where = source.choice(FILTERS)
    return kind, f"/api/v1/costs?{urlencode(parts | ({'filter': where} if where else {}))}"


class _Client:
    """Callers with a connection each, which remember the answers they have; latencies by kind, from when a request was due."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.local = threading.local()
        self.tags: dict[str, str] = {}
        self.seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.errors: Counter[str] = Counter()

    def ask(self, kind: str, path: str, due: float = 0) -> None:
        """Ask once."""
        try:
            status = self._status(path)
        except (OSError, http.client.HTTPException) as error:
            self.local.connection = None
            status = type(error).__name__
        if kind in self.seconds:
            self.seconds[kind].append(time.perf_counter() - due)
            if status not in {200, 304}:
                self.errors[f"{status}"] += 1

    def _status(self, path: str) -> int | str:
        connection: http.client.HTTPConnection | None = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        known = self.tags.get(path)
        connection.request("GET", path, headers={"Accept": "application/json", **({"If-None-Match": known} if known else {})})
        answer = connection.getresponse()
        answer.read()
        if tag := answer.headers.get("ETag"):
            self.tags[path] = tag
        return answer.status

    def told(self) -> dict[str, float]:
        """The figures."""
        every = [second for found in self.seconds.values() for second in found]
        found: dict[str, float] = {"asked": len(every), "errors": self.errors.total(), **_figures("", every)}
        for kind, seconds in self.seconds.items():
            found |= _figures(f"{kind} ", seconds)
        if self.errors:
            print(dict(self.errors), file=sys.stderr)
        return found


def _figures(name: str, seconds: list[float]) -> dict[str, float]:
    told = sorted(seconds)
    return {f"{name}p50": statistics.median(told) * 1000, f"{name}p99": told[int(len(told) * 0.99)] * 1000}


if __name__ == "__main__":
    main()
