"""Posting letters: each owed fact goes out once, true at that moment, whatever the mail server does."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask_mail import Mail
from sqlalchemy import select, update

from storefront.actions import mailing
from storefront.actions.granting import revoke, suspend
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.money import Task
from storefront.models.orders import Order
from storefront.outside.postman import Postman
from storefront.rules.links import Links
from tests.support.letters import (
    MIRIAM,
    address_new,
    card_expiring,
    deliver_to,
    dispute_won,
    disputes,
    fails,
    grace_ending,
    letter,
    other_orders,
    owes,
    part_refunded,
    past_due_out,
    refund_fails,
    task,
    words_of,
)
from tests.support.mailserver import MailServer, running, silence
from tests.support.world import BASE_URL, SENDER, World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def server(world: World) -> Iterator[MailServer]:
    """A mail server for a world on each database."""
    with running(MailServer()) as server:
        deliver_to(world, server.port)
        yield server


# Facts that no longer hold


def dropped(world: World, kind: str) -> str:
    """Why the letter of that kind was dropped."""
    world.posts()
    found = letter(world, kind)
    assert (found.sent_at, found.dropped_at) == (None, world.now)
    return found.trouble


def test_nothing_is_confirmed_that_has_been_cancelled(small_world: World, post_office: MailServer) -> None:
    small_world.cancels(small_world.orders(small_world.product(days=3)))
    assert dropped(small_world, "confirmed") == "the order has ended"
    assert [str(each.message["Subject"]) for each in post_office.taken] == [
        "Your order is cancelled: Databases by Hand"
    ]


def test_nothing_is_confirmed_that_is_leaving(small_world: World, post_office: MailServer) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    with small_world.db.write() as session:
        session.get_one(Order, order_id).cancel_wished_at = small_world.now
    assert dropped(small_world, "confirmed") == "the order has ended"
    assert post_office.taken == []


def test_a_repaired_card_needs_nobody(small_world: World, post_office: MailServer) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    small_world.posts()
    fails(small_world, order_id)
    small_world.pays(small_world.visits(order_id))
    small_world.settles(order_id)
    assert dropped(small_world, "past_due") == "the payment has been repaired"
    assert str(post_office.taken[-1].message["Subject"]).startswith("Repaired")


@pytest.mark.parametrize(("kind", "tell"), [("past_due_out", past_due_out), ("grace_ending", grace_ending)])
def test_a_card_that_was_repaired_needs_no_reminder(
    small_world: World, post_office: MailServer, kind: str, tell: Callable[[World], None]
) -> None:
    tell(small_world)
    order_id = letter(small_world, kind).order_id
    small_world.pays(small_world.visits(order_id))
    small_world.settles(order_id)
    assert dropped(small_world, kind) == "the payment has been repaired"
    assert post_office.taken


def test_a_reminder_of_an_earlier_failure_is_not_sent_for_a_later_one(
    small_world: World, post_office: MailServer
) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    fails(small_world, order_id)
    small_world.pays(small_world.visits(order_id))
    small_world.settles(order_id)
    fails(small_world, order_id, "expired_card")
    small_world.posts()
    told = [each for each in kept(small_world) if each.kind == "past_due"]
    assert [(each.version, each.trouble) for each in told if each.dropped_at] == [
        (1, "the payment was repaired, and failed again")
    ]
    assert "The card has expired." in words_of(post_office.taken[-1].part("plain"))


def test_a_card_that_was_changed_is_not_called_old(small_world: World, post_office: MailServer) -> None:
    card_expiring(small_world)
    with small_world.db.write() as session:
        session.execute(update(Order).values(card_until=small_world.now + timedelta(days=900)))
    assert dropped(small_world, "card_expiring") == "another card is saved"
    assert all("ends before" not in str(each.message["Subject"]) for each in post_office.taken)


def test_a_task_that_is_done_asks_nobody(small_world: World, post_office: MailServer) -> None:
    task(small_world)
    with small_world.db.write() as session:
        session.execute(update(Task).values(closed_at=small_world.now))
    assert dropped(small_world, "task") == "it is done already"
    assert post_office.taken


def test_a_decision_that_was_appealed_is_not_told_as_the_last(small_world: World, post_office: MailServer) -> None:
    dispute_won(small_world)
    disputes(small_world, letter(small_world, "dispute_won").order_id, "appeal_under_review")
    assert dropped(small_world, "dispute_won") == "the bank has decided again"
    assert post_office.taken


def test_a_part_that_did_not_arrive_is_not_called_given_back(small_world: World, post_office: MailServer) -> None:
    part_refunded(small_world)
    refund_fails(small_world, letter(small_world, "part_refunded").order_id)
    assert dropped(small_world, "part_refunded") == "the refund did not arrive"
    assert "did not reach your card" in str(post_office.to(MIRIAM)[-1].message["Subject"])


def test_a_letter_to_the_creator_goes_to_no_address_of_the_buyers(small_world: World, post_office: MailServer) -> None:
    task(small_world)
    small_world.posts()
    (told,) = post_office.to("ines@forthcoming.example")
    assert "needs you" in str(told.message["Subject"])
    assert MIRIAM not in str(told.message)
    assert "/orders/" not in words_of(told.part("plain")).replace("/studio/orders/", "")


def kept(world: World) -> list[Letter]:
    with world.read() as session:
        return list(session.scalars(select(Letter).order_by(Letter.id)))


def test_a_card_that_failed_again_is_not_called_repaired(small_world: World, post_office: MailServer) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    fails(small_world, order_id)
    small_world.pays(small_world.visits(order_id))
    small_world.settles(order_id)
    fails(small_world, order_id, "expired_card")
    assert dropped(small_world, "repaired") == "the payment has failed again"
    assert "Your card needs you" in str(post_office.taken[-1].message["Subject"])


@pytest.mark.parametrize("end", [revoke, suspend])
def test_nobody_is_told_that_it_is_open_when_access_has_ended(
    small_world: World, post_office: MailServer, end: Callable[..., None]
) -> None:
    order_id = small_world.orders(small_world.product(days=None))
    with small_world.db.write() as session:
        order = session.get_one(Order, order_id)
        end(session, order, small_world.now)
        if end is suspend:
            session.execute(update(Order).values(state="past_due"))
    assert dropped(small_world, "access")
    assert not any("Open now" in str(each.message["Subject"]) for each in post_office.taken)


def test_access_that_pauses_for_a_moment_keeps_its_letter_waiting(small_world: World, post_office: MailServer) -> None:
    order_id = small_world.orders(small_world.product(days=None))
    with small_world.db.write() as session:
        suspend(session, session.get_one(Order, order_id), small_world.now)
    small_world.posts()
    assert letter(small_world, "access").sent_at is None
    with small_world.db.write() as session:
        session.execute(update(Grant).values(suspended_at=None))
    small_world.advance(minutes=2)
    small_world.posts()
    assert "Open now" in str(post_office.taken[-1].message["Subject"])


def test_the_letter_of_a_repair_opens_what_was_paused(small_world: World, post_office: MailServer) -> None:
    order_id = small_world.orders(small_world.product(days=3))
    small_world.advance(days=3)
    small_world.tick_without_charges()
    small_world.advance(minutes=1)
    fails(small_world, order_id)
    small_world.posts()
    assert "pauses until it is repaired" in words_of(post_office.taken[-1].part("plain"))
    small_world.pays(small_world.visits(order_id))
    small_world.settles(order_id)
    small_world.posts()
    taken = post_office.taken[-1]
    assert taken.message["Subject"] == "Repaired: Databases by Hand"
    assert "/access/" in taken.part("plain")
    assert "Your course is open again." in taken.part("plain")


def test_only_the_last_move_is_told(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=20)
    small_world.orders(product)
    small_world.moves(product, 7)
    small_world.moves(product, 2)
    small_world.posts()
    assert letter(small_world, "moved", version=2).trouble == "a later move has been told"
    assert len([each for each in post_office.taken if "Moves to" in str(each.message["Subject"])]) == 1


def test_a_letter_that_still_waits_follows_a_corrected_address(small_world: World, post_office: MailServer) -> None:
    address_new(small_world)
    small_world.posts()
    strangers = post_office.to("mirjam@posteo.de")
    assert [str(each.message["Subject"]) for each in strangers] == [
        "The address of your order was changed: Databases by Hand"
    ]
    assert "http" not in strangers[0].part("plain") + strangers[0].part("html")
    assert MIRIAM not in strangers[0].part("plain")
    subjects = [str(each.message["Subject"]) for each in post_office.to(MIRIAM)]
    assert [each.split()[0] for each in subjects] == ["Pre-ordered", "This"]
    assert letter(small_world, "confirmed").recipient == MIRIAM


# A mail server in trouble


def test_what_is_refused_for_our_sake_is_tried_daily_then_weekly_and_the_others_get_theirs(
    small_world: World, post_office: MailServer
) -> None:
    product = small_world.product(days=40)
    refused = small_world.orders(product, "nobody@posteo.de")
    other_orders(small_world, product, ["a", "b"])
    post_office.answers["nobody@posteo.de"] = "550 5.7.1 relaying denied"
    assert small_world.posts() == 2
    waits = []
    for _ in range(9):
        found = letter(small_world, order_id=refused)
        assert found.trouble == "The address was refused: 550 5.7.1 relaying denied"
        waits.append(found.due_at - small_world.now)
        small_world.now = found.due_at
        small_world.posts()
    assert waits == [DAY] * 7 + [7 * DAY] * 2


def test_a_letter_that_is_not_taken_now_is_tried_again_after_longer_and_longer(
    small_world: World, post_office: MailServer
) -> None:
    small_world.orders(small_world.product(days=40))
    post_office.answers[MIRIAM] = "450 try later"
    waits = []
    for tries in range(1, 7):
        small_world.posts()
        found = letter(small_world)
        assert found.tries == tries
        waits.append(found.due_at - small_world.now)
        small_world.now = found.due_at
    assert waits == [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 6 * HOUR]
    post_office.answers.clear()
    assert small_world.posts() == 1
    assert letter(small_world).trouble == ""


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n"])
def test_a_server_that_hangs_is_given_up_and_every_letter_waits_a_minute(small_world: World, greeting: bytes) -> None:
    order_id = small_world.orders(small_world.product(days=40))
    owes(small_world, order_id, 5)
    with silence(greeting) as port:
        deliver_to(small_world, port, seconds=0.2)
        assert small_world.posts() == 0
    with small_world.read() as session:
        rows = session.scalars(select(Letter)).all()
    assert {each.due_at - small_world.now for each in rows} == {MINUTE}
    assert {each.leased_until for each in rows} == {None}
    assert all(each.trouble for each in rows)
    assert sum(each.tries for each in rows) <= 2
    with running(MailServer()) as server:
        deliver_to(small_world, server.port)
        small_world.advance(minutes=1)
        assert small_world.posts() == 6


def test_one_letter_that_brings_the_line_down_never_stops_the_rest(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=40)
    other_orders(small_world, product, ["poison", "a", "b"])
    post_office.hangs_up_on.add("poison@posteo.de")
    assert small_world.posts() == 2
    assert post_office.connections == 2
    assert letter(small_world, recipient="poison@posteo.de").tries == 1


def test_one_letter_that_cannot_be_written_never_stops_the_rest(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=40)
    lost, _ = other_orders(small_world, product, ["lost", "a"])
    with small_world.db.write() as session:
        session.get_one(Order, lost).link_sha256 = "no key makes this one"
    assert small_world.posts() == 1
    assert [each.to for each in post_office.taken] == ["a@posteo.de"]
    found = letter(small_world, order_id=lost)
    assert "SECRET_KEY_FALLBACKS" in found.trouble
    assert (found.tries, found.due_at - small_world.now) == (1, MINUTE)


def test_a_key_in_the_fallbacks_still_writes_its_links(small_world: World, post_office: MailServer) -> None:
    small_world.orders(small_world.product(days=40))
    keys = ("a-new-key-of-thirty-two-characters", *small_world.outside.links.keys)
    small_world.outside = replace(small_world.outside, links=Links(BASE_URL, keys))
    assert small_world.posts() == 1
    assert post_office.taken


def test_a_long_turn_ends_and_gives_the_rest_back(
    small_world: World, post_office: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_world.orders(small_world.product(days=40))
    monkeypatch.setattr(mailing, "TURN_SECONDS", 0)
    assert small_world.posts() == 0
    found = letter(small_world)
    assert (found.leased_until, found.tries, found.trouble) == (None, 0, "")
    monkeypatch.undo()
    assert small_world.posts() == 1
    assert len(post_office.taken) == 1


# Crashes and other workers


def test_a_crash_between_accepting_and_noting_repeats_once_with_the_same_message_id(
    world: World, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.orders(world.product(days=40))

    def crash(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mailing, "_note", crash)
    with pytest.raises(KeyboardInterrupt):
        world.posts()
    monkeypatch.undo()
    assert world.posts() == 0, "the lease still runs"
    world.advance(seconds=121)
    assert world.posts() == 1
    assert world.posts() == 0
    ids = [str(each.message["Message-ID"]) for each in server.taken]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_two_workers_never_send_the_same_letter(world: World, server: MailServer) -> None:
    owes(world, world.orders(world.product(days=40)), 40)

    def work() -> None:
        mine = replace(world.outside, postman=Postman(Mail(world.app), SENDER))
        with world.app.app_context():
            while mailing.post_due(mine, world.db, world.now, limit=5):
                pass

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)
        assert not each.is_alive()
    ids = [str(each.message["Message-ID"]) for each in server.taken]
    assert len(ids) == len(set(ids)) == 41


def test_a_worker_that_lost_its_lease_leaves_the_letter_to_the_other(
    small_world: World, post_office: MailServer
) -> None:
    owes(small_world, small_world.orders(small_world.product(days=40)), 1)
    first: list[datetime] = []

    def another_takes_over() -> None:
        if not first:
            first.append(small_world.now)
            with small_world.db.write() as session:
                session.execute(update(Letter).values(leased_until=small_world.now + HOUR))

    post_office.on_data = another_takes_over
    assert small_world.posts() == 1
    assert len(post_office.taken) == 1


def test_no_transaction_is_open_while_the_server_takes_a_letter(world: World, server: MailServer) -> None:
    world.orders(world.product(days=40))
    open_connections: list[int] = []
    server.on_data = lambda: open_connections.append(world.db.engine.pool.checkedout())  # type: ignore[attr-defined]
    assert world.posts() == 1
    assert open_connections == [0]
