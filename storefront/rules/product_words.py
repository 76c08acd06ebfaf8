"""What a product's page says: what happens when."""

from datetime import datetime

from storefront.rules import charge, words
from storefront.rules.charge import Mode
from storefront.rules.leaving import WITHDRAW_WITHIN
from storefront.rules.words import NOUN, OPENS, Step, bold


def line(kind: str, mode: Mode, amount: str, launch_at: datetime, zone: str, now: datetime) -> list[Step]:
    """What happens when, for a buyer who orders now."""
    the = f"The {NOUN[kind]}"
    steps = [Step("Today", _today(mode, amount), "past", words.weekday_day(now, zone))]
    if mode is Mode.SAVE_CARD:
        at = charge.preflight_at(launch_at)
        text = f"Your bank is asked to set {amount} aside. If it says no, you hear from us at once and keep price, bonus and place."
        steps.append(Step(words.day_clock(at, zone), text, "future"))
    paid = bold("You have paid already.") if mode is Mode.PAY_NOW else bold(f"{amount} are charged.")
    opens = f"{the} {OPENS[kind]}. Your access link is mailed within a minute. {paid}"
    steps.append(Step(words.weekday_clock_place(launch_at, zone), opens, "day"))
    until = words.day_month(launch_at + WITHDRAW_WITHIN, zone)
    steps.append(Step(f"Until {until}", "Not opened it yet? Withdraw and get everything back.", "future"))
    steps.append(Step("If the day moves", _moves(), "if"))
    return steps


def _today(mode: Mode, amount: str) -> str:
    said = {
        Mode.HOLD: f"Your bank sets {amount} aside on your card. {bold('Nothing is charged.')}",
        Mode.SAVE_CARD: f"You save a card with Stripe. {bold('Nothing is charged.')}",
        Mode.PAY_NOW: f"You pay {bold(amount)}. Until the day you may cancel and get everything back.",
    }
    return said[mode]


def _moves() -> str:
    return (
        "You are told before the day, with the reason. Up to 30 days later: your order moves along, "
        "and two clicks cancel. Later than that: it is cancelled, unless you tell us you will wait."
    )


def purchase_line(kind: str, amount: str, zone: str, now: datetime) -> list[Step]:
    """What happens when, for a product that is out."""
    until = words.day_month(now + WITHDRAW_WITHIN, zone)
    return [
        Step("Now", f"You pay {bold(amount)} with Stripe.", "past", words.weekday_day(now, zone)),
        Step("Within a minute", f"The {NOUN[kind]} is yours: the access link comes by mail.", "future"),
        Step(f"Until {until}", "Not opened it yet? Withdraw and get everything back.", "future"),
    ]
