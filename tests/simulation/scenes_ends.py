"""Scenes of ends: products that are given up before their launch, in the middle of it, and after a failure."""

from datetime import timedelta

from tests.simulation.creators import creator
from tests.simulation.deeds_delays import vanish
from tests.simulation.machines import JOBS
from tests.simulation.scenes import posts
from tests.simulation.scenes_stock import ADA, BO, buys, goes_by, joins, shelf
from tests.simulation.stories import Story, does, form_of, look_around, orders, stall, tick
from tests.simulation.world import World


def gives_up(world: World) -> None:
    here = shelf(world)
    form, path = {"reason": "It will not be.", "title": here.title}, f"/studio/products/{here.slug}/cancel"
    does(world, lambda: world.opens(creator(world, here.creator_id), "POST", path, data=form))


def given_up_before_the_day(world: World) -> None:
    """Given up three days ahead; its day comes all the same, and a buyer who had the page open still."""
    stall(world, 3)
    orders(world)
    form = form_of(world, BO, 1)
    tick(world)
    gives_up(world)
    does(world, posts(world, "/p/the-ebook/order", **form))
    look_around(world)
    tick(world, days=3)
    goes_by(world, 2, minutes=1)


def given_up_in_the_middle(world: World) -> None:
    """Two are held, the launch is out, nobody is charged yet; Stripe is silent while it is given up."""
    stall(world, 3)
    buys(world, ADA)
    buys(world, BO)
    tick(world, days=3, jobs=[JOBS["launch"], JOBS["grant"]])
    world.down_until = world.now + timedelta(minutes=2)
    gives_up(world)
    tick(world)
    tick(world, minutes=1)
    goes_by(world, 4, minutes=1)


def given_up_while_charging(world: World) -> None:
    """Given up when the launch is out; the worker that charges comes first."""
    stall(world, 10)
    orders(world)
    tick(world, days=8)
    tick(world, days=2, jobs=[JOBS["launch"], JOBS["grant"]])
    gives_up(world)
    tick(world, [JOBS["charge"]])
    goes_by(world, 4, minutes=1)


def given_up_while_held_up(world: World) -> None:
    """The day comes without its content, and the product is given up."""
    stall(world, 3, stock=1)
    orders(world)
    joins(world, BO)
    tick(world)
    vanish(world, 1)
    tick(world, days=3)
    gives_up(world)
    goes_by(world, 4, minutes=4)


SCENES: list[Story] = [
    given_up_before_the_day,
    given_up_in_the_middle,
    given_up_while_charging,
    given_up_while_held_up,
]
