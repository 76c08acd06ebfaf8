"""Opening: links used up once, fresh ones and corrected addresses within their limits, older links dead."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from storefront.actions import opening
from storefront.actions.granting import revoke, suspend
from storefront.models import grants, orders
from storefront.models.accounts import Account
from storefront.models.grants import Access, Finished, Grant
from storefront.models.products import Lesson
from tests.support.world import World


def bought(world: World, email: str = "miriam@posteo.de") -> Grant:
    order_id = world.orders(world.product(f"p{world.nonces}", days=None, kind="software"), email)
    grant = world.grant(order_id)
    assert grant is not None
    return grant


def redeems(world: World, grant_id: int) -> bool:
    """One POST of the access link, as it stands at its beginning."""
    with world.db.write() as session:
        return opening.redeem(session, session.get_one(Grant, grant_id), world.now) is not None


def freshens(world: World, grant_id: int) -> bool:
    with world.db.write() as session:
        return opening.fresh_link(session, world.outside.links, session.get_one(Grant, grant_id), world.now)


def corrects(world: World, order_id: int, email: str) -> bool:
    with world.db.write() as session:
        order = session.get_one(orders.Order, order_id)
        return opening.correct_address(session, world.outside.links, order, email, world.now)


def by_link(world: World, sha256: str | None) -> Grant | None:
    with world.read() as session:
        return grants.by_link(session, sha256 or "")


def test_a_link_that_many_open_at_once_is_used_up_by_one(world: World) -> None:
    grant = bought(world)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: redeems(world, grant.id), range(8)))
    assert done.count(True) == 1
    with world.read() as session:
        assert session.scalar(select(func.count(Account.id)).where(Account.role == "reader")) == 1


def test_an_address_is_one_account_however_it_is_written(world: World) -> None:
    for email in ("Miriam@posteo.de", "miriam@posteo.de"):
        assert redeems(world, bought(world, email).id)
    with world.read() as session:
        assert session.scalar(select(func.count(Account.id)).where(Account.role == "reader")) == 1
        assert len(grants.of_account(session, session.scalars(select(Grant.account_id)).first() or 0)) == 2


def test_a_fresh_link_kills_the_older_one_and_can_be_used_up_again(world: World) -> None:
    grant = bought(world)
    assert redeems(world, grant.id)
    assert freshens(world, grant.id)
    assert by_link(world, grant.link_sha256) is None
    assert redeems(world, grant.id)


def test_three_fresh_links_an_hour(world: World) -> None:
    grant = bought(world)
    assert [freshens(world, grant.id) for _ in range(5)] == [True, True, True, False, False]
    world.advance(minutes=59)
    assert not freshens(world, grant.id)
    world.advance(minutes=2)
    assert freshens(world, grant.id)
    kinds = world.letters(grant.order_id)
    assert kinds.count("access") == 5, "the first, three, and one after the hour"


def test_a_paused_or_ended_access_gets_no_fresh_link(world: World) -> None:
    grant = bought(world)
    for change in ({"suspended_at": world.now}, {"suspended_at": None, "revoked_at": world.now}):
        with world.db.write() as session:
            found = session.get_one(Grant, grant.id)
            for name, value in change.items():
                setattr(found, name, value)
        assert not freshens(world, grant.id)
        assert not redeems(world, grant.id)


def test_a_corrected_address_gets_the_access_and_the_old_link_is_dead(world: World) -> None:
    order_id = world.orders(world.product(days=3), "miriam@posteo.dd")
    before = world.order(order_id).link_sha256
    assert corrects(world, order_id, "miriam@posteo.de")
    with world.read() as session:
        assert orders.by_link(session, before) is None
    world.advance(days=3)
    world.tick()
    told = [each["subject"] for each in world.sandbox.mail("miriam@posteo.de")]
    assert [each.split()[0] for each in told] == ["Pre-ordered", "This", "Open"]
    assert len(world.sandbox.mail("miriam@posteo.dd")) == 1, "the old one hears that it was corrected, and no more"


def test_three_corrections_an_hour(world: World) -> None:
    order_id = world.orders(world.product())
    assert [corrects(world, order_id, f"m{n}@posteo.de") for n in range(5)] == [True, True, True, False, False]
    assert world.order(order_id).email == "m2@posteo.de"
    world.advance(minutes=61)
    assert corrects(world, order_id, "m9@posteo.de")


def test_a_lesson_is_finished_once_and_the_first_opening_is_noted_once(world: World) -> None:
    grant = bought(world)
    with world.db.write() as session:
        lesson = Lesson(product_id=grant.product_id, position=1, slug="one", title="One", source="")
        session.add(lesson)
        session.flush()
        for _ in range(2):
            opening.finish(session, grant, lesson, world.now)
    first = world.now
    for _ in range(2):
        opens(world, grant, "lesson read: One")
        world.advance(hours=1)
    with world.read() as session:
        assert session.scalar(select(func.count(Finished.lesson_id))) == 1
        assert session.get_one(Grant, grant.id).first_opened_at == first


def opens(world: World, grant: Grant, what: str) -> bool:
    with world.db.write() as session:
        return opening.note_opened(session, grant, what, world.now)


def log(world: World) -> list[tuple[str, str]]:
    with world.read() as session:
        return [(each.what, each.day) for each in session.scalars(select(Access).order_by(Access.id))]


def test_what_is_opened_is_kept_once_for_each_thing_and_day(world: World) -> None:
    grant = bought(world)
    with world.db.write() as session:
        assert opening.redeem(session, session.get_one(Grant, grant.id), world.now)
    today = world.now.date().isoformat()
    for what in ("lesson read: One", "lesson read: One", "file downloaded: one.pdf"):
        assert opens(world, grant, what)
    kept = [("access link used", today), ("lesson read: One", today), ("file downloaded: one.pdf", today)]
    assert log(world) == kept
    world.advance(days=1)
    assert opens(world, grant, "lesson read: One")
    assert log(world)[3:] == [("lesson read: One", world.now.date().isoformat())]


def test_a_long_name_is_kept_to_its_column_and_many_at_once_leave_one_row(world: World) -> None:
    grant = bought(world)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: opens(world, grant, "ü" * 400), range(8)))
    assert [what for what, _ in log(world)] == ["ü" * 220]


@pytest.mark.parametrize("end", [suspend, revoke])
def test_a_paused_or_ended_access_opens_nothing_and_leaves_no_row(world: World, end: Any) -> None:
    grant = bought(world)
    with world.db.write() as session:
        end(session, session.get_one(Grant, grant.id).order, world.now)
    assert not opens(world, grant, "lesson read: One")
    assert log(world) == []
    with world.read() as session:
        assert session.get_one(Grant, grant.id).first_opened_at is None
