"""Scenes of letters on their way, of mailboxes and of phones: what comes back, who is texted, what nobody answers."""

from datetime import timedelta
from random import Random

from tests.simulation.carrier import TAKEN_UNSAID
from tests.simulation.deeds_channels import codes_to, reach, report, reports
from tests.simulation.scenes import posts
from tests.simulation.scenes_delays import hours_go_by
from tests.simulation.scenes_stock import CY, few, shelf
from tests.simulation.stories import Story, does, moves, order, orders, presses, stall, tick
from tests.simulation.world import World

NUMBER = "+4915123456789"
DICE = 1


def ordered(world: World, days: float = 10) -> None:
    """A shop that texts and hears of what comes back; one order."""
    world.open_channels()
    stall(world, days)
    orders(world)
    tick(world)


def gives_a_number(world: World) -> None:
    mine = order(world)
    assert mine is not None
    does(world, lambda: world.opens(world.browser(), "POST", reach(world, mine, "phone"), data=agreed()))
    tick(world)


def agreed() -> dict[str, str]:
    return {"phone": NUMBER, "texts": "1"}


def proves_it(world: World) -> None:
    mine = order(world)
    assert mine is not None
    gives_a_number(world)
    code = {"code": codes_to(world, NUMBER)[-1]}
    does(world, lambda: world.opens(world.browser(), "POST", reach(world, mine, "code"), data=code))


def comes_back(world: World, kind: str = "bounced", *, permanent: bool = True, which: int = -1, times: int = 1) -> None:
    """The mail server reports what became of a letter that it took."""
    dice = Random(int(world.now.timestamp()))
    body = report(world, world.mailman.taken[which], kind, dice, permanent=permanent)
    for _ in range(times):
        reports(world, body)
        world.kernel.finish()
    tick(world)


def told_by_text(world: World) -> None:
    """A number is given and proved; a day that moves is told by text as well, and so is the release."""
    ordered(world)
    proves_it(world)
    moves(world, 3)
    tick(world)
    hours_go_by(world, 14)


def texted_without_proof(world: World) -> None:
    """A number is given, and its code never typed in: the day moves, and no phone rings."""
    ordered(world)
    gives_a_number(world)
    moves(world, 3)
    tick(world)


def late_in_the_evening(world: World) -> None:
    evening = world.now.replace(hour=22, minute=30)
    tick(world, seconds=(evening - world.now).total_seconds())


def moved_at_night(world: World) -> None:
    """Late in the evening of her zone a day moves: her phone rings in the morning."""
    ordered(world)
    proves_it(world)
    late_in_the_evening(world)
    moves(world, 3)
    tick(world)
    hours_go_by(world, 1)


def texts_ended(world: World) -> None:
    """A day moves at night, and the buyer ends the texts before it is morning."""
    ordered(world)
    proves_it(world)
    late_in_the_evening(world)
    moves(world, 3)
    tick(world)
    mine = order(world)
    assert mine is not None
    does(world, lambda: world.opens(world.browser(), "POST", reach(world, mine, "end")))
    hours_go_by(world, 1)


def stop_is_answered(world: World) -> None:
    """STOP is answered to the code's text; the carrier says so at the next."""
    ordered(world)
    proves_it(world)
    assert world.carrier is not None
    world.carrier.stopped.add(NUMBER)
    moves(world, 3)
    tick(world)


def nobody_knows(world: World) -> None:
    """The carrier takes each text, and its answer is lost every time."""
    ordered(world)
    assert world.carrier is not None
    world.carrier.fault = lambda: TAKEN_UNSAID
    gives_a_number(world)
    for _ in range(4):
        tick(world, minutes=2)


def comes_back_without_a_phone(world: World) -> None:
    """A letter comes back, twice reported; the creator is asked; the address is said to be right, and it goes again."""
    ordered(world)
    comes_back(world, times=2)
    mine = order(world)
    assert mine is not None
    does(world, lambda: world.opens(world.browser(), "POST", reach(world, mine, "email")))
    tick(world, minutes=1)


def comes_back_with_a_phone(world: World) -> None:
    """A letter comes back, and goes by text; the next is not mailed at all."""
    ordered(world)
    proves_it(world)
    comes_back(world)
    moves(world, 3)
    tick(world)


def mailed_to_the_corrected(world: World) -> None:
    """A letter comes back, and the address is corrected; a report of the first sending arrives late, for the old address."""
    ordered(world)
    taken = len(world.mailman.taken) - 1
    comes_back(world)
    presses(world, "address", email="bo@post.example")
    tick(world, minutes=1)
    world.advance(timedelta(minutes=10))
    comes_back(world, which=taken)


def mailed_again(world: World) -> None:
    """It came back for a while only, and goes again; the first report is repeated much later than it happened."""
    ordered(world)
    taken = len(world.mailman.taken) - 1
    late = report(world, world.mailman.taken[taken], "bounced", Random(DICE), permanent=True)
    comes_back(world, permanent=False, which=taken)
    tick(world, minutes=10)
    world.advance(timedelta(minutes=10))
    reports(world, late)
    world.kernel.finish()
    tick(world)


def complained(world: World) -> None:
    """Somebody on the waiting list who agreed to news calls a letter spam."""
    world.open_channels()
    few(world)
    does(world, posts(world, f"/p/{shelf(world).slug}/waiting", email=CY, consent="1", news="1"))
    tick(world)
    comes_back(world, "complained")


def forged(world: World) -> None:
    """Whoever knows an address, and not our secret, reports that its letters come back."""
    ordered(world)
    body = report(world, world.mailman.taken[-1], "bounced", Random(DICE), permanent=True)
    reports(world, body, secret="somebody else's, and as long as ours is", expected=400)
    world.kernel.finish()
    tick(world)


SCENES: list[Story] = [
    told_by_text,
    texted_without_proof,
    moved_at_night,
    texts_ended,
    stop_is_answered,
    nobody_knows,
    comes_back_without_a_phone,
    comes_back_with_a_phone,
    mailed_to_the_corrected,
    mailed_again,
    complained,
    forged,
]
