"""Setting the day of a launch that nobody was promised yet."""

from datetime import UTC, datetime

import pytest

from tests.support.world import BERLIN, World
from tests.web.studio.visitor import HOME, Visitor, launch_of

WINTER = datetime(2027, 1, 4, 9, tzinfo=UTC)


@pytest.fixture
def winter(world: World, ines: Visitor) -> Visitor:
    """A product without orders that opens in May, seen in January."""
    world.now = WINTER
    world.product(days=120)
    ines.get(HOME)
    return ines


def test_a_day_is_looked_at_before_it_is_set(world: World, winter: Visitor) -> None:
    before = launch_of(world).at
    page = winter.launches_on("2027-06-01")
    assert "Tuesday 1 June 2027, 10:00 in Berlin (UTC+2)" in page.text
    assert "Nobody has to be told" in page.text
    assert launch_of(world).at == before
    winter.confirms()
    assert "The day is set" in winter.page.text
    assert launch_of(world).at == datetime(2027, 6, 1, 8, tzinfo=UTC)
    assert (launch_of(world).wall, launch_of(world).zone) == ("2027-06-01T10:00", BERLIN)


def test_a_time_that_the_clocks_skip_is_refused_with_the_gap_and_the_first_that_exists(winter: Visitor) -> None:
    page = winter.launches_on("2027-03-28", "02:30", 422)
    assert "the clocks in Berlin go from 02:00 to 03:00, so 02:30 does not exist" in page.text
    assert "The first time that does is 03:00." in page.text
    assert (page.fields["day"]["value"], page.fields["time"]["value"]) == ("2027-03-28", "02:30")
    assert page.fields["time"]["aria-invalid"] == "true"


@pytest.mark.parametrize(("fold", "hour"), [("0", 0), ("1", 1)])
def test_a_time_that_happens_twice_is_asked_and_the_answer_is_what_is_set(
    world: World, winter: Visitor, fold: str, hour: int
) -> None:
    page = winter.launches_on("2027-10-31", "02:30", 422)
    assert "02:30, the first time (UTC+2)" in page.text
    assert "02:30, the second time (UTC+1)" in page.text
    winter.launches_on("2027-10-31", "02:30", fold=fold)
    winter.confirms()
    assert launch_of(world).at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("day", "31 May", "Write the day as year-month-day"),
        ("day", "0001-01-01", "That day has passed"),
        ("day", "2026-12-31", "That day has passed"),
        ("day", "2028-06-01", "more than a year away"),
        ("time", "ten", "Write the time as hours and minutes"),
        ("time", "10:00+02:00", "Write the time as hours and minutes"),
        ("zone", "Berlin", "There is no time zone"),
        ("zone", "../../etc/passwd", "There is no time zone"),
    ],
)
def test_what_cannot_be_meant_comes_back_with_a_sentence_and_as_it_was_typed(
    world: World, winter: Visitor, name: str, typed: str, sentence: str
) -> None:
    before = launch_of(world)
    sent = {"day": "2027-06-01", "time": "10:00", "zone": BERLIN} | {name: typed}
    page = winter.post(f"{HOME}/launch", 422, step="look", **sent)
    assert sentence in page.text
    assert {key: page.fields[key]["value"] for key in sent} == sent
    assert page.fields[name]["aria-invalid"] == "true"
    assert launch_of(world).generation == before.generation


def test_one_may_go_back_from_the_look_with_everything_typed(winter: Visitor) -> None:
    winter.launches_on("2027-06-01", "11:15")
    carried = {name: each["value"] for name, each in winter.page.fields.items() if name != "csrf_token"}
    page = winter.post(f"{HOME}/launch", 200, **carried, step="edit")
    assert (page.fields["day"]["value"], page.fields["time"]["value"]) == ("2027-06-01", "11:15")
