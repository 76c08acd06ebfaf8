"""Questions about orders: the addresses of threads, what a message may be, when a question is open."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.rules.access import token
from storefront.rules.asking import (
    LONGEST,
    MOST_AN_HOUR,
    Reply,
    Said,
    open_since,
    read_address,
    refuse,
    reply_address,
    tidy,
)

KEY, OLDER, HOST = "k" * 48, "o" * 48, "reply.forthcoming.example"
T = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
REPLY = Reply("buyer", 71, 2)


def test_an_address_leads_to_its_thread_and_side_also_under_an_older_key() -> None:
    for side in ("buyer", "creator"):
        reply = Reply(side, 71, 2)
        assert read_address([KEY], HOST, reply_address(KEY, HOST, reply)) == reply
        assert read_address([KEY, OLDER], HOST, reply_address(OLDER, HOST, reply)) == reply
    assert read_address([KEY], HOST, reply_address(OLDER, HOST, REPLY)) is None


def test_servers_that_write_it_in_capitals_do_no_harm_and_it_fits_before_the_at_sign() -> None:
    address = reply_address(KEY, HOST, Reply("creator", 10**15, 10**5))
    assert len(address.split("@")[0]) <= 64
    assert read_address([KEY], HOST, f" {address.upper()} ") == Reply("creator", 10**15, 10**5)


@pytest.mark.parametrize(
    "made_up",
    [
        "",
        "ines@forthcoming.example",
        f"ask+b71.2@{HOST}",
        reply_address(KEY, HOST, REPLY).replace("b71.2", "b72.2"),
        reply_address(KEY, HOST, REPLY).replace("b71.2", "c71.2"),
        reply_address(KEY, HOST, REPLY).replace("b71.2", "b71.3"),
        reply_address(KEY, HOST, REPLY).replace(HOST, "evil.example"),
        reply_address(KEY, HOST, REPLY) + ".evil.example",
        "x" + reply_address(KEY, HOST, REPLY),
    ],
)
def test_no_other_address_leads_anywhere(made_up: str) -> None:
    assert read_address([KEY], HOST, made_up) is None


def test_what_opens_something_is_left_out_of_a_message_and_other_addresses_stay() -> None:
    order = f"https://shop.example/orders/{token(KEY, 'order', 71, 2)}"
    quoted = (
        f"> See your order:\n> {order}\n> {order}/delay\n> {reply_address(KEY, HOST, REPLY)}\n\nMine does not open."
    )
    kept = tidy(quoted)
    assert kept == "> See your order:\n> (link left out)\n> (link left out)\n> (link left out)\n\nMine does not open."
    for path in ("access", "waiting", "news"):
        assert tidy(f"HTTP://127.0.0.1:8000/{path}/{token(KEY, path, 1, 1)}, no?") == "(link left out), no?"
    others = f"https://shop.example/p/name-the-day https://a.example/news/{'a-title' * 5} ask+me@a.example"
    assert tidy(others) == others


def test_a_message_is_kept_as_it_can_be_read() -> None:
    assert tidy("  Hello\r\nthere \x00\u202e\r\r\r\r\n bye\t!  ") == "Hello\nthere\n\n bye    !"


@given(st.text())
def test_tidying_twice_is_tidying_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


def test_what_cannot_be_sent_says_why() -> None:
    assert refuse("") == "Write what you would like to know."
    assert refuse("a" * LONGEST) == ""
    assert "4,001 characters" in refuse("a" * (LONGEST + 1))
    assert refuse("a", MOST_AN_HOUR - 1) == ""
    assert "a little later" in refuse("a", MOST_AN_HOUR)


def asks(hours: int) -> Said:
    return Said(T + timedelta(hours=hours), asks=True, by_creator=False)


def answers(hours: int) -> Said:
    return Said(T + timedelta(hours=hours), asks=False, by_creator=True)


@pytest.mark.parametrize(
    ("messages", "hours"),
    [
        ([], None),
        ([asks(0)], 0),
        ([asks(0), asks(2)], 0),
        ([asks(0), answers(1)], None),
        ([asks(0), answers(1), answers(2)], None),
        ([asks(0), answers(1), asks(3), asks(4)], 3),
        ([answers(0), asks(1)], 1),
    ],
)
def test_a_question_is_open_from_the_first_message_nobody_answered(messages: list[Said], hours: int | None) -> None:
    assert open_since(messages) == (None if hours is None else T + timedelta(hours=hours))
