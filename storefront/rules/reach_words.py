"""What the page says about how a buyer is reached."""

from storefront.rules import phone


def sentence(email: str, number: str, *, bounces: bool, proved: bool) -> str:
    """The first sentence: what is true at this second."""
    if bounces and not proved:
        return f"Our letters to {email} come back."
    if bounces:
        return f"Letters to {email} come back, so we text {phone.shown(number)}."
    if proved:
        return f"We write to {email} and text {phone.shown(number)}."
    return f"We write to {email}."


def bounced(why: str, *, by_text: bool) -> str:
    """What follows from letters that come back."""
    way = "go by text instead" if by_text else "stand under this order’s letters"
    stop = "" if why.endswith(".") else "."
    return f"{why}{stop} Nothing more is mailed there; new letters {way}. Correct the address, or tell us that it is right."
