"""The page about questions says what the code does."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from bursar.query.catalogue import METRICS
from bursar.query.filters import parse, to_text
from bursar.query.question import OPTIONS
from bursar.query.windows import COMPARISONS, GRANULARITIES, NAMED, window_slice

PAGE = (Path(__file__).parents[2] / "docs/questions.md").read_text()


def test_every_filter_on_the_page_can_be_read() -> None:
    """Each example filter parses and reads back."""
    block = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        assert parse(to_text(parse(line))) == parse(line)


def test_every_word_of_a_question_is_on_the_page() -> None:
    """All parts, metrics, granularities, named windows and comparisons are told."""
    missing = [word for word in (*OPTIONS, *METRICS, *GRANULARITIES, *NAMED, *COMPARISONS) if f"`{word}`" not in PAGE]
    assert missing == []


def test_every_window_on_the_page_is_one() -> None:
    """Each window in the table names days."""
    table = PAGE.split("## Windows")[1].split("## Filters")[0]
    windows = [word for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for word in re.findall(r"`([^`]+)`", row)]
    assert len(windows) == 9
    assert all(window_slice(window, latest=date(2026, 11, 20)).end for window in windows)
