"""Ends: products that are given up, withdrawals asked for; and rehearsals that somebody asks for."""

from datetime import timedelta
from random import Random

from tests.simulation.buyers import PEOPLE, in_web, order_path, some_order
from tests.simulation.creators import in_studio, some_launch
from tests.simulation.facts import read
from tests.simulation.machines import JOBS, WORKERS, pass_time, work
from tests.simulation.registry import further
from tests.simulation.world import World


@further(0.6)
def gives_a_product_up(world: World, dice: Random) -> None:
    """A creator cancels a product, before its launch, in the middle of it or after it, perhaps with two clicks."""
    launch = some_launch(world, dice)
    if dice.random() < 0.4 and launch.at and not launch.launched_at:
        pass_time(world, max(read(launch.at) - world.now, timedelta(seconds=1)))
        for name in ("launch", "grant", "charge"):
            work(world, dice.choice(WORKERS), JOBS[name])
    for _ in range(dice.choice([1, 1, 2])):
        gives_up(world, launch.slug, launch.creator_id)


def gives_up(world: World, slug: str, creator_id: int) -> None:
    form = {"reason": "It will not be written.", "title": f"The {slug.removeprefix('the-')}"}
    in_studio(world, "gives up", creator_id, f"/products/{slug}/cancel", **form)


@further(1)
def tries_again_what_failed(world: World, dice: Random) -> None:
    launch = some_launch(world, dice)
    in_studio(world, "tries again", launch.creator_id, f"/products/{launch.slug}/cancel/again")


@further(2)
def goes_on_giving_up(world: World, dice: Random) -> None:
    """Both workers find the same cancellation."""
    for who in WORKERS[: dice.choice([1, 2])]:
        work(world, who, JOBS["give_up"])


@further(2)
def withdraws(world: World, dice: Random) -> None:
    """Somebody who has access withdraws, or asks for the page where that is done."""
    order = some_order(world, dice, "state = 'paid'")
    if order is None:
        return
    if dice.random() < 0.3:
        in_web(world, "asks to withdraw", "POST", "/withdraw", email=dice.choice([order.email, *PEOPLE]))
        return
    world.leaving.add(order.id)
    in_web(world, "withdraws", "POST", order_path(world, order) + "/cancel")


@further(2)
def rehearses(world: World, dice: Random) -> None:
    """By the button, or by both workers at the same time."""
    launch = some_launch(world, dice)
    if dice.random() < 0.4:
        in_studio(world, "rehearses", launch.creator_id, f"/products/{launch.slug}/rehearsal")
    for who in WORKERS[: dice.choice([1, 2])]:
        work(world, who, JOBS["rehearse"])
