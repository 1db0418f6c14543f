"""What is wrong with a question, told so that the asker can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from bursar.domain.errors import ConfigError


class QuestionError(ConfigError):
    """A filter, dimension, window or other part of a question that cannot be answered as asked.

    `pointer` names the part (`filter`, `group_by`, …), `column` is the 1-based character in it, if any. The asker
    mends it: exit code 2 on the command line, 422 in the API.
    """

    def __init__(self, message: str, *, cure: str = "", pointer: str = "filter", column: int | None = None) -> None:
        super().__init__(message, cure=cure)
        self.pointer = pointer
        self.column = column


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the known word closest to this one, else the empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else ""
