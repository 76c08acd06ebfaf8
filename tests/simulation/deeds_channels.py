"""Letters on their way, mailboxes and phones: what comes back, what is reported late or twice, who is texted, who says STOP."""

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from storefront.rules import mail_news
from tests.simulation.buyers import PEOPLE, in_web, order_path, some_order
from tests.simulation.facts import Row
from tests.simulation.house import MAIL_SECRET
from tests.simulation.machines import JOBS, WORKERS, pass_time, work
from tests.simulation.post import Taken
from tests.simulation.registry import channel
from tests.simulation.world import World

# One zone, four that are as good as one, one far west, and eight from Perth to the Cocos Islands.
PHONES = ("+4915123456789", "+447400123456", "+12015550123", "+61412345678")
SECURED = "state IN ('reserved', 'held', 'past_due', 'paid') AND cancel_wished_at IS NULL"
WITH_A_PHONE = "id IN (SELECT order_id FROM phones WHERE ended_at IS NULL)"
CODE = re.compile(r"\b\d{6}\b")
NIGHT = 22


@channel(4)
def gives_a_phone(world: World, dice: Random) -> None:
    """Somebody gives a number and agrees, perhaps in two tabs, perhaps without the tick."""
    order = some_order(world, dice, SECURED)
    number, agreed = dice.choice(PHONES), dice.random() < 0.9
    for _ in range(dice.choice([1, 1, 2]) if order else 0):
        assert order is not None
        in_web(
            world,
            "gives a phone",
            "POST",
            reach(world, order, "phone"),
            phone=number,
            **({"texts": "1"} if agreed else {}),
        )


def reach(world: World, order: Row, end: str) -> str:
    return f"{order_path(world, order)}/reach/{end}"


@channel(5)
def types_the_code(world: World, dice: Random) -> None:
    """The newest code that came, or one that is wrong or old."""
    order = some_order(world, dice, WITH_A_PHONE)
    if order:
        (row,) = world.ask("SELECT number FROM phones WHERE order_id = ? AND ended_at IS NULL", order.id)
        codes = codes_to(world, row.number)
        code = dice.choice([*codes[-1:] * 5, *codes, "000000"])
        in_web(world, "types a code", "POST", reach(world, order, "code"), code=code)


def codes_to(world: World, number: str) -> list[str]:
    """Every code that the carrier took for a number, oldest first."""
    assert world.carrier is not None
    found = [CODE.search(each.words) for each in world.carrier.calls if each.to == number and each.taken]
    return [each[0] for each in found if each]


@channel(5)
def proves_a_phone(world: World, dice: Random) -> None:
    """Somebody gives a number, waits for the code, which is sent at once, and types it in."""
    order = some_order(world, dice, f"{SECURED} AND NOT {WITH_A_PHONE}")
    if order is None:
        return
    in_web(world, "gives a phone", "POST", reach(world, order, "phone"), phone=dice.choice(PHONES), texts="1")
    world.kernel.finish()
    work(world, dice.choice(WORKERS), JOBS["texts"])
    world.kernel.finish()
    for row in world.ask("SELECT number FROM phones WHERE order_id = ? AND ended_at IS NULL", order.id):
        for code in codes_to(world, row.number)[-1:]:
            in_web(world, "types a code", "POST", reach(world, order, "code"), code=code)


@channel(3)
def phones_ring(world: World, dice: Random) -> None:
    """The letters are mailed and the texts sent, on two workers."""
    for job in ("letters", "texts"):
        work(world, dice.choice(WORKERS), JOBS[job])


@channel(1)
def ends_the_texts(world: World, dice: Random) -> None:
    order = some_order(world, dice, WITH_A_PHONE)
    if order:
        in_web(world, "ends the texts", "POST", reach(world, order, "end"))


@channel(1)
def answers_stop(world: World, dice: Random) -> None:
    """Somebody answers STOP, which the carrier obeys, and says so at the next text; or START, after a while."""
    assert world.carrier is not None
    world.carrier.stopped ^= {dice.choice(PHONES)}
    world.kernel.note("phone", "STOP or START")


@channel(1.5)
def says_the_address_is_right(world: World, dice: Random) -> None:
    order = some_order(world, dice, "bounced_at IS NOT NULL") or some_order(world, dice, SECURED)
    if order:
        in_web(world, "says it is right", "POST", reach(world, order, "email"))


@channel(2)
def corrects_an_address_that_rests(world: World, dice: Random) -> None:
    order = some_order(world, dice, f"bounced_at IS NOT NULL AND {SECURED}")
    if order:
        in_web(world, "corrects", "POST", order_path(world, order) + "/address", email=dice.choice(PEOPLE))


@channel(2)
def a_mailbox_goes(world: World, dice: Random) -> None:
    """A mailbox is given up, or is full for a while, or is there again."""
    for one in (world.mailman.gone, world.mailman.full):
        if dice.random() < 0.5:
            one ^= {dice.choice(PEOPLE)}
    world.kernel.note("mailbox", f"{sorted(world.mailman.gone)} are gone, {sorted(world.mailman.full)} full")


@channel(5)
def a_letter_comes_back(world: World, dice: Random) -> None:
    """The mail server took a letter and reports later that it did not arrive: once, twice, or much later than it happened."""
    if not world.mailman.taken:
        return
    letter = dice.choice(world.mailman.taken[-6:])
    kind = dice.choice(["bounced", "bounced", "bounced", "complained"])
    body = report(world, letter, kind, dice, permanent=dice.random() < 0.6)
    if dice.random() < 0.3:
        world.memory.setdefault("reports", []).append(body)
        return
    for _ in range(dice.choice([1, 1, 2])):
        reports(world, body)


def report(world: World, letter: Taken, kind: str, dice: Random, *, permanent: bool) -> bytes:
    """What the mail server writes of a letter that it took. It is true, and remembered as that."""
    said: dict[str, Any] = {"id": f"report-{dice.getrandbits(60):x}", "type": kind, "permanent": permanent}
    said |= {"message_id": letter.envelope.message_id, "recipient": letter.envelope.to, "at": world.now.isoformat()}
    return json.dumps(said | {"reason": "nobody of that name"}).encode()


@channel(2)
def reports_come_late(world: World, dice: Random) -> None:
    """Those that were held up arrive, in any order; the letter may have gone out again since, to another address."""
    held: list[bytes] = world.memory.get("reports", [])
    dice.shuffle(held)
    while held:
        reports(world, held.pop())


@channel(0.7)
def a_report_is_forged(world: World, dice: Random) -> None:
    """Signed with another secret, or of a letter that nobody wrote."""
    if world.mailman.taken:
        body = report(world, dice.choice(world.mailman.taken), "bounced", dice, permanent=True)
        reports(world, body, secret="somebody else's, and as long as ours is", expected=400)
    stranger = {"id": f"report-{dice.getrandbits(60):x}", "type": "bounced", "message_id": "<letter-99999.1@x>"}
    reports(world, json.dumps(stranger).encode())


def reports(world: World, body: bytes, secret: str = MAIL_SECRET, expected: int = 200) -> None:
    """A delivery; what the shop did not answer comes again later."""

    def once() -> None:
        signed = mail_news.sign(secret, body, int(datetime.now(UTC).timestamp()))
        answer = 0
        try:
            headers = {"Mail-Signature": signed}
            answer = world.opens(world.browser(), "POST", "/webhooks/mail", data=body, headers=headers).status_code
        finally:
            if answer == 0 or answer >= 500:
                world.memory.setdefault("reports", []).append(body)
        if answer not in {expected, 500, 503}:
            world.complain("Reports", f"answered {answer} where {expected} was right")

    world.start("mail server", "web", once)


@channel(2)
def opens_the_letters(world: World, dice: Random) -> None:
    """Somebody looks at the letters of an order, and at one of them: nothing is written; then perhaps presses the button."""
    order = some_order(world, dice)
    if order is None:
        return
    mine = f"{order_path(world, order)}/letters"
    rows = world.ask("SELECT id FROM letters WHERE order_id = ? AND read_at IS NULL AND shown_at IS NOT NULL", order.id)

    def whole() -> None:
        before = world.house.db.version
        pages = [mine, *(f"{mine}/{each.id}" for each in rows[-1:])]
        for page in pages:
            world.opens(world.browser(), "GET", page)
        if world.house.db.version != before:
            world.complain("C13", "looking at letters wrote something")
        if rows and dice.random() < 0.5:
            world.opens(world.browser(), "POST", f"{mine}/read", data={"letter": str(rows[-1].id)})

    world.start("reads letters", "web", whole)


@channel(1)
def night_falls(world: World, dice: Random) -> None:
    """It becomes late in the evening, in Berlin or in New York: nobody's phone rings."""
    evening = world.now.replace(hour=(NIGHT + dice.choice([0, 5])) % 24, minute=30)
    pass_time(world, evening - world.now if evening > world.now else evening + timedelta(days=1) - world.now)
