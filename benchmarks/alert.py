"""From the moment an export lies in the watched folder until its spike is a message in Slack: the worker as a process, Slack over HTTP."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pipeline import BURSAR
from benchmarks.report import Line
from bursar.adapters.channels.slack_double import TOKEN, SlackDouble

RUNS = int(os.environ.get("BENCH_RUNS", "3"))
AS_OF = "2026-10-17"
CONFIG = """version: 1
sources: [{{name: bills, uri: "file://{drop}"}}]
owners: {{ml: {{slack: "#ml-cost"}}}}
channels: {{slack: {{token: "{token}", default: "#finops", url: "{url}"}}}}
"""
ESTATES = {"AWS, Google Cloud and Azure, two months, 20,000 rows each": (), "AWS alone, 4,000 rows": ("--clouds", "aws", "--rows", "4000")}


def lines() -> Iterator[Line]:
    """Landing → Slack, with a Slack that is well and one that first says 429 and 500."""
    for what, estate in ESTATES.items():
        well = [_landed(estate, ()) for _ in range(RUNS)]
        ill = [_landed(estate, ("429:1", "500")) for _ in range(RUNS)]
        value = f"{statistics.median(well):.0f} s"
        yield Line(what=f"landing → Slack: {what}", value=value, aim="≤ 60 s", beside=f"after 429 and 500: {statistics.median(ill):.0f} s")


def _landed(estate: tuple[str, ...], faults: tuple[str, ...]) -> float:
    with tempfile.TemporaryDirectory() as name, SlackDouble(("#finops", "#ml-cost")) as slack:
        folder = Path(name)
        slack.fail("chat.postMessage", *faults)
        (folder / "drop").mkdir()
        (folder / "bursar.yaml").write_text(CONFIG.format(drop=folder / "drop", token=TOKEN, url=slack.url))
        subprocess.run([BURSAR, "-q", "simulate", "--out", str(folder / "bills"), *estate, "--as-of", AS_OF], check=True)
        with subprocess.Popen([BURSAR, "-q", "run"], cwd=folder, stdout=subprocess.DEVNULL) as worker:
            time.sleep(8)  # it has looked at the empty folder and waits
            began = time.monotonic()
            shutil.move(folder / "bills", folder / "drop" / "bills")
            while not any("training" in json.dumps(one["blocks"]) for one in slack.workspace.messages):
                time.sleep(0.05)
            took = time.monotonic() - began
            worker.send_signal(signal.SIGINT)
    return took
