"""What creators do: set a day, move it, open by hand, cancel somebody's order."""

from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from werkzeug.test import Client

from tests.simulation.buyers import some_order
from tests.simulation.facts import Row, read
from tests.simulation.fair import ZONES
from tests.simulation.registry import deed
from tests.simulation.world import World

DAYS = (-30, -5, -2, -0.5, 0.5, 3, 10, 25, 29, 40)


def creator(world: World, account: int) -> Client:
    """A creator's browser, signed in: a password takes long to weigh, on purpose."""
    app = world.house.app
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = serializer.dumps({"_user_id": f"{account}.1", "_fresh": True, "by_password": True, "_permanent": True})
    browser = world.browser()
    browser.set_cookie("session", cookie, domain="127.0.0.1")
    return browser


def in_studio(world: World, name: str, account: int, path: str, **form: str) -> None:
    world.start(name, "web", lambda: world.opens(creator(world, account), "POST", f"/studio{path}", data=form))


def some_launch(world: World, dice: Random) -> Row:
    query = "SELECT l.*, p.slug, p.creator_id FROM launches l JOIN products p ON p.id = l.product_id WHERE l.kind = 'product' ORDER BY l.id"
    rows = world.ask(query)
    return dice.choice([each for each in rows if not each.launched_at] or rows)


@deed(2)
def move(world: World, dice: Random) -> None:
    """A creator sets, moves or takes away a day, and offers something for waiting; some of it is refused."""
    launch = some_launch(world, dice)
    base = read(launch.at) if launch.at else world.now + timedelta(days=30)
    meant = (base + timedelta(days=dice.choice(DAYS))).astimezone(ZoneInfo(dice.choice(ZONES)))
    if dice.random() < 0.2:
        meant = (world.now + timedelta(hours=dice.choice([23, 25, 49]))).astimezone(meant.tzinfo)
    form = {"day": f"{meant:%Y-%m-%d}", "time": f"{meant:%H:%M}", "zone": str(meant.tzinfo), "step": "do"}
    form |= dice.choice([{}, {}, {"undated": "yes"}, {"gift": "percent", "gift_size": "20"}])
    in_studio(world, "moves", launch.creator_id, f"/products/{launch.slug}/launch", reason="More to write.", **form)


@deed(1)
def launch_by_hand(world: World, dice: Random) -> None:
    launch = some_launch(world, dice)
    in_studio(world, "opens", launch.creator_id, f"/products/{launch.slug}/launch-now")


@deed(0.7)
def cancel_for_somebody(world: World, dice: Random) -> None:
    order = some_order(world, dice)
    if order:
        world.leaving.add(order.id)
        (product,) = world.ask("SELECT creator_id FROM products WHERE id = ?", order.product_id)
        in_studio(world, "calls off", product.creator_id, f"/orders/{order.number}/cancel", reason="It is not for you.")
