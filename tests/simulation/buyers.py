"""What buyers, readers and their mail scanners do."""

from random import Random
from urllib.parse import urlsplit

from storefront.rules import policy
from tests.simulation.facts import Row
from tests.simulation.registry import deed
from tests.simulation.world import World

PEOPLE = [f"{name}@post.example" for name in ("ada", "bo", "cy", "dee")]
MOST_ORDERS = 8
CARDS = {
    "4242424242424242": 10,
    "5555555555554444": 3,
    "4000000000000341": 5,  # declines every later charge
    "4000002760003184": 3,  # asks for its holder every time
    "4000002500003155": 2,  # asks once
    "4000000000000002": 2,  # declines at once
}


def in_web(world: World, name: str, method: str, path: str, **form: object) -> None:
    """A request of somebody, on its way."""
    world.start(name, "web", lambda: world.opens(world.browser(), method, path, data=form or None))


def some_order(world: World, dice: Random, where: str = "1") -> Row | None:
    rows = world.ask(f"SELECT * FROM orders WHERE {where} ORDER BY id")  # noqa: S608 (ours)
    return dice.choice(rows) if rows else None


def order_path(world: World, order: Row, generation: int = 0) -> str:
    if generation:
        return f"/orders/{old_token(world, 'order', order.id, generation)}"
    return "/orders/" + world.shop.outside.links.token("order", order.id, order.link_generation, order.link_sha256)


def old_token(world: World, purpose: str, row: int, generation: int) -> str:
    from storefront.rules.access import token

    return token(world.shop.outside.links.keys[0], purpose, row, generation)


def order_form(world: World, dice: Random) -> tuple[str, dict[str, str]] | None:
    """The form of a product that is on sale, mostly one that is still to come; sometimes for an offer that is gone."""
    products = world.ask(
        "SELECT p.*, l.at, l.launched_at FROM products p JOIN launches l ON l.product_id = p.id AND l.kind = 'product'"
    )
    product = dice.choice([each for each in products if not each.launched_at] * 3 + products)
    if len(world.ask("SELECT id FROM orders")) >= MOST_ORDERS:
        return None
    offers = world.ask("SELECT * FROM offers WHERE product_id = ? ORDER BY position", product.id)
    there = [each for each in offers if not (each.until_launch and product.launched_at)]
    left = [each for each in there if each.units is None or each.taken < each.units]
    offer, nonce = dice.choice(offers) if dice.random() < 0.1 else left[0], f"{dice.getrandbits(80):020x}"
    world.forms.add(nonce)
    form = {"email": dice.choice(PEOPLE), "offer_id": str(offer.id), "consent": "1", "nonce": nonce}
    return f"/p/{product.slug}/order", form


@deed(3)
def place(world: World, dice: Random) -> None:
    """Somebody sends the form, once or twice at a time, and goes no further yet."""
    form = order_form(world, dice)
    for _ in range(dice.choice([1, 1, 2]) if form else 0):
        assert form is not None
        in_web(world, "places", "POST", form[0], **form[1])


@deed(10)
def buy(world: World, dice: Random) -> None:
    """The whole way: the form, Stripe's page, and back; the shop's part of it may be interrupted anywhere."""
    form = order_form(world, dice)
    if form is None:
        return
    card, bank, back = draw_card(dice), draw_bank(dice), dice.random() < 0.7
    buy_with(world, form, card, bank, back=back)


def buy_with(world: World, form: tuple[str, dict[str, str]], card: str, bank: str, *, back: bool) -> None:
    """The same, with this card and this answer to the bank; `back`: whether they open the return page."""
    path, fields = form

    def whole() -> None:
        browser = world.browser()
        answer = world.opens(browser, "POST", path, data=fields)
        where = answer.headers.get("Location", "")
        if "/c/" in where:
            where = at_stripe(world, where, card, bank)
            if where and back:
                world.opens(browser, "GET", where)

    world.start("buys", "web", whole)


def draw_card(dice: Random) -> str:
    return dice.choices(list(CARDS), list(CARDS.values()))[0]


def draw_bank(dice: Random) -> str:
    """What the buyer answers when the bank asks; nothing, when they give up."""
    return dice.choice(["authenticate"] * 5 + ["fail", ""])


def at_stripe(world: World, url: str, card: str, bank: str) -> str:
    """Somebody fills in a card on Stripe's page and answers their bank, or not; where they are sent, if anywhere."""
    answer = world.stripe_page.post(urlsplit(url).path, data={"cardnumber": card, "exp": "12 / 34", "cvc": "123"})
    where = answer.headers.get("Location", "")
    if "/c/3ds/" in where and bank:
        answer = world.stripe_page.post(urlsplit(where).path, data={"answer": bank})
        where = answer.headers.get("Location", "")
    world.kernel.note("buyer", f"pays with {card[-4:]}", str(answer.status_code))
    world.fetch_news()
    return urlsplit(where).path if where.startswith("http://127") else ""


@deed(8)
def pay(world: World, dice: Random) -> None:
    """Somebody goes on with a visit that is open, and comes back or not."""
    query = "SELECT id, body FROM things WHERE kind = 'checkout.session' AND state = 'open' ORDER BY seq"
    sessions = world.observer.theirs.execute(query).fetchall()
    if not sessions:
        return
    session = world.observer._parsed(*dice.choice(sessions))
    where = at_stripe(world, session["url"], draw_card(dice), draw_bank(dice))
    if where and dice.random() < 0.7:
        in_web(world, "comes back", "GET", where)


@deed(3)
def come_back(world: World, dice: Random) -> None:
    """Somebody opens the return page, at any time."""
    order = some_order(world, dice)
    if order:
        in_web(world, "comes back late", "GET", order_path(world, order) + "/return")


@deed(5)
def go_on_at_stripe(world: World, dice: Random) -> None:
    """Somebody presses the button that leads to Stripe: to finish, or to repair; in two tabs perhaps."""
    order = some_order(world, dice, "state IN ('placed', 'past_due')") or some_order(world, dice)
    for _ in range(dice.choice([1, 1, 2]) if order else 0):
        assert order is not None
        in_web(world, "visits", "POST", order_path(world, order) + "/visit")


@deed(2)
def cancel(world: World, dice: Random) -> None:
    """Somebody cancels, perhaps twice."""
    order = some_order(world, dice)
    for _ in range(dice.choice([1, 1, 1, 2]) if order else 0):
        assert order is not None
        world.leaving.add(order.id)
        in_web(world, "cancels", "POST", order_path(world, order) + "/cancel")


@deed(2)
def answer_a_move(world: World, dice: Random) -> None:
    """Somebody answers the last notice of a moved day, perhaps twice, perhaps an earlier one."""
    order = some_order(world, dice, "promise_version > 1")
    for _ in range(dice.choice([1, 1, 2]) if order else 0):
        assert order is not None
        said, version = (
            dice.choice(["wait", "wait", "gift", "cancel"]),
            max(2, order.promise_version - dice.choice([0, 0, 1])),
        )
        if said == "cancel":
            world.leaving.add(order.id)
        in_web(world, "answers", "POST", order_path(world, order) + "/delay", answer=said, version=str(version))


@deed(1.5)
def correct_address(world: World, dice: Random) -> None:
    order = some_order(world, dice, "state NOT IN ('placed', 'expired', 'cancelled', 'refunded')")
    if order:
        in_web(world, "corrects", "POST", order_path(world, order) + "/address", email=dice.choice(PEOPLE))


@deed(1)
def look(world: World, dice: Random) -> None:
    order = some_order(world, dice)
    if order:
        in_web(world, "looks", "GET", order_path(world, order))


def some_grant(world: World, dice: Random) -> Row | None:
    rows = world.ask("SELECT g.*, p.slug, p.kind FROM grants g JOIN products p ON p.id = g.product_id ORDER BY g.id")
    return dice.choice(rows) if rows else None


def access_path(world: World, grant: Row) -> str:
    return "/access/" + world.shop.outside.links.token("access", grant.id, grant.link_generation, grant.link_sha256)


@deed(3)
def redeem(world: World, dice: Random) -> None:
    """A reader presses the button of an access link, perhaps in two tabs."""
    grant = some_grant(world, dice)
    for _ in range(dice.choice([1, 1, 2]) if grant else 0):
        assert grant is not None
        world.start("redeems", "web", lambda: redeem_one(world, grant))


def redeem_one(world: World, grant: Row) -> None:
    """The link opens once; then the reader takes what is theirs, with the same browser, now and later."""
    browser, path = world.browser(), access_path(world, grant)
    answer = world.opens(browser, "POST", path)
    if "/library/" not in answer.headers.get("Location", ""):
        return
    world.opened[f"{grant.id}.{grant.link_generation}"] += 1
    world.readers.append((browser, grant.id))
    read_one(world, len(world.readers) - 1)


@deed(3)
def read(world: World, dice: Random) -> None:
    """A reader who has been in comes again: a lesson, or a file."""
    if world.readers:
        number = dice.randrange(len(world.readers))
        world.start("reads", "web", lambda: read_one(world, number))


def read_one(world: World, number: int) -> None:
    browser, grant_id = world.readers[number]
    before = may_open(world, grant_id)
    (grant,) = world.ask(
        "SELECT g.account_id, p.slug, p.kind FROM grants g JOIN products p ON p.id = g.product_id WHERE g.id = ?",
        grant_id,
    )
    path = f"/library/{grant.slug}/" + ("lessons/one" if grant.kind == "course" else "files/thing.txt")
    answer = world.opens(browser, "GET", path)
    answer.close()
    if answer.headers.get("Location", "").endswith("/begin"):  # first access: they agree, and open it
        agreed = {"waiver": policy.version("waiver", policy.waiver())}
        world.opens(browser, "POST", f"/library/{grant.slug}/begin", data=agreed).close()
        answer = world.opens(browser, "GET", path)
        answer.close()
    if answer.status_code == 200 and not before and not may_open(world, grant_id):
        world.complain("A4", f"{path} was opened without a live grant")
    if answer.status_code != 200 and before and may_open(world, grant_id) and not world.kernel_hurt():
        world.complain("A4", f"{path} answered {answer.status_code} to its reader")


def may_open(world: World, grant_id: int) -> bool:
    """Whether this reader has a live grant of the same product, of a product that is out."""
    query = (
        "SELECT g.id FROM grants g JOIN launches l ON l.product_id = g.product_id AND l.kind = 'product' JOIN grants mine ON mine.id = ?"
        " WHERE g.account_id = mine.account_id AND g.product_id = mine.product_id"
        " AND g.suspended_at IS NULL AND g.revoked_at IS NULL AND l.launched_at IS NOT NULL"
    )
    return bool(world.ask(query, grant_id))


@deed(1.5)
def ask_for_a_fresh_link(world: World, dice: Random) -> None:
    grant = some_grant(world, dice)
    if grant is None:
        return
    (order,) = world.ask("SELECT * FROM orders WHERE id = ?", grant.order_id)
    path = dice.choice([access_path(world, grant), order_path(world, order)])
    in_web(world, "asks for a link", "POST", path + "/fresh-link")


@deed(2)
def scan_mail(world: World, dice: Random) -> None:
    """A mail scanner opens every link of a letter; nothing may change, nothing may be used up."""
    order, grant = some_order(world, dice), some_grant(world, dice)
    paths = [order_path(world, order), order_path(world, order) + "/cancel"] if order else []
    paths += [access_path(world, grant)] if grant else []
    before = version(world)
    for path in paths:
        world.opens(world.browser(), dice.choice(["GET", "GET", "HEAD"]), path)
    if version(world) != before:
        world.complain("A5", f"a GET of {', '.join(paths)} changed something")


def version(world: World) -> int:
    """Changes with every commit of the shop that changes anything."""
    return world.house.db.version


@deed(1)
def use_an_old_link(world: World, dice: Random) -> None:
    """A link that was replaced leads nowhere."""
    order, grant = some_order(world, dice, "link_generation > 1"), some_grant(world, dice)
    paths = [order_path(world, order, order.link_generation - 1)] if order else []
    if grant and grant.link_generation > 1:
        paths.append("/access/" + old_token(world, "access", grant.id, grant.link_generation - 1))
    for path in paths:
        status = world.opens(world.browser(), "POST" if "access" in path else "GET", path).status_code
        if status != 404:
            world.complain("A6", f"an old link answered {status}")
