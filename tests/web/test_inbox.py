"""The inbox: every letter a reader was owed, in the words that were sent, without a link that opens anything."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storefront.models.letters import Letter
from tests.support.letters import MIRIAM, letter
from tests.support.reports import reports
from tests.support.visitor import Visitor
from tests.support.world import World
from tests.web.test_doors import access_link, order_link


def reader_of(world: World, order_id: int) -> Visitor:
    """Somebody who came in by the link of an order that is out."""
    reader = Visitor.of(world.app)
    url = f"/access/{access_link(world, order_id)}"
    reader.see(url)
    reader.follow(reader.send(url))
    return reader


@pytest.fixture
def reader(small_world: World) -> Visitor:
    small_world.orders(small_world.product(days=None))
    small_world.tick()
    return reader_of(small_world, 1)


def badge(visitor: Visitor) -> str:
    """What stands beside the inbox in the header."""
    head = visitor.see("/").html.split("/inbox", 1)
    return head[1].split("</a>", 1)[0].split('class="badge">')[-1].split("<")[0] if "badge" in head[-1][:200] else ""


def test_a_letter_stands_there_is_counted_and_is_read_by_a_button(small_world: World, reader: Visitor) -> None:
    assert badge(reader) == "2"
    page = reader.see("/inbox")
    assert "Two letters wait for you." in page.text
    answer = reader.send("/inbox/read", letter=str(letter(small_world, "confirmed").id))
    page = reader.follow(answer)
    assert answer.headers["Location"] == f"/inbox/{letter(small_world, 'confirmed').id}"
    assert "Databases by Hand" in page.text
    assert badge(reader) == "1"
    assert letter(small_world, "confirmed").read_at == small_world.now


def test_looking_reads_nothing(small_world: World, reader: Visitor) -> None:
    for _ in range(2):
        reader.see("/inbox")
        reader.see(f"/inbox/{letter(small_world, 'access').id}")
    with small_world.read() as session:
        assert set(session.scalars(select(Letter.read_at))) == {None}


def test_all_can_be_marked_as_read(small_world: World, reader: Visitor) -> None:
    reader.see("/inbox")
    page = reader.follow(reader.send("/inbox/read", letter="all"))
    assert "You have read everything." in page.text
    assert badge(reader) == ""
    first = letter(small_world, "confirmed").read_at
    small_world.advance(hours=1)
    reader.post("/inbox/read", data={"csrf_token": page.form("/signout").fields["csrf_token"], "letter": "all"})
    assert letter(small_world, "confirmed").read_at == first, "read once"


def test_a_letter_is_shown_as_it_was_sent_and_opens_nothing(small_world: World, reader: Visitor) -> None:
    sent = next(each for each in small_world.sandbox.mail(MIRIAM) if "Open now" in each["subject"])
    token = access_link(small_world, 1)
    page = reader.see(f"/inbox/{letter(small_world, 'access').id}")
    assert "Open now: Databases by Hand" in page.text
    assert "Your course is" in page.text
    assert token in sent["text"]
    assert token not in page.html
    assert "To your library" in page.text
    assert "<dt>Order</dt>" in page.html, "the facts of the letter stand in two columns"


def test_no_row_of_a_letter_holds_a_link(small_world: World, reader: Visitor) -> None:
    small_world.product("second", days=20)
    small_world.orders(2)
    small_world.moves(2, 90)
    small_world.tick()
    del reader
    with small_world.read() as session:
        kept = "".join(f"{each.subject}{each.body}" for each in session.scalars(select(Letter)))
    assert len(kept) > 1000
    assert "http" not in kept
    for token in (access_link(small_world, 1), order_link(small_world, 1), order_link(small_world, 2)):
        assert token not in kept


def test_what_came_back_by_e_mail_stands_there(small_world: World, reader: Visitor) -> None:
    reports(small_world, letter(small_world, "access"))
    page = reader.see(f"/inbox/{letter(small_world, 'access').id}")
    assert "Did not arrive by e-mail" in page.text


def test_letters_to_creators_and_to_given_up_addresses_stand_in_no_inbox(small_world: World, reader: Visitor) -> None:
    reports(small_world, letter(small_world, "confirmed"))
    small_world.tick()
    assert letter(small_world, "task").shown_at is not None
    page = reader.see("/inbox")
    assert "needs you" not in page.text
    assert reader.get(f"/inbox/{letter(small_world, 'task').id}").status_code == 404


def test_nobody_sees_a_letter_of_somebody_else(small_world: World, reader: Visitor) -> None:
    small_world.orders(1, "other@posteo.de")
    small_world.tick()
    other = letter(small_world, recipient="other@posteo.de").id
    assert reader.get(f"/inbox/{other}").status_code == 404
    token = reader.see("/inbox").form("/signout").fields["csrf_token"]
    assert reader.post("/inbox/read", data={"csrf_token": token, "letter": str(other)}).status_code == 404
    mine = f"/orders/{order_link(small_world, 1)}/letters"
    assert reader.get(f"{mine}/{other}").status_code == 404
    assert letter(small_world, recipient="other@posteo.de").read_at is None
    stranger = Visitor.of(small_world.app)
    assert stranger.get("/inbox").headers["Location"] == "/library"
    assert stranger.get(f"/inbox/{other}").headers["Location"] == "/library"


@pytest.mark.parametrize("given", ["", "x", "-1", "1.5", "9" * 40, "１"])
def test_nonsense_is_not_a_letter(small_world: World, reader: Visitor, given: str) -> None:
    del small_world
    token = reader.see("/inbox").form("/signout").fields["csrf_token"]
    assert reader.post("/inbox/read", data={"csrf_token": token, "letter": given}).status_code == 400
    assert reader.get(f"/inbox?before={given}").status_code == 200
    assert reader.get(f"/inbox/{'9' * 40}").status_code == 404


def test_an_orders_letters_stand_behind_its_link_without_sign_in(small_world: World, visitor: Visitor) -> None:
    small_world.orders(small_world.product(days=20))
    url = f"/orders/{order_link(small_world, 1)}"
    assert "order-letters" not in visitor.see(url).html
    assert "No letters yet." in visitor.see(f"{url}/letters").text
    small_world.tick()
    assert "letter-unread" in visitor.see(url).html
    page = visitor.see(f"{url}/letters")
    assert "One letter waits for you." in page.text
    page = visitor.follow(visitor.send("/letters/read", letter=str(letter(small_world).id)))
    assert re.search(r"Pre-ordered for \d+ \w+ \d{4}: Databases by Hand", page.text)
    assert "letter-unread" not in visitor.see(url).html
    for days in (9, 12, 15):
        small_world.moves(1, days)
        small_world.tick()
    page = visitor.see(url)
    assert page.html.count("letter-row") == 3
    assert "All letters, 3 unread" in page.text
    assert badge(visitor) == "", "signed out: no inbox in the header"


def test_many_letters_are_shown_in_pages(small_world: World, reader: Visitor) -> None:
    with small_world.db.write() as session:
        for version in range(100, 230):
            at = small_world.now - timedelta(minutes=version)
            facts = {"recipient": MIRIAM, "facts": {}, "owed_at": at, "due_at": at, "sent_at": at, "shown_at": at}
            text = f"Letter number {version}"
            session.add(Letter(order_id=1, kind="bettered", version=version, subject=text, body=text, **facts))
    page = reader.see("/inbox")
    seen = page.html.count("letter-row letter-unread")
    while "Older letters" in page.text:
        page = reader.see(next(each for each in page.links if "before=" in each))
        seen += page.html.count("letter-row letter-unread")
        assert "The newest" in page.text
    assert seen == 132
    assert badge(reader) == "99+"


def test_a_letter_from_before_there_was_an_inbox_says_so(small_world: World, reader: Visitor) -> None:
    with small_world.db.write() as session:
        session.execute(update(Letter).values(subject="", body=""))
    page = reader.see(f"/inbox/{letter(small_world, 'access').id}")
    assert "Its words were not kept here." in page.text


def test_a_script_in_a_creators_words_stays_words(small_world: World, visitor: Visitor) -> None:
    small_world.orders(small_world.product(days=20))
    small_world.moves(1, 9, "<script>alert(1)</script> & <img src=x onerror=alert(2)>")
    small_world.tick()
    page = visitor.see(f"/orders/{order_link(small_world, 1)}/letters/{letter(small_world, 'moved').id}")
    assert "<script>alert(1)" not in page.html
    assert "“<script>alert(1)</script> & <img src=x onerror=alert(2)>”" in page.text
