"""Dividing an amount by weights so that the parts are the whole, in plain Python integers.

u is the amount in units of 10⁻¹². Weights are integers up to 10²⁴. Each is scaled to s = ⌊w·10¹² / Σw⌋ (all weights
zero: every s is 1), each part gets ⌊u·s / Σs⌋ units, and the units left over go one each to the parts with the
largest remainder, ties to the key that sorts first as UTF-8 bytes.

The scale is 10¹² because of the edges of a 128-bit integer (2¹²⁷ ≈ 1.7·10³⁸), where engines do the same sum:
u·s ≤ amount·10¹²·10¹² stays below it up to 10¹⁴ of a currency, while a scale of 10¹⁵ would overflow above
1.7·10¹¹, which is an ordinary month in VND; w·10¹² stays below it for weights up to 10²⁴ and overflows at 1.7·10²⁶.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

UNIT = 10**12
SCALE = 10**12
INT128_MAX = 2**127 - 1
WEIGHT_MAX = 10**24


def exact_split(amount: Decimal, weights: Mapping[str, int]) -> dict[str, Decimal]:
    """The amount in parts of twelve digits, by weight, whose sum is the amount to the last digit.

    Raises ValueError without weights, on a negative or too large weight, or an amount of more than twelve digits.
    """
    if not weights or any(not 0 <= weight <= WEIGHT_MAX for weight in weights.values()):
        msg = "a split needs weights between 0 and 10²⁴"
        raise ValueError(msg)
    units = _units(abs(amount))
    scaled = scaled_weights(weights)
    whole = sum(scaled.values())
    parts = {key: units * share // whole for key, share in scaled.items()}
    left = units - sum(parts.values())
    order = sorted(scaled, key=lambda key: (-(units * scaled[key] % whole), key.encode()))
    for key in order[:left]:
        parts[key] += 1
    sign = -1 if amount < 0 else 1
    return {key: Decimal(sign * part).scaleb(-12) for key, part in parts.items()}


def scaled_weights(weights: Mapping[str, int], *, scale: int = SCALE) -> dict[str, int]:
    """Weights brought to a sum of at most the scale; all ones when every weight is zero."""
    total = sum(weights.values())
    if total == 0:
        return dict.fromkeys(weights, 1)
    return {key: weight * scale // total for key, weight in weights.items()}


def largest_product(amount: Decimal, weights: Mapping[str, int], *, scale: int = SCALE) -> int:
    """The largest integer that appears on the way: an engine of 128-bit integers needs it to be at most INT128_MAX."""
    scaled = scaled_weights(weights, scale=scale)
    return max(_units(abs(amount)) * max(scaled.values()), max(weights.values()) * scale, sum(weights.values()))


def _units(amount: Decimal) -> int:
    numerator, denominator = amount.as_integer_ratio()
    units, rest = divmod(numerator * UNIT, denominator)
    if rest:
        msg = f"{amount} has more than twelve digits after the point"
        raise ValueError(msg)
    return units
