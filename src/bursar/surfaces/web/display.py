"""How values are written on a page: names made harmless, amounts with quiet cents, days in plain words.

Nothing here returns markup; templates write the tags and Jinja escapes every value.
"""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from bursar.domain.money import NO_SUBUNITS, THOUSANDTHS, plain

MINUS = "\u2212"
LONGEST_NAME = 80
UNALLOCATED = "unallocated"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MOST_MARKS = 2
_IN_MINUTES = 90
_IN_HOURS = 72
PROVIDERS = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure", "oci": "Oracle Cloud"}


class Digits(NamedTuple):
    """An amount as it is read: sign, whole part with thousands separators, quiet fraction with its point, and the exact text."""

    sign: str
    whole: str
    cents: str
    exact: str


def clean(text: object, *, longest: int = LONGEST_NAME) -> str:
    """A foreign name as it may be shown: no control, bidi or zero-width character, no tower of marks, at most 80 characters.

    Anybody who may tag a resource writes here. What is empty afterwards is shown as `(blank)`.
    """
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", str(text)):
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if kind not in HIDDEN and marks <= _MOST_MARKS:
            kept.append(char)
        elif char in "\t\n\r":
            kept.append(" ")
    shown = " ".join("".join(kept).split())
    if not shown:
        return "(blank)"
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def drawn_name(text: object) -> str:
    """A name inside a chart, where `{`, `|` and `}` would be read as rich text."""
    return clean(str(text).translate({ord(char): "·" for char in "{|}"}), longest=40)


def provider_name(value: str) -> str:
    """A provider as people call it; an unknown one as it is."""
    return PROVIDERS.get(value, clean(value))


def places(currency: str) -> int:
    """Digits after the point an invoice of this currency shows. Source: ISO 4217."""
    if currency in NO_SUBUNITS:
        return 0
    return 3 if currency in THOUSANDTHS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount at the precision its currency is written in, half up; never minus zero."""
    return amount.quantize(Decimal(1).scaleb(-places(currency)), rounding=ROUND_HALF_UP) + 0


def digits(amount: Decimal, currency: str, *, signed: bool = False) -> Digits:
    """The parts of an amount. What is not zero but rounds to it is written `<0.01`, so that no charge reads as none."""
    shown = rounded(amount, currency)
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    if shown == 0 and amount != 0:
        least = f"{Decimal(1).scaleb(-places(currency)):f}"
        return Digits("", f"<{least.partition('.')[0]}", least[1:], plain(amount))
    whole, _, fraction = f"{abs(shown):,f}".partition(".")
    return Digits(sign, whole, f".{fraction}" if fraction else "", plain(amount))


def money(amount: Decimal, currency: str, *, signed: bool = False) -> str:
    """The amount as one string, for sentences and titles."""
    parts = digits(amount, currency, signed=signed)
    return parts.sign + parts.whole + parts.cents


def whole(amount: Decimal) -> str:
    """The amount without its fraction, for headlines."""
    shown = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return (MINUS if shown < 0 else "") + f"{abs(shown):,}"


def percent(part: Decimal, of: Decimal, *, digits_: int = 1) -> str:
    """`part / of` in percent without a sign, or `not known` when there is nothing to compare with."""
    if not of:
        return "not known"
    value = abs(part / of * 100)
    return f"{value.quantize(Decimal(1).scaleb(-digits_), rounding=ROUND_HALF_UP):,f}"


def ratio_percent(ratio: Decimal) -> str:
    """A small ratio in percent with two digits, or three where that is what it takes to be seen: 0.00, 0.004, 1.20."""
    value = abs(ratio) * 100
    two, three = (value.quantize(Decimal(1).scaleb(-digits_), rounding=ROUND_HALF_UP) for digits_ in (2, 3))
    return f"{three:f}" if three and not two else f"{two:f}"


def day_month(day: date) -> str:
    """`12 Nov`."""
    return f"{day.day} {MONTHS[day.month - 1][:3]}"


def day_month_year(day: date) -> str:
    """`12 Nov 2026`."""
    return f"{day_month(day)} {day.year}"


def month_name(day: date) -> str:
    """`November`."""
    return MONTHS[day.month - 1]


def month_year(day: date) -> str:
    """`November 2026`."""
    return f"{month_name(day)} {day.year}"


def month_short(day: date) -> str:
    """`Nov 2026`."""
    return f"{month_name(day)[:3]} {day.year}"


def sentence(text: str, *, longest: int = 400) -> str:
    """A message of ours about foreign things, cleaned, with a capital at its head unless it begins with a file or a name."""
    shown = clean(text, longest=longest)
    first = shown.split(" ", 1)[0].rstrip(",:;.")
    return shown[:1].upper() + shown[1:] if first.isalpha() else shown


def span_words(start: date, end: date) -> str:
    """Days from `start` up to but not including `end`: `1 to 17 Nov 2026`, `November 2026`, `28 Oct to 3 Nov 2026`."""
    last = end - timedelta(days=1)
    if last <= start:
        return day_month_year(start)
    if start.day == 1 and end.day == 1 and (last.year, last.month) == (start.year, start.month):
        return month_year(start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day} to {day_month_year(last)}"
    return f"{day_month(start) if start.year == last.year else day_month_year(start)} to {day_month_year(last)}"


def moment(at: datetime) -> str:
    """`17 Nov 2026 23:40 UTC`."""
    utc = at.astimezone(UTC)
    return f"{day_month_year(utc.date())} {utc:%H:%M} UTC"


def age(since: datetime, now: datetime) -> str:
    """How long ago in the unit that says most: `2 min`, `31 h`, `12 d`."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < _IN_MINUTES:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < _IN_HOURS else f"{hours // 24} d"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
