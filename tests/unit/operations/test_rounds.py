"""The worker's passes: a watched folder is read once, what is published is scored once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bursar.bootstrap import open_rounds, wire
from bursar.config import load
from bursar.operations.rounds import Rounds
from tests.unit.ingestion.focus_files import charge, write


def rounds(folder: Path, uri: str, *, more: str = "") -> Rounds:
    """The worker over a project that watches one place."""
    (folder / "bursar.yaml").write_text(f"version: 1\nsources: [{{name: bills, uri: '{uri}'}}{more}]\n")
    config = load(path=folder / "bursar.yaml", home=folder / "state", environment={})
    app = wire(config, clock=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    return open_rounds(app)


def test_a_pass_without_anything_new_does_nothing(tmp_path: Path) -> None:
    """An empty folder is no error; a bill in it is published and scored by one pass, and by no other."""
    (tmp_path / "drop").mkdir()
    worker = rounds(tmp_path, f"file://{tmp_path / 'drop'}")
    assert worker.once().generation is None
    write(tmp_path / "drop" / "bill.csv", charge("10"))
    first, second = worker.once(), worker.once()
    assert ([one.outcome for one in first.outcomes], first.scored) == (["published"], 1)
    assert (second.outcomes, second.scored, second.generation) == ((), None, 1)


def test_a_budget_is_forecast_in_the_pass_that_scores(tmp_path: Path) -> None:
    """Its scope in its own words, beside the series; a pass with a file of budgets that is wrong scores all the same."""
    (tmp_path / "drop").mkdir()
    write(tmp_path / "drop" / "bill.csv", charge("10"))
    (tmp_path / "budgets.yaml").write_text("budgets: [{id: all, scope: \"provider = 'aws'\", currency: USD, amounts: {default: 100}}]\n")
    worker = rounds(tmp_path, f"file://{tmp_path / 'drop'}")
    assert [(one.id, one.filter) for one in worker.app.budgets()] == [("all", "provider = 'aws'")]
    assert worker.once().scored == 1
    (tmp_path / "budgets.yaml").write_text("budgets: [{id: all}]\n")
    assert worker.app.budgets() == ()


def test_what_one_step_cannot_do_stops_no_other(tmp_path: Path) -> None:
    """A source that is elsewhere is told with its name; the bill in the folder beside it is published and scored."""
    (tmp_path / "drop").mkdir()
    write(tmp_path / "drop" / "bill.csv", charge("10"))
    worker = rounds(tmp_path, f"file://{tmp_path / 'drop'}", more=", {name: far, uri: 's3://acme/bills'}")
    done = worker.once()
    assert [str(fault) for fault in done.faults] == ["source far: cannot read s3:// yet"]
    assert done.scored == 1
