"""Counter-based random numbers: a draw is a function of its name, never of the draws before it.

So the same seed gives the same bytes whatever the order, the chunk size or the number of months asked for.
"""

import hashlib

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
PPM = 1_000_000
"""Factors are integers in parts per million: no float decides an amount."""


def _mix(value: int) -> int:
    """The splitmix64 finaliser."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)


class Draws:
    """One named stream of a seed. Two streams of different names are unrelated."""

    __slots__ = ("_base",)

    def __init__(self, seed: int, *stream: object) -> None:
        name = "\x1f".join([str(seed), *(str(part) for part in stream)])
        self._base = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")

    def word(self, index: int) -> int:
        """64 uniform bits."""
        return _mix((self._base + index * _GAMMA) & _MASK)

    def below(self, bound: int, index: int = 0) -> int:
        """A whole number in [0, bound)."""
        return self.word(index) % bound

    def noise(self, cv_ppm: int, index: int) -> int:
        """A factor around one in ppm: near-normal, of the given coefficient of variation, never beyond 3.5 of it."""
        word = self.word(index)
        total = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
        # four uniforms: mean 131070, standard deviation 37837
        return PPM + (total - 131070) * cv_ppm // 37837

    def text(self, length: int, index: int = 0, alphabet: str = "0123456789abcdef") -> str:
        """An identifier of so many characters."""
        return "".join(alphabet[self.word(index * 64 + step) % len(alphabet)] for step in range(length))

    def uuid(self, index: int = 0) -> str:
        """An identifier in the shape of a version 4 UUID."""
        hexes = self.text(32, index)
        return f"{hexes[:8]}-{hexes[8:12]}-4{hexes[13:16]}-a{hexes[17:20]}-{hexes[20:]}"
