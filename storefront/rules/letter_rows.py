"""The facts of a letter, each with its label: one function for each kind."""

import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

from storefront.rules import charge, leaving, queue_letter_words, standing_words, words
from storefront.rules.letter_words import COLUMNS, Told, listed
from storefront.rules.money import exact

LABELS = 19
OF_PRODUCT = frozenset({"given_up", "launch_stopped", "rehearsed"})


class Row(NamedTuple):
    """A fact with its label; `mono` for what is copied sign by sign."""

    label: str
    text: str
    mono: bool = False


def rows(told: Told, kind: str) -> list[Row]:
    """The facts of one kind of letter."""
    found = [*_ROWS[kind](told), *([] if kind in OF_PRODUCT else [Row("Order", told.about.number)])]
    return [row for row in found if row.text]


def _pays(told: Told, *, late: bool = False) -> Row:
    """What is still to come is not called paid. `late`: the day has come, and it opens on another one."""
    about = told.about
    card = f", with {about.card.replace('ending ', f'ending{words.NBSP}')}" if about.card else ""
    amount = exact(about.price, about.currency)
    if about.state == "paid":
        return Row("You paid", f"{amount}{card}")
    if told.out:
        return Row("You pay", f"{amount}, today{card}")
    when = f"when it {told.opens}" if about.undated or late else f"on {told.date}"
    if about.place:
        when = "when it is your turn" + ("" if about.undated else f", at the latest on {told.date}")
    return Row("You pay", f"{amount}, once, {when}{card}")


def _withdraw(told: Told) -> Row:
    """Until it is opened, a sale can be undone for the days it was promised (policies.md 2)."""
    about = told.about
    when = (about.placed_at, about.launched_at or about.day, about.zone, about.days)
    if about.opened or leaving.withdraw_until(*when) <= told.now:
        return Row("Changed your mind", "")
    text = f"Until you open it, and at the latest until {leaving.last_day(*when)}: withdraw on the order’s page, and you get everything back."
    return Row("Changed your mind", text)


def _with_it(told: Told) -> Row:
    return Row("With it", ", ".join(told.about.bonuses))


def _confirmed(told: Told) -> list[Row]:
    if told.out:
        return [_pays(told), _with_it(told), _withdraw(told)]
    if told.about.place:
        return [Row(*each) for each in queue_letter_words.rows(told.about.place, told.amount, told.full)]
    cancel = Row(
        "Changed your mind", f"Cancel any time until it {told.opens}, on the order’s page. No reason is asked."
    )
    return [*_to_come(told), _pays(told), _with_it(told), cancel]


def _to_come(told: Told) -> list[Row]:
    """What happens when."""
    about = told.about
    asked = charge.preflight_at(about.day)
    pay = "You have paid already" if about.state == "paid" else f"You pay {told.amount}"
    day = Row(
        words.day_clock(about.day, about.zone),
        f"{told.the.capitalize()} {told.opens}. {pay}, and the access link comes to this address.",
    )
    if about.mode != "save_card" or about.state != "reserved" or asked <= told.now:
        return [day]
    text = f"Your bank is asked to set {told.amount} aside. You hear from us only if it says no."
    return [Row(words.day_clock(asked, about.zone), text), day]


def _repaired(told: Told) -> list[Row]:
    return [_pays(told), _with_it(told), Row("The day", "" if told.out else told.full)]


def _moved(told: Told) -> list[Row]:
    about = told.about
    was = words.full(about.before, about.before_zone or about.zone) if about.before and not about.before_undated else ""
    answer = f"By {told.move.until}" if about.silence == "cancels" else ""
    return [
        Row("At the latest" if about.place else "The new day", "" if about.undated else told.full),
        Row("It was", was),
        _pays(told),
        _your_card(told),
        Row("Your answer", answer),
        Row("For waiting", about.gift),
        Row("Changed your mind", f"Cancel any time until it {told.opens}, on the order’s page: {told.goes_back}."),
    ]


def _still_waiting(told: Told) -> list[Row]:
    cancel = f"Cancel any time until it {told.opens}, on the order’s page: {told.goes_back}."
    return [_pays(told), _with_it(told), Row("Changed your mind", cancel)]


def _standing(told: Told) -> list[Row]:
    """What a question is about."""
    return [Row("The day", "" if told.out else told.full), Row("Price", exact(told.about.price, told.about.currency))]


def _bettered(told: Told) -> list[Row]:
    return [Row("The day", told.full), _pays(told), _with_it(told)]


def _missed(told: Told) -> list[Row]:
    return [Row("The day", told.full)]


def _past_due(told: Told) -> list[Row]:
    about = told.about
    price = exact(about.price, about.currency)
    kept = listed([f"your price of {price}", *(f"“{each}”" for each in about.bonuses), "your place"])
    day = f"{told.full}. Repaired by then, it {told.opens} for you with everybody else." if not told.out else ""
    return [
        Row("Kept for you", kept),
        Row("The card", about.card),
        Row("The day", day),
        Row("The last moment", f"{words.full(told.last, about.zone)}. After it the order is cancelled, at no cost."),
    ]


def _past_due_out(told: Told) -> list[Row]:
    return [row for row in _past_due(told) if row.label != "The day"]


def _card_expiring(told: Told) -> list[Row]:
    about = told.about
    kept = listed(
        [f"your price of {exact(about.price, about.currency)}", *(f"“{b}”" for b in about.bonuses), "your place"]
    )
    card = about.card.replace("ending ", f"ending{words.NBSP}")
    return [
        Row("At the latest" if about.place else "The day", told.full),
        Row("The card", f"{card}, valid until the end of {told.card_month}"),
        Row("Kept for you", kept),
        _pays(told),
    ]


def _access(told: Told) -> list[Row]:
    pays = [] if told.about.fresh_link else [_pays(told)]
    return [*pays, Row("Licence key", told.about.licence_key, mono=True), _withdraw(told)]


def _cancelled(told: Told) -> list[Row]:
    charged = told.about.captured - told.about.refunded
    return [
        Row("Charged", "nothing" if charged <= 0 else f"{exact(charged, told.about.currency)}, on its way back"),
        _asked_for(told),
    ]


def _asked_for(told: Told) -> Row:
    """What a buyer declared, with its instant: the law wants it confirmed."""
    about = told.about
    label = "You withdrew" if about.launched_at and told.about.granted_at else "You cancelled"
    at = words.full(about.cancelled_at, about.zone) if about.cancelled_at and about.cancel_who == "buyer" else ""
    return Row(label, at)


def _refunded(told: Told) -> list[Row]:
    about = told.about
    back = about.last_back or about.refunded or about.price
    return [
        Row("Back to you", exact(back, about.currency)),
        Row("How", about.by_hand) if about.by_hand else Row("To", about.card),
        Row("Back in all", exact(about.refunded, about.currency) if about.refunded > back else ""),
        Row("Begun on", words.day_month_year(told.now, about.zone)),
        _asked_for(told),
    ]


def _part_refunded(told: Told) -> list[Row]:
    about = told.about
    return [
        Row("Back to you", told.matter_amount),
        Row("To", about.card),
        Row("You paid", exact(about.captured, about.currency)),
        Row("Back in all", exact(about.refunded, about.currency) if about.refunded > told.matter.amount else ""),
    ]


def _paid_back(told: Told) -> list[Row]:
    how = Row("How", told.matter.why) if told.paid_by_hand else Row("To", told.about.card)
    return [Row("Back to you", told.matter_amount), how, Row("On", words.day_month_year(told.now, told.about.zone))]


def _refund_failed(told: Told) -> list[Row]:
    return [Row("Still yours", told.matter_amount), Row("Sent to", told.about.card)]


def _task(told: Told) -> list[Row]:
    return [Row("Do it by", told.due), Row("What is sold", told.about.title), Row("Buyer", told.about.buyer)]


def _grace_over(told: Told) -> list[Row]:
    about = told.about
    return [
        Row("Not charged", exact(about.price, about.currency)),
        Row("The bank said", told.no.said if about.decline else ""),
        Row("Buyer", about.buyer),
    ]


def _dispute(told: Told) -> list[Row]:
    why = standing_words.reason(told.matter.kind)
    return [Row("Amount", told.matter_amount), Row("The bank said", why), Row("Buyer", told.about.buyer)]


def _address_new(told: Told) -> list[Row]:
    return [Row("The day", "" if told.out else told.full), _pays(told), _with_it(told)]


def _withdrawn(told: Told) -> list[Row]:
    """The content of the declaration, with date and time (Directive 2023/2673)."""
    about = told.about
    at = words.full(about.cancelled_at, about.zone) if about.cancelled_at else ""
    return [
        Row("You declared", f"I withdraw from the contract for {about.title}, order {about.number}."),
        Row("It arrived", at),
        Row("You paid", exact(about.captured, about.currency) if about.captured else ""),
    ]


def _order_link(told: Told) -> list[Row]:
    return [Row("The day", "" if told.out else told.full), _withdraw(told) if told.out else Row("", "")]


def _launch_late(told: Told) -> list[Row]:
    latest = Row("At the latest", "" if told.about.state == "past_due" else told.at_the_latest)
    return [Row("It was promised", told.full), latest, _your_card(told), _pays(told, late=True)]


def _your_card(told: Told) -> Row:
    needs = told.about.state == "past_due"
    return Row("Your card", f"needs you until {told.kept_until}, on the order’s page" if needs else "")


def _given_up(told: Told) -> list[Row]:
    about = told.about
    returned = int(about.told.get("returned", 0))
    return [
        Row("Orders ended", f"{about.told.get('orders', 0):,}"),
        Row("Went back", exact(returned, about.currency) if returned else "nothing had been charged"),
    ]


def _nothing(_told: Told) -> list[Row]:
    return []


_ROWS: dict[str, Callable[[Told], list[Row]]] = {
    "confirmed": _confirmed,
    "repaired": _repaired,
    "moved": _moved,
    "still_waiting": _still_waiting,
    "bettered": _bettered,
    "missed": _missed,
    "past_due": _past_due,
    "past_due_out": _past_due_out,
    "grace_ending": _past_due,
    "card_expiring": _card_expiring,
    "part_refunded": _part_refunded,
    "refund_failed": _refund_failed,
    "paid_back": _paid_back,
    "asked": _standing,
    "answered": _standing,
    "task": _task,
    "grace_over": _grace_over,
    "dispute_won": _dispute,
    "dispute_lost": _dispute,
    "access": _access,
    "cancelled": _cancelled,
    "refunded": _refunded,
    "withdrawn": _withdrawn,
    "order_link": _order_link,
    "launch_late": _launch_late,
    "launch_stopped": _nothing,
    "rehearsed": _nothing,
    "given_up": _given_up,
    "address_old": _nothing,
    "address_new": _address_new,
}


def rows_as_text(rows: Sequence[Row]) -> str:
    """The facts of a letter in two columns."""
    return "\n".join(_row_as_text(row) for row in rows)


def _row_as_text(row: Row) -> str:
    label = f"{row.label:<{LABELS}}"
    return textwrap.fill(
        row.text,
        COLUMNS,
        initial_indent=label,
        subsequent_indent=" " * LABELS,
        break_long_words=False,
        break_on_hyphens=False,
    )
