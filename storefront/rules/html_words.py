"""The words of an HTML mail as plain text, line by line, with what it quotes behind ">". One pass, whatever is sent.

The standard library's parser takes minutes for a page of 60 KB made to hurt it; here each sign is looked at a few times.
"""

import html
import re

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)(?=[\s/>])[^<>]*>|<[!?/][^<>]*>", re.IGNORECASE)
# What no reader sees, from its begin to its end; where the end is missing, the rest is kept: a question is not lost.
UNSEEN = ((r"<!--", r"-->"), *((rf"<{name}\b", rf"</{name}\s*>") for name in ("style", "script", "title")))
PARTED = frozenset({"p", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "pre"})
LINES = PARTED | {"div", "li", "tr"}


def of_html(page: str) -> str:
    """The words of an HTML mail as plain text; nothing of it is ever shown as HTML."""
    for begin, end in UNSEEN:
        page = _without(page, begin, end)
    found, at = _Lines(), 0
    for tag in TAG.finditer(page):
        found.say(page[at : tag.start()])
        found.mark(str(tag[2] or "").lower(), ends=bool(tag[1]))
        at = tag.end()
    found.say(page[at:])
    return found.text()


def _without(page: str, begin: str, end: str) -> str:
    """Looked for up to the last end only, so that a thousand begins without one cost nothing."""
    last = max((each.end() for each in re.finditer(end, page, re.IGNORECASE)), default=0)
    cut = re.sub(f"{begin}.*?{end}", " ", page[:last], flags=re.IGNORECASE | re.DOTALL)
    return cut + page[last:]


class _Lines:
    """Lines as they grow; `depth`: within how many quotations the next one stands."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self.depth = 0

    def say(self, words: str) -> None:
        """More words for the line."""
        line = re.sub(r"\s+", " ", html.unescape(words))
        if line.strip() or (line and self.lines[-1]):
            self._grow(line)

    def _grow(self, words: str) -> None:
        if not self.lines[-1] and self.depth:
            self.lines[-1].append("> " * min(self.depth, 9))
        self.lines[-1].append(words)

    def mark(self, name: str, *, ends: bool) -> None:
        """A tag: a new line, a paragraph, a quotation that begins or ends, the next cell."""
        if name == "br":
            self.lines.append([])
        elif name in {"td", "th"}:
            self.say(" ")
        elif name in LINES:
            self._part(parted=name in PARTED)
        if name == "blockquote":
            self.depth = max(self.depth + (-1 if ends else 1), 0)

    def _part(self, *, parted: bool) -> None:
        if self.lines[-1]:
            self.lines.append([])
        if parted and len(self.lines) > 1 and self.lines[-2]:
            self.lines.append([])

    def text(self) -> str:
        """All of it, with one empty line between paragraphs at most."""
        whole = "\n".join(re.sub(" +", " ", "".join(line)).strip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", whole).strip()
