"""Money: exact decimals with a currency, and the one way an amount is split.

A cost has twelve digits after the point (DECIMAL(38,12) in SQL) and never passes through a float.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from bursar.domain.errors import BillError

DIGITS = 12
UNIT = Decimal(1).scaleb(-DIGITS)
WEIGHT_SCALE = 10**12
_EXACT = Context(prec=76)

NO_SUBUNITS = frozenset({"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"})
THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def subunit(currency: str) -> Decimal:
    """The smallest amount an invoice of this currency can state: 0.01, 1 for yen, 0.001 for dinars. Source: ISO 4217."""
    if currency in NO_SUBUNITS:
        return Decimal(1)
    return Decimal("0.001") if currency in THOUSANDTHS else Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount and its currency (ISO 4217). Adding two currencies is an error, not a number."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        """The sum, in the currency both share; raises BillError when they differ."""
        if other.currency != self.currency:
            raise BillError(f"cannot add {other.currency} to {self.currency} without an exchange rate")
        return Money(amount=_EXACT.add(self.amount, other.amount), currency=self.currency)

    def __neg__(self) -> "Money":
        """The same amount with the other sign."""
        return Money(amount=_EXACT.minus(self.amount), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """The difference, in the currency both share; raises BillError when they differ."""
        return self + -other


def cost(text: str | int | Decimal) -> Decimal:
    """An amount as every cost is kept: twelve digits after the point, half-up.

    Raises BillError for what is not a finite number. Floats are refused by type: their digits are not the bill's.
    """
    try:
        value = Decimal(text).quantize(UNIT, rounding=ROUND_HALF_UP, context=_EXACT)
    except (InvalidOperation, ValueError) as error:
        raise BillError(f"not an amount of money: {text!r}") from error
    if not value.is_finite() or (isinstance(text, str) and ("_" in text or not text.isascii())):
        raise BillError(f"not an amount of money: {text!r}")
    return value


def plain(amount: Decimal) -> str:
    """The amount as JSON and CSV carry it: no exponent, no trailing zeros, never '-0'."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum at any size: seventy-six digits of precision, so that no order of adding changes it."""
    result = Decimal(0)
    for amount in amounts:
        result = _EXACT.add(result, amount)
    return result


def minus(amount: Decimal, other: Decimal) -> Decimal:
    """The exact difference at any size, as `total` is the sum."""
    return _EXACT.subtract(amount, other)


def exact_split(amount: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Split an amount over weighted keys so that the shares sum to it in every digit.

    Weights are non-negative; when all are zero every key weighs the same. Left-over units of 10^-12 go one each to
    the largest remainders, ties by key in byte order. The SQL macro `exact_split` gives the same digits.
    Source: docs/allocation.md, largest remainder method.
    """
    if not weights:
        raise BillError("cannot split an amount over nobody")
    if negative := [key for key, weight in weights.items() if weight < 0]:
        raise BillError(f"cannot split an amount by a negative weight: {min(negative)}")
    scaled = _scaled(weights)
    whole = sum(scaled.values())
    units = int(_EXACT.scaleb(_EXACT.abs(amount), DIGITS))
    shares = {key: units * share // whole for key, share in scaled.items()}
    order = sorted(scaled, key=lambda key: (-(units * scaled[key] % whole), key.encode()))
    for key in order[: units - sum(shares.values())]:
        shares[key] += 1
    sign = -1 if amount < 0 else 1
    return {key: _EXACT.scaleb(Decimal(sign * share), -DIGITS) for key, share in shares.items()}


def _scaled(weights: Mapping[str, Decimal]) -> dict[str, int]:
    """Weights as integers whose sum stays near 10^12, so that 128-bit engines can follow."""
    units = {key: int(_EXACT.scaleb(weight, DIGITS)) for key, weight in weights.items()}
    whole = sum(units.values())
    if not whole:
        return dict.fromkeys(units, 1)
    return {key: unit * WEIGHT_SCALE // whole for key, unit in units.items()}
