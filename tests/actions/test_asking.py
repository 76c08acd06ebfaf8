"""Questions about an order: one thread, each message once, and its letter to the other side."""

from base64 import b64encode
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storefront.actions import opening
from storefront.models.letters import Letter
from storefront.models.mail_events import MailEvent
from storefront.models.orders import Order
from storefront.models.threads import Message, Thread
from storefront.rules.asking import LONGEST
from tests.support.letters import letter, post_office
from tests.support.mailserver import MailServer
from tests.support.threads import (
    INES,
    MIRIAM,
    answers,
    asks,
    brings,
    closes,
    mails,
    reply_to,
    said,
    takes_mail,
    thread,
)
from tests.support.world import World

__all__ = ["post_office"]
STRANGER = "mallory@evil.example"


def owed(world: World) -> list[tuple[str, str]]:
    with world.read() as session:
        mine = Letter.kind.in_(["asked", "answered"])
        return [(each.kind, each.recipient) for each in session.scalars(select(Letter).where(mine).order_by(Letter.id))]


def open_since(world: World, order_id: int) -> object:
    found = thread(world, order_id)
    return found.open_since if found else "no thread"


def test_a_question_opens_the_thread_and_an_answer_closes_it_each_with_one_letter(world: World) -> None:
    order = world.orders(world.product())
    asked = world.now
    assert asks(world, order) == ""
    world.advance(hours=2)
    assert asks(world, order, "And a paper one?", "second") == ""
    assert open_since(world, order) == asked, "since the first one that nobody answered"
    assert answers(world, order) == ""
    assert open_since(world, order) is None
    assert said(world, order) == [
        ("buyer", "Is there a German edition?"),
        ("buyer", "And a paper one?"),
        ("creator:1", "Yes, in June."),
    ]
    assert owed(world) == [("asked", INES), ("asked", INES), ("answered", MIRIAM)]
    assert world.broken() == []


def test_the_same_form_sent_twice_is_one_message(world: World) -> None:
    order = world.orders(world.product())
    for _ in range(2):
        assert asks(world, order) == ""
        assert answers(world, order) == ""
    assert len(said(world, order)) == 2
    assert len(owed(world)) == 2


def test_a_question_that_needs_no_answer_is_closed_once_and_a_new_one_opens_it(world: World) -> None:
    order = world.orders(world.product())
    assert not thread(world, order)
    asks(world, order, "Thank you!")
    assert closes(world, order)
    assert not closes(world, order)
    assert owed(world) == [("asked", INES)], "nobody is written to"
    asks(world, order, "One more.", "second")
    assert open_since(world, order) == world.now
    assert world.broken() == []


def test_what_cannot_be_sent_is_refused_in_a_sentence(small_world: World) -> None:
    order = small_world.orders(small_world.product())
    assert asks(small_world, order, " \n ") == "Write what you would like to know."
    assert "characters" in asks(small_world, order, "a" * (LONGEST + 1))
    assert answers(small_world, order, "") == "Write your answer."
    for number in range(10):
        assert asks(small_world, order, "Again?", f"n{number}") == ""
    assert "a little later" in asks(small_world, order, "Again?", "eleventh")
    assert answers(small_world, order) == "", "whoever answers is not counted"
    small_world.advance(hours=1)
    assert asks(small_world, order, "Again?", "eleventh") == ""


def test_an_answer_by_mail_stands_in_the_thread(world: World) -> None:
    takes_mail(world)
    order = world.orders(world.product())
    to = reply_to(world, order)
    quoted = "Is it out?\n\nOn Mon, 10 May 2027 at 10:00, Ines <letters@forthcoming.example> wrote:\n\n> Soon."
    assert mails(world, to, quoted, files=["scan.pdf"]) == "asked"
    assert said(world, order) == [("buyer", "Is it out?")]
    found = thread(world, order)
    assert found is not None
    assert found.messages[0].dropped == ["scan.pdf"]
    assert mails(world, to, quoted) == "it came before", "the same Message-ID is the same mail"
    creator = reply_to(world, order, "creator")
    assert mails(world, creator, "Yes.", INES, named="<second@forthcoming.example>") == "answered"
    assert said(world, order)[1:] == [("creator:1", "Yes.")]
    assert open_since(world, order) is None
    assert owed(world) == [("asked", INES), ("answered", MIRIAM)]
    assert world.broken() == []


def test_a_letter_quoted_below_or_above_an_answer_opens_nothing_for_its_creator(world: World) -> None:
    takes_mail(world)
    order = world.orders(world.product())
    row, links = world.order(order), world.outside.links
    page = links.order(row.id, row.link_generation, row.link_sha256)
    below = f"On Mon, 10 May 2027 at 10:00, Ines <letters@forthcoming.example> wrote:\n> See your order:\n> {page}\n\nIs it out?"
    assert mails(world, reply_to(world, order), below) == "asked"
    assert asks(world, order, f"{page}/delay shows nothing.") == ""
    texts = [text for _, text in said(world, order)]
    assert texts == [below.replace(page, "(link left out)"), "(link left out) shows nothing."]


def test_nothing_of_a_mail_is_kept_but_what_stands_in_the_thread(small_world: World) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    mails(small_world, reply_to(small_world, order), "Is it out?\n\n> a quotation")
    with small_world.read() as session:
        assert [set(each.payload) for each in session.scalars(select(MailEvent))] == [{"id", "type"}]


@pytest.mark.parametrize(
    ("side", "sender"), [("buyer", STRANGER), ("buyer", INES), ("creator", MIRIAM), ("creator", STRANGER)]
)
def test_a_mail_from_another_address_is_shown_to_the_creator_and_believed_by_nobody(
    small_world: World, side: str, sender: str
) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    assert mails(small_world, reply_to(small_world, order, side), "Refund it to me.", sender) == "from another address"
    assert said(small_world, order) == [("stranger", "Refund it to me.")]
    assert owed(small_world) == [("asked", INES)], "the buyer is not written to"


@pytest.mark.parametrize("heads", [{"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"Return-Path": "<>"}])
def test_machines_do_not_answer_each_other(small_world: World, heads: dict[str, str]) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    mails(small_world, reply_to(small_world, order), "I am on holiday.", heads=heads)
    assert said(small_world, order) == []


def test_an_address_that_was_given_up_is_dead(small_world: World) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product(days=40))
    before = reply_to(small_world, order)
    with small_world.db.write() as session:
        found = session.get_one(Order, order)
        assert opening.correct_address(session, small_world.outside.links, found, "right@posteo.de", small_world.now)
    assert mails(small_world, before) == "it was for no thread of ours"
    assert mails(small_world, reply_to(small_world, order), sender="right@posteo.de", named="<b@x.de>") == "asked"


@pytest.mark.parametrize(
    "payload",
    [{}, {"to": 7}, {"to": "ask+b1.1@reply.forthcoming.example", "raw": ""}, {"to": ["a"], "raw": {}}],
)
def test_what_leads_nowhere_is_done_and_says_so(small_world: World, payload: dict[str, object]) -> None:
    takes_mail(small_world)
    small_world.orders(small_world.product())
    assert brings(small_world, **payload) == "it was for no thread of ours"


NUL = b64encode(b"From: M <m\x00@posteo.de>\n\nHello").decode()
BOTTOMLESS = b64encode(b"From: a@b.de\n" + b"Content-Type: message/rfc822\n\n" * 3000 + b"a: b\n\n").decode()


def test_a_sender_that_no_database_keeps_is_kept_without_its_signs(world: World) -> None:
    takes_mail(world)
    order = world.orders(world.product())
    assert brings(world, to=reply_to(world, order), raw=NUL) == "from another address"


@pytest.mark.parametrize("raw", [None, "no base64!", "", 7, "AAAA", BOTTOMLESS])
def test_a_mail_that_cannot_be_read_is_done_and_says_so(small_world: World, raw: object) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    assert brings(small_world, to=reply_to(small_world, order), raw=raw) == "it could not be read"


def test_a_shop_that_takes_no_mail_in_believes_no_address(small_world: World) -> None:
    order = small_world.orders(small_world.product())
    takes_mail(small_world)
    to = reply_to(small_world, order)
    links = small_world.outside.links
    object.__setattr__(links, "reply_host", "")
    assert mails(small_world, to) == "it was for no thread of ours"


def test_a_flood_of_mails_ends_after_ten_in_an_hour(small_world: World) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    notes = [
        mails(small_world, reply_to(small_world, order), f"{n}?", STRANGER, named=f"<{n}@x.de>") for n in range(12)
    ]
    assert notes == ["from another address"] * 10 + ["too many in one hour"] * 2


def test_a_long_mail_is_cut_and_says_so(small_world: World) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product())
    mails(small_world, reply_to(small_world, order), "word " * 1500)
    (_, text), *_ = said(small_world, order)
    assert text.endswith("(The rest of this mail was too long, and is not kept.)")
    assert len(text) < LONGEST + 80


def test_mail_programs_see_one_thread(small_world: World, post_office: MailServer) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product(days=40))
    mails(small_world, reply_to(small_world, order), named="<q1@posteo.de>")
    answers(small_world, order)
    answers(small_world, order, "And in July.", "second")
    small_world.posts()
    first, second = (each.message for each in post_office.taken if "answered" in str(each.message["Subject"]))
    assert str(first["In-Reply-To"]) == "<q1@posteo.de>"
    assert str(second["References"]).split() == ["<q1@posteo.de>", str(first["Message-ID"])]
    assert str(first["Reply-To"]) == reply_to(small_world, order)
    asked = next(each.message for each in post_office.taken if "question" in str(each.message["Subject"]))
    assert str(asked["Reply-To"]) == reply_to(small_world, order, "creator")


def test_every_letter_to_the_buyer_can_be_answered_into_the_thread(small_world: World, post_office: MailServer) -> None:
    takes_mail(small_world)
    order = small_world.orders(small_world.product(days=40))
    small_world.posts()
    assert str(post_office.taken[0].message["Reply-To"]) == reply_to(small_world, order)
    assert letter(small_world, "confirmed").sent_at


def test_check_names_a_thread_that_lies(world: World) -> None:
    order = world.orders(world.product())
    asks(world, order)
    number = world.order(order).number
    with world.db.write() as session:
        session.execute(update(Thread).values(open_since=world.now + timedelta(hours=1)))
        session.execute(update(Letter).where(Letter.kind == "asked").values(version=99))
        told = session.scalars(select(Message.id)).one()
    assert world.broken() == [
        f"Threads: of order {number}, the open question is not the first message that nobody answered.",
        f"Threads: of order {number}, message {told} is owed to nobody.",
    ]
