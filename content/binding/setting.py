"""Sets Markdown as type on a page: each kind of block becomes a flowable of ReportLab."""

import re
from html import escape
from pathlib import Path

from markdown_it.tree import SyntaxTreeNode
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    Preformatted,
    Spacer,
    Table,
    TableStyle,
)

from .drawing import Drawing
from .manuscript import MARKDOWN

INK, SOFT, RULE = HexColor("#1e1814"), HexColor("#554e48"), HexColor("#b9b3ac")
TEXT, SANS, SANS_BOLD = "Newsreader", "InstrumentSans-Regular", "InstrumentSans-SemiBold"
MONO, DISPLAY = "JetBrainsMono-Regular", "Newsreader-Display"

BODY = ParagraphStyle(
    "body",
    fontName=TEXT,
    bulletFontName=TEXT,
    fontSize=10.3,
    leading=14.6,
    textColor=INK,
    spaceAfter=6,
    allowWidows=0,
    allowOrphans=0,
)
STYLES = {
    "body": BODY,
    "quote": ParagraphStyle("quote", BODY, spaceAfter=4.5),
    "item": ParagraphStyle("item", BODY, leftIndent=17, bulletIndent=0, spaceAfter=4),
    "cell": ParagraphStyle("cell", BODY, fontSize=9.4, leading=12.4, spaceAfter=0),
    "head": ParagraphStyle("head", fontName=SANS_BOLD, fontSize=8.2, leading=11, textColor=SOFT),
    "number": ParagraphStyle("number", fontName=SANS, fontSize=10, leading=12, textColor=SOFT),
    "h1": ParagraphStyle("h1", fontName=DISPLAY, fontSize=24.5, leading=27, textColor=INK, spaceAfter=24),
    "h2": ParagraphStyle(
        "h2",
        fontName=SANS_BOLD,
        fontSize=11,
        leading=14,
        textColor=INK,
        spaceBefore=13,
        spaceAfter=4.5,
        keepWithNext=1,
    ),
    "caption": ParagraphStyle("caption", fontName=SANS, fontSize=8.2, leading=11, textColor=SOFT, spaceBefore=5),
    "code": ParagraphStyle("code", fontName=MONO, fontSize=7.7, leading=11.2, textColor=INK),
    "centre": ParagraphStyle("centre", BODY, alignment=TA_CENTER),
}


DASH = "\N{EN DASH}"
KEPT_WHOLE = {"blockquote", "table", "fence"}


class Setter:
    """Sets one chapter in a column of a given width."""

    def __init__(self, folder: Path, width: float) -> None:
        """Take the folder in which pictures are looked up."""
        self.folder = folder
        self.width = width
        self.blocks = {
            "heading": self.heading,
            "paragraph": self.paragraph,
            "bullet_list": self.items,
            "ordered_list": self.items,
            "blockquote": self.quote,
            "table": self.table,
            "fence": self.code,
        }

    def set(self, text: str) -> list[Flowable]:
        """Return the flowables of a Markdown text."""
        flow: list[Flowable] = []
        for node in SyntaxTreeNode(MARKDOWN.parse(text)).children:
            block = self.blocks[node.type](node)
            if node.type in KEPT_WHOLE:
                heading = [flow.pop()] if flow and is_heading(flow[-1]) else []
                block = [KeepTogether([*heading, *block])]
            flow += block
        return flow

    def heading(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set a heading inside a chapter."""
        return [Paragraph(inline(node.children[0]), STYLES["h2"])]

    def paragraph(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set a paragraph, or a picture that stands alone in one."""
        line = node.children[0]
        if [child.type for child in line.children] == ["image"]:
            return self.picture(line.children[0])
        return [Paragraph(inline(line), BODY)]

    def picture(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set a picture with its caption under it."""
        drawing = Drawing(self.folder / str(node.attrs["src"]), self.width)
        caption = Paragraph(escape(str(node.attrs.get("title", ""))), STYLES["caption"])
        return [KeepTogether([Spacer(1, 8), drawing, caption, Spacer(1, 12)])]

    def items(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set a list. An item that begins with a box to tick needs no other mark."""
        ordered = node.type == "ordered_list"
        rows: list[Flowable] = []
        for number, item in enumerate(node.children, start=1):
            text = inline(item.children[0].children[0])
            mark = f"{number}." if ordered else "☐" if text.startswith("☐") else DASH
            bullet = f'<bullet><font name="{TEXT}" size="10.3">{mark}</font></bullet>'
            rows.append(Paragraph(bullet + text.removeprefix("☐ "), STYLES["item"]))
        return [*rows, Spacer(1, 4)]

    def quote(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set a quotation beside a rule."""
        rows = [[Paragraph(inline(p.children[0]), STYLES["quote"])] for p in node.children]
        rule = TableStyle(
            [
                ("LINEBEFORE", (0, 0), (0, -1), 1.6, INK),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -2), 6),
                ("BOTTOMPADDING", (0, -1), (-1, -1), 2),
                ("FONTNAME", (0, 0), (-1, -1), TEXT),
            ]
        )
        table = Table(rows, colWidths=[self.width], style=rule, spaceBefore=8, spaceAfter=12)
        return [table]

    def table(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set a table between hairlines."""
        head, body = node.children
        rows = [cells(row, "head") for row in head.children]
        rows += [cells(row, "cell") for row in body.children]
        table = Table(rows, colWidths=self.columns(node), style=HAIRLINES, repeatRows=1)
        return [Spacer(1, 4), table, Spacer(1, 10)]

    def columns(self, node: SyntaxTreeNode) -> list[float]:
        """Share the width by the longest cell of each column, within reason."""
        rows = [row.children for part in node.children for row in part.children]
        longest = [max(len(plain(cell)) for cell in column) for column in zip(*rows, strict=True)]
        weights = [min(max(length, 9), 34) for length in longest]
        return [self.width * weight / sum(weights) for weight in weights]

    def code(self, node: SyntaxTreeNode) -> list[Flowable]:
        """Set lines of a program as they are."""
        text = Preformatted(node.content.rstrip("\n"), STYLES["code"])
        return [Spacer(1, 3), text, Spacer(1, 10)]


def is_heading(flowable: Flowable) -> bool:
    """Say whether what was set last is a heading, which must not end a page."""
    return getattr(flowable, "style", None) is STYLES["h2"]


HAIRLINES = TableStyle(
    [
        ("FONTNAME", (0, 0), (-1, -1), TEXT),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, RULE),
    ]
)


def cells(row: SyntaxTreeNode, style: str) -> list[Paragraph]:
    """Set the cells of one row."""
    return [Paragraph(inline(cell.children[0]), STYLES[style]) for cell in row.children]


def plain(cell: SyntaxTreeNode) -> str:
    """Return the words of a cell without their marks."""
    return re.sub(r"<[^>]*>", "", inline(cell.children[0]))


def inline(node: SyntaxTreeNode) -> str:
    """Return a line of Markdown in ReportLab's own markup."""
    return "".join(word(child) for child in node.children)


def word(node: SyntaxTreeNode) -> str:
    """Return one span of a line. Links are told by their words: a page of paper has none."""
    if node.type == "text":
        return escape(node.content, quote=False)
    if node.type == "code_inline":
        return f'<font name="{MONO}" size="8.8">{escape(node.content, quote=False)}</font>'
    before, after = SPANS.get(node.type, ("", ""))
    return before + inline(node) + after


SPANS = {
    "em": ("<i>", "</i>"),
    "strong": ("<b>", "</b>"),
    "softbreak": (" ", ""),
    "hardbreak": ("<br/>", ""),
}
