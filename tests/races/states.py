"""The states in which an order is met, made by its own verbs; and what can be pressed in each."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from storefront.actions import asking, bouncing, giving_up, launching, restocking
from storefront.actions.refunding import refund_part
from storefront.models import money
from storefront.models.grants import Grant
from storefront.models.letters import Letter
from storefront.models.money import Dispute, Task
from storefront.models.orders import Order
from storefront.models.products import Lesson, Product
from tests.races.buttons import Case
from tests.support.phones import agrees, has_phone
from tests.support.world import DECLINES_LATER, VISA, World

REFUND_FAILS, DISPUTED = "4000000000005126", "4000000000000259"


@dataclass(frozen=True)
class State:
    """`made`: an order on its way there; `ripens`: for all of them together; `ready`: the last step, for one alone."""

    made: Callable[[World, int, str], int]
    buttons: str
    ripens: Callable[[World], None] = lambda _world: None
    ready: Callable[[World, int], None] = lambda _world, _order: None
    days: float | None = 3


def _placed(world: World, product: int, email: str) -> int:
    order_id = world.places(product, email)
    world.visits(order_id)
    return order_id


def _paid_at_stripe(world: World, product: int, email: str) -> int:
    order_id = world.places(product, email)
    world.pays(world.visits(order_id))
    return order_id


def _ordered(card: str = VISA) -> Callable[[World, int, str], int]:
    return lambda world, product, email: world.orders(product, email, card)


def _passes(**span: float) -> Callable[[World], None]:
    def ripens(world: World) -> None:
        world.advance(**span)

    return ripens


def _launches(world: World, order_id: int) -> None:
    """Only this one's day has come."""
    with world.db.write() as session:
        launch = session.get_one(Order, order_id).product.launch
        assert launching.launch_now(session, launch, "the clock", world.now) is None


def _works(then: float = 0, **span: float) -> Callable[[World], None]:
    """Time passes, and the worker does everything that is due; `then` so many days pass."""

    def ripens(world: World) -> None:
        world.advance(**span)
        world.tick()
        world.reconciles(days=3)
        world.tick()
        world.advance(days=then)

    return ripens


def _refunded_in_part(world: World, product: int, email: str) -> int:
    """A part given back to a card that will not take it."""
    order_id = world.orders(product, email, REFUND_FAILS)
    world.tick()
    refund_part(world.outside, world.db, order_id, 500, who="creator:1", why="Late.", now=world.now)
    return order_id


def _moved(world: World, product: int, email: str) -> int:
    """Its day has moved, and something is offered for waiting."""
    order_id = world.orders(product, email)
    assert world.moves(product, 10, offered=launching.Offered("amount", 500)) is None
    return order_id


def _moved_far(world: World, product: int, email: str) -> int:
    """Its day has moved so far that silence cancels."""
    order_id = world.orders(product, email)
    assert world.moves(product, 90) is None
    return order_id


def _given_up(world: World, product: int, email: str) -> int:
    """Its product will not be made, and nobody has worked since."""
    order_id = world.orders(product, email)
    with world.db.write() as session:
        found = session.get_one(Order, order_id).product
        assert giving_up.give_up(session, found, who="creator:1", reason="Not made.", now=world.now) is None
    return order_id


def _queued(world: World, product: int, email: str) -> int:
    """Out of stock, and next in the queue."""
    with world.db.write() as session:
        found = session.get_one(Product, product)
        found.stock, found.backorders = 1, 5
    world.orders(product, f"owner-{email}")
    return world.orders(product, email)


def _allocates(world: World, order_id: int) -> None:
    """A unit came, and is this order's."""
    with world.db.write() as session:
        product = session.get_one(Order, order_id).product
        assert not isinstance(restocking.add_units(session, product, 1, "creator:1", world.now), restocking.Refused)
    restocking.allocate_due(world.db, world.now)


def _asked(world: World, product: int, email: str) -> int:
    """Its buyer has asked something."""
    order_id = world.orders(product, email)
    with world.db.write() as session:
        said = asking.Words("Is there a German edition?", "page", f"page:{order_id}:first")
        assert asking.ask(session, session.get_one(Order, order_id), said, world.now) == ""
    return order_id


def _cancelled(world: World, product: int, email: str) -> int:
    """Given back in full, to a card that will not take it."""
    order_id = world.orders(product, email, REFUND_FAILS)
    world.cancels(order_id, "ines")
    return order_id


def _came_back(world: World, product: int, email: str) -> int:
    """Its address was refused, and it has moved since; a number waits for its code."""
    order_id = world.orders(product, email)
    with world.db.write() as session:
        mine = (Letter.order_id == order_id, Letter.kind == "confirmed")
        bouncing.bounce(session, session.scalars(select(Letter).where(*mine)).one(), "550 no", world.now)
    assert world.moves(product, 9) is None
    agrees(world, order_id, _number_of(order_id))
    return order_id


def _with_phone(world: World, product: int, email: str) -> int:
    """Its buyer agreed to texts, and its day has moved."""
    order_id = world.orders(product, email)
    world.posts()
    has_phone(world, order_id, _number_of(order_id))
    assert world.moves(product, 9) is None
    return order_id


def _number_of(order_id: int) -> str:
    """A number of its own: a phone that is asked for codes all day gets no more."""
    return f"+491512{3_000_000 + order_id}"


def _opens(world: World) -> None:
    """Everybody has used the link of their access."""
    from storefront.actions import opening

    world.tick()
    with world.db.write() as session:
        for grant in session.scalars(select(Grant).where(Grant.link_redeemed_at.is_(None)).order_by(Grant.id)):
            opening.redeem(session, grant, world.now)


def _grants(world: World, order_id: int) -> None:
    _launches(world, order_id)
    from storefront.actions import granting

    granting.grant_due(world.outside, world.db, world.now)


WORKER = "Stripe tells, reconcile, letters, tidy"
LEAVING = "cancels, creator cancels"
STATES: dict[str, State] = {
    "at Stripe": State(_placed, f"goes to Stripe, comes back, {LEAVING}, moves the launch, launches now, {WORKER}"),
    "back from Stripe": State(
        _paid_at_stripe, f"goes to Stripe, comes back, {LEAVING}, moves the launch, Stripe tells, reconcile"
    ),
    "its visit over": State(
        _placed, f"goes to Stripe, comes back, {LEAVING}, expiry, reconcile", ripens=_passes(minutes=50)
    ),
    "card saved": State(
        _ordered(), f"goes to Stripe, {LEAVING}, corrects the address, moves the launch, launches now, remind", days=20
    ),
    "pre-flight due": State(
        _ordered(),
        f"goes to Stripe, {LEAVING}, corrects the address, moves the launch, preflight, reconcile",
        ripens=_passes(days=8.5),
        days=10,
    ),
    "held": State(
        _ordered(), f"{LEAVING}, corrects the address, moves the launch, launches now, replan, reconcile, Stripe tells"
    ),
    "moved": State(
        _moved,
        f"waits for the new day, takes what is offered, says no to the new day, {LEAVING}, moves the launch, "
        "gives the product up, rehearses, replan, letters",
        days=20,
    ),
    "moved far and silent": State(
        _moved_far,
        f"waits for the new day, says no to the new day, {LEAVING}, delay, compensate, gives the product up, reconcile",
        ripens=_works(days=40, then=10),
        days=20,
    ),
    "given up": State(
        _given_up,
        "cancels, creator cancels, give up, gives it up again, reconcile, letters, Stripe tells",
        days=20,
    ),
    "held and out": State(
        _ordered(),
        f"{LEAVING}, corrects the address, grant, charge, launches now, moves the launch, reconcile, letters",
        ripens=_passes(days=3),
        ready=_launches,
    ),
    "granted, not captured": State(
        _ordered(),
        f"{LEAVING}, asks for a link, opens the link, charge, grant, reconcile, letters",
        ripens=_passes(days=3),
        ready=_grants,
    ),
    "saved and out": State(
        _ordered(),
        f"goes to Stripe, {LEAVING}, charge, preflight, reconcile",
        ripens=_passes(days=10),
        ready=_launches,
        days=10,
    ),
    "past due": State(
        _ordered(DECLINES_LATER),
        f"goes to Stripe, comes back, {LEAVING}, remind, letters",
        ripens=_works(days=10),
        days=10,
    ),
    "to be tried again": State(
        _ordered(DECLINES_LATER),
        f"goes to Stripe, {LEAVING}, retry, reconcile",
        ripens=_works(days=10, then=3),
        days=10,
    ),
    "grace over": State(
        _ordered(DECLINES_LATER),
        f"goes to Stripe, {LEAVING}, retry, end of grace",
        ripens=_works(days=10, then=9),
        days=10,
    ),
    "asked": State(
        _asked,
        f"{LEAVING}, asks, answers, needs no answer, corrects the address, letters",
        days=20,
    ),
    "paid": State(
        _ordered(),
        f"{LEAVING}, asks for a link, opens the link, asks from a used link, refunds a part, {WORKER}",
        ripens=_works(seconds=1),
        days=None,
    ),
    "opened": State(
        _ordered(),
        f"{LEAVING}, asks from a used link, opens the link, reads, agrees to begin, finishes a lesson, refunds a part",
        ripens=_opens,
        days=None,
    ),
    "in the queue": State(
        _queued,
        f"{LEAVING}, corrects the address, adds a unit, takes a unit out, restock, offer, delay, moves the queue's date, gives the product up, "
        "letters",
        days=None,
    ),
    "a unit came": State(
        _queued,
        f"goes to Stripe, {LEAVING}, charge, adds a unit, takes a unit out, restock, offer, reconcile",
        ready=_allocates,
        days=None,
    ),
    "refund failed": State(
        _cancelled,
        "refunds again, paid by hand, closes the task, creator cancels, cancels, reconcile, letters",
        ripens=_works(days=1),
        days=None,
    ),
    "a part returned": State(
        _refunded_in_part,
        "part paid by hand, refunds a part, closes the task, creator cancels, reconcile, letters",
        ripens=_works(days=1),
        days=None,
    ),
    "letters come back": State(
        _came_back,
        f"{LEAVING}, corrects the address, says it is right, creator writes again, gives a number, proves the number, "
        "reads the letters, letters, texts",
        days=20,
    ),
    "with a phone": State(
        _with_phone,
        "cancels, moves the launch, a letter comes back, ends the texts, gives a number, gives another number, "
        "letters, texts",
        days=20,
    ),
    "disputed": State(
        _ordered(DISPUTED),
        f"{LEAVING}, answers the bank, refunds a part, reconcile, letters",
        ripens=_works(hours=1),
        days=None,
    ),
}


def pressable(state: str) -> list[str]:
    """The buttons of a state, by name."""
    return STATES[state].buttons.split(", ")


def product_for(world: World, slug: str, days: float | None) -> int:
    """A product of its own, with a lesson, so that moving its launch moves nobody else's."""
    product = world.product(slug, days=days)
    with world.db.write() as session:
        facts = {"position": 1, "slug": "pages", "title": "What a page is", "minutes": 9, "source": "# Pages\n\nText."}
        session.add(Lesson(product_id=product, **facts))
    return product


def case_of(world: World, order_id: int) -> Case:
    """The addresses of an order as it stands now."""
    with world.db.read() as session:
        order = session.get_one(Order, order_id)
        links, grant = world.outside.links, session.scalar(select(Grant).where(Grant.order_id == order_id))
        task = session.scalar(select(Task.id).where(Task.order_id == order_id, Task.closed_at.is_(None)))
        dispute = session.scalar(select(Dispute.id).where(Dispute.order_id == order_id))
        return Case(
            world,
            order_id,
            order.product.slug,
            order.number,
            links.token("order", order.id, order.link_generation, order.link_sha256),
            links.token("access", grant.id, grant.link_generation, grant.link_sha256 or "") if grant else "",
            order.checkouts[0].session_id if order.checkouts else "",
            money.moved(session, order_id).net,
            task or 0,
            dispute or 0,
        )
