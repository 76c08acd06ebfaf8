"""Every letter on the narrowest phone, by day and by night: read by axe, with nothing to scroll sideways."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy import select, update

from storefront.actions import listing, watching, writing
from storefront.models.letters import Letter
from storefront.models.products import Product
from storefront.models.watchers import Watcher
from storefront.models.wordings import Wording
from storefront.outside.postman import Envelope
from storefront.rules.own_words import KINDS
from tests.actions.test_letters import STORIES
from tests.support.letters import post_office
from tests.support.looks import NARROWEST, OVERFLOW, SCHEMES, Scheme, axe
from tests.support.queue import joins, out_of_stock, restocks
from tests.support.world import World

__all__ = ["post_office"]
ADA = "ada@posteo.de"
# One word of 39 letters, as German has them, and one that nobody has.
LONG = "Rechtsschutzversicherungsgesellschaften"
OWN = "Liebe Leserin,\n\n" + "Kraftfahrzeughaftpflichtversicherungsvertragsbedingungen" * 2


def on_the_list(world: World) -> None:
    joins(world, out_of_stock(world, cap=0), ADA)


def unit_offered(world: World) -> None:
    product = out_of_stock(world, cap=0)
    joins(world, product, ADA)
    restocks(world, product, 1)
    assert listing.offer_due(world.db, world.now) == 1


def news_asked(world: World) -> None:
    asks_for_news(world)


def asks_for_news(world: World) -> int:
    product = world.product(days=3)
    with world.db.write() as session:
        found = session.get_one(Product, product)
        return watching.ask(session, found, ADA, "Write to me once.", world.now, world.outside.links).id


def launch_news(world: World) -> None:
    watcher = asks_for_news(world)
    with world.db.write() as session:
        assert watching.confirm(session, session.get_one(Watcher, watcher), world.now)
    world.advance(days=3)
    world.tick_without_charges()
    assert watching.tell_due(world.db, world.now) == 1


ALL: list[tuple[str, Callable[[World], None]]] = [
    *STORIES,
    ("on_the_list", on_the_list),
    ("unit_offered", unit_offered),
    ("news_asked", news_asked),
    ("launch_news", launch_news),
]


def written(world: World, kind: str) -> Envelope:
    """The newest letter of a kind, as it would be written now."""
    with world.app.app_context(), world.db.read() as session:
        found = session.scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id.desc())).first()
        assert found is not None
        envelope = writing.write(session, world.outside, found, world.now)
        assert isinstance(envelope, Envelope), envelope
        return envelope


def says_the_longest(world: World, kind: str) -> None:
    """A title and words of the creator's own that do not break by themselves."""
    with world.db.write() as session:
        session.execute(update(Product).values(title=LONG))
        if kind in KINDS:
            long_ago = world.now - timedelta(days=900)
            session.add(Wording(product_id=1, kind=kind, version=1, at=long_ago, who="creator:1", text=OWN))


def seen_on(page: Page, letter: Envelope, scheme: Scheme) -> list[str]:
    """What is wrong with a letter on the narrowest phone."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    page.set_content(letter.html)
    sideways = page.evaluate(OVERFLOW)
    return [f"{scheme}: {each}" for each in axe(page)] + [f"{scheme}: {sideways} px too wide"] * bool(sideways)


@pytest.mark.usefixtures("post_office")
@pytest.mark.parametrize(("kind", "tell"), ALL)
def test_a_letter_can_be_read_on_the_narrowest_phone_by_day_and_by_night(
    small_world: World, page: Page, kind: str, tell: Callable[[World], None]
) -> None:
    tell(small_world)
    assert [each for scheme in SCHEMES for each in seen_on(page, written(small_world, kind), scheme)] == []
    says_the_longest(small_world, kind)
    page.set_content(written(small_world, kind).html)
    assert page.evaluate(OVERFLOW) == 0, "one long word"
    assert page.locator(f"text={LONG}").count()
