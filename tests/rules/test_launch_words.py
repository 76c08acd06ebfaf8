"""What the studio says of launches: every case in its sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storefront.rules import launch_axis, launch_words, standing_words, words
from storefront.rules.launch_axis import Planned
from storefront.rules.launch_words import Ahead, Effects, Progress
from storefront.rules.standing_words import Standing

NOW = datetime(2027, 4, 16, 8, tzinfo=UTC)
BERLIN = "Europe/Berlin"


def ahead(days: float, obstacles: int = 0, title: str = "Foliant") -> Ahead:
    return Ahead(title, NOW + timedelta(days=days), BERLIN, obstacles)


@pytest.mark.parametrize(
    ("launches", "products", "waiting", "said"),
    [
        ([], 0, 0, "There is no product yet."),
        ([], 2, 0, "No launch is ahead. Nothing waits for you."),
        ([], 2, 1, "No launch is ahead. One buyer has a card to repair."),
        ([], 2, 59, "No launch is ahead. 59 buyers have a card to repair."),
        ([ahead(4)], 1, 0, "One launch ahead. The next one is Foliant, on Tuesday, and nothing stands in its way."),
        (
            [ahead(4, 1)],
            1,
            0,
            "One launch ahead. The next one is Foliant, on Tuesday, and one thing stands in its way.",
        ),
        (
            [ahead(0.1), ahead(9)],
            2,
            0,
            "Two launches ahead. The next one is Foliant, today at 12:24, and nothing stands in its way.",
        ),
        (
            [ahead(1)],
            1,
            0,
            "One launch ahead. The next one is Foliant, tomorrow at 10:00, and nothing stands in its way.",
        ),
        ([ahead(-0.01)], 1, 0, "Foliant was due today at 09:45 and has not opened."),
        (
            [ahead(300)],
            1,
            0,
            "One launch ahead. The next one is Foliant, on 10 February 2028, and nothing stands in its way.",
        ),
    ],
)
def test_the_studio_opens_with_one_true_sentence(launches: list[Ahead], products: int, waiting: int, said: str) -> None:
    told = words.plain(launch_words.studio_sentence(launches, products, waiting, NOW))
    assert told.replace(words.NBSP, " ") == said


def progress(**numbers: int) -> Progress:
    base = {
        "paid": 0,
        "ready": 0,
        "charging": 0,
        "known": 0,
        "new": 0,
        "granted": 0,
        "letters_sent": 0,
        "letters_owed": 0,
    }
    rate = numbers.pop("rate", 0)
    return Progress(title="Foliant", launched_at=NOW, zone=BERLIN, rate=rate, **(base | numbers))


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (progress(), "Foliant is out. Nobody had pre-ordered it."),
        (progress(ready=2000, granted=200), "Access is going out: 200 of 2,000 have it."),
        (
            progress(paid=1396, ready=545, granted=1941, rate=20),
            "Everyone whose card is good has access. The money is coming in, 27 seconds to go.",
        ),
        (
            progress(ready=10000, granted=10000, rate=20),
            "Everyone whose card is good has access. The money is coming in, 8 minutes to go.",
        ),
        (progress(ready=10, granted=10, rate=20), "Everyone whose card is good has access. The money is coming in."),
        (
            progress(paid=9, granted=9, letters_owed=1),
            "Everyone whose card is good has access. 1 letter is on the way.",
        ),
        (
            progress(paid=9, granted=9, known=52, new=7),
            "Everyone whose card is good has access. 59 buyers have a card to repair.",
        ),
        (progress(paid=9, granted=9), "Everyone has access, and all the money is in."),
    ],
)
def test_a_launch_says_at_each_second_how_far_it_is(here: Progress, said: str) -> None:
    assert launch_words.live_sentence(here).replace(words.NBSP, " ") == said


def test_the_bar_adds_up_to_all_orders() -> None:
    here = progress(paid=1396, ready=545, charging=3, known=52, new=7)
    assert sum(count for _, count, _ in launch_words.parts(here)) == here.total == 2003


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (7 * 1440, "seven days later"),
        (-1440, "one day earlier"),
        (1530, "one day 1 h later"),
        (330, "5 h 30 min later"),
        (-20, "20 min earlier"),
        (13 * 1440, "13 days later"),
    ],
)
def test_a_move_is_told_as_the_clock_on_the_wall_shows_it(minutes: int, said: str) -> None:
    assert launch_words.distance(NOW, NOW + timedelta(minutes=minutes), BERLIN) == said


def test_across_a_change_of_the_clocks_seven_days_are_seven_days() -> None:
    before = datetime(2027, 3, 24, 9, tzinfo=UTC)
    after = datetime(2027, 3, 31, 8, tzinfo=UTC)
    assert launch_words.distance(before, after, BERLIN) == "seven days later"
    assert "from UTC+1 to UTC+2" in launch_words.clock_words(after, BERLIN, before)
    assert "No clock change in between" in launch_words.clock_words(after, BERLIN, after)


def test_the_consequences_name_every_hold_that_no_longer_fits() -> None:
    effects = Effects(NOW + timedelta(days=11), BERLIN, NOW + timedelta(days=4), 312, 2, 0, 14, 1, 3, agrees=312)
    told = words.plain(launch_words.consequences(effects, NOW).text).replace(words.NBSP, " ")
    assert "14 holds no longer fit and are released today." in told
    assert "1 hold no longer fits and is placed anew today." in told
    assert "3 buyers without a saved card are asked for one." in told
    assert "2 visits to Stripe under way are ended; nothing is charged." in told
    assert "Silence counts as agreed, because it is 30 days or less." in told
    earlier = Effects(NOW + timedelta(days=2), BERLIN, NOW + timedelta(days=4), 1)
    told = words.plain(launch_words.consequences(earlier, NOW).text)
    assert "Silence" not in told
    assert "They are told at least 24 hours before they pay." in told


def test_deadlines_that_differ_are_told_as_the_first_and_the_last() -> None:
    first, last = NOW + timedelta(days=4), NOW + timedelta(days=9)
    asked = Effects(None, BERLIN, NOW + timedelta(days=4), 5, asks=5, until=first, last=first)
    told = words.plain(launch_words.consequences(asked, NOW).text).replace(words.NBSP, " ")
    assert f"5 buyers must say yes by {words.full(first, BERLIN)}; whoever".replace(words.NBSP, " ") in told
    told = words.plain(launch_words.consequences(replace(asked, last=last), NOW).text).replace(words.NBSP, " ")
    both = f"by the day in their letter, {words.full(first, BERLIN)} to {words.full(last, BERLIN)}; whoever"
    assert both.replace(words.NBSP, " ") in told


def test_a_gap_that_is_not_an_hour_wide_is_told_as_it_is() -> None:
    told = launch_words.gap_words(
        datetime.fromisoformat("2027-10-03T02:15"), "Australia/Lord_Howe", datetime.fromisoformat("2027-10-03T02:30")
    )
    assert "go from 02:00 to 02:30, so 02:15 does not exist" in told


def standing(state: str, **facts: object) -> str:
    given = {"state": state, "amount": "19 €", "zone": BERLIN, "launch_at": NOW + timedelta(days=4)} | facts
    return standing_words.next_words(Standing(**given), NOW).replace(words.NBSP, " ")  # type: ignore[arg-type]  # named facts


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (standing("placed", session_until=NOW + timedelta(minutes=40)), "The visit ends by itself at 10:40."),
        (standing("placed"), "Stripe is asked how the visit ended."),
        (standing("reserved"), "The bank is asked for 19 € on 18 April, 10:00."),
        (standing("reserved", preflight_at=NOW), "The bank is being asked for 19 € now."),
        (standing("reserved", launched=True), "19 € are being charged to the saved card; access follows."),
        (standing("held"), "19 € are taken on 20 April, 10:00."),
        (standing("held", launched=True), "Access goes out now."),
        (standing("held", launched=True, granted=True), "Has access. 19 € are taken now."),
        (standing("paid"), "Opens on 20 April, 10:00."),
        (standing("paid", launched=True), "Access goes out now."),
        (standing("paid", launched=True, granted=True), "Has access. The link has not been opened yet."),
        (standing("paid", launched=True, granted=True, opened=True), "Has opened the access link. Nothing more."),
        (
            standing("past_due", decline="expired_card"),
            "The card has expired. The buyer was told; price and place are kept until 27 April, 10:00. The card is not asked again.",
        ),
        (standing("expired"), "Nothing more. No card was given, nothing was charged."),
        (standing("cancelled"), "Nothing more. Nothing was charged."),
        (standing("refunded", refunded=True), "Nothing more. The money went back."),
        (standing("held", leaving=True), "Is being cancelled. Nothing new is charged."),
    ],
)
def test_each_order_says_what_becomes_of_it_by_itself(told: str, said: str) -> None:
    assert told == said


@pytest.mark.parametrize("days", [0.002, 4, 52, 300, 365])
def test_the_axis_holds_every_launch_and_not_too_many_ticks(days: float) -> None:
    planned = [Planned("A", "a", "", NOW + timedelta(days=d), BERLIN, [NOW + timedelta(days=d / 2)]) for d in (0, days)]
    drawn = launch_axis.axis(planned, NOW)
    assert 4 <= len(drawn.ticks) <= 9
    places = [each.day for each in drawn.rows]
    assert places == sorted(places)
    assert all(0 <= place <= launch_axis.WIDTH for place in places)
    assert all(drawn.today <= step <= row.day for row in drawn.rows for step in row.steps)
