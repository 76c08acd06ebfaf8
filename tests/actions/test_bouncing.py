"""Letters that come back: the channel is switched, the address rests, the creator learns of it, once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storefront.actions import bouncing, hearing_mail, mailing, opening
from storefront.models.letters import Letter
from storefront.models.mail_events import MailEvent
from storefront.models.orders import Order
from storefront.models.tickets import Ticket
from storefront.rules.mail_news import News
from tests.support.letters import MIRIAM, deliver_to, letter
from tests.support.mailserver import MailServer, running
from tests.support.reports import reports
from tests.support.world import World

INES = "ines@forthcoming.example"
NO_SUCH = "550 5.1.1 no such person"


@pytest.fixture
def server(world: World) -> Iterator[MailServer]:
    with running(MailServer()) as server:
        deliver_to(world, server.port)
        yield server


def ordered(world: World, days: float | None = 20) -> int:
    return world.orders(world.product(days=days))


def mailed(world: World, days: float | None = 20) -> tuple[int, Letter]:
    """An order whose confirmation was taken by the mail server."""
    order_id = ordered(world, days)
    world.posts()
    return order_id, letter(world, order_id=order_id)


def subjects(server: MailServer, to: str) -> list[str]:
    return [str(each.message["Subject"]) for each in server.to(to)]


@pytest.mark.parametrize("when", ["RCPT", "DATA"])
def test_a_refused_address_rests_and_its_creator_is_told_once(world: World, server: MailServer, when: str) -> None:
    (server.answers if when == "RCPT" else server.refuses_words_to)[MIRIAM] = NO_SUCH
    order_id = ordered(world)
    world.tick()
    found = letter(world, "confirmed")
    assert (found.failed_at, found.sent_at) == (world.now, None)
    assert found.trouble.endswith(NO_SUCH)
    assert world.order(order_id).bounced_at == world.now
    assert [each for each in world.tasks() if MIRIAM in each and "no such person" in each]
    assert [each for each in subjects(server, INES) if "needs you" in each]
    world.moves(1, 9)
    world.advance(days=2)
    world.tick()
    assert letter(world, "moved").trouble == "The address rests: letters to it come back."
    assert subjects(server, MIRIAM) == []
    assert len(world.tasks()) == 1
    assert world.letters(order_id).count("task") == 1
    assert world.broken() == []


def test_what_is_refused_for_a_while_or_for_our_sake_lets_no_address_rest(world: World, server: MailServer) -> None:
    order_id = ordered(world)
    for answer in ("450 4.2.1 greylisted", "550 5.7.1 relaying denied", "530 5.7.0 authentication required"):
        server.answers[MIRIAM] = answer
        world.posts()
        assert letter(world).failed_at is None
        world.now = letter(world).due_at
    assert world.order(order_id).bounced_at is None
    assert world.tasks() == []
    server.answers.clear()
    assert world.posts() == 1


def test_a_letter_that_came_back_is_reported_and_rests_its_address(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    assert reports(world, told, recipient=MIRIAM) == "no other channel; the creator is told"
    found = letter(world, "confirmed")
    assert (found.failed_at, found.trouble) == (world.now, "It came back: 550 5.1.1 no such user")
    assert world.order(order_id).bounce == found.trouble
    world.tick()
    assert [each for each in subjects(server, INES) if "needs you" in each]
    assert reports(world, told, recipient=MIRIAM) == "it was known already"
    assert len(world.tasks()) == 1
    assert world.broken() == []


def test_what_came_back_is_mailed_to_the_corrected_address(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    reports(world, told)
    world.moves(1, 9)
    world.tick()
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        assert opening.correct_address(session, world.outside.links, order, "miriam.adler@posteo.de", world.now)
    world.tick()
    told_now = subjects(server, "miriam.adler@posteo.de")
    assert [told_now[0].split()[0], told_now[2].split(":")[0]] == ["Pre-ordered", "This order writes to you now"]
    assert "Moves to" in told_now[1], "a delay is never untold"
    assert world.order(order_id).bounced_at is None
    assert world.tasks() == [], "the task of the old address is closed by the fact"
    ids = [str(each.message["Message-ID"]) for each in server.taken if "Pre-ordered" in str(each.message["Subject"])]
    assert len(ids) == 2
    assert len(set(ids)) == 1, "the same letter, the same Message-ID"


def test_somebody_who_knows_that_the_address_is_right_has_it_written_to_again(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    first = world.now
    reports(world, told)
    world.advance(hours=1)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        assert bouncing.write_again(session, order, "buyer", world.now)
        assert not bouncing.write_again(session, order, "buyer", world.now)
    world.tick()
    assert len(subjects(server, MIRIAM)) == 2
    assert reports(world, told, at=first, recipient=MIRIAM) == "it was mailed again since"
    assert world.order(order_id).bounced_at is None
    assert reports(world, told, at=world.now, recipient=MIRIAM) == "no other channel; the creator is told"
    assert world.order(order_id).bounced_at == world.now


def test_what_is_not_true_any_more_is_not_mailed_again(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    reports(world, told)
    world.cancels(order_id)
    with world.db.write() as session:
        bouncing.write_again(session, session.get_one(Order, order_id), "creator", world.now)
    world.tick()
    assert letter(world, "confirmed").trouble == "the order has ended"
    assert subjects(server, MIRIAM)[1:] == ["Your order is cancelled: Databases by Hand"]


def test_a_letter_that_comes_back_for_a_while_goes_out_again_and_then_is_believed(
    world: World, server: MailServer
) -> None:
    order_id, told = mailed(world)
    for minutes in (5, 30, 120, 120):
        assert reports(world, told, permanent=False, reason="452 mailbox full") == "it is tried again"
        assert letter(world, "confirmed").due_at == world.now + timedelta(minutes=minutes)
        assert reports(world, told, permanent=False) == "it is on its way"
        world.advance(minutes=minutes)
        world.posts()
    assert len(server.to(MIRIAM)) == 5
    assert reports(world, told, permanent=False, reason="452 mailbox full") == "no other channel; the creator is told"
    assert world.order(order_id).bounce == "It came back: 452 mailbox full"


def test_a_report_of_an_older_address_does_nothing_to_the_new_one(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    with world.db.write() as session:
        order = session.get_one(Order, order_id)
        opening.correct_address(session, world.outside.links, order, "new@posteo.de", world.now)
    world.posts()
    assert reports(world, told, recipient=MIRIAM) == "it goes to the corrected address"
    world.posts()
    assert [each.split()[0] for each in subjects(server, "new@posteo.de")] == ["This", "Pre-ordered"]
    assert world.order(order_id).bounced_at is None
    assert reports(world, told, recipient=MIRIAM) == "it went to another address since"
    assert world.tasks() == []


def test_a_report_that_comes_before_the_letter_is_noted_counts(
    world: World, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server took it, reported at once, and only then the worker notes what it did."""
    order_id = ordered(world)
    note = mailing._note

    def late(turn: mailing._Turn, letter_id: int, written: mailing.Written) -> None:
        assert reports(world, letter(world, "confirmed")) == "no other channel; the creator is told"
        note(turn, letter_id, written)

    with monkeypatch.context() as patch:
        patch.setattr(mailing, "_note", late)
        world.posts()
    found = letter(world, "confirmed")
    assert found.failed_at == world.now
    assert world.order(order_id).bounced_at == world.now
    assert len(server.to(MIRIAM)) == 1


@pytest.mark.parametrize(
    "name", ["<other-1.1@127.0.0.1>", "<letter-9999.1@127.0.0.1>", "<letter-1.77@127.0.0.1>", "", None, 5]
)
def test_a_report_that_names_no_letter_of_ours_does_nothing(
    small_world: World, post_office: MailServer, name: object
) -> None:
    assert post_office.taken == []
    _, told = mailed(small_world)
    assert reports(small_world, told, message_id=name) == "it names no letter of ours"
    assert letter(small_world).failed_at is None


def test_a_letter_that_was_never_out_cannot_come_back(small_world: World) -> None:
    ordered(small_world)
    assert reports(small_world, letter(small_world)) == "it is not out: it is mailed again, or never was"


def test_reports_that_come_twice_and_in_any_order_have_one_effect(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    with world.db.write() as session:
        for number, at in ((2, 60), (1, 0), (2, 60)):
            facts = {"message_id": f"letter-{told.id}.1@x", "at": (world.now + timedelta(seconds=at)).isoformat()}
            hearing_mail.store(session, News(f"p{number}", "bounced", facts), world.now)
    assert hearing_mail.hear_due(world.outside, world.db, world.now) == 2
    assert hearing_mail.hear_due(world.outside, world.db, world.now) == 0
    with world.read() as session:
        notes = sorted(each.note for each in session.scalars(select(MailEvent)))
    assert notes == ["it was known already", "no other channel; the creator is told"]
    assert len(server.taken) == 1
    assert world.letters(order_id).count("task") == 1


def test_a_creators_own_address_that_bounces_is_told_in_the_studio_only(world: World, server: MailServer) -> None:
    server.answers[INES] = NO_SUCH
    order_id, told = mailed(world)
    reports(world, told)
    world.tick()
    assert letter(world, "task").failed_at == world.now
    assert [each for each in world.tasks() if "your own address" in each]
    assert world.letters(order_id).count("task") == 1, "no letter tells that letters do not arrive"
    assert world.broken() == []


def test_the_address_that_was_given_up_may_be_dead(world: World, server: MailServer) -> None:
    order_id = ordered(world)
    with world.db.write() as session:
        opening.correct_address(
            session, world.outside.links, session.get_one(Order, order_id), "new@posteo.de", world.now
        )
    server.answers[MIRIAM] = NO_SUCH
    world.tick()
    assert letter(world, "address_old").failed_at == world.now
    assert world.order(order_id).bounced_at is None
    assert world.tasks() == []


def test_two_creators_of_one_address_each_have_their_task(world: World, server: MailServer) -> None:
    server.answers[MIRIAM] = NO_SUCH
    world.orders(world.product(days=20))
    world.orders(world.product("second", days=20))
    world.tick()
    assert len(world.tasks()) == 1, "one creator, one address, one task"
    assert world.broken() == []


def test_a_letter_called_spam_ends_the_news_and_nothing_that_a_rule_demands(world: World, server: MailServer) -> None:
    order_id, told = mailed(world)
    with world.db.write() as session:
        session.add(Ticket(product_id=1, email=MIRIAM, joined_at=world.now, consent="news", news=True))
    assert reports(world, told, "complained") == "no news go to that address any more; the creator is told"
    with world.read() as session:
        assert session.scalars(select(Ticket.news)).all() == [False]
    world.moves(1, 9)
    world.tick()
    assert "Moves to" in subjects(server, MIRIAM)[-1]
    assert [each for each in world.tasks() if "called a letter of this order spam" in each]
    assert world.order(order_id).bounced_at is None


def test_the_check_names_a_letter_with_no_channel_left_and_no_task(world: World, server: MailServer) -> None:
    del server
    _, told = mailed(world)
    with world.db.write() as session:
        session.execute(update(Letter).where(Letter.id == told.id).values(failed_at=world.now, trouble="550"))
    assert [each for each in world.broken() if "no channel left" in each]
