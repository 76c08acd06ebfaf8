"""The library on the sample catalogue: lessons, files, keys, and what is nobody else's."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from storefront.actions import importing
from storefront.models.grants import Access, Grant
from storefront.models.products import Launch, Product
from tests.support.letters import disputes
from tests.support.visitor import Visitor
from tests.support.world import World

CONTENT = Path(__file__).resolve().parents[2] / "content"
COURSE, EBOOK, SOFTWARE = "what-changed", "name-the-day", "silverfish"


@pytest.fixture
def stocked(small_world: World) -> World:
    """The sample catalogue, everything out; early-bird orders were placed before."""
    world = small_world
    report = importing.run(world.db, world.outside.shelf, CONTENT, world.now, lambda _line: None)
    assert report.problems == []
    return world


def product_id(world: World, slug: str) -> int:
    with world.read() as session:
        return int(session.scalar(select(Product.id).where(Product.slug == slug)))


def owns(world: World, visitor: Visitor, slug: str, email: str = "miriam@posteo.de") -> None:
    """Orders, launches, and comes in by the link."""
    order_id = world.orders(product_id(world, slug), email)
    with world.db.write() as session:
        session.execute(update(Launch).where(Launch.launched_at.is_(None)).values(at=world.now, launched_at=world.now))
    world.advance(days=46)
    world.tick()
    with world.read() as session:
        grant = session.scalar(select(Grant).where(Grant.order_id == order_id))
        assert grant is not None, world.state(order_id)
        link = world.outside.links.token("access", grant.id, grant.link_generation, grant.link_sha256)
    page = visitor.see(f"/access/{link}")
    assert visitor.send(page=page, url=f"/access/{link}", action=f"/access/{link}").status_code == 303


def status(visitor: Visitor, url: str, **headers: str) -> int:
    """How a file is answered; its bytes are let go."""
    with visitor.get(url, headers=headers) as answer:
        return answer.status_code


def test_a_stranger_is_told_how_to_get_in(stocked: World, visitor: Visitor) -> None:
    assert "opens by the link in your mail" in visitor.see("/library").text
    for path in (f"/library/{COURSE}/lessons/02-the-shortest-way-across", f"/library/{EBOOK}/files/name-the-day.pdf"):
        assert visitor.get(path).status_code == 404
    assert stocked.now


def test_a_course_is_read_lesson_by_lesson_and_goes_on_where_it_stopped(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, COURSE)
    assert visitor.get(f"/library/{COURSE}").headers["Location"].endswith("01-an-honest-difference")
    first = visitor.see(f"/library/{COURSE}/lessons/01-an-honest-difference")
    done = visitor.send(page=first, action=f"/library/{COURSE}/lessons/01-an-honest-difference/finish")
    assert done.headers["Location"].endswith("02-the-shortest-way-across")
    assert visitor.get(f"/library/{COURSE}").headers["Location"].endswith("02-the-shortest-way-across")
    assert "1 of 6 finished" in visitor.see("/library").text
    assert visitor.get(f"/library/{COURSE}/lessons/bonus-the-diff-a-person-would-have-drawn").status_code == 200
    with visitor.get(f"/library/{COURSE}/img/grid.svg") as picture:
        assert picture.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert status(visitor, f"/library/{COURSE}/files/what-changed.zip") == 200


def test_a_lesson_finished_twice_is_finished_once_and_the_last_leads_home(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, COURSE)
    last = "bonus-the-diff-a-person-would-have-drawn"
    for _ in range(2):
        page = visitor.see(f"/library/{COURSE}/lessons/{last}")
        answer = visitor.send(page=page, action=f"/library/{COURSE}/lessons/{last}/finish")
        assert answer.headers["Location"] == "/library"


def test_an_e_book_downloads_whole_and_in_parts_with_its_bonus(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, EBOOK)
    assert "launch-sheet.pdf" in visitor.see(f"/library/{EBOOK}").text
    book = (CONTENT / "products" / EBOOK / "files" / "name-the-day.epub").read_bytes()
    url = f"/library/{EBOOK}/files/name-the-day.epub"
    with visitor.get(url) as whole:
        assert whole.data == book
        assert "attachment" in whole.headers["Content-Disposition"]
        tag = whole.headers["ETag"]
    with visitor.get(url, headers={"Range": "bytes=100-199"}) as part:
        assert (part.status_code, part.data) == (206, book[100:200])
    assert status(visitor, url, Range=f"bytes={len(book)}-") == 416
    assert status(visitor, url, **{"If-None-Match": tag}) == 304


def test_software_shows_its_licence_key(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, SOFTWARE)
    with stocked.read() as session:
        key = session.scalar(select(Grant.licence_key))
    assert key in visitor.see(f"/library/{SOFTWARE}").text


def test_what_is_revoked_or_suspended_sends_no_byte(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, EBOOK)
    url = f"/library/{EBOOK}/files/name-the-day.pdf"
    assert status(visitor, url) == 200
    with stocked.db.write() as session:
        session.execute(update(Grant).values(suspended_at=stocked.now))
    assert status(visitor, url) == 404
    assert "is paused" in visitor.see("/library").text
    with stocked.db.write() as session:
        session.execute(update(Grant).values(suspended_at=None, revoked_at=stocked.now))
    assert status(visitor, url) == 404


def test_one_readers_files_are_not_anothers(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, EBOOK)
    other = Visitor.of(stocked.app)
    owns(stocked, other, SOFTWARE, "tom@posteo.de")
    assert other.get(f"/library/{EBOOK}/files/name-the-day.pdf").status_code == 404
    assert visitor.get(f"/library/{SOFTWARE}/files/silverfish-1.0.zip").status_code == 404


@pytest.mark.parametrize("name", ["..%2f..%2fstorefront.db", "%2e%2e", "name-the-day.epub%00", "img%2fgrid.svg"])
def test_no_name_leads_out_of_the_shelf(stocked: World, visitor: Visitor, name: str) -> None:
    owns(stocked, visitor, EBOOK)
    assert visitor.get(f"/library/{EBOOK}/files/{name}").status_code == 404


def test_the_free_lesson_is_free_and_no_other(stocked: World, visitor: Visitor) -> None:
    assert "An honest difference" in visitor.see(f"/p/{COURSE}/lessons/01-an-honest-difference").text
    assert visitor.get(f"/p/{COURSE}/lessons/02-the-shortest-way-across").status_code == 404
    assert visitor.get(f"/p/{COURSE}/img/nothing.svg").status_code == 404
    assert stocked.now


def test_the_shops_own_pages_are_there(stocked: World, visitor: Visitor) -> None:
    for slug in ("card", "dates"):
        visitor.see(f"/pages/{slug}")
    assert visitor.get("/pages/policy").headers["Location"] == "/policy"
    assert visitor.get("/pages/nothing").status_code == 404
    assert stocked.now


def log(world: World) -> list[str]:
    """What the access log keeps, in its order."""
    with world.read() as session:
        return list(session.scalars(select(Access.what).order_by(Access.id)))


def test_what_a_reader_opens_is_kept_for_their_bank(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, COURSE)
    assert log(stocked) == ["access link used"]
    visitor.follow(visitor.get(f"/library/{COURSE}"))
    visitor.follow(visitor.get(f"/library/{COURSE}"))
    assert len(log(stocked)) == 2, "once a day"
    assert log(stocked)[1].startswith("lesson read: ")
    owns(stocked, visitor, EBOOK)
    assert status(visitor, f"/library/{EBOOK}/files/name-the-day.pdf") == 200
    assert log(stocked)[-1] == "file downloaded: name-the-day.pdf"
    owns(stocked, visitor, SOFTWARE)
    visitor.see(f"/library/{SOFTWARE}")
    assert log(stocked)[-1] == "licence key shown"


def test_paused_access_leaves_no_trace_and_the_library_says_why(stocked: World, visitor: Visitor) -> None:
    owns(stocked, visitor, EBOOK)
    with stocked.read() as session:
        order_id = session.scalars(select(Grant.order_id)).one()
    disputes(stocked, order_id)
    before = log(stocked)
    assert status(visitor, f"/library/{EBOOK}/files/name-the-day.pdf") == 404
    assert log(stocked) == before
    visitor.see("/library")
    assert "Its payment is being looked at." in visitor.page.text
