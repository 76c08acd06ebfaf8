"""What an order's page says: one pure function of the order, its launch and now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.rules import charge, words
from storefront.rules.money import short
from storefront.rules.words import NOUN, OPENS, Note, Step, Telling, bold, red

WITHDRAW_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class Facts:
    """What the words depend on; money in minor units, `launch_at` the moment that was last promised."""

    state: str
    mode: str
    kind: str
    purchase: bool
    price: int
    currency: str
    email: str
    zone: str
    placed_at: datetime
    launch_at: datetime
    session_until: datetime | None = None
    confirming: bool = False
    launched_at: datetime | None = None
    granted: bool = False
    redeemed: bool = False
    suspended: bool = False
    leaving: bool = False
    captured: int = 0
    refunded: int = 0
    preflight_at: datetime | None = None
    declined_at: datetime | None = None
    decline: str = ""
    grace_until: datetime | None = None
    hold_open: bool = False
    cancel_who: str = ""
    cancel_why: str = ""

    @property
    def amount(self) -> str:
        """The price, as a headline says it."""
        return short(self.price, self.currency)

    @property
    def the(self) -> str:
        """The course, the e-book, the software."""
        return f"the {NOUN[self.kind]}"

    @property
    def day(self) -> str:
        """The day it opens, to be shown in red."""
        return red(words.weekday_day(self.launch_at, self.zone))


def tell(facts: Facts, now: datetime) -> Telling:
    """The sentence that is true at this second, and the line below it."""
    if facts.confirming:
        return Telling("Confirming with Stripe …", "It takes a few seconds. You need not wait here: a letter follows.")
    if facts.leaving and facts.state not in {"cancelled", "refunded", "expired"}:
        return _leaving(facts)
    return _TELL[facts.state](facts, now)


def _placed(facts: Facts, now: datetime) -> Telling:
    until = facts.session_until or facts.placed_at + charge.SESSION_LIFE
    if now >= until:
        return Telling("We are asking Stripe how your visit ended.", "It takes a moment. Nothing is charged meanwhile.")
    return Telling(
        f"One step is missing: finish at Stripe by {red(words.clock(until, facts.zone))}.",
        f"Your price of {facts.amount} is kept until then. Nothing has been charged.",
        line=_line(facts, now),
    )


def _reserved(facts: Facts, now: datetime) -> Telling:
    if facts.launched_at:
        return Telling(
            f"{facts.amount} are being charged to your card now.",
            f"{facts.the.capitalize()} opens for you the moment your bank agrees.",
            line=_line(facts, now),
        )
    return Telling(
        f"Your card is saved. On {facts.day} we charge {facts.amount} and {facts.the} {OPENS[facts.kind]} for you.",
        "Nothing has been charged so far. There is nothing you need to do.",
        line=_line(facts, now),
    )


def _held(facts: Facts, now: datetime) -> Telling:
    if facts.granted:
        return _open(facts, now, f"You pay {facts.amount}; your bank is taking them now.")
    if facts.launched_at:
        return Telling(
            f"{facts.the.capitalize()} is opening now. Your link comes by mail.",
            f"{facts.amount} are set aside on your card.",
            line=_line(facts, now),
        )
    if now >= facts.launch_at:
        return _opening(facts, now)
    return Telling(
        f"{facts.amount} are set aside on your card. On {facts.day} we take them and {facts.the} {OPENS[facts.kind]} for you.",
        "Nothing has been charged so far. There is nothing you need to do.",
        line=_line(facts, now),
    )


def _paid(facts: Facts, now: datetime) -> Telling:
    if facts.granted:
        return _open(facts, now, f"You paid {facts.amount}.")
    if facts.launched_at or now >= facts.launch_at:
        return _opening(facts, now)
    return Telling(
        f"You have paid {facts.amount}. On {facts.day} {facts.the} {OPENS[facts.kind]} for you.",
        "Until then you may cancel at any time and get everything back.",
        line=_line(facts, now),
    )


def _opening(facts: Facts, now: datetime) -> Telling:
    late = int((now - facts.launch_at).total_seconds() // 60)
    second = f"This launch is {late} minutes late. " if late > 1 and not facts.purchase else ""
    return Telling(
        f"{red('Opening now.')} Your link comes by itself; you need not wait here.",
        f"{second}It goes to {facts.email}.",
        line=_line(facts, now),
    )


def _open(facts: Facts, now: datetime, money: str) -> Telling:
    if facts.redeemed:
        sentence = f"{facts.the.capitalize()} is yours, in your library."
    else:
        sentence = f"{facts.the.capitalize()} is open. Your access link went to {facts.email}."
    return Telling(sentence, money, tag=("done", "Open"), line=_line(facts, now))


def _past_due(facts: Facts, now: datetime) -> Telling:
    until = facts.grace_until or facts.launch_at + charge.GRACE
    kept = words.day_month(until, facts.zone)
    if facts.decline == "authentication_required":
        sentence = f"Your bank wants you to confirm the card. Do it by {red(words.weekday_day(until, facts.zone))} and everything stays as it was."
        second = f"We asked for {facts.amount}. Nothing has been charged."
    else:
        sentence = f"Your bank said no. Nothing was charged. Your price and place are kept until {red(words.weekday_day(until, facts.zone))}."
        second = f"{declined_words(facts.decline)} We try nothing on our own until you have repaired it."
    note = Note(
        "needs", f"Kept for you until {kept}", f"Your price of {facts.amount}, what comes with it, and your place."
    )
    return Telling(sentence, second, tag=("needs", "Your card needs you"), note=note, line=_line(facts, now))


def declined_words(reason: str) -> str:
    """What the bank said, in a sentence."""
    said = {
        "expired_card": "The card has expired.",
        "insufficient_funds": "There was not enough money on the card.",
        "authentication_required": "The bank wants its holder to confirm.",
        "lost_card": "The bank does not accept this card any more.",
        "stolen_card": "The bank does not accept this card any more.",
        "incorrect_cvc": "The card's check number did not fit.",
        "processing_error": "The bank could not be asked.",
        "hold_lapsed": "The amount set aside on the card was given back by the bank.",
    }
    return said.get(reason, "The bank gave no reason.")


def _leaving(facts: Facts) -> Telling:
    back = f"{facts.amount} go back to your card in full." if facts.captured else "Nothing will be charged."
    return Telling("Your cancellation is noted. It takes a few seconds.", back)


def _expired(facts: Facts, _now: datetime) -> Telling:
    return Telling(
        "The visit to Stripe ended before a card was given.",
        f"Nothing was charged and nothing is kept. {facts.the.capitalize()} is on its page as before.",
    )


def _cancelled(facts: Facts, _now: datetime) -> Telling:
    if facts.captured > facts.refunded:
        return Telling(
            "Cancelled. Your payment is going back to you.",
            f"{facts.amount} return to the card you paid with. A letter confirms it.",
        )
    who = {
        "creator": "The creator cancelled this order",
        "grace": "The time to repair the card has passed",
        "move": "The day moved while you were at Stripe",
    }
    said = who.get(facts.cancel_who.split(":")[0], "Cancelled")
    why = f" “{facts.cancel_why}”" if facts.cancel_who.startswith("creator") and facts.cancel_why else ""
    if facts.hold_open:
        return Telling(f"{said}. Nothing was charged.{why}", f"Your bank is being told to free the {facts.amount}.")
    return Telling(f"{said}. Nothing was charged, the card is forgotten.{why}", "A letter confirms it.")


def _refunded(facts: Facts, _now: datetime) -> Telling:
    return Telling(
        f"Cancelled. {facts.amount} go back to your card.",
        "Banks show it within 5 to 10 working days. A letter confirms it.",
    )


_TELL = {
    "placed": _placed,
    "reserved": _reserved,
    "held": _held,
    "paid": _paid,
    "past_due": _past_due,
    "expired": _expired,
    "cancelled": _cancelled,
    "refunded": _refunded,
}


def _line(facts: Facts, now: datetime) -> tuple[Step, ...]:
    steps = [_ordered(facts)]
    if facts.mode == "save_card" and not facts.purchase:
        steps.append(_preflight(facts, now))
    if facts.state == "past_due":
        steps = [steps[0], _declined(facts)]
    if not facts.purchase:
        steps.append(_the_day(facts))
    steps.append(_last(facts))
    return tuple(steps)


def _ordered(facts: Facts) -> Step:
    when = words.day_clock(facts.placed_at, facts.zone)
    if facts.state == "placed":
        return Step(when, "You began an order. No card is secured yet.", "needs", "waiting for you")
    did = {
        "hold": f"You pre-ordered, and your bank set {facts.amount} aside. Nothing was charged.",
        "save_card": "You pre-ordered and saved a card. Nothing was charged.",
        "pay_now": f"You ordered and paid {facts.amount}.",
    }
    return Step(when, did[facts.mode], "past", "done")


def _preflight(facts: Facts, now: datetime) -> Step:
    at = facts.preflight_at or charge.preflight_at(facts.launch_at)
    when = words.day_clock(at, facts.zone)
    if facts.state in {"held", "paid"} or now >= at:
        return Step(
            when,
            f"Your bank set {facts.amount} aside.",
            "past",
            "done" if facts.state in {"held", "paid"} else "under way",
        )
    return Step(when, f"Your bank is asked to set {facts.amount} aside. You hear from us only if it says no.", "future")


def _declined(facts: Facts) -> Step:
    at = facts.declined_at or facts.placed_at
    text = f"{declined_words(facts.decline)} {bold('We try nothing on our own until you have repaired it.')}"
    return Step(words.day_clock(at, facts.zone), text, "needs", "your bank said no")


def _the_day(facts: Facts) -> Step:
    when = words.weekday_clock_place(facts.launch_at, facts.zone)
    opens = f"{facts.the.capitalize()} {OPENS[facts.kind]}. The access link goes to {facts.email}"
    if facts.state == "past_due":
        if facts.launched_at:
            return Step(
                when,
                f"{facts.the.capitalize()} is open for the others. Yours follows at once when the card is repaired.",
                "day",
            )
        return Step(when, f"Repaired by then: {facts.the} {OPENS[facts.kind]} for you with everybody else.", "day")
    if facts.mode == "pay_now":
        return Step(when, f"{opens}. {bold('You have paid already.')}", "day")
    return Step(when, f"{opens}, and {bold(f'you pay {facts.amount}')}.", "day")


def _last(facts: Facts) -> Step:
    if facts.state == "past_due":
        until = facts.grace_until or facts.launch_at + charge.GRACE
        return Step(
            words.day_clock(until, facts.zone),
            "The last moment. After it the order is cancelled, at no cost, and your place goes to the next in line.",
            "future",
        )
    until = max(facts.placed_at, facts.launched_at or facts.launch_at) + WITHDRAW_WITHIN
    return Step(
        f"Until {words.day_month(until, facts.zone)}", "Not opened it yet? Withdraw and get everything back.", "future"
    )
