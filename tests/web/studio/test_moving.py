"""Moving a promised launch, and launching by hand."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storefront.models.delays import Notice
from storefront.models.products import Launch
from storefront.rules.launch import moment_at
from tests.support.world import BERLIN, World
from tests.web.studio.visitor import HOME, Visitor, launch_of


def moved(world: World, days: float) -> tuple[str, str]:
    """The day and clock in Berlin, that many days after the launch there is."""
    at = launch_of(world).at
    assert at is not None
    wall = moment_at(at + timedelta(days=days), BERLIN).wall
    return wall.strftime("%Y-%m-%d"), wall.strftime("%H:%M")


def test_a_move_says_what_buyers_are_told_before_anything_is_done(world: World, ines: Visitor) -> None:
    order = world.orders(world.product(days=3))
    ines.get(HOME)
    day, clock = moved(world, 7)
    page = ines.launches_on(day, clock, reason="The last chapter needs a week.").text
    assert "What 1 buyer will be told" in page
    assert "seven days later" in page
    assert "Silence counts as agreed, because it is 30 days or less." in page
    assert "1 hold no longer fits and is released today." in page
    assert world.letters(order) == ["confirmed"]
    ines.confirms()
    assert "1 letter goes out now." in ines.page.text
    assert world.letters(order) == ["confirmed", "moved"]
    assert "The day was moved on" in ines.page.text
    assert "The last chapter needs a week." in ines.page.text


@pytest.mark.parametrize(
    ("days", "reason", "name", "sentence"),
    [
        (7, "", "reason", "Give your buyers the reason"),
        (364, "Late.", "day", "more than a year away"),
        (-2.9, "Early.", "day", "at least 24 hours ahead"),
        (0, "Same.", "day", "the date it already has"),
    ],
)
def test_a_move_that_nobody_could_agree_to_is_refused_at_the_field(
    world: World, ines: Visitor, days: float, reason: str, name: str, sentence: str
) -> None:
    order = world.orders(world.product(days=3))
    ines.get(HOME)
    for step in ("look", "do"):
        day, clock = moved(world, days)
        sent = {"day": day, "time": clock, "zone": BERLIN, "reason": reason}
        if days == 0:
            _to_the_minute(world)
        page = ines.post(f"{HOME}/launch", 422 if step == "look" else 409, step=step, **sent)
        assert sentence in page.text
        assert page.fields[name]["aria-invalid"] == "true"
        assert page.fields["reason"].get("value", "") == reason
    assert world.letters(order) == ["confirmed"]


def _to_the_minute(world: World) -> None:
    """Launches are set to the minute; the maker's is not."""
    with world.db.write() as session:
        launch = session.scalars(select(Launch)).one()
        assert launch.at is not None
        launch.at = launch.at.replace(second=0, microsecond=0)


def looks(world: World, ines: Visitor, days: float, **sent: str) -> str:
    """What a move would do, as the studio says it."""
    ines.get(HOME)
    day, clock = moved(world, days)
    form = {"day": day, "time": clock, "zone": BERLIN, "reason": "More to write.", "step": "look"} | sent
    return ines.post(f"{HOME}/launch", 200, **form).text.replace("\xa0", " ")


def test_a_long_move_names_who_is_asked_by_when_and_what_money_leaves(world: World, ines: Visitor) -> None:
    product = world.product(days=20, upfront=True)
    orders = [world.orders(product, f"{name}@posteo.de") for name in "ab"]
    told = looks(world, ines, 60)
    assert "2 buyers must say yes by" in told
    assert "whoever says nothing is cancelled then" in told
    assert "If nobody answers: 38 € go back." in told
    assert [world.letters(each) for each in orders] == [["confirmed"]] * 2
    ines.confirms()
    assert [world.letters(each) for each in orders] == [["confirmed", "moved"]] * 2


def test_a_second_move_is_asked_anew(world: World, ines: Visitor) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    assert world.moves(product, 5) is None
    told = looks(world, ines, 2)
    assert "1 buyer must say yes by" in told
    assert "Nothing has been paid or set aside." in told
    ines.confirms()
    assert world.letters(order) == ["confirmed", "moved", "moved"]


def test_a_day_can_be_taken_away(world: World, ines: Visitor) -> None:
    order = world.orders(world.product(days=20))
    assert "that no new day can be named" in looks(world, ines, 0, undated="yes")
    ines.confirms()
    assert "The day is off." in ines.page.text
    assert launch_of(world).at is None
    assert world.order(order).promise.undated
    ines.get("/studio")


def test_something_for_whoever_waits_is_shown_and_carried_on(world: World, ines: Visitor) -> None:
    order = world.orders(world.product(days=20))
    assert "20 % of the price" in looks(world, ines, 40, gift="percent", gift_size="20")
    ines.confirms()
    with world.read() as session:
        kept = session.scalars(select(Notice)).one()
        assert (kept.gift, kept.gift_size, kept.reason) == ("percent", 20, "More to write.")
        assert kept.who.startswith("creator:")
    assert world.letters(order) == ["confirmed", "moved"]


@pytest.mark.parametrize(
    ("gift", "size", "said"),
    [("percent", "95", "whole percents"), ("amount", "x", "is not a price"), ("bonus:none", "", "Choose one")],
)
def test_what_cannot_be_offered_is_refused_at_the_field(
    world: World, ines: Visitor, gift: str, size: str, said: str
) -> None:
    world.orders(world.product(days=20))
    ines.get(HOME)
    day, clock = moved(world, 10)
    sent = {"day": day, "time": clock, "zone": BERLIN, "reason": "More.", "gift": gift, "gift_size": size}
    page = ines.post(f"{HOME}/launch", 422, step="look", **sent)
    assert said in page.text
    assert page.fields["gift_size"]["aria-invalid"] == "true"


# Launching by hand


def test_launch_now_opens_at_once_where_nobody_was_promised_a_later_charge(world: World, ines: Visitor) -> None:
    product = world.product(days=10)
    page = ines.get(f"{HOME}/launch-now")
    assert "Open Databases by Hand now?" in page.text
    empty = ines.post(f"{HOME}/launch-now", 409)
    assert "Neither a lesson nor a file is inside. Nothing was opened." in empty.text
    world.fills(product)
    ines.post(f"{HOME}/launch-now")
    assert launch_of(world).launched_by.startswith("creator:")
    assert "is out. Nobody had pre-ordered it." in ines.page.text
    assert "is out already" in ines.get(f"{HOME}/launch-now").text
    ines.post(f"{HOME}/launch-now", 409)


def test_where_buyers_were_promised_a_later_charge_it_offers_24_hours_from_now(world: World, ines: Visitor) -> None:
    order = world.orders(world.product(days=4))
    page = ines.get(f"{HOME}/launch-now")
    assert "your buyers were promised that nobody is charged earlier" in page.text
    ines.post(f"{HOME}/launch-now", 409)
    assert launch_of(world).launched_at is None
    offered = ines.page.fields["at"]["value"]
    page = ines.post(f"{HOME}/launch-now", 422, step="move", at=offered, reason=" ")
    assert "Give your buyers the reason" in page.text
    ines.post(f"{HOME}/launch-now", step="move", at=offered, reason="It is ready.")
    assert launch_of(world).at == datetime.fromisoformat(offered)
    assert world.letters(order) == ["confirmed", "moved"]
    assert timedelta(hours=24) <= datetime.fromisoformat(offered) - world.now <= timedelta(hours=24, minutes=5)


def test_an_offer_that_came_too_close_meanwhile_is_made_anew_and_the_reason_kept(world: World, ines: Visitor) -> None:
    world.orders(world.product(days=4))
    offered = ines.get(f"{HOME}/launch-now").fields["at"]["value"]
    world.now += timedelta(minutes=20)
    page = ines.post(f"{HOME}/launch-now", 409, step="move", at=offered, reason="It is ready.")
    assert "at least 24 hours ahead" in page.text
    assert page.fields["reason"]["value"] == "It is ready."
    assert page.fields["at"]["value"] > offered
    ines.post(f"{HOME}/launch-now", 409, step="move", at="9999-12-31T12:00:00", reason="It is ready.")
    assert "more than a year away" in ines.page.text
    ines.post(f"{HOME}/launch-now", step="move", at="9999-12-31T23:59:59", reason="It is ready.")


def test_a_launch_that_comes_within_a_day_is_left_alone(world: World, ines: Visitor) -> None:
    world.orders(world.product(days=0.5))
    page = ines.get(f"{HOME}/launch-now")
    assert "It opens by itself before a move could be told to anybody." in page.text
    assert "reason" not in page.fields
