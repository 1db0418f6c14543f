from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.query.errors import QuestionError
from bursar.query.filters import Compare, parse
from bursar.surfaces.web.asked import Asked, added, chips, drilled, terms_of

values = st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=40)


def back(href: str) -> Asked:
    """The question an address holds."""
    return Asked.read(dict(parse_qsl(urlsplit(href).query)))


@given(values)
def test_a_row_opens_into_exactly_its_own_value(value: str) -> None:
    """Whatever a group is called, drilling filters by that very value, and the address reads back as the same question."""
    href, into = drilled(Asked(group_by="team"), (value,))
    asked = back(href)
    (term,) = terms_of(asked.filter)
    assert isinstance(term, Compare)
    assert term.value == value
    assert (asked.group_by, into) == ("service", "service")
    assert asked.href() == href


def test_the_way_down_ends_at_the_charge_lines() -> None:
    """Provider, service, account, resource, then the lines themselves."""
    asked, seen = Asked(group_by="provider"), list[str]()
    for value in ("aws", "Amazon EC2", "prod", "i-1"):
        href, into = drilled(asked, (value,))
        seen.append(into)
        asked = back(href)
    assert seen == ["service_name", "sub_account_name", "resource_id", ""]
    assert urlsplit(href).path == "/explore/lines"
    assert len(terms_of(asked.filter)) == 4


def test_what_the_bill_does_not_say_can_be_opened_too() -> None:
    """A group without a value drills into what has none."""
    href, _ = drilled(Asked(group_by="region_id"), (None,))
    assert back(href).filter == "region_id IS NULL"


def test_a_level_that_is_pinned_already_is_stepped_over() -> None:
    """Drilling never asks again for what the filter already fixes."""
    _, into = drilled(Asked(group_by="provider", filter="service_name = 'Amazon EC2'"), ("aws",))
    assert into == "sub_account_name"


def test_removing_a_chip_leaves_the_other_terms() -> None:
    """Each term has an address without it, and only it."""
    made = chips(Asked(filter="provider = 'aws' AND NOT tag:team IN ('a','b') AND (env = 'dev' OR env = 'prod')"))
    assert [(chip.subject, chip.verb) for chip in made] == [("provider", "is"), ("tag:team", "is not one of"), ("", "")]
    assert parse(back(made[1].remove).filter) == parse("provider = 'aws' AND (env = 'dev' OR env = 'prod')")


@pytest.mark.parametrize(
    ("operator", "value", "written"),
    [
        ("is", "O'Brien", "team = 'O''Brien'"),
        ("not", "ml", "team != 'ml'"),
        ("like", "50%", "team ILIKE '%50\\%%'"),
        ("none", "", "team IS NULL"),
    ],
)
def test_a_picked_filter_is_written_in_the_one_language(operator: str, value: str, written: str) -> None:
    """The picker writes what one could have typed; signs of the language in a value stand for themselves."""
    assert added(Asked(), "team", operator=operator, value=value).filter == written


def test_a_term_is_not_said_twice() -> None:
    """Adding what is there already changes nothing."""
    once = added(Asked(), "team", operator="is", value="ml")
    assert added(once, "team", operator="is", value="ml") == once


def test_a_broken_filter_is_an_error_with_its_place() -> None:
    """What cannot be read says where."""
    with pytest.raises(QuestionError) as caught:
        Asked(filter="provider = ").query()
    assert caught.value.column == 11


def test_the_usual_stays_out_of_the_address() -> None:
    """Defaults make no address longer."""
    assert Asked().href() == "/explore"
