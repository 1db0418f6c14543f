"""A snapshot on disk: complete or not there, and never written twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.lake import layout


def folder_of(root: Path) -> Path:
    """A snapshot's folder below a lake."""
    return layout.snapshot_folder(root, "focus", "aws-main", "2026-10", "abc")


def test_a_snapshot_lies_under_its_layer_source_and_month(tmp_path: Path) -> None:
    """The path alone says whose month it is."""
    assert folder_of(tmp_path).relative_to(tmp_path).as_posix() == "focus/aws-main/2026-10/abc"


def test_nothing_is_there_before_it_is_settled(tmp_path: Path) -> None:
    """A reader who looks while it is being written finds no snapshot."""
    folder = folder_of(tmp_path)
    part = layout.stage(folder)
    (part / "part-0000.parquet").write_bytes(b"half")
    assert not folder.exists()
    assert layout.read_manifest(folder) is None


def test_a_settled_snapshot_is_whole_and_read_only(tmp_path: Path) -> None:
    """Files and manifest appear together, none of them writable, and nothing staged is left."""
    folder = folder_of(tmp_path)
    part = layout.stage(folder)
    (part / "part-0000.parquet").write_bytes(b"rows")
    layout.settle(part, folder, {"id": "abc"})
    assert layout.read_manifest(folder) == {"id": "abc"}
    assert (folder / "part-0000.parquet").read_bytes() == b"rows"
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o444}
    assert not part.exists()


def test_leftovers_of_a_crash_are_cleared_before_staging_again(tmp_path: Path) -> None:
    """What a killed run had half written, read-only files included, does not leak into the next."""
    part = layout.stage(folder_of(tmp_path))
    (part / "part-0007.parquet").write_bytes(b"half")
    (part / "part-0007.parquet").chmod(0o444)
    assert list(layout.stage(folder_of(tmp_path)).iterdir()) == []


def test_a_snapshot_settled_by_a_run_that_died_later_stays_as_it_is(tmp_path: Path) -> None:
    """The same id is the same content: the first one written stands, the second is dropped."""
    folder = folder_of(tmp_path)
    for content in (b"first", b"second"):
        part = layout.stage(folder)
        (part / "part-0000.parquet").write_bytes(content)
        layout.settle(part, folder, {"id": "abc"})
    assert (folder / "part-0000.parquet").read_bytes() == b"first"
    assert [entry.name for entry in folder.parent.iterdir()] == ["abc"]


def test_a_foreign_folder_in_its_place_is_an_error_not_a_snapshot(tmp_path: Path) -> None:
    """A folder without a manifest was not settled by us, and is not taken for a snapshot."""
    folder = folder_of(tmp_path)
    part = layout.stage(folder)
    folder.mkdir()
    (folder / "stray").touch()
    with pytest.raises(OSError, match="not empty"):
        layout.settle(part, folder, {})
