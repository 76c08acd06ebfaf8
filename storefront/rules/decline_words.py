"""What a bank's no means for the buyer: what it said, what to do, and when we ask again by ourselves (design.md 3)."""

from dataclasses import dataclass
from datetime import datetime

from storefront.rules import words
from storefront.rules.declining import Answer, Class, classify

SAID = {
    "expired_card": "The card has expired.",
    "insufficient_funds": "There was not enough money on the card.",
    "authentication_required": "The bank wants its holder to confirm.",
    "lost_card": "The bank does not accept this card any more.",
    "stolen_card": "The bank does not accept this card any more.",
    "incorrect_cvc": "The card's check number did not fit.",
    "processing_error": "The bank could not be asked.",
    "no_address": "We do not know where the card's bill goes, and the tax hangs on it.",
    "card_replaced": "Another kind of card has taken the place of yours, and you have agreed to the old one only.",
    "hold_voided": "The amount that was set aside on the card was released by hand.",
    "hold_lapsed": "The amount set aside on the card was given back by the bank.",
}
# What stands in the way though no bank was asked: the fact, and what to do about it.
UNASKED = {
    "no_address": (
        "Your address is missing, so nothing was charged.",
        "Enter the card once more; the page asks for its country and postal code.",
    ),
    "card_replaced": (
        "Your bank has replaced your card. Nothing was charged.",
        "Enter the new card once, or any other: none is charged that you have not agreed to.",
    ),
    "hold_voided": (
        "Nothing is set aside for your order any more. Nothing was charged.",
        "If you still want it, enter your card once more, or another one. If not, you need do nothing.",
    ),
}
CLASS_SAID = {
    Class.EXPIRED: "The card has expired.",
    Class.AUTHENTICATION: "The bank wants its holder to confirm.",
    Class.STOP: "The bank does not accept this card for it.",
    Class.FUNDS: "There was not enough money on the card, or its limit was reached.",
    Class.PROCESSING: "The bank could not be asked.",
    Class.BANK: "The bank gave no reason.",
}
TO_DO = {
    Class.EXPIRED: "Use another card, or the new one that your bank has sent you.",
    Class.AUTHENTICATION: "Confirm it, usually in your bank's app. It takes about a minute.",
    Class.STOP: "This card is not asked again; another one puts it right.",
    Class.FUNDS: "Use another card, or the same one when there is enough on it.",
    Class.PROCESSING: "Enter the card once more, or use another one.",
    Class.BANK: "Your bank can tell you why. Another card puts it right at once.",
}
# What to do while we ask once more by ourselves.
MEANWHILE = {
    Class.FUNDS: "If there is enough on the card by then, you need do nothing. Another card puts it right at once.",
    Class.PROCESSING: "The card itself may be good, and you need do nothing yet. Another one puts it right at once.",
    Class.BANK: "Your bank can tell you why. Another card puts it right at once.",
}


@dataclass(frozen=True)
class No:
    """A decline as an order keeps it; `again` is when we ask once more, None where only the buyer can help."""

    reason: str
    kind: str = ""
    again: datetime | None = None

    @property
    def of(self) -> Class:
        """Its class; an order declined before classes were kept is told by its reason."""
        return Class(self.kind) if self.kind else classify(Answer(self.reason))

    @property
    def asks(self) -> bool:
        """Whether the bank wants its holder, rather than another card."""
        return self.of is Class.AUTHENTICATION

    @property
    def unasked(self) -> bool:
        """Whether it is no bank's no: something else stands in the way."""
        return self.reason in UNASKED

    @property
    def head(self) -> str:
        """The fact in one sentence, and what became of the money."""
        if self.asks:
            return "Your bank wants you to confirm the card."
        if self.unasked:
            return UNASKED[self.reason][0]
        said = "Your bank could not be asked" if self.of is Class.PROCESSING else "Your bank said no"
        return f"{said}. Nothing was charged."

    @property
    def said(self) -> str:
        """What the bank said, in a sentence."""
        return SAID.get(self.reason) or CLASS_SAID[self.of]

    @property
    def to_do(self) -> str:
        """What the buyer can do about it."""
        if self.unasked:
            return UNASKED[self.reason][1]
        return MEANWHILE.get(self.of, TO_DO[self.of]) if self.again else TO_DO[self.of]

    @property
    def button(self) -> str:
        """The words on the button that repairs it."""
        return "Confirm with my bank" if self.asks else "Use another card"

    def we_try(self, zone: str, now: datetime) -> str:
        """What we do by ourselves, and when."""
        if self.again is None:
            return "We try nothing on our own."
        if self.again <= now:
            return "We are asking your bank once more."
        return f"We ask your bank once more on {words.weekday_clock_place(self.again, zone)}."
