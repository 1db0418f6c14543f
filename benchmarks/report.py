"""How a figure is told: what, value, aim, and what it stands beside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure of the report."""

    what: str
    value: str
    aim: str
    beside: str = ""

    def __str__(self) -> str:
        return f"| {self.what} | **{self.value}** | {self.aim} | {self.beside} |"
