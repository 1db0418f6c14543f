"""Money as whole numbers of 10^-10 of a currency unit, and back to text without a float in between."""

from collections.abc import Sequence

UNIT = 10**10
"""One dollar, one euro, one hour: amounts and quantities alike are counted in 10^-10."""

CENT = UNIT // 100


def minor(currency: str) -> int:
    """The smallest amount an invoice in the currency can state: a cent, or a whole yen."""
    return UNIT if currency == "JPY" else CENT


def units(text: str) -> int:
    """`12.34` → whole units. At most ten decimals."""
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(fraction) > 10:
        raise ValueError(f"more than ten decimals: {text}")
    return sign * (int(whole or 0) * UNIT + int(fraction.ljust(10, "0")))


def text(amount: int) -> str:
    """Whole units → the shortest plain decimal, never in scientific notation."""
    if amount < 0:
        return "-" + text(-amount)
    fraction = amount % UNIT
    if not fraction:
        return str(amount // UNIT)
    return f"{amount // UNIT}.{fraction:010d}".rstrip("0")


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Parts of a total in proportion to weights; they sum to it exactly, the last part takes the remainder."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    parts[-1] += total - sum(parts)
    return parts


def to_cent(amount: int) -> int:
    """What must be added to reach a whole number of cents, in [0.01, 0.02): never nothing, never negative."""
    return CENT + (-amount) % CENT


def rounding(amount: int, step: int = CENT) -> int:
    """What must be added to reach the nearest cent (or step), in (-½, ½] of it."""
    return (amount + step // 2) // step * step - amount
