"""Words that depend on a number, so that no surface says `1 rows`."""

import re
import shlex
from collections.abc import Sequence
from decimal import Decimal

from bursar.domain.money import subunit

EXPANDED = re.compile(r"[\"$`\\\n]|!(?![=\s])")
"""What a shell still reads between double quotes; an exclamation mark only before a word."""


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`, `no files`."""
    plural = many or f"{one}s"
    return f"{number:,} {one}" if number == 1 else f"{number:,} {plural}" if number else f"no {plural}"


def printable(text: str) -> str:
    """The text without control, direction and invisible characters: names come from strangers' tags and must not steer a reader."""
    return "".join(sign if sign.isprintable() else " " if sign in "\t\r\n" else "" for sign in text)


def shell_line(words: Sequence[str]) -> str:
    """A command line with the quotes a person would write; the same words to a shell."""
    return " ".join(f'"{word}"' if "'" in word and not EXPANDED.search(word) else shlex.quote(word) for word in words)


def money(amount: Decimal, currency: str) -> str:
    """`1,204.50 USD`, in the currency's own digits, with a real minus."""
    digits = max(0, -int(subunit(currency).as_tuple().exponent))
    sign = "\u2212" if amount < 0 else ""
    return f"{sign}{abs(amount):,.{digits}f} {currency}".rstrip()
