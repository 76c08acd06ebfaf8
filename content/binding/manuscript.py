"""A manuscript is a folder: book.toml, one Markdown file a chapter in order of name, and img/."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"typographer": True, "xhtmlOut": True}).enable(
    ["table", "replacements", "smartquotes"]
)
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# A day and its month, a sum and its currency stay on one line.
NEVER_PARTED = re.compile(rf"(?<=\d) (?=(?:{MONTHS})\b|€)")


@dataclass(frozen=True)
class Chapter:
    """One Markdown file. Its first line is its title."""

    slug: str
    title: str
    text: str  # without the title


@dataclass(frozen=True)
class Book:
    """What both bindings need to know."""

    folder: Path
    title: str
    subtitle: str
    author: str
    publisher: str
    language: str
    identifier: str
    date: str
    description: str
    rights: str
    chapters: tuple[Chapter, ...]


def read_book(folder: Path) -> Book:
    """Read a manuscript."""
    facts: dict[str, str] = tomllib.loads((folder / "book.toml").read_text("utf-8"))
    chapters = tuple(read_chapter(path) for path in sorted(folder.glob("*.md")))
    return Book(folder=folder, chapters=chapters, **facts)


def read_chapter(path: Path) -> Chapter:
    """Read one chapter."""
    heading, _, text = path.read_text("utf-8").partition("\n")
    if not heading.startswith("# "):
        message = f"{path}:1: a chapter begins with its title, as in '# Title'"
        raise ValueError(message)
    return Chapter(path.stem, heading.removeprefix("# "), kept_together(text))


def kept_together(text: str) -> str:
    """Put no-break spaces where a line must not end."""
    return NEVER_PARTED.sub("\N{NO-BREAK SPACE}", text)
