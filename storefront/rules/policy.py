"""The policy in plain words, generated from the rules in force: what the code does is what the page says.

The sentences take their numbers from the modules that decide (`charge`, `launch`, `leaving`), and "who may cancel when"
is told row by row as policies.md 2 has it. An owner may make a term stricter for the shop, never looser.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from storefront.rules import charge, delay, launch, leaving
from storefront.rules.launch_words import number
from storefront.rules.words import NOUN

REFUNDED_WITHIN = 7  # working days


@dataclass(frozen=True)
class Terms:
    """What an owner may make stricter: the days within which an unopened order may be withdrawn from."""

    withdraw_days: int = leaving.LEAST_DAYS


STANDARD = Terms()


@dataclass(frozen=True)
class About:
    """The product a policy is for; `upfront`: it is paid when it is ordered."""

    title: str
    kind: str
    creator: str
    out: bool
    upfront: bool


def version(kind: str, source: str, about: int | None = None) -> str:
    """The name of a text: another text, another name. `about`: the product's id."""
    return hashlib.sha256(f"{kind}:{about or ''}:{source}".encode()).hexdigest()[:12]


def of_store(terms: Terms) -> str:
    """The shop's policy, in Markdown."""
    parts = [_order(None), _paying(None), _refusal(), *_both(terms, out=False), _gone_wrong(), _access(), _data()]
    return "\n\n".join(parts) + "\n"


@lru_cache(maxsize=256)
def of_product(about: About, terms: Terms) -> str:
    """The policy of one product: what cannot happen to it any more is left out."""
    moves = [] if about.out else [_gone_wrong()]
    parts = [_order(about), _paying(about), *([] if about.out else [_refusal()])]
    parts += [*_both(terms, out=about.out), *moves, _access(), _data()]
    return "\n\n".join(parts) + "\n"


def _both(terms: Terms, *, out: bool) -> list[str]:
    return [_cancelling(terms, out=out), _withdrawing(terms), _refunds()]


def _order(about: About | None) -> str:
    if about is None:
        what = "A course, an e-book or a piece of software, with the price, the bonus and the day shown on its page."
    elif about.out:
        what = f"{about.title}, {_a(about.kind)} by {about.creator}, at the price shown on its page. It is out."
    else:
        what = f"{about.title}, {_a(about.kind)} by {about.creator}, with the price, the bonus and the day shown on its page."
    return (
        f"## What you order\n\n{what} The price includes tax. The button that orders says what you will pay, and when.\n\n"
        "Your price, your bonus and your place do not change when the next buyer pays more."
    )


def _a(kind: str) -> str:
    noun = NOUN[kind]
    return {"software": "software"}.get(noun, f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}")


def _days(span: timedelta) -> str:
    return f"{number(span.days)} days"


def _hours(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 3600)} hours"


def _paying(about: About | None) -> str:
    rows = {
        "later": (
            f"opens more than {_days(charge.HOLD_WITHIN)} from now",
            f"your card is saved; your bank is asked to set the amount aside {_hours(charge.PREFLIGHT_BEFORE)} before the launch; charged on the day",
        ),
        "soon": (f"opens within {_days(charge.HOLD_WITHIN)}", "the amount is set aside now; charged on the day"),
        "upfront": (f"is paid in advance (at most {charge.UPFRONT_WITHIN.days} days ahead)", "paid at once"),
        "out": ("is out", "paid at once"),
    }
    shown = [rows[each] for each in _ways(about)]
    table = "\n".join(
        ["| your order | what happens to the money |", "|---|---|", *(f"| {a} | {b} |" for a, b in shown)]
    )
    promise = "You are charged once, the amount you were told or less."
    before = (
        ""
        if about and about.out
        else " Nobody is charged before the day they were promised, unless the button said so."
    )
    return f"## When you pay\n\n{table}\n\n{promise}{before} [What happens to my card](/pages/card) says it at length."


def _ways(about: About | None) -> tuple[str, ...]:
    if about is None:
        return ("later", "soon", "upfront", "out")
    if about.out:
        return ("out",)
    return ("upfront", "later", "soon") if about.upfront else ("later", "soon")


def _refusal() -> str:
    return (
        "## If your bank says no\n\nYou get a letter with a link to repair it. Nothing was charged. Price, bonus and place are kept "
        f"until {_days(charge.GRACE)} after the launch, or after the first refusal if that is later. "
        "Then the order is cancelled, you are told, and your place goes to the next."
    )


def who_may_cancel(terms: Terms, *, out: bool = False) -> list[tuple[str, str, str]]:
    """The table of policies.md 2, row by row: the order is, the buyer may, and then. `out`: only what can still be."""
    ahead = [
        (
            "waiting for its day, or for you to repair a card",
            "cancel at any time",
            "what was set aside is released, the card is forgotten, nothing is charged",
        ),
        ("paid, and not out yet", "cancel at any time", "full refund"),
    ]
    return [
        ("not yet confirmed by Stripe", "leave it", "nothing is ordered, and the place is free again"),
        *([] if out else ahead),
        ("being charged this moment", "cancel; it is noted", "refunded in full the moment the money lands"),
        (
            "out, and you have never opened it",
            f"withdraw within {terms.withdraw_days} days of the launch, or of your order if that was later",
            "full refund",
        ),
        ("opened, and you agreed that the right to withdraw ends", "ask its creator", "the creator decides"),
    ]


def _cancelling(terms: Terms, *, out: bool) -> str:
    rows = [f"| {a} | {b} | {c} |" for a, b, c in who_may_cancel(terms, out=out)]
    table = "\n".join(["| the order is | you may | and then |", "|---|---|---|", *rows])
    return (
        f"## Who may cancel, and when\n\n{table}\n\nYou do it on your order's page, which every letter leads to. "
        "No reason is asked and no sign-in is needed. A creator may cancel any order, with a reason; you are told, "
        "and everything you paid goes back."
    )


def _withdrawing(terms: Terms) -> str:
    return (
        "## How to withdraw\n\nPress “Withdraw from contract here” on your order's page or in our letters, then “Confirm withdrawal”. "
        "A letter says at once that it has arrived, from what you withdrew, and when. Without the letter at hand, "
        f"[ask for your order's page](/withdraw). You have {terms.withdraw_days} days.\n\n"
        "Digital things cannot be handed back. So when you open yours for the first time, the page asks you to agree that delivery "
        "begins at once and that the right to withdraw ends with it. You are never asked that when you order. You may also leave it "
        "unopened; when the days are over it opens without that question."
    )


def _refunds() -> str:
    return (
        "## Refunds\n\nEverything you paid goes back to the card you paid with. It is started the same day and has left us within "
        f"{number(REFUNDED_WITHIN)} working days; banks show it within 5 to 10. There is no store credit unless you pick it. "
        "A refund that does not arrive is made again by other means."
    )


def _gone_wrong() -> str:
    agrees = delay.SILENCE_AGREES_WITHIN.days
    return (
        "## If the day moves\n\nYou hear of it by letter, before the day, with the reason and a link that answers without sign-in.\n\n"
        "| the news | if you say nothing |\n|---|---|\n"
        f"| up to {agrees} days later | your order moves along; you may cancel until it opens |\n"
        f"| more than {agrees} days later, or no day yet | cancelled {agrees} days after the day you were promised, unless it opens before or you tell us that you will wait |\n"
        "| the new day cannot be kept either | cancelled on the new day, unless you tell us that you will wait |\n"
        f"| earlier | you are told at least {_hours(launch.NOTICE)} before you pay, and may cancel |\n\n"
        f"If you agreed to wait without a day, you may cancel at any time until it opens.\n\n"
        f"## If it is late on the day\n\nFor up to {_hours(delay.RUNS_LATE)} it simply runs late, and our letter says so. If it has not opened by then "
        "and nobody has told you why, your order counts as cancelled: what was set aside is released, what was paid goes back. "
        f"A new day that you are told only then counts if you say yes within those {_hours(delay.RUNS_LATE)}; "
        "if you say nothing, your order is cancelled when they are over.\n\n"
        "If something in it is missing on the day, it does not open: nobody is charged, and you are told.\n\n"
        "## If the creator gives up\n\nYou are told, with the reason. What was set aside is released, what was paid goes back in full, at once. "
        "[If a date moves](/pages/dates) says it at length."
    )


def _access() -> str:
    return (
        "## Access\n\nYour link comes by letter. It opens your library; what you bought stays there. If the letter does not come, your order's "
        "page sends a fresh link to the address you gave. A mistyped address can be corrected there until the launch."
    )


def _data() -> str:
    return (
        "## Your data\n\nWe keep your address, your orders and what we wrote to you, because we owe you what you ordered. Stripe keeps the card. "
        "Where the law of your country gives you more than this page, you have more."
    )


def waiver() -> str:
    """What a reader agrees to at first access, and at no other moment (policies.md 2)."""
    return "Delivery begins at once, as I ask. I know that my right to withdraw ends when I open it."
