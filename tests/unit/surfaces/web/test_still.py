from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.surfaces.web.still import HEIGHT, WIDTH, still

amounts = st.decimals(min_value="-1e9", max_value="1e9", places=2, allow_nan=False)
columns = st.lists(st.lists(st.tuples(st.integers(1, 7), amounts), max_size=7), max_size=31)


@given(columns, st.lists(st.one_of(st.none(), amounts), max_size=31))
def test_a_still_picture_stays_in_its_frame(made: list[list[tuple[int, Decimal]]], before: list[Decimal | None]) -> None:
    """Whatever is charged or credited, no bar leaves the box, and a stack never overlaps itself by more than rounding."""
    picture = still(made, before)
    for block in picture.blocks:
        assert 0 <= block.x < WIDTH + 1
        assert block.y >= 0
        assert block.y + block.height <= HEIGHT
    for x in {block.x for block in picture.blocks}:
        stack = [block for block in picture.blocks if block.x == x]
        assert sum(block.height for block in stack) <= HEIGHT + len(stack)


def test_credits_hang_below_zero() -> None:
    """A negative amount is drawn below the line, never clamped to it."""
    picture = still([[(1, Decimal(30)), (2, Decimal(-10))]], [])
    assert [(block.y, block.height) for block in picture.blocks] == [(0, 180), (180, 60)]
    assert picture.zero == 180
