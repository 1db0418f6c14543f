"""Whether charges are the expected ones, whatever their order and whatever is not claimed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reference.case import Expected
from reference.charge import Charge


def unmatched(expected: Sequence[Expected], found: Iterable[Charge]) -> list[str]:
    """What is missing, wrong or too much, in words; empty when each expected charge has one of its own."""
    rest = list(found)
    said: list[str] = []
    for want in expected:
        fitting = [charge for charge in rest if charge.costs() == want.amounts() and charge.charge_category == want.category]
        if not fitting:
            said.append(f"no charge of {want.category} {want.costs} ({want.because})")
            continue
        best = min(fitting, key=lambda charge: len(differences(want, charge)))
        said += [f"{want.category} {want.costs} ({want.because}): {difference}" for difference in differences(want, best)]
        rest.remove(best)
    return said + [f"too much: {charge.charge_category} {' '.join(str(cost.normalize()) for cost in charge.costs())}" for charge in rest]


def differences(want: Expected, charge: Charge) -> list[str]:
    """The claims a charge does not meet."""
    return [
        f"{name} is {getattr(charge, name)!r}, not {value!r}" for name, value in want.claims().items() if getattr(charge, name) != value
    ]
