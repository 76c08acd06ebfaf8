"""Hear of it on the day: the form, the link, and the end that mail programs press."""

from sqlalchemy import select

from storefront.models.watchers import Watcher
from tests.support.visitor import Visitor
from tests.support.world import World

PAGE = "/p/databases-by-hand/news"


def kept(world: World) -> list[Watcher]:
    with world.read() as session:
        return list(session.scalars(select(Watcher)))


def link(world: World) -> str:
    found = kept(world)[0]
    return "/news/" + world.outside.links.token("watcher", found.id, 1, found.link_sha256 or "")


def asks(visitor: Visitor, email: str = "ada@posteo.de", **more: str) -> int:
    visitor.see(PAGE)
    return visitor.post(PAGE, data=visitor.page.form(PAGE).fields | {"email": email, "consent": "1"} | more).status_code


def test_it_is_asked_confirmed_and_ended_and_looking_changes_nothing(small_world: World, visitor: Visitor) -> None:
    small_world.product(days=3)
    visitor.see("/p/databases-by-hand")
    assert PAGE in visitor.page.links
    assert asks(visitor) == 200
    here = link(small_world)
    for path in (here, here, f"{here}/end"):
        assert visitor.open(path).status_code in {200, 303}
    assert kept(small_world)[0].confirmed_at is kept(small_world)[0].ended_at is None
    visitor.see(here)
    visitor.send(f"{here}/confirm")
    assert kept(small_world)[0].confirmed_at == small_world.now
    visitor.see(here)
    visitor.send(f"{here}/end")
    visitor.see(here)
    assert "You hear from us no more about this." in visitor.page.text


def test_a_mail_program_ends_it_without_cookie_or_form(small_world: World, visitor: Visitor) -> None:
    small_world.product(days=3)
    asks(visitor)
    answer = small_world.app.test_client().post(f"{link(small_world)}/end", data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert kept(small_world)[0].ended_at == small_world.now


def test_the_answer_is_the_same_for_an_address_that_asked_before(small_world: World, visitor: Visitor) -> None:
    small_world.product(days=3)
    visitor.see(PAGE)
    sent = visitor.page.form(PAGE).fields | {"email": "ada@posteo.de", "consent": "1"}
    assert visitor.post(PAGE, data=sent).text == visitor.post(PAGE, data=sent).text
    assert len(kept(small_world)) == 1


def test_without_consent_or_address_nothing_is_kept_and_what_was_typed_stays(
    small_world: World, visitor: Visitor
) -> None:
    small_world.product(days=3)
    visitor.see(PAGE)
    token = visitor.page.form(PAGE).fields
    answer = visitor.post(PAGE, data=token | {"email": "ada at posteo"})
    assert answer.status_code == 422
    assert 'value="ada at posteo"' in answer.text
    assert "Tick this box" in answer.text
    assert kept(small_world) == []


def test_what_is_out_is_on_its_page(small_world: World, visitor: Visitor) -> None:
    small_world.product(days=None)
    assert visitor.open(PAGE).headers["Location"].endswith("/p/databases-by-hand")
    visitor.see("/p/databases-by-hand")
    assert PAGE not in visitor.page.links


def test_an_unknown_link_is_nobody_s(visitor: Visitor) -> None:
    assert visitor.open(f"/news/{'x' * 32}").status_code == 404
