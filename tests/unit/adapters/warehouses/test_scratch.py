"""Temporary folders: gone with their process, whatever ends it, and never under the feet of one that lives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
from bursar.adapters.warehouses.scratch import scratch_folder, sweep
from bursar.ports import Script, Statement

HOLD = """
import sys
from pathlib import Path
from bursar.adapters.warehouses.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_left_is_swept_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    """The next run removes the folder of the dead and leaves that of the living alone."""
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        with scratch_folder(tmp_path) as mine:
            sweep(tmp_path)
            assert (folder / "half").exists()
            assert mine.exists()
        other.kill()
        other.wait()
    assert (folder / "half").exists()
    DuckDBWarehouse(tmp_path).run(Script(statements=(Statement(name="it", sql="SELECT 1", returns=True),)))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_to_sweep_need_not_be_there(tmp_path: Path) -> None:
    """Before the first run there is none."""
    sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()
