"""What the studio and the terminal say of a product that is cancelled: before it is done, and while it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.rules import words
from storefront.rules.launch_words import counted
from storefront.rules.money import exact
from storefront.rules.words import NBSP, Note

SILENT = "Stripe does not answer just now. It is asked again by itself."
BANK_DECIDES = "Its buyer's bank asks for the payment back, and decides first. Answer it, or wait."
BANK_GAVE_BACK = "Its buyer has the money back from the bank."
PENDING = "The refund is on its way; Stripe says when it has arrived."
BY_HAND = "Paid back by other means."
WHAT_TO_DO = "Open the order: refund it again, or pay the buyer by other means and note it there."
STATES = {
    "placed": "at Stripe just now",
    "reserved": "with a saved card",
    "held": "with the amount set aside",
    "past_due": "waiting for a card",
    "paid": "paid",
}
ORDER = ("done", "by_hand", "settling", "waiting", "failed")


@dataclass(frozen=True)
class Cash:
    """The cash a cancellation needs and what Stripe has of it, in minor units; `available` None: Stripe is silent."""

    currency: str
    needed: int
    available: int | None

    @property
    def short(self) -> int:
        """What is missing."""
        return max(self.needed - self.available, 0) if self.available is not None else 0


def states_line(by_state: Mapping[str, int]) -> str:
    """Live orders by state: "12 card saved, 3 secured"."""
    return ", ".join(f"{by_state[state]:,} {told}" for state, told in STATES.items() if by_state.get(state))


def will(by_state: Mapping[str, int], held: int, cash: Cash, refunds: int, opened: int) -> list[tuple[str, str]]:
    """What a cancellation does, as facts; held in minor units."""
    orders = sum(by_state.values())
    rows = [
        ("Leaves the shop", "at once, and never opens"),
        ("Orders", f"{counted(orders, 'order ends', 'orders end')}: {states_line(by_state)}" if orders else "none"),
    ]
    if by_state.get("held"):
        rows.append(("Released", f"{exact(held, cash.currency)}, set aside on {counted(by_state['held'], 'card')}"))
    if refunds:
        rows.append(("Goes back", f"{exact(cash.needed, cash.currency)}, in {counted(refunds, 'refund')}, in full"))
        rows.append(("Stripe has", available_words(cash)))
        rows.append(("Not returned", "what Stripe took for these payments stays with Stripe"))
    if orders and not refunds:
        rows.append(("Charged", "nothing; saved cards are forgotten"))
    if opened:
        rows.append(("Access", f"ends, also for {counted(opened, 'reader')} who {_have(opened)} opened it"))
    return rows


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def available_words(cash: Cash) -> str:
    """Stripe's available balance beside what is needed."""
    if cash.available is None:
        return "not known: Stripe does not answer just now"
    return f"{exact(cash.available, cash.currency)} available"


def cash_note(cash: Cash) -> Note | None:
    """Where the balance does not reach: the refunds wait at Stripe, and what to do."""
    if not cash.short:
        return None
    text = (
        f"Refunds beyond the balance wait at Stripe until money is there. Pay {exact(cash.short, cash.currency)} in "
        "from Stripe's dashboard (Balances, Add to balance) and they go out by themselves. You may begin before that."
    )
    return Note("needs", f"{exact(cash.short, cash.currency)} are missing at Stripe", text)


@dataclass(frozen=True)
class Progress:
    """A cancellation under way: orders by how far they are; money in minor units. `over`: nothing is open any more."""

    title: str
    currency: str
    counts: Mapping[str, int]
    returned: int
    under_way: int
    owed: int
    over: bool

    @property
    def total(self) -> int:
        """Every order of it."""
        return sum(self.counts.values())

    def of(self, *states: str) -> int:
        """How many stand in these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def ended(self) -> int:
        """Orders of which nothing is open."""
        return self.of("done", "by_hand")

    @property
    def resting(self) -> bool:
        """Whether nothing more happens by itself soon: all is over, or only people and banks are waited for."""
        return self.over or not self.of("waiting")


def sentence(here: Progress) -> str:
    """The sentence that is true at this second."""
    if not here.total:
        return f"{here.title} is cancelled. Nobody had ordered it."
    if here.over:
        back = f" {exact(here.returned, here.currency)} went back." if here.returned else ""
        return f"{here.title} is cancelled. {counted(here.total, 'order has', 'orders have')} ended.{back}"
    if here.of("waiting"):
        return f"{here.title} is being cancelled: {here.total - here.of('waiting'):,} of {here.total:,} orders done."
    if here.of("failed"):
        return f"{here.title} is cancelled, and {counted(here.of('failed'), 'order needs', 'orders need')} you."
    return f"{here.title} is cancelled. {exact(here.under_way, here.currency)} are on their way to the cards."


def figures(here: Progress) -> list[tuple[str, ...]]:
    """The numbers below it."""
    failed = here.of("failed")
    rows: list[tuple[str, ...]] = [
        ("Ended", f"{here.ended:,}", f"of {counted(here.total, 'order')}"),
        ("To go", f"{here.of('waiting'):,}", "by itself"),
        ("Went back", exact(here.returned, here.currency), f"{exact(here.owed, here.currency)} still owed"),
        ("On the way", exact(here.under_way, here.currency), counted(here.of("settling"), "refund")),
    ]
    need = ("Need you", f"{failed:,}", "see below" if failed else "nothing to do")
    return [*rows, (*need, "needs") if failed else need]


def parts(here: Progress) -> list[tuple[str, int, str]]:
    """One bar that adds up to all orders."""
    return [
        ("done", here.ended, "ended"),
        ("next", here.of("settling"), "money on its way"),
        ("waiting", here.of("waiting"), "to go"),
        ("needs", here.of("failed"), "need you"),
    ]


def parts_label(of: Sequence[tuple[str, int, str]]) -> str:
    """The bar for who does not see it."""
    return ", ".join(f"{count:,} {told}" for _, count, told in of)


def status_lines(here: Progress, width: int = 40) -> list[str]:
    """A cancellation on a terminal."""
    share = here.ended / here.total if here.total else 1
    full = round(share * width)
    counted_states = ", ".join(f"{state.replace('_', ' ')} {here.of(state):,}" for state in ORDER)
    money = f"returned {exact(here.returned, here.currency)}, on the way {exact(here.under_way, here.currency)}"
    lines = [
        sentence(here),
        f"[{'#' * full}{'.' * (width - full)}] {share:4.0%}  {here.ended:,} of {here.total:,} ended",
        counted_states,
        f"{money}, still owed {exact(here.owed, here.currency)}",
    ]
    return [words.plain(line).replace(NBSP, " ") for line in lines]
