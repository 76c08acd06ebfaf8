"""What is said to whoever wants to hear of a launch: the consent, the letters, the page behind their link."""

from datetime import timedelta

from storefront.rules.words import OPENS

# Letters to one address in a day that ask for a confirmation: nobody fills a stranger's mailbox from here.
MOST_A_DAY, DAY = 5, timedelta(days=1)


def consent(title: str, kind: str) -> str:
    """What the box on the form says; kept word for word."""
    return f"Write to me once, when {title} {OPENS[kind]}. I can end that at any time, with one click."


def sentence(title: str, kind: str, state: str) -> tuple[str, str]:
    """The head of the page behind the link, and what stands below it; `state`: asked, confirmed, told or ended."""
    opens = OPENS[kind]
    return {
        "asked": (f"Shall we write to you when {title} {opens}?", "One letter on that day, and no other."),
        "confirmed": (f"We write to you when {title} {opens}.", "One letter on that day, and no other."),
        "told": (f"{title} is out.", "That was the letter you asked for. There will be no other."),
        "ended": ("You hear from us no more about this.", "It was ended at once, also for what was on its way."),
    }[state]
