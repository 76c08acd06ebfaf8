"""What an order's page says: one pure function of the order, its launch and now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storefront.rules import charge, refund_words, words
from storefront.rules.decline_words import No
from storefront.rules.leaving import Leaver, Way, way_out, withdraw_until
from storefront.rules.money import exact, short
from storefront.rules.refund_words import Back
from storefront.rules.words import NOUN, OPENS, Note, Step, Telling, bold, red

MOST_STEPS = 5


@dataclass(frozen=True)
class Facts:
    """What the words depend on; money in minor units, `launch_at` the moment that was last promised, which is off where
    it is `undated`.
    """

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
    decline_class: str = ""
    next_try_at: datetime | None = None
    grace_until: datetime | None = None
    card: str = ""
    card_until: datetime | None = None
    opened: bool = False
    hold_open: bool = False
    cancel_who: str = ""
    cancel_why: str = ""
    backs: tuple[Back, ...] = ()
    disputed_at: datetime | None = None
    dispute_lost: bool = False
    lost_before: bool = False
    undated: bool = False
    days: int = 14
    repaired: bool = False
    back_order: bool = False

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
        return "the day it is ready" if self.undated else red(words.weekday_day(self.launch_at, self.zone))

    @property
    def no(self) -> No:
        """What the bank said."""
        return No(self.decline, self.decline_class, self.next_try_at)

    @property
    def last(self) -> datetime:
        """The end of the grace: the buyer's last moment to act."""
        return self.grace_until or charge.grace_until(self.declined_at or self.placed_at, self.launch_at)

    @property
    def left(self) -> int:
        """What the shop has of the money, in minor units."""
        return self.captured - self.refunded

    @property
    def leaver(self) -> Leaver:
        """What the ways to leave depend on."""
        return Leaver(
            self.state,
            self.placed_at,
            self.zone,
            self.launched_at,
            opened=self.opened,
            leaving=self.leaving,
            disputed=self.disputed_at is not None or self.dispute_lost,
            days=self.days,
        )


def tell(facts: Facts, now: datetime) -> Telling:
    """The sentence that is true at this second, and the line below it."""
    if facts.confirming:
        second = "It takes a few seconds. You need not wait here: a letter follows."
        return Telling("Confirming with Stripe …", second, soon=True)
    if facts.leaving and facts.state not in {"cancelled", "refunded", "expired"}:
        return _leaving(facts, now)
    if facts.state == "paid" and (facts.dispute_lost or facts.lost_before or facts.disputed_at):
        return _disputed(facts, now)
    return _TELL[facts.state](facts, now)


def _placed(facts: Facts, now: datetime) -> Telling:
    until = facts.session_until or facts.placed_at + charge.SESSION_LIFE
    if now >= until:
        second = "It takes a moment. Nothing is charged meanwhile."
        return Telling("We are asking Stripe how your visit ended.", second, soon=True)
    return Telling(
        f"One step is missing: finish at Stripe by {red(words.clock_place(until, facts.zone))}.",
        f"Your price of {facts.amount} is kept until then. Nothing has been charged.",
        line=_line(facts, now),
    )


def _reserved(facts: Facts, now: datetime) -> Telling:
    if facts.launched_at:
        return Telling(
            f"{facts.amount} are being charged to your card now.",
            f"{facts.the.capitalize()} opens for you the moment your bank agrees.",
            line=_line(facts, now),
            soon=True,
        )
    if card_ends_early(facts.card_until, facts.launch_at):
        return _card_ends(facts, now)
    return Telling(
        f"Your card is saved. On {facts.day} we charge {facts.amount} and {facts.the} {OPENS[facts.kind]} for you.",
        "Nothing has been charged so far. There is nothing you need to do.",
        line=_line(facts, now),
    )


def card_ends_early(until: datetime | None, day: datetime) -> bool:
    """Whether a saved card is no longer valid on the day it is to be charged."""
    return until is not None and until <= day


def card_month(until: datetime) -> str:
    """The month a card ends with, as it stands on the card: April 2027."""
    return words.month_year(until - timedelta(days=1))


def _card_ends(facts: Facts, now: datetime) -> Telling:
    ends = card_month(facts.card_until or now)
    return Telling(
        f"Your card ends with {ends}, before the day. Use another one by {facts.day} and everything stays as it was.",
        "Nothing has been charged so far. It takes two clicks.",
        tag=("needs", "Your card needs you"),
        note=_kept(facts, facts.launch_at),
        line=_line(facts, now),
    )


def _kept(facts: Facts, until: datetime) -> Note:
    text = f"Your price of {facts.amount}, what comes with it, and your place."
    return Note("needs", f"Kept for you until {words.day_month(until, facts.zone)}", text)


def _held(facts: Facts, now: datetime) -> Telling:
    if facts.granted:
        return _open(facts, now, f"You pay {facts.amount}; your bank is taking them now.")
    if facts.launched_at:
        return Telling(
            f"{facts.the.capitalize()} is opening now. Your link comes by mail.",
            f"{facts.amount} are set aside on your card.",
            line=_line(facts, now),
        )
    if now >= facts.launch_at and not facts.undated:
        return _opening(facts, now)
    return Telling(
        f"{facts.amount} are set aside on your card. On {facts.day} we take them and {facts.the} {OPENS[facts.kind]} for you.",
        "Nothing has been charged so far. There is nothing you need to do.",
        line=_line(facts, now),
    )


def _paid(facts: Facts, now: datetime) -> Telling:
    if facts.granted:
        return _open(facts, now, _paid_so_far(facts))
    if facts.launched_at or (now >= facts.launch_at and not facts.undated):
        return _opening(facts, now)
    back = f"{_went_back(facts)} " if facts.backs else ""
    return Telling(
        f"You have paid {facts.amount}. On {facts.day} {facts.the} {OPENS[facts.kind]} for you.",
        f"{back}Until then you may cancel at any time and get everything back.",
        line=_line(facts, now),
    )


def _paid_so_far(facts: Facts) -> str:
    return " ".join(filter(None, [f"You paid {facts.amount}.", _went_back(facts)]))


def _went_back(facts: Facts) -> str:
    """How much of it went back, and what did not arrive."""
    failed = sum(each.amount for each in facts.backs if each.failed)
    said = [f"{exact(facts.refunded, facts.currency)} of it go back to you."] if facts.refunded else []
    said += [f"{exact(failed, facts.currency)} did not reach your card; we write to you."] if failed else []
    return " ".join(said)


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
    by, no = red(words.weekday_day(facts.last, facts.zone)), facts.no
    if no.asks:
        sentence = f"{no.head} Do it by {by} and everything stays as it was."
        second = f"We asked for {facts.amount}. Nothing has been charged. {no.to_do}"
    else:
        sentence = f"{no.head} Your price and place are kept until {by}."
        second = f"{no.said} {no.we_try(facts.zone, now)} {no.to_do}"
    paused = f" Your access to {facts.the} is paused until then." if facts.suspended else ""
    return Telling(
        sentence,
        f"{second}{paused}",
        tag=("needs", "Your card needs you"),
        note=_kept(facts, facts.last),
        line=_line(facts, now),
    )


def _disputed(facts: Facts, now: datetime) -> Telling:
    """The bank has the word: what it does to access, and what comes of it by itself."""
    if facts.dispute_lost:
        return Telling(
            f"Your bank has given you the money back, so your access to {facts.the} has ended.",
            "It decided the claim for you. Nothing more happens here.",
            tag=("ended", "Ended"),
            line=_line(facts, now),
        )
    if facts.lost_before:
        return Telling(
            f"Your access to {facts.the} has ended: your bank had decided the claim for you.",
            "That decision was appealed. Access does not come back by itself, whatever the bank says now; ask us about it.",
            tag=("ended", "Ended"),
            line=_line(facts, now),
        )
    waits = "is paused" if facts.suspended or facts.granted else "waits"
    return Telling(
        f"Your bank asks for this payment back. Your access {waits} until it has decided.",
        f"{_paid_so_far(facts)} If that is a mistake, tell your bank: when it takes the claim back, access follows by itself.",
        tag=("ended", "Access paused"),
        line=_line(facts, now),
    )


def _leaving(facts: Facts, now: datetime) -> Telling:
    if facts.disputed_at:
        return Telling(
            "Your cancellation is noted. Your bank asks for this payment back, and it decides first.",
            "What it does not give you, we do. Your access has ended.",
            line=_line(facts, now),
        )
    if any(each.failed for each in facts.backs) and facts.left > 0:
        return Telling(
            f"{short(facts.left, facts.currency)} did not reach your card. We find another way and write to you.",
            "Your cancellation is noted, and your access has ended.",
            line=_line(facts, now),
        )
    back = f"{short(facts.left, facts.currency)} go back to your card in full." if facts.captured else ""
    return Telling("Your cancellation is noted. It takes a few seconds.", back or "Nothing will be charged.", soon=True)


def _expired(facts: Facts, _now: datetime) -> Telling:
    return Telling(
        "The visit to Stripe ended before a card was given.",
        f"Nothing was charged and nothing is kept. {facts.the.capitalize()} is on its page as before.",
    )


def _cancelled(facts: Facts, _now: datetime) -> Telling:
    if facts.left > 0:
        return Telling(
            "Cancelled. Your payment is going back to you.",
            f"{short(facts.left, facts.currency)} return to the card you paid with. A letter confirms it.",
        )
    who = {
        "creator": "The creator cancelled this order",
        "grace": "The time to repair the card has passed",
        "move": "The day moved while you were at Stripe",
        "silence": "The new day needed your yes, and none came",
        "missed": "It did not open on its day, nor in the 24 hours after it",
    }
    said = who.get(facts.cancel_who.split(":")[0], "Cancelled")
    why = f" “{facts.cancel_why}”" if facts.cancel_who.startswith("creator") and facts.cancel_why else ""
    if facts.hold_open:
        return Telling(f"{said}. Nothing was charged.{why}", f"Your bank is being told to free the {facts.amount}.")
    return Telling(f"{said}. Nothing was charged, the card is forgotten.{why}", "A letter confirms it.")


def _refunded(facts: Facts, now: datetime) -> Telling:
    if facts.left > 0:
        return Telling(
            f"Cancelled. {short(facts.left, facts.currency)} did not reach your card.",
            "We find another way to pay you, and write to you. You need do nothing.",
            line=_line(facts, now),
        )
    if facts.backs and facts.backs[-1].status == "by_hand":
        day = words.day_month(facts.backs[-1].made_at, facts.zone)
        said = f"Cancelled. {facts.amount} were paid back to you by other means on {day}."
        return Telling(said, "A letter confirms it.", line=_line(facts, now))
    return Telling(
        f"Cancelled. {facts.amount} go back to your card.",
        f"{refund_words.BANKS} A letter confirms it.",
        line=_line(facts, now) if facts.backs else (),
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
    """At most five steps, in the order of their time; of several refunds the last."""
    steps = [(facts.placed_at, _ordered(facts))]
    if facts.state == "past_due":
        steps += _declined(facts, now)
    elif facts.mode == "save_card" and not (facts.purchase or facts.undated) and facts.state != "refunded":
        steps.append((facts.preflight_at or charge.preflight_at(facts.launch_at), _preflight(facts, now)))
    if not facts.purchase and facts.state != "refunded":
        off = max(now, facts.launch_at) if facts.undated else facts.launch_at
        steps.append((facts.launched_at or off, _the_day(facts)))
    steps += [*_claimed(facts), *_given_back(facts), *_last(facts, now)]
    ordered = [step for _, step in sorted(steps, key=lambda each: each[0])]
    return tuple([*ordered[:1], *ordered[1 - MOST_STEPS :]] if len(ordered) > MOST_STEPS else ordered)


def _ordered(facts: Facts) -> Step:
    when = words.day_clock(facts.placed_at, facts.zone)
    if facts.state == "placed":
        return Step(when, "You began an order. No card is secured yet.", "needs", "waiting for you")
    did = {
        "hold": f"You pre-ordered, and your bank set {facts.amount} aside. Nothing was charged.",
        "save_card": f"You {'back' if facts.back_order else 'pre'}-ordered and saved a card. Nothing was charged.",
        "pay_now": f"You ordered and paid {facts.amount}.",
    }
    return Step(when, did[facts.mode], "past", "done")


def _preflight(facts: Facts, now: datetime) -> Step:
    at = facts.preflight_at or charge.preflight_at(facts.launch_at)
    when = words.day_clock(at, facts.zone)
    if facts.state in {"held", "paid"} and facts.repaired:
        return Step(
            when, "Your bank said no, and you put the card right. Everything stayed as it was.", "past", "repaired"
        )
    if facts.state in {"held", "paid"}:
        return Step(when, f"Your bank set {facts.amount} aside.", "past", "done")
    if now >= at:
        return Step(when, f"Your bank is being asked for {facts.amount}.", "past", "under way")
    if card_ends_early(facts.card_until, facts.launch_at):
        text = f"Your bank is asked to set {facts.amount} aside. It needs a card that is valid on the day."
        return Step(when, text, "needs", "another card by then")
    return Step(when, f"Your bank is asked to set {facts.amount} aside. You hear from us only if it says no.", "future")


def _declined(facts: Facts, now: datetime) -> list[tuple[datetime, Step]]:
    """The bank's no, our own next try where there is one, and the last moment."""
    at, no = facts.declined_at or facts.placed_at, facts.no
    text = f"{no.said} {bold(no.we_try(facts.zone, now))}"
    aside = "your bank said: confirm first" if no.asks else "your bank said no"
    aside = "no bank was asked" if no.unasked else aside
    steps = [(at, Step(words.day_clock(at, facts.zone), text, "needs", aside))]
    if no.again and no.again > now:
        again = f"We ask your bank once more for {facts.amount}. Another card before then, and it is not asked."
        steps.append((no.again, Step(words.day_clock(no.again, facts.zone), again, "future", "by itself")))
    last = "The last moment. After it the order is cancelled, at no cost, and your place goes to the next in line."
    if facts.last - timedelta(days=1) > now:
        last += " We remind you the day before."
    return [*steps, (facts.last, Step(words.day_clock(facts.last, facts.zone), last, "future"))]


def _the_day(facts: Facts) -> Step:
    when = "No day yet" if facts.undated else words.weekday_clock_place(facts.launch_at, facts.zone)
    the = facts.the.capitalize()
    if facts.state == "past_due":
        if facts.launched_at:
            return Step(when, f"{the} is out. Yours opens at once when the card is repaired.", "day")
        return Step(when, f"Repaired by then: {facts.the} {OPENS[facts.kind]} for you with everybody else.", "day")
    if facts.granted or facts.suspended:
        paid = f"and {bold(f'you paid {facts.amount}')}" if facts.captured else f"and {bold(f'you pay {facts.amount}')}"
        if facts.mode == "pay_now":
            paid = f"and you had paid {facts.amount} before"
        return Step(when, f"{the} came out. The access link went to {facts.email}, {paid}.", "day")
    if facts.launched_at:
        return _came_out(facts, when, the)
    opens = f"{the} {OPENS[facts.kind]}. The access link goes to {facts.email}"
    if facts.mode == "pay_now":
        return Step(when, f"{opens}. {bold('You have paid already.')}", "day")
    return Step(when, f"{opens}, and {bold(f'you pay {facts.amount}')}.", "day")


def _came_out(facts: Facts, when: str, the: str) -> Step:
    """The day has come, and access is not there: it is on its way, waits for the bank, or stays shut."""
    if facts.leaving or facts.lost_before or facts.leaver.disputed or facts.state in {"cancelled", "refunded"}:
        return Step(when, f"{the} came out.", "day")
    if facts.state == "reserved":
        return Step(when, f"{the} came out. Yours opens the moment your bank agrees to {bold(facts.amount)}.", "day")
    paid = f"You have paid {facts.amount}." if facts.captured else f"{bold(f'You pay {facts.amount}')}."
    return Step(when, f"{the} came out. Your access link is on its way to {facts.email}. {paid}", "day")


def _claimed(facts: Facts) -> list[tuple[datetime, Step]]:
    if facts.disputed_at is None:
        return []
    text = "Your bank asks for this payment back. Until it has decided, nothing opens and nothing is refunded."
    return [(facts.disputed_at, Step(words.day_clock(facts.disputed_at, facts.zone), text, "past", "under way"))]


def _given_back(facts: Facts) -> list[tuple[datetime, Step]]:
    """The last refund, and how it stands."""
    if not facts.backs:
        return []
    back = facts.backs[-1]
    aside = refund_words.OUTCOMES[back.status][1].lower()
    text = f"{bold(exact(back.amount, facts.currency))} {_to_you(back)}"
    when = words.day_clock(back.made_at, facts.zone)
    return [(back.made_at, Step(when, text, "past", aside))]


def _to_you(back: Back) -> str:
    if back.failed:
        return "did not reach your card. We find another way and write to you."
    if back.status == "by_hand":
        return "were paid back to you by other means."
    return f"go back to the card you paid with. {refund_words.BANKS}"


def _last(facts: Facts, now: datetime) -> list[tuple[datetime, Step]]:
    """The last day to withdraw, while there is one."""
    if facts.state in {"past_due", "refunded"} or facts.opened or facts.leaver.disputed or facts.undated:
        return []
    out = facts.launched_at or facts.launch_at
    until = withdraw_until(facts.placed_at, out, facts.zone, facts.days)
    if until <= now:
        return []
    day = words.day_month(until - timedelta(seconds=1), facts.zone)
    return [(until, Step(f"Until {day}", "Not opened it yet? Withdraw and get everything back.", "future"))]


def withdraw_words(facts: Facts, now: datetime) -> tuple[str, str]:
    """The words on the link that leaves an order, and a sentence where there is none but a reason to know why."""
    way = way_out(facts.leaver, now)
    said = {
        Way.LEAVE: ("Leave it, nothing is charged", ""),
        Way.CANCEL: ("Cancel this order" if facts.purchase else "Cancel this pre-order", ""),
        Way.WITHDRAW: ("Withdraw from contract here", ""),
        Way.NONE: ("", ""),
    }
    return said[way] if way in said else ("", _ask(facts))


def _ask(facts: Facts) -> str:
    why = "You have opened it" if facts.opened else f"The {facts.days} days to withdraw are over"
    return f"{why}. A refund is its creator’s to give now: answering any of our letters reaches them."
