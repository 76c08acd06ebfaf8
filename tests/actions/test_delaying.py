"""Delays in the shop: notices, answers, silence, missed dates and what is given for waiting, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from storefront.actions import compensating, delaying, launching, refunding
from storefront.actions.launching import Offered
from storefront.models.delays import Notice, Reply
from storefront.models.letters import Letter
from storefront.models.orders import Order, Promise
from storefront.models.products import Bonus, Launch, Product
from tests.support.world import DECLINES_LATER, World

DAY = timedelta(days=1)


def said(world: World, order_id: int) -> list[tuple[int, str, str, str]]:
    with world.read() as session:
        rows = session.scalars(select(Reply).where(Reply.order_id == order_id).order_by(Reply.id))
        return [(each.version, each.answer, each.how, each.rule) for each in rows]


def letter_facts(world: World, order_id: int) -> dict[str, Any]:
    with world.read() as session:
        mine = select(Letter).where(Letter.order_id == order_id, Letter.kind == "moved").order_by(Letter.id.desc())
        found = session.scalars(mine).first()
        assert found is not None
        facts: dict[str, Any] = found.facts
        return facts


def launch_at(world: World, product: int) -> datetime:
    with world.read() as session:
        at: datetime | None = session.get_one(Product, product).launch.at
        assert at is not None
        return at


def passes(world: World, days: float) -> None:
    """Days go by, and the worker works on each of them."""
    whole, rest = divmod(days, 1)
    for _ in range(int(whole)):
        world.advance(days=1)
        world.tick()
    world.advance(days=rest)
    world.tick()


def test_ten_days_later_silence_agrees_and_the_launch_charges_on_the_new_day(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    assert world.moves(product, 10) is None
    assert letter_facts(world, order)["silence"] == "agrees"
    passes(world, 20.1)
    assert said(world, order) == [(2, "wait", "silence", "short")]
    passes(world, 10)
    assert world.state(order) == "paid"
    assert world.broken() == []


def test_sixty_days_later_silence_cancels_30_days_after_the_first_day_and_everything_goes_back(world: World) -> None:
    product = world.product(days=20, upfront=True)
    paid = world.orders(product)
    assert world.state(paid) == "paid"
    world.moves(product, 60)
    facts = letter_facts(world, paid)
    assert facts["silence"] == "cancels"
    assert datetime.fromisoformat(facts["deadline"]) == world.order(paid).promises[0].by + 30 * DAY
    passes(world, 49.9)
    assert world.state(paid) == "paid"
    passes(world, 0.2)
    assert world.state(paid) == "refunded"
    assert world.money(paid).net == 0
    assert said(world, paid) == [(2, "cancel", "silence", "long")]
    assert world.order(paid).cancel_who == "silence"
    assert world.broken() == []


@pytest.mark.parametrize("days", [3, 30])
def test_a_card_that_was_saved_or_held_is_let_go_when_silence_cancels(world: World, days: float) -> None:
    product = world.product(days=days)
    order = world.orders(product)
    world.moves(product, 40)
    passes(world, days + 30)
    assert world.state(order) == "cancelled"
    assert world.order(order).payment_method is None
    assert world.holds() == []


def test_an_express_yes_keeps_it_until_the_new_day(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 60)
    world.advance(days=30)
    assert world.answers(order) == ""
    assert world.answers(order) == "", "a second click changes nothing"
    assert said(world, order) == [(2, "wait", "click", "long")]
    passes(world, 51)
    assert world.state(order) == "paid"


def test_a_yes_after_the_deadline_is_told_so(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 60)
    world.advance(days=50, seconds=1)
    assert "over" in world.answers(order)
    world.tick()
    assert world.state(order) == "cancelled"
    assert "not waiting any more" in world.answers(order)


def test_a_yes_to_a_day_that_was_missed_meanwhile_is_taken_and_keeps_the_order(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, None)
    passes(world, 21)
    world.moves(product, 3)
    world.advance(days=5)  # and no worker runs
    assert world.answers(order) == ""
    world.tick()
    assert world.state(order) == "paid"
    assert world.broken() == []


def test_a_second_move_needs_a_yes_before_the_date_that_was_agreed_to(world: World) -> None:
    product = world.product(days=20)
    silent, waits = world.orders(product, "a@posteo.de"), world.orders(product, "b@posteo.de")
    world.moves(product, 10)
    passes(world, 21)
    world.moves(product, 15)
    agreed = world.order(silent).promises[1].by
    assert datetime.fromisoformat(letter_facts(world, silent)["deadline"]) == agreed
    assert world.answers(waits) == ""
    passes(world, 9.1)
    assert world.state(silent) == "cancelled"
    assert world.state(waits) == "reserved"
    assert said(world, silent) == [(2, "wait", "silence", "short"), (3, "cancel", "silence", "renewed")]
    passes(world, 15)
    assert world.state(waits) == "paid"
    assert world.broken() == []


def test_a_day_taken_away_is_asked_for_and_a_yes_waits_without_end(world: World) -> None:
    product = world.product(days=20)
    silent, waits = world.orders(product, "a@posteo.de"), world.orders(product, "b@posteo.de")
    assert world.moves(product, None) is None
    assert letter_facts(world, waits)["undated"] == "yes"
    assert world.order(waits).preflight_at is None
    assert world.answers(waits) == ""
    passes(world, 51)
    assert (world.state(silent), world.state(waits)) == ("cancelled", "reserved")
    assert "still_waiting" in world.letters(waits)
    passes(world, 40)
    assert world.letters(waits).count("still_waiting") == 3
    assert world.moves(product, 10) is None
    assert letter_facts(world, waits)["silence"] == ""
    passes(world, 10)
    assert world.state(waits) == "paid"
    assert world.broken() == []


def test_a_day_that_is_brought_forward_asks_nothing(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, -10)
    assert letter_facts(world, order)["silence"] == ""
    assert "Nothing is asked" in world.answers(order)
    passes(world, 10)
    assert world.state(order) == "paid"


def test_a_launch_more_than_24_hours_late_charges_nobody_and_tells_both_sides_once(world: World) -> None:
    product = world.product(days=3)
    orders = [world.orders(product, f"{name}@posteo.de") for name in "abc"]
    world.advance(days=4, seconds=1)
    world.tick()
    assert [world.state(each) for each in orders] == ["cancelled"] * 3
    assert world.holds() == []
    assert [world.letters(each).count("missed") for each in orders] == [1, 0, 0]
    assert all("cancelled" in world.letters(each) for each in orders)
    assert world.order(orders[0]).cancel_who == "missed"
    assert world.broken() == []


def test_an_order_that_waits_for_its_buyers_card_does_not_count_as_missed(world: World) -> None:
    order = world.orders(world.product(days=10), card=DECLINES_LATER)
    passes(world, 8.5)
    assert world.state(order) == "past_due"
    world.advance(days=2, hours=13)
    delaying.apply_due(world.db, world.now)
    assert world.order(order).cancel_wished_at is None


def test_a_bonus_for_waiting_is_promised_and_given(world: World) -> None:
    product = world.product(days=3)
    with world.db.write() as session:
        extra = Bonus(product_id=product, slug="talks", title="Three recorded talks")
        session.add(extra)
        session.flush()
        bonus = extra.id
    order = world.orders(product)
    world.moves(product, 5, offered=Offered("bonus", bonus_id=bonus))
    assert letter_facts(world, order)["gift"] == "“Three recorded talks”"
    assert world.answers(order, gift=True) == ""
    kept = world.order(order)
    assert kept.promise.bonuses == ["Reading the source", "Three recorded talks"]
    assert kept.promises[1].bonuses == ["Reading the source"]
    assert world.letters(order)[-1] == "bettered"
    assert world.answers(order, gift=True) == ""
    assert world.order(order).promise_version == 3
    passes(world, 8)
    assert world.state(order) == "paid"
    assert world.broken() == []


def test_a_part_for_waiting_lowers_what_is_charged_on_the_day(world: World) -> None:
    product = world.product(days=3)
    order = world.orders(product)
    world.moves(product, 1, offered=Offered("amount", 500))
    assert world.answers(order, gift=True) == ""
    passes(world, 4)
    assert world.money(order) == (1400, 0)
    assert world.broken() == []


def test_whom_silence_has_agreed_for_takes_what_is_offered_once(world: World) -> None:
    product = world.product(days=3)
    order = world.orders(product)
    world.moves(product, 10, offered=Offered("amount", 500))
    passes(world, 4)
    assert world.answers(order, gift=True) == ""
    assert world.answers(order, gift=True) == ""
    assert world.order(order).price == 1400
    assert world.broken() == []


def test_a_part_of_what_was_paid_goes_back_once(world: World) -> None:
    product = world.product(days=30, upfront=True)
    order = world.orders(product)
    world.moves(product, 40, offered=Offered("percent", 20))
    assert world.answers(order, gift=True) == ""
    world.tick()
    world.tick()
    assert world.money(order) == (1900, 380)
    assert world.order(order).promise.price == 1900
    assert world.broken() == []


def test_what_a_move_would_do_is_told_before_it_is_done(world: World) -> None:
    product = world.product(days=30, upfront=True)
    world.orders(product, "a@posteo.de")
    waits = world.orders(product, "b@posteo.de")
    world.moves(product, 5)
    world.answers(waits)
    with world.read() as session:
        launch = session.get_one(Product, product).launch
        short = delaying.foresee(session, launch, launch_at(world, product) - DAY, world.now)
        longer = delaying.foresee(session, launch, launch_at(world, product) + 40 * DAY, world.now)
    assert (short.told, short.agrees, short.asked, short.unasked) == (2, 1, 0, 1)
    assert (longer.told, longer.asked, longer.refunds, longer.releases) == (2, 2, 3800, 0)


def test_what_would_go_back_is_what_is_left_and_each_has_a_deadline_of_their_own(world: World) -> None:
    product = world.product(days=30, upfront=True)
    early = world.orders(product, "a@posteo.de")
    by = world.order(early).promise.by
    world.moves(product, 40, offered=Offered("percent", 20))
    world.answers(early, gift=True)
    world.tick()
    agreed = launch_at(world, product)
    late = world.orders(product, "b@posteo.de")
    with world.read() as session:
        ahead = delaying.foresee(session, session.get_one(Product, product).launch, agreed + 40 * DAY, world.now)
    assert agreed == by + 40 * DAY
    assert world.order(late).promise.by == agreed
    assert (ahead.asked, ahead.refunds) == (2, 1900 - 380 + world.money(late)[0])
    assert (ahead.until, ahead.last) == (agreed, agreed + 30 * DAY)


def test_every_move_is_kept_with_its_reason_and_never_edited(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 5, "A week more.")
    before = [(each.id, each.by, each.cause) for each in world.order(order).promises]
    world.moves(product, 9, "And another.")
    with world.read() as session:
        assert [each.reason for each in session.scalars(select(Notice).order_by(Notice.id))] == [
            "A week more.",
            "And another.",
        ]
    assert [(each.id, each.by, each.cause) for each in world.order(order).promises][:2] == before


def test_two_workers_end_an_order_once(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 60)
    world.advance(days=50)
    assert delaying.apply_due(world.db, world.now) == 1
    assert delaying.apply_due(world.db, world.now) == 0
    assert said(world, order) == [(2, "cancel", "silence", "long")]


def test_a_late_launch_opens_for_nobody_whose_order_has_ended_though_no_other_job_ran(world: World) -> None:
    product = world.product(days=3)
    order = world.orders(product)
    world.advance(days=4, minutes=1)
    launching.launch_due(world.db, world.now)
    assert world.order(order).cancel_who == "missed"
    with world.read() as session:
        assert session.scalars(select(Launch.launched_at)).one() == world.now
        assert session.get_one(Order, order).delay_due_at is None


def breaks(world: World, order: int, **facts: Any) -> list[str]:
    with world.db.write() as session:
        row = session.get_one(Order, order)
        for name, value in facts.items():
            setattr(row, name, value)
    return world.broken()


def test_the_check_sees_a_deadline_that_nobody_acted_on(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 60)
    world.posts()
    world.advance(days=50, minutes=11)
    assert any("was to be decided at" in each for each in world.broken())
    assert any(
        "nothing happens when it is missed" in each
        for each in breaks(world, world.orders(world.product("b")), delay_due_at=None)
    )
    assert world.state(order) == "reserved"


def test_the_check_sees_silence_without_a_notice_and_a_promise_that_was_lost(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 10)
    world.advance(days=20)
    delaying.apply_due(world.db, world.now)
    with world.db.write() as session:
        session.execute(delete(Letter).where(Letter.kind == "moved"))
    assert any("no notice of version 2 was written" in each for each in world.broken())
    with world.db.write() as session:
        session.execute(delete(Promise).where(Promise.order_id == order, Promise.version == 1))
    assert any("stands at version 2, and has 1 of them" in each for each in world.broken())


def test_the_check_sees_a_move_without_its_reason(world: World) -> None:
    product = world.product(days=20)
    world.orders(product)
    world.moves(product, 5)
    world.moves(product, 5)
    assert world.broken() == []
    with world.db.write() as session:
        last = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert last is not None
        session.delete(last)
    assert any("no notice says why" in each for each in world.broken())


def test_a_yes_at_the_very_second_of_the_deadline_is_in_time(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 60)
    deadline = datetime.fromisoformat(letter_facts(world, order)["deadline"])
    world.advance(seconds=(deadline - world.now).total_seconds())
    assert world.now == deadline
    assert world.answers(order) == ""
    world.tick()
    assert world.state(order) != "cancelled"
    assert said(world, order) == [(2, "wait", "click", "long")]


def test_a_move_at_the_very_instant_of_an_answer_asks_its_own_question(world: World) -> None:
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 60)
    assert world.answers(order) == ""
    world.moves(product, 10)
    facts, due = letter_facts(world, order), world.order(order).delay_due_at
    assert facts["silence"] == "cancels"
    assert datetime.fromisoformat(facts["deadline"]) == due
    assert world.answers(order) == "", "a yes to that one, at the same instant again"
    world.advance(seconds=(datetime.fromisoformat(facts["deadline"]) - world.now).total_seconds())
    world.tick()
    assert [each[:3] for each in said(world, order)] == [(2, "wait", "click"), (3, "wait", "click")]
    assert world.state(order) == "reserved"


def test_a_yes_is_to_the_notice_that_it_names_whatever_the_clocks_say(world: World) -> None:
    """The web process that took the yes is five seconds ahead of the one that moves next."""
    product = world.product(days=20)
    order = world.orders(product)
    world.moves(product, 10)
    world.now += timedelta(seconds=5)
    assert world.answers(order) == ""
    world.now -= timedelta(seconds=5)
    world.moves(product, 40)
    facts = letter_facts(world, order)
    assert (facts["silence"], facts["rule"]) == ("cancels", "renewed")
    world.advance(seconds=(datetime.fromisoformat(facts["deadline"]) - world.now).total_seconds())
    world.tick()
    assert world.state(order) == "cancelled", "nobody has agreed to the second one"


@pytest.mark.parametrize("opens", [False, True])
def test_who_agreed_to_wait_without_a_day_can_mend_their_card(world: World, opens: bool) -> None:  # noqa: FBT001
    product = world.product(days=20)
    order_id = world.orders(product, card=DECLINES_LATER)
    world.advance(days=10 if opens else 18, minutes=5)
    world.tick()
    assert world.moves(product, None) is None
    assert world.answers(order_id) == ""
    if opens:
        world.advance(days=60)
        with world.db.write() as session:
            assert launching.launch_now(session, session.get_one(Product, product).launch, "ines", world.now) is None
    world.tick()
    assert world.state(order_id) == "past_due"
    world.pays(world.visits(order_id))
    world.settles(order_id)
    world.tick()
    order = world.order(order_id)
    assert (order.state, order.cancel_wished_at) == ("paid" if opens else "reserved", None)
    assert order.preflight_at is None
    assert world.broken() == []


def waits_for_a_part(world: World) -> int:
    """Somebody has paid 19 € ahead, agrees to a later day, and is to get 5.70 € of it back."""
    product = world.product(days=30, upfront=True)
    order_id = world.orders(product)
    assert world.moves(product, 40, offered=Offered("percent", 30)) is None
    assert world.answers(order_id, gift=True) == ""
    return order_id


def test_a_part_that_is_more_than_what_is_left_is_somebodys_task(world: World) -> None:
    order_id = waits_for_a_part(world)
    to, db = world.outside, world.db
    assert refunding.refund_part(to, db, order_id, 1500, who="ines", why="goodwill", now=world.now) is None
    world.tick()
    assert world.money(order_id) == (1900, 1500)
    [task] = world.tasks()
    assert "5.70\N{NO-BREAK SPACE}€ were promised for waiting" in task
    assert world.broken() == []


def test_no_part_comes_of_a_payment_that_the_bank_took_back(world: World) -> None:
    order_id = waits_for_a_part(world)
    intent = world.order(order_id).paid_intent
    made = world.sandbox.control("disputes", payment_intent=intent, reason="fraudulent")
    world.reconciles()
    world.sandbox.control("disputes/resolve", dispute=made["id"], status="lost")
    world.reconciles()
    assert compensating.give_due(world.outside, world.db, world.now) == 0
    assert world.money(order_id) == (1900, 0)
