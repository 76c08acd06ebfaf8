"""Stock: limits, queues of back-orders, restocks by seats and by keys, units that come back, and waiting lists."""

from datetime import timedelta
from random import Random

from storefront.models.products import Product
from storefront.outside.world import Outside
from storefront.rules.launch import moment_at
from tests.simulation.buyers import PEOPLE, at_stripe, draw_bank, draw_card, in_web
from tests.simulation.creators import in_studio
from tests.simulation.facts import Row, read
from tests.simulation.machines import JOBS, WORKERS, pass_time, work
from tests.simulation.registry import further
from tests.simulation.world import World

MOST_ORDERS = 14
SHOWN = "SELECT * FROM products WHERE retired_at IS NULL ORDER BY id"
CAN_QUEUE = (
    "SELECT p.*, l.launched_at FROM products p JOIN launches l ON l.product_id = p.id AND l.kind = 'product'"
    " WHERE p.retired_at IS NULL AND p.stock IS NOT NULL ORDER BY p.id"
)


@further(0)
def sets_up_a_stall(world: World, dice: Random) -> None:
    """At the beginning of such a history one product is out, has few units and takes back-orders; some have keys.

    Another one is weeks ahead.
    """
    with world.house.db.write() as session:
        rows = session.query(Product).order_by(Product.id).all()
        made = dice.choice(rows)
        launch = made.launch
        if launch.launched_at is None:
            launch.at = launch.launched_at = world.now
            launch.wall = ""
        made.stock, made.backorders = dice.choice([0, 1, 1, 2]), dice.choice([0, 1, 2, 4])
        made.offer_hours, made.upfront = dice.choice([1, 6, 24, 48]), False
        if made.kind == "software" and dice.random() < 0.7:
            made.pool, made.stock = True, 0
        later = dice.choice([each for each in rows if each is not made])
        if later.launch.launched_at is None:
            moment = moment_at(world.now + timedelta(days=dice.choice([9, 16, 30])), later.launch.zone)
            later.launch.at, later.launch.wall = moment.at, moment.wall.isoformat(timespec="minutes")
            later.stock, later.upfront = None, dice.random() < 0.3
    world.kernel.note("stall", f"{made.slug} has {made.stock}")


def some_product(world: World, dice: Random, query: str = SHOWN) -> Row | None:
    rows = world.ask(query)
    return dice.choice(rows) if rows else None


def in_stock_room(world: World, product: Row, what: str, **form: str) -> None:
    in_studio(world, what, product.creator_id, f"/products/{product.slug}/stock", what=what, **({"step": "do"} | form))


@further(2)
def adds_units(world: World, dice: Random) -> None:
    """Seats or copies, pressed once or twice; the second click is told that the stock has changed."""
    product = some_product(world, dice, CAN_QUEUE)
    for _ in range(dice.choice([1, 1, 2]) if product else 0):
        assert product is not None
        in_stock_room(world, product, "add", units=str(dice.choice([1, 1, 2, 3])), seen=str(product.stock))


@further(2)
def imports_keys(world: World, dice: Random) -> None:
    """Licence keys, some of which stand in the list twice, or in the pool."""
    product = some_product(world, dice, "SELECT * FROM products WHERE kind = 'software' ORDER BY id")
    if product:
        keys = [f"KEY-{dice.randrange(12):03}" for _ in range(dice.choice([1, 2, 4]))]
        for _ in range(dice.choice([1, 1, 2])):
            in_stock_room(world, product, "keys", keys="\n".join(keys), step=dice.choice(["do", "good", "good"]))


@further(1.5)
def lowers_the_stock(world: World, dice: Random) -> None:
    """Takes units out, also those that are sold."""
    product = some_product(world, dice, CAN_QUEUE)
    if product:
        in_stock_room(world, product, "lower", units=str(dice.choice([1, 1, 2, product.stock or 1])))


@further(0.7)
def begins_a_limit(world: World, dice: Random) -> None:
    product = some_product(world, dice)
    if product:
        in_stock_room(world, product, "limit", units=str(max(product.taken, 1) + dice.choice([0, 0, 1])))


@further(2)
def sets_terms(world: World, dice: Random) -> None:
    """How many may queue, when units are expected, the latest date, and how long an offer is open."""
    product = some_product(world, dice)
    if product is None:
        return
    expected, latest = dice.choice([(None, None), (5, None), (5, 30), (None, 12), (40, 20)])
    days = {"expected": expected, "latest": latest}
    form = {name: f"{world.now + timedelta(days=each):%Y-%m-%d}" if each else "" for name, each in days.items()}
    cap, hours = dice.choice([0, 1, 2, 4]), dice.choice([1, 6, 24, 48])
    in_stock_room(world, product, "terms", cap=str(cap), hours=str(hours), **form)


def at_a_price(world: World, product: Row) -> Row:
    """The offer that can be had now."""
    (launch,) = world.ask("SELECT * FROM launches WHERE product_id = ? AND kind = 'product'", product.id)
    offers = world.ask("SELECT * FROM offers WHERE product_id = ? ORDER BY position", product.id)
    early = offers[0].taken < offers[0].units and not launch.launched_at
    return offers[0 if early else -1]


def form_for(world: World, dice: Random, product: Row) -> dict[str, str]:
    nonce = f"{dice.getrandbits(80):020x}"
    world.forms.add(nonce)
    return {
        "email": dice.choice(PEOPLE),
        "offer_id": str(at_a_price(world, product).id),
        "consent": "1",
        "nonce": nonce,
    }


@further(7)
def queues_up(world: World, dice: Random) -> None:
    """Somebody orders what has few units: a purchase while there are some, else a back-order. All of the way, or not."""
    product = some_product(world, dice, CAN_QUEUE.replace("ORDER", "AND l.launched_at IS NOT NULL ORDER"))
    if product is None or len(world.ask("SELECT id FROM orders")) >= MOST_ORDERS:
        return
    orders_at(world, product, form_for(world, dice, product), dice)


def orders_at(world: World, product: Row, form: dict[str, str], dice: Random) -> None:
    card, bank, back = draw_card(dice), draw_bank(dice), dice.random() < 0.7

    def whole() -> None:
        browser = world.browser()
        where = world.opens(browser, "POST", f"/p/{product.slug}/order", data=form).headers.get("Location", "")
        if "/c/" in where:
            where = at_stripe(world, where, card, bank)
            if where and back:
                world.opens(browser, "GET", where)

    world.start("queues", "web", whole)


@further(4)
def hands_units_on(world: World, dice: Random) -> None:
    """Both workers at the same unit."""
    for who in WORKERS[: dice.choice([1, 2, 2])]:
        work(world, who, JOBS["hand_on"])


@further(4)
def joins_the_list(world: World, dice: Random) -> None:
    """Somebody wants to be told, perhaps twice, perhaps two at once."""
    product = some_product(world, dice, CAN_QUEUE)
    if product is None:
        return
    for email in dice.choice([[0], [0, 0], [0, 1]]):
        who = PEOPLE[(email + dice.randrange(4)) % 4]
        in_web(world, "joins", "POST", f"/p/{product.slug}/waiting", email=who, consent="1")


def some_ticket(world: World, dice: Random, where: str) -> Row | None:
    query = f"SELECT t.*, p.slug FROM tickets t JOIN products p ON p.id = t.product_id WHERE {where} ORDER BY t.id"  # noqa: S608 (ours)
    rows = world.ask(query)
    return dice.choice(rows) if rows else None


def token_of(world: World, ticket: Row) -> str:
    outside: Outside = world.shop.outside
    return outside.links.token("ticket", ticket.id, 1, ticket.link_sha256)


@further(6)
def takes_an_offer_up(world: World, dice: Random) -> None:
    """Whoever was offered a unit orders it: in time, at the last second, or when it is over; in two tabs perhaps."""
    ticket = some_ticket(world, dice, "t.state = 'offered'") or (dice.random() < 0.2 and some_ticket(world, dice, "1"))
    if not ticket:
        return
    if ticket.state == "offered" and dice.random() < 0.3:
        to = read(ticket.offer_until) + timedelta(seconds=dice.choice([-1, 0, 1]))
        pass_time(world, max(to - world.now, timedelta(seconds=1)))
    product = world.ask("SELECT * FROM products WHERE id = ?", ticket.product_id)[0]
    for _ in range(dice.choice([1, 1, 2])):
        form = form_for(world, dice, product) | {"email": ticket.email, "ticket": token_of(world, ticket)}
        orders_at(world, product, form, dice)


@further(2)
def declines_an_offer(world: World, dice: Random) -> None:
    """Leaves the list, with an offer or without."""
    ticket = some_ticket(world, dice, "t.state IN ('waiting', 'offered')") or some_ticket(world, dice, "1")
    for _ in range(dice.choice([1, 2]) if ticket else 0):
        assert ticket is not None
        in_web(world, "leaves", "POST", f"/waiting/{token_of(world, ticket)}/leave")


@further(1)
def scans_the_list(world: World, dice: Random) -> None:
    """A mail scanner opens the link of a place; nobody is taken off, nothing is ordered."""
    ticket, before = some_ticket(world, dice, "1"), world.house.db.version
    for end in ("", "/order", "/leave") if ticket else ():
        assert ticket is not None
        path = f"/waiting/{token_of(world, ticket)}{end}"
        if world.opens(world.browser(), dice.choice(["GET", "HEAD"]), path).status_code == 405:
            continue
    if world.house.db.version != before:
        world.complain("A5", "a GET of a place on a waiting list changed something")
