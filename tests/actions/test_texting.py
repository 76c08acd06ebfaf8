"""Texts: only with a proved number's consent, by day, true at that moment, once; and one repeat for each lost answer."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from storefront.actions import bouncing, reaching, texting
from storefront.models.orders import Order
from storefront.models.phones import Phone, TextMessage
from tests.support.letters import MIRIAM, deliver_to, letter
from tests.support.mailserver import MailServer, running
from tests.support.phones import NUMBER, agrees, has_phone, on_the_phone, phone_of, proves, texts_of
from tests.support.reports import reports
from tests.support.world import World

CALLS = "POST /2010-04-01/*"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def noon(world: World) -> World:
    """A world in which it is day in Berlin."""
    to_noon = (11 - world.now.hour) % 24
    world.advance(hours=to_noon)
    return world


def ordered(world: World, days: float | None = 20) -> int:
    return world.orders(world.product(days=days))


def with_phone(world: World, days: float | None = 20) -> int:
    order_id = ordered(world, days)
    has_phone(world, order_id)
    world.tick()
    return order_id


def lost(world: World, kind: str = "timeout_after_commit", count: int = 1) -> None:
    world.sandbox.control("faults", kind=kind, match=CALLS, count=count)


def test_nothing_but_a_code_is_texted_before_the_number_is_proved(noon: World) -> None:
    order_id = ordered(noon)
    agrees(noon, order_id)
    noon.moves(1, 9)
    noon.tick()
    (code,) = [each["body"] for each in noon.sandbox.texts(NUMBER)]
    digits = code.split("your code is ")[1][:6]
    assert "http" not in code
    assert proves(noon, order_id, digits) == ""
    noon.moves(1, 12)
    noon.tick()
    (told,) = on_the_phone(noon)
    assert told.startswith("Forthcoming: Moves to ")
    assert "/delay STOP ends this." in told
    assert noon.broken() == []


def test_what_was_agreed_to_is_kept_with_its_words_and_time(noon: World) -> None:
    order_id = with_phone(noon)
    kept = phone_of(noon, order_id)
    assert kept.number == NUMBER
    assert kept.zones == ["Europe/Berlin"]
    assert noon.order(order_id).number in kept.consent
    assert kept.consent_version
    assert kept.agreed_at == kept.confirmed_at == noon.now


def test_the_access_link_comes_at_night_and_a_delay_waits_for_the_morning(noon: World) -> None:
    order_id = with_phone(noon, days=3)
    noon.advance(hours=14)  # 01:00 or 02:00 in Berlin
    noon.moves(1, -1)
    noon.tick()
    assert on_the_phone(noon) == []
    waiting = texts_of(noon)[-1]
    assert waiting.trouble == "It is night there."
    noon.advance(hours=9)
    noon.tick()
    assert len(on_the_phone(noon)) == 1
    day = noon.order(order_id).product.launch.at
    assert day is not None
    noon.advance(seconds=int((day - noon.now).total_seconds()))
    noon.tick()
    opened = on_the_phone(noon)[-1]
    assert opened.startswith("Forthcoming: Open now: Databases by Hand. Open it: http://127.0.0.1:8000/access/")


def test_a_letter_that_came_back_goes_by_text_and_later_ones_too(noon: World) -> None:
    order_id = with_phone(noon)
    told = letter(noon, "confirmed")
    assert reports(noon, told) == "it goes by text"
    noon.tick()
    assert on_the_phone(noon)[0].startswith("Forthcoming: Pre-ordered")
    noon.moves(1, 9)
    noon.tick()
    assert len(on_the_phone(noon)) == 2, "once each, though the moved letter goes by text anyway"
    assert letter(noon, "moved").failed_at is not None
    assert noon.order(order_id).bounced_at is not None
    assert noon.broken() == []


def test_a_number_that_is_given_after_letters_came_back_gets_them(noon: World) -> None:
    order_id = ordered(noon)
    noon.posts()
    reports(noon, letter(noon, "confirmed"))
    has_phone(noon, order_id)
    noon.tick()
    assert [each.startswith("Forthcoming: Pre-ordered") for each in on_the_phone(noon)] == [True]


def test_what_is_not_true_any_more_is_not_texted(noon: World) -> None:
    order_id = with_phone(noon)
    noon.moves(1, 9)
    noon.cancels(order_id)
    noon.tick()
    assert on_the_phone(noon) == []
    assert texts_of(noon)[-1].trouble == "the order has ended"


def test_ended_in_one_click_means_ended(noon: World) -> None:
    order_id = with_phone(noon)
    noon.moves(1, 9)
    with noon.db.write() as session:
        assert reaching.stop(session, session.get_one(Order, order_id), "the buyer ended it", noon.now)
        assert not reaching.stop(session, session.get_one(Order, order_id), "the buyer ended it", noon.now)
    noon.moves(1, 12)
    noon.tick()
    assert on_the_phone(noon) == []
    assert texts_of(noon)[-1].trouble == "the buyer ended it"


def test_stop_ends_the_consent_and_a_new_number_may_be_given(noon: World) -> None:
    import requests

    order_id = with_phone(noon)
    requests.post(f"{noon.sandbox.url}/sms/stop", data={"number": NUMBER}, timeout=10)
    noon.moves(1, 9)
    noon.tick()
    assert phone_of(noon, order_id).ended_why == "STOP was answered"
    assert "21610" in texts_of(noon)[-1].trouble
    noon.moves(1, 12)
    noon.tick()
    assert len(texts_of(noon)) == 2, "the code, and the one that was refused"
    has_phone(noon, order_id, "+4915123456788")
    noon.moves(1, 14)
    noon.tick()
    assert len(on_the_phone(noon, "+4915123456788")) == 1


def test_a_number_that_takes_no_texts_ends_by_itself(noon: World) -> None:
    order_id = ordered(noon)
    agrees(noon, order_id, "+14155552671")
    with noon.db.write() as session:
        session.execute(update(Phone).values(number="+15005550009"))
    noon.tick()
    assert phone_of(noon, order_id).ended_why == "the number takes no texts"


@pytest.mark.parametrize(("lost_answers", "on_it"), [(1, 2), (2, 2), (5, 2)])
def test_a_text_whose_answer_was_lost_is_repeated_once_and_no_more(noon: World, lost_answers: int, on_it: int) -> None:
    with_phone(noon)
    noon.moves(1, 9)
    lost(noon, count=lost_answers)
    for _ in range(6):
        noon.tick()
        noon.advance(minutes=2)
    assert len(on_the_phone(noon)) == on_it
    last = texts_of(noon)[-1]
    assert (last.sent_at is None) == (lost_answers >= 2)
    assert last.trouble == ("" if lost_answers < 2 else "Twilio did not say whether it took it, twice.")


def test_a_text_that_was_surely_not_taken_is_tried_after_longer_and_longer(noon: World) -> None:
    with_phone(noon, days=40)
    noon.moves(1, 9)
    lost(noon, "error_429", -1)
    waits = []
    for _ in range(4):
        noon.texts()
        waits.append(texts_of(noon)[-1].due_at - noon.now)
        noon.advance(seconds=int(waits[-1].total_seconds()))
    assert waits == [MINUTE, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE]
    noon.texts()
    assert texts_of(noon)[-1].failed_at == noon.now
    assert on_the_phone(noon) == []


@pytest.mark.parametrize("where", ["before the call", "after the call"])
def test_a_crash_repeats_at_most_one_text_and_no_letter(
    noon: World, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = with_phone(noon)
    noon.moves(1, 9)
    noon.posts()

    def crash(*_args: Any) -> None:
        raise KeyboardInterrupt

    real: Any = texting._send

    def after(*args: Any) -> None:
        real(*args[:4], lambda **_values: None, args[5])
        crash()

    monkeypatch.setattr(texting, "_send", crash if where == "before the call" else after)
    with pytest.raises(KeyboardInterrupt):
        noon.texts()
    monkeypatch.undo()
    assert noon.texts() == 0, "the lease still runs"
    noon.advance(seconds=121)
    noon.tick()
    assert len(on_the_phone(noon)) == (1 if where == "before the call" else 2)
    assert noon.letters(order_id).count("moved") == 1
    assert len([each for each in noon.sandbox.mail(MIRIAM) if "Moves to" in each["subject"]]) == 1
    assert texts_of(noon)[-1].sent_at is not None


def test_a_crash_while_mailing_never_repeats_a_text(noon: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from storefront.actions import mailing

    with_phone(noon)
    noon.moves(1, 9)
    noon.texts()

    def crash(*_args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mailing, "_note", crash)
    with pytest.raises(KeyboardInterrupt):
        noon.posts()
    monkeypatch.undo()
    noon.advance(seconds=121)
    noon.tick()
    assert len(on_the_phone(noon)) == 1


def test_two_workers_never_send_the_same_text(noon: World) -> None:
    product = noon.product(days=20)
    for number in range(6):
        order_id = noon.orders(product, f"buyer{number}@posteo.de")
        has_phone(noon, order_id, f"+491512345678{number}")
    noon.texts()
    noon.moves(product, 9)

    def work() -> None:
        with noon.app.app_context():
            while texting.text_due(noon.outside, noon.db, noon.now, limit=2):
                pass

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)
        assert not each.is_alive()
    moved = [each for each in noon.sandbox.texts() if "Moves to" in each["body"]]
    assert len(moved) == len({each["to"] for each in moved}) == 6


def test_no_transaction_is_open_while_twilio_is_asked(noon: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_phone(noon)
    noon.moves(1, 9)
    seen: list[int] = []
    texter = noon.outside.sms
    assert texter is not None
    real = texter.text

    def watched(to: str, words: str) -> str:
        seen.append(noon.db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return real(to, words)

    monkeypatch.setattr(texter, "text", watched)
    noon.texts()
    assert seen == [0]


def test_a_launch_texts_everybody_who_agreed_and_nobody_else(noon: World) -> None:
    product = noon.product(days=3)
    orders = [noon.orders(product, f"buyer{number}@posteo.de") for number in range(3)]
    for place, order_id in enumerate(orders[:2]):
        has_phone(noon, order_id, f"+491512345678{place}")
    noon.texts()
    noon.advance(days=3)
    noon.tick()
    opened = [each for each in noon.sandbox.texts() if "Open now" in each["body"]]
    assert sorted(each["to"] for each in opened) == ["+4915123456780", "+4915123456781"]
    assert all(each["segments"] <= 2 for each in noon.sandbox.texts())


# The code


def test_a_wrong_code_proves_nothing_and_five_guesses_end_it(noon: World) -> None:
    order_id = ordered(noon)
    agrees(noon, order_id)
    for _ in range(5):
        assert proves(noon, order_id, "000000") == "That is not the code. Look at the newest text once more."
    assert proves(noon, order_id) == "That code is over. Send another one."
    agrees(noon, order_id)
    assert proves(noon, order_id) == ""


def test_a_code_is_good_for_ten_minutes(noon: World) -> None:
    order_id = ordered(noon)
    agrees(noon, order_id)
    noon.advance(minutes=10, seconds=1)
    assert proves(noon, order_id) == "That code is over. Send another one."
    noon.tick()
    assert noon.sandbox.texts() == [], "nor is it sent any more"


def test_nobody_rings_a_strangers_phone_all_day(noon: World) -> None:
    order_id = ordered(noon)
    for _ in range(3):
        assert isinstance(agrees(noon, order_id), Phone)
    assert isinstance(agrees(noon, order_id), reaching.No)
    noon.advance(hours=1, minutes=1)
    for _ in range(3):
        assert isinstance(agrees(noon, order_id), Phone)
    noon.advance(hours=1, minutes=1)
    assert isinstance(agrees(noon, order_id), reaching.No), "six a day for a number, whichever the order"


def test_an_order_that_is_not_secured_or_over_takes_no_number(noon: World) -> None:
    placed = noon.places(noon.product())
    assert isinstance(agrees(noon, placed), reaching.No)
    order_id = noon.orders(1, "b@posteo.de")
    noon.cancels(order_id)
    assert isinstance(agrees(noon, order_id), reaching.No)
    assert proves(noon, order_id) == "There is no number that waits for a code."


def test_another_number_ends_the_first(noon: World) -> None:
    order_id = with_phone(noon)
    has_phone(noon, order_id, "+4915123456788")
    with noon.read() as session:
        rows = session.scalars(select(Phone).order_by(Phone.id)).all()
    assert [each.ended_why for each in rows] == ["another number was given", ""]


def test_no_row_of_a_text_holds_words_or_a_secret(noon: World) -> None:
    with_phone(noon)
    noon.moves(1, 9)
    noon.tick()
    kept = [str(vars(each)) for each in texts_of(noon)]
    assert "http" not in "".join(kept)
    with noon.read() as session:
        assert session.scalars(select(TextMessage.carrier_id)).all() != []


def test_both_channels_may_fail_and_the_creator_knows(noon: World) -> None:
    with running(MailServer()) as server:
        deliver_to(noon, server.port)
        order_id = with_phone(noon)
        server.answers[MIRIAM] = "550 5.1.1 no such user"
        with noon.db.write() as session:
            session.execute(update(Phone).values(number="+15005550009"))
        noon.moves(1, 9)
        noon.tick()
        assert [each for each in noon.tasks() if MIRIAM in each]
        assert phone_of(noon, order_id).ended_at is not None
        assert noon.broken() == []
        with noon.db.write() as session:
            bouncing.write_again(session, session.get_one(Order, order_id), "creator", noon.now)
        server.answers.clear()
        noon.tick()
        assert "Moves to" in str(server.to(MIRIAM)[-1].message["Subject"])


def test_the_check_names_texts_that_wait_and_texts_that_should_not_have_gone(noon: World) -> None:
    order_id = with_phone(noon, days=60)
    noon.moves(1, 9)
    lost(noon, "error_429", -1)
    noon.texts()
    with noon.db.write() as session:
        session.execute(
            update(TextMessage).where(TextMessage.sent_at.is_(None)).values(due_at=noon.now + 99 * MINUTE * 60)
        )
    noon.advance(hours=25)
    assert [each for each in noon.broken() if each.startswith("Texts:") and "has been owed since" in each]
    with noon.db.write() as session:
        session.execute(update(TextMessage).where(TextMessage.sent_at.is_(None)).values(sent_at=noon.now))
        session.execute(update(Phone).values(ended_at=noon.now - MINUTE, ended_why="the buyer ended it"))
    assert [each for each in noon.broken() if "after its buyer had ended the texts" in each]
    with noon.db.write() as session:
        session.execute(update(Phone).values(ended_at=None, ended_why="", confirmed_at=None))
    assert [each for each in noon.broken() if "nobody had confirmed" in each]
    assert phone_of(noon, order_id).confirmed_at is None
