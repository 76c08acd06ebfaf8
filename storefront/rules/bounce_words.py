"""Words about letters that came back."""

RESTS = "The address rests: letters to it come back."
WHAT_TO_DO = (
    "Reach the buyer another way if you can; they correct the address on the order’s page. "
    "If you know that it is right, press “Write to it again” there."
)


def came_back(reason: str) -> str:
    """What a mail server reported, as a letter's row keeps it."""
    return f"It came back: {reason or 'no reason was given'}"


def task(address: str, why: str) -> str:
    """What a creator is asked to do about a buyer's address."""
    return f"Letters to {address} do not arrive. {_stop(why)} What is due now goes by text, where the buyer agreed to texts, and stands in their inbox. {WHAT_TO_DO}"


def creators_own(address: str, why: str) -> str:
    """The same about the creator's own address."""
    return f"Letters to your own address {address} do not arrive. {_stop(why)} Everything they say stands in the studio; have the owner correct the address."


def complained(address: str) -> str:
    """A reader called a letter spam."""
    return f"{address} called a letter of this order spam. No news go there any more; what the rules demand is still mailed. If they want to leave, cancel the order for them."


def _stop(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
