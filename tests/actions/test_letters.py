"""What letters say: every kind, in both parts, true on the day."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storefront.actions import launching, readying, writing
from storefront.actions.opening import fresh_link
from storefront.actions.writing import TO_CREATOR
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.products import File, Lesson, Product
from storefront.outside.postman import Envelope
from storefront.rules.letter_words import COLUMNS
from tests.support.letters import (
    MIRIAM,
    access,
    address_new,
    answered,
    asked,
    bettered,
    bought,
    cancelled,
    card_expiring,
    confirmed,
    dispute_lost,
    dispute_won,
    given_up,
    grace_ending,
    grace_over,
    late,
    letter,
    missed,
    moved,
    moved_far,
    order_link,
    paid_back,
    part_refunded,
    past_due,
    past_due_out,
    refund_failed,
    refunded,
    rehearsed,
    repaired,
    replace_product,
    still_waiting,
    taken_away,
    task,
    withdrawn,
    words_of,
)
from tests.support.mailserver import MailServer, Taken
from tests.support.world import BASE_URL, DECLINES_LATER, VISA, World

ROOT = Path(__file__).resolve().parents[2]
INES = "ines@forthcoming.example"


def owed_kinds() -> set[str]:
    """Every kind of letter that some action owes, read from the source."""
    calls = [
        call
        for path in (ROOT / "storefront").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) == "owe"
    ]
    kinds = [call.args[2] for call in calls]
    named = [each for kind in kinds for each in ([kind.body, kind.orelse] if isinstance(kind, ast.IfExp) else [kind])]
    assert all(isinstance(each, ast.Constant) for each in named), "a kind of letter is written out where it is owed"
    return {str(each.value) for each in named if isinstance(each, ast.Constant)}


def test_every_kind_that_is_owed_has_its_three_templates() -> None:
    folder = ROOT / "templates" / "mail"
    kinds = owed_kinds()
    assert {"confirmed", "repaired", "moved", "past_due", "access", "cancelled", "refunded"} < kinds
    missing = [f"{k}.{e}" for k in kinds for e in ("subject.txt", "txt", "html") if not (folder / f"{k}.{e}").is_file()]
    assert missing == []


STORIES: list[tuple[str, Callable[[World], None]]] = [
    ("confirmed", confirmed),
    ("confirmed", bought),
    ("repaired", repaired),
    ("moved", moved),
    ("moved", moved_far),
    ("moved", taken_away),
    ("bettered", bettered),
    ("still_waiting", still_waiting),
    ("missed", missed),
    ("past_due", past_due),
    ("past_due_out", past_due_out),
    ("grace_ending", grace_ending),
    ("card_expiring", card_expiring),
    ("part_refunded", part_refunded),
    ("refund_failed", refund_failed),
    ("paid_back", paid_back),
    ("task", task),
    ("grace_over", grace_over),
    ("dispute_won", dispute_won),
    ("dispute_lost", dispute_lost),
    ("access", access),
    ("cancelled", cancelled),
    ("refunded", refunded),
    ("withdrawn", withdrawn),
    ("order_link", order_link),
    ("launch_late", late),
    ("launch_stopped", late),
    ("given_up", given_up),
    ("rehearsed", rehearsed),
    ("asked", asked),
    ("answered", answered),
    ("address_new", address_new),
    ("address_old", address_new),
]


def test_the_stories_below_tell_of_every_kind() -> None:
    assert {kind for kind, _ in STORIES} == owed_kinds()


def story(world: World, server: MailServer, tell: Callable[[World], None], kind: str) -> Taken:
    """The one letter of that kind that a story ends with."""
    tell(world)
    world.posts()
    owed = letter(world, kind)
    assert owed.sent_at == world.now
    found = [each for each in server.taken if f"<letter-{owed.id}." in str(each.message["Message-ID"])]
    assert len(found) == 1, "accepted once"
    return found[0]


@pytest.mark.parametrize(("kind", "tell"), STORIES)
def test_each_kind_goes_out_once_with_one_message_id_and_equal_text_and_html(
    small_world: World, post_office: MailServer, kind: str, tell: Callable[[World], None]
) -> None:
    taken = story(small_world, post_office, tell, kind)
    owed = letter(small_world, kind)
    assert taken.message.get_all("Message-ID") == [f"<letter-{owed.id}.{owed.version}@127.0.0.1>"]
    to_creator = kind in TO_CREATOR
    assert taken.to == (INES if to_creator else MIRIAM) or kind == "address_old"
    sender = "Forthcoming" if to_creator else "Ines Okafor via Forthcoming"
    assert taken.message["From"].addresses[0].display_name == sender
    assert taken.message["Reply-To"] == "ines@forthcoming.example"
    assert "Databases by Hand" in str(taken.message["Subject"])
    text, page = taken.part("plain"), taken.part("html")
    assert [line for line in text.splitlines() if len(line) > COLUMNS and not line.startswith(BASE_URL)] == []
    assert "\n\n\n" not in text
    seen = words_of(text)
    for part in re.findall(r"<(?:p|h1|td)\b[^>]*>(?:(?!<(?:p|h1|td|table)\b).)*?</(?:p|h1|td)>", page, re.DOTALL):
        said = words_of(part).removesuffix("· see its page").strip()
        the_day = "vertical-align:bottom" in part  # the text part tells it in a line
        assert the_day or said in seen or "copy this address" in said, f"{said!r} is not in the text part"
    links = set(re.findall(r'https?://[^\s"<]+', page))
    assert links == set(re.findall(r"https?://\S+", text))
    homes = ["studio/orders/", "studio/disputes/", "studio/products/"] if to_creator else ["orders/", "access/"]
    assert all(link.startswith(tuple(f"{BASE_URL}/{each}" for each in homes)) for link in links)
    assert not to_creator or MIRIAM not in text + page, "the buyer's address stays in the studio"
    small_world.posts()
    assert len(post_office.to(taken.to)) == len({str(each.message["Message-ID"]) for each in post_office.to(taken.to)})


@pytest.mark.parametrize("tell", [confirmed, moved, past_due, repaired, address_new])
def test_days_come_with_their_zone_and_its_offset(
    small_world: World, post_office: MailServer, tell: Callable[[World], None]
) -> None:
    text = story(small_world, post_office, tell, tell.__name__).part("plain")
    assert re.search(r"\d{4}, \d\d:\d\d in Berlin\s+\(UTC\+[12]\)", text)


def test_a_notice_of_a_move_says_the_new_day_the_old_one_the_reason_and_what_silence_does(
    small_world: World, post_office: MailServer
) -> None:
    text = words_of(story(small_world, post_office, moved, "moved").part("plain"))
    assert "Databases by Hand opens on" in text
    assert "seven days later." in text
    assert "“The Windows build fails on long paths.” Ines Okafor" in text
    assert "You need do nothing" in text
    assert "if we hear nothing until" in text
    assert "Two clicks cancel." in text
    assert "The new day" in text
    assert "It was" in text


def test_a_notice_that_needs_a_yes_says_so_with_its_last_moment_and_what_is_offered(
    small_world: World, post_office: MailServer
) -> None:
    taken = story(small_world, post_office, moved_far, "moved")
    text = words_of(taken.part("plain"))
    assert str(taken.message["Subject"]).endswith(", do you wait? Databases by Hand")
    assert "Without your yes by" in text
    assert "your order is cancelled, and nothing is charged." in text
    assert "Whoever waits gets 5.00 €" in text
    assert re.search(r"/orders/\S+/delay", text)


def test_an_access_letter_says_you_pay_until_the_capture_and_then_you_paid(
    small_world: World, post_office: MailServer
) -> None:
    text = words_of(story(small_world, post_office, access, "access").part("plain"))
    assert "as promised" in text
    assert "You pay 19.00 €, today, with Visa ending 4242" in text
    assert "“Reading the source”, the bonus you pre-ordered early for." in text
    assert "Until you open it, and at the latest until" in text
    bought(replace_product(small_world))
    small_world.posts()
    text = words_of(post_office.taken[-1].part("plain"))
    assert "You paid 29.00 €" in text


@pytest.mark.parametrize(("late", "told"), [(4, ""), (14, "14 minutes late"), (125, "2 h 5 min late")])
def test_a_launch_that_ran_late_says_how_late(
    small_world: World, post_office: MailServer, late: int, told: str
) -> None:
    small_world.orders(small_world.product(days=3))
    small_world.advance(days=3, minutes=late)
    small_world.tick()
    text = words_of(post_office.taken[-1].part("plain"))
    assert (f"This launch ran {told}." in text) == bool(told)
    assert (", as promised" in text) == (not told)


def test_a_launch_by_hand_before_the_day_does_not_say_as_promised(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=20, upfront=True)
    small_world.orders(product)
    with small_world.db.write() as session:
        assert (
            launching.launch_now(session, session.get_one(Product, product).launch, "creator:1", small_world.now)
            is None
        )
    small_world.tick()
    assert "earlier than promised" in words_of(post_office.taken[-1].part("plain"))


def test_software_comes_with_its_licence_key_and_its_files_are_named(
    small_world: World, post_office: MailServer
) -> None:
    product = small_world.product(days=None, kind="software", title="Silverfish")
    with small_world.db.write() as session:
        kept: dict[str, Any] = {"product_id": product, "media_type": "application/zip", "size": 1, "sha256": "0" * 64}
        session.add(File(name="silverfish-1.0.zip", label="Silverfish 1.0 (zip)", **kept))
    order_id = small_world.orders(product)
    small_world.posts()
    grant = small_world.grant(order_id)
    assert grant is not None
    assert grant.licence_key
    text = words_of(post_office.taken[-1].part("plain"))
    assert f"Licence key {grant.licence_key}" in text
    assert "It is in your library as Silverfish 1.0 (zip)" in text


def test_a_course_says_how_many_lessons_everybody_gets(small_world: World, post_office: MailServer) -> None:
    product = small_world.product(days=None)
    with small_world.db.write() as session:
        bonus = session.get_one(Product, product).bonuses[0].id
        for place, of_bonus in ((1, None), (2, None), (3, bonus)):
            session.add(
                Lesson(product_id=product, position=place, slug=f"l{place}", title="L", source="", bonus_id=of_bonus)
            )
    small_world.orders(product)
    small_world.posts()
    assert "All two lessons are in your library" in words_of(post_office.taken[-1].part("plain"))


def test_a_fresh_link_is_a_letter_of_its_own_and_the_old_one_in_the_queue_is_dropped(
    small_world: World, post_office: MailServer
) -> None:
    order_id = small_world.orders(small_world.product(days=None))
    with small_world.db.write() as session:
        grant = session.scalars(select(Grant).where(Grant.order_id == order_id)).one()
        assert fresh_link(session, small_world.outside.links, grant, small_world.now)
    small_world.posts()
    assert letter(small_world, "access", version=1).trouble == "a newer link was asked for"
    taken = post_office.taken[-1]
    assert taken.message["Subject"] == "Your fresh link: Databases by Hand"
    found = small_world.grant(order_id)
    assert found is not None
    assert found.link_sha256 is not None
    link = small_world.outside.links.access(found.id, found.link_generation, found.link_sha256)
    assert link in taken.part("plain")
    assert "You paid" not in taken.part("plain")


def test_no_letter_row_keeps_a_link(small_world: World, post_office: MailServer) -> None:
    address_new(small_world)
    small_world.posts()
    links = re.findall(r"/orders/(\S+)", post_office.to(MIRIAM)[-1].part("plain"))
    with small_world.read() as session:
        rows = [str(vars(each)) for each in session.scalars(select(Letter))]
    assert links
    assert not any(link in row for link in links for row in rows)


def late_for(world: World, *, upfront: bool = False, card: str = VISA) -> str:
    """Its moment comes, and nothing is inside; the letter."""
    days = 3 if card == VISA else 40
    world.orders(world.product(days=days, upfront=upfront), card=card)
    if card != VISA:
        world.advance(days=38)
        world.tick()
    world.posts()
    world.advance(days=3)
    assert readying.hold_up_due(world.outside, world.db, world.now) == 1
    with world.app.app_context(), world.db.read() as session:
        owed = session.get_one(Letter, letter(world, "launch_late").id)
        found = writing.write(session, world.outside, owed, world.now)
        assert isinstance(found, Envelope)
        return words_of(found.text)


@pytest.mark.usefixtures("post_office")
def test_a_late_launch_says_what_becomes_of_the_money_and_when(small_world: World) -> None:
    text = late_for(small_world)
    assert "your order is cancelled, and nothing is charged." in text
    assert "You pay 19.00 €, once, when it opens, with Visa ending 4242" in text, "its day is over"
    assert "See your order, or cancel it:" in text
    text = late_for(replace_product(small_world), upfront=True)
    assert "your order is cancelled, and everything you paid goes back." in text


@pytest.mark.usefixtures("post_office")
def test_a_late_launch_keeps_the_time_to_repair_a_card(small_world: World) -> None:
    text = late_for(small_world, card=DECLINES_LATER)
    assert "Yours also waits for your card: repair it until" in text
    assert "Your card needs you until" in text
    assert "you need do nothing" not in text
    assert "your order is cancelled" not in text, "the grace decides, and not the missed day"


def test_a_title_with_markup_stays_a_title(small_world: World, post_office: MailServer) -> None:
    small_world.orders(small_world.product(days=3, title='<b>Tags</b> & "quotes"\r\nBcc: x@y.de'))
    small_world.posts()
    taken = post_office.taken[-1]
    assert "<b>Tags" not in taken.part("html")
    assert '<b>Tags</b> & "quotes"' in taken.part("plain")
    assert "Bcc" not in taken.message
