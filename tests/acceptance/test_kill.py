"""Killed at any moment, bursar shows whole generations only, and the next run finishes the work."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.acceptance.conftest import COMMAND, House, bill, charge, environment

HERE = Path(__file__).parent
PYTHON = COMMAND.with_name("python")
POINTS = ("rename:1", "rename:2", "rename:3", "rename:2", "flip", "flipped")
"""Before the first bill is landed, before it is normalised, before the second is, before the marts are there, before the flip, after it."""


def test_kill_9_leaves_whole_generations_and_the_next_run_finishes(house: House) -> None:
    """Two bills come at once, one of them a restatement, and the run is killed six times; a reader never sees one without the other."""
    bill(house.project / "more" / "one.csv", charge("100", day=9))
    bill(house.project / "more" / "two.csv", charge("1000", account="9002"))
    with subprocess.Popen(
        [PYTHON, HERE / "reader.py", house.home], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        killer = [PYTHON, HERE / "killed.py", house.project, *POINTS]
        killed = subprocess.run(killer, capture_output=True, text=True, check=False, env=environment())
        assert killed.stdout.strip() == str(len(POINTS)), killed.stderr
        said = house.run("ingest", "more")
        out, _ = reader.communicate("stop")
    assert said.out.count("unchanged") == 2
    seen = json.loads(out)
    assert seen["readings"] > 10
    assert seen["seen"] == [[1, 3000, 3000, 3000], [2, 110000, 110000, 110000]]
    assert house.generation() == 2
    assert "journal chain whole" in house.run("doctor").out
    assert list((house.home / "lake").rglob("*.part")) == []
