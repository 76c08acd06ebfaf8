"""How Jinja writes money, days and marked words."""

from datetime import datetime

from flask import Flask
from markupsafe import Markup, escape

from storefront.rules import markdown, money, words
from storefront.web.context import now, shop

MARKS = {
    words.DAY_OPEN: '<span class="the-day">',
    words.DAY_CLOSE: "</span>",
    words.BOLD_OPEN: "<strong>",
    words.BOLD_CLOSE: "</strong>",
}


def marked(text: str) -> Markup:
    """Words with their marks turned into markup: the day red, the money bold."""
    html = str(escape(text))
    for mark, tag in MARKS.items():
        html = html.replace(mark, tag)
    return Markup(html)  # noqa: S704 (escaped above)


def prose(text: str) -> Markup:
    """Markdown by a creator, as safe HTML."""
    return Markup(markdown.render(text))  # noqa: S704 (allow-listed by rules.markdown)


def install(app: Flask) -> None:
    """Register the filters, and what every page knows."""
    app.jinja_env.filters.update(
        marked=marked,
        plain=words.plain,
        prose=prose,
        money=money.short,
        money_exact=money.exact,
        day_month=words.day_month,
        day_clock=words.day_clock,
        full_day=words.full,
        masked=words.masked,
    )
    app.context_processor(_always)


def _always() -> dict[str, str | datetime]:
    settings = shop().settings
    return {
        "shop_name": settings.shop_name,
        "shop_owner": settings.shop_owner,
        "base_url": settings.base_url,
        "now": now(),
    }
