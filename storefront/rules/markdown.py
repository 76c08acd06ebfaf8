"""Markdown by creators, as HTML that can do nothing: raw HTML is off, and what is left passes an allow-list."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

TAGS = {
    *("p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "br", "strong", "em", "s", "a", "img"),
    *("code", "pre", "span", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "pre": {"tabindex", "class"},
    "code": {"class"},
    "span": {"class"},
    "div": {"class", "tabindex"},
    "ol": {"start"},
    **{f"h{level}": {"id"} for level in range(1, 5)},
}
Address = Callable[[str], str]


def render(text: str, asset_url: Address | None = None) -> str:
    """Safe HTML of Markdown. `asset_url` turns the path of a picture into its address; without it pictures go."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in _inline(tokens):
        if token.tag == "h1":  # the page it stands on has one already
            token.tag = "h2"
        if token.type == "image":
            source = str(token.attrGet("src") or "")
            token.attrSet("src", asset_url(source) if asset_url else "")
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener"
    )


def images(text: str) -> list[tuple[int, str]]:
    """The pictures a text names: (line, path), lines from 1."""
    return [
        (token.map[0] + 1, str(child.attrGet("src") or ""))
        for token in _parser().parse(text)
        for child in token.children or []
        if child.type == "image" and token.map
    ]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "typographer": True, "highlight": _highlighted})
    parser.enable(["table", "strikethrough", "replacements", "smartquotes"]).use(anchors_plugin, max_level=4)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _table_open(_self: RendererProtocol, _tokens: Sequence[Token], _at: int, _options: Any, _env: Any) -> str:  # noqa: ANN401
    return '<div class="table-scroll" tabindex="0"><table>'


def _table_close(_self: RendererProtocol, _tokens: Sequence[Token], _at: int, _options: Any, _env: Any) -> str:  # noqa: ANN401
    return "</table></div>"


def _highlighted(code: str, language: str, _attributes: str) -> str:
    """Code with its words classed; a block that is wider than the page scrolls, also by keyboard."""
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    inner = highlight(code, lexer, HtmlFormatter(nowrap=True))
    return f'<pre class="code" tabindex="0"><code>{inner}</code></pre>'


def _inline(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or []
