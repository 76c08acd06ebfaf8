"""Writing to somebody who asked for the news of a launch."""

from datetime import datetime

from flask import render_template

from storefront.actions.ordering import current_offer
from storefront.actions.writing_tickets import message_id
from storefront.models.letters import Letter
from storefront.models.watchers import Watcher
from storefront.outside.postman import Envelope
from storefront.outside.world import Outside
from storefront.rules import letter_words, words
from storefront.rules.money import short


def watcher_envelope(outside: Outside, letter: Letter, watcher: Watcher, now: datetime) -> Envelope:
    """The letter, ready to go; news carry their own end in the head (RFC 8058)."""
    product, url = watcher.product, outside.links.watcher(watcher.id, watcher.link_sha256 or "")
    offer = current_offer(product, now)
    facts = {
        "title": product.title,
        "lead": product.lead,
        "creator": product.creator.name,
        "opens": words.OPENS[product.kind],
        "price": short(offer.price, product.currency) if offer else "",
        "product_url": f"{outside.links.base_url}/p/{product.slug}",
        "news_url": url,
        "rows": [],
        "rows_text": "",
        "to_creator": False,
    }
    return Envelope(
        to=watcher.email,
        sender_name=f"{product.creator.name} via {outside.shop_name}",
        reply_to=product.creator.email,
        subject=render_template(f"mail/{letter.kind}.subject.txt", **facts),
        text=letter_words.set_columns(render_template(f"mail/{letter.kind}.txt", **facts)),
        html=render_template(f"mail/{letter.kind}.html", **facts),
        message_id=message_id(outside, letter),
        at=now,
        unsubscribe=f"{url}/end" if letter.kind == "launch_news" else "",
    )
