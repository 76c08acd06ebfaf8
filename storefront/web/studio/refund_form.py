"""What is typed to give money back, read and checked; it comes back as it was typed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from storefront.rules.money import BadAmount, decimals, digits, exact, parse, step, symbol

LONGEST_REASON = 500
AMOUNT = re.compile(r"[0-9]{1,12}(?:\.([0-9]+))?", re.ASCII)
GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?P<part>\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class RefundForm:
    """The form of a part refund; `left`: minor units that were left when it was looked at."""

    amount: str = ""
    reason: str = ""
    left: int | None = None
    errors: dict[str, str] = field(default_factory=dict)
    refusal: str = ""

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> "RefundForm":
        """What was sent."""
        left = sent.get("left", "")
        return cls(
            amount=sent.get("amount", "").strip()[:40],
            reason=" ".join(sent.get("why", "").split())[:LONGEST_REASON],
            left=int(left) if left.isascii() and left.isdigit() and len(left) < 12 else None,  # noqa: PLR2004
        )

    def meant(self, currency: str) -> "int | RefundForm":
        """Minor units, or the form with what is wrong about it."""
        amount, fault = read_amount(self.amount, currency)
        errors = {"amount": fault} if fault else {}
        if not self.reason:
            errors["reason"] = "Give the buyer the reason, in your own words. It stands in the letter."
        return replace(self, errors=errors) if errors else amount

    def refused(self, sentence: str, *, about_amount: bool = False) -> "RefundForm":
        """The same form with why it was not done."""
        if about_amount:
            return replace(self, errors={**self.errors, "amount": sentence})
        return replace(self, refusal=sentence, left=None)


def read_amount(typed: str, currency: str) -> tuple[int, str]:
    """Minor units of what was typed, and what is wrong with it ("" when nothing is)."""
    typed = typed.removeprefix(symbol(currency)).removesuffix(symbol(currency)).removesuffix(currency).strip()
    typed = _ungrouped(typed, currency)
    example = exact(5 * 10 ** decimals(currency), currency)
    if not typed:
        return 0, f"Write how much goes back, such as {example}."
    if "," in typed:
        point = "with a point and no comma" if digits(currency) else "without a comma"
        return 0, f"Write it {point}, such as {example}."
    if typed.startswith("-"):
        return 0, f"Write what goes back without a minus, such as {example}."
    found = AMOUNT.fullmatch(typed)
    if found is None:
        return 0, f"“{typed}” does not read as an amount. Write it like {example}."
    if len(found[1] or "") > digits(currency):
        return 0, _too_exact(currency)
    return _parsed(typed, currency)


def _ungrouped(typed: str, currency: str) -> str:
    """1,107.250 as the page itself writes it; a comma that may be meant as the point stays, to be asked about."""
    found = GROUPED.fullmatch(typed)
    plain = found is not None and (found["part"] or not digits(currency))
    return typed.replace(",", "") if plain else typed


def _too_exact(currency: str) -> str:
    count = digits(currency)
    most = f"at most {count} digits after the point" if count else "no digits after the point"
    return f"{currency} has {most}."


def _parsed(typed: str, currency: str) -> tuple[int, str]:
    try:
        return parse(typed, currency, lowest=1), ""
    except BadAmount:
        smallest, most = exact(step(currency), currency), "what is left of the payment"
        uneven = f", in steps of {smallest}" if digits(currency) > len("00") else ""
        return 0, f"Write an amount between {smallest} and {most}{uneven}."
