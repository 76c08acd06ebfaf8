"""What is for sale at the beginning of a history: three small products, drawn by its seed."""

from datetime import datetime, timedelta
from random import Random

from storefront.models.accounts import Account
from storefront.models.products import Bonus, File, Launch, Lesson, Offer, Product
from storefront.rules import launch as rule
from tests.simulation.world import World

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
KINDS = ("course", "ebook", "software")


def open_shop(world: World) -> None:
    """Two creators and three products: short and long waits, last seats, one that is out, one with no date."""
    chance = Random(world.seed + 1)
    with world.house.db.write() as session:
        makers = [
            Account(email=f"{n}@studio.example", name=n, role="creator", created_at=world.now) for n in ("ines", "otto")
        ]
        session.add_all(makers)
        session.flush()
        for number, kind in enumerate(KINDS):
            session.add(product(world, kind, makers[number % 2], chance))


def product(world: World, kind: str, maker: Account, chance: Random) -> Product:
    made = Product(
        slug=f"the-{kind}", kind=kind, creator=maker, created_at=world.now, title=f"The {kind}", lead="It is."
    )
    made.currency = chance.choice(["EUR", "EUR", "USD", "JPY"])
    made.stock = chance.choice([None, None, None, 1, 3])
    made.upfront = chance.random() < 0.15
    bonus = Bonus(product=made, slug="more", title="More of it")
    early = Offer(
        position=1, name="Early", price=1900, units=chance.choice([1, 2, 3]), until_launch=True, bonuses=[bonus]
    )
    made.offers = [early, Offer(position=2, name="Regular price", price=2900)]
    made.launch = launch(world.now, chance)
    made.lessons = [Lesson(position=1, slug="one", title="One", source="Read.")] if kind == "course" else []
    made.files = [] if kind == "course" else [shelved(world)]
    return made


def launch(now: datetime, chance: Random) -> Launch:
    days = chance.choice([0, 1, 2.5, 4, 6, 8, 10, 20, 40])
    at = now + timedelta(days=days, minutes=chance.choice([0, 0, 7, 90]))
    moment = rule.moment_at(at, chance.choice(ZONES))
    wall = moment.wall.isoformat(timespec="minutes")
    if not days and chance.random() < 0.3:
        return Launch(at=None, wall="", zone=moment.zone)
    return Launch(at=at, wall=wall, zone=moment.zone, launched_at=at if not days and at <= now else None)


def shelved(world: World) -> File:
    source = world.house.file.with_name("file.txt")
    source.write_text("The very thing.")
    stored = world.shop.outside.shelf.put(source)
    return File(name="thing.txt", label="Text", media_type="text/plain", size=stored.size, sha256=stored.sha256)
