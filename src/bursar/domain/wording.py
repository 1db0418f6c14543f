"""Words that depend on a number, so that no surface says `1 rows`."""

from decimal import Decimal

from bursar.domain.money import subunit


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`, `no files`."""
    plural = many or f"{one}s"
    return f"{number:,} {one}" if number == 1 else f"{number:,} {plural}" if number else f"no {plural}"


def printable(text: str) -> str:
    """The text without control, direction and invisible characters: names come from strangers' tags and must not steer a reader."""
    return "".join(sign if sign.isprintable() else " " if sign in "\t\r\n" else "" for sign in text)


def money(amount: Decimal, currency: str) -> str:
    """`1,204.50 USD`, in the currency's own digits, with a real minus."""
    digits = max(0, -int(subunit(currency).as_tuple().exponent))
    sign = "\u2212" if amount < 0 else ""
    return f"{sign}{abs(amount):,.{digits}f} {currency}".rstrip()
