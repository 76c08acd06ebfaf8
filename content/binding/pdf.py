"""The PDF editions: the book on pages of A5, and single sheets of A4."""

import io
from pathlib import Path

from reportlab.lib.pagesizes import A4, A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

from .drawing import Drawing
from .manuscript import MARKDOWN, Book, Chapter, read_chapter
from .setting import BODY, DISPLAY, INK, SANS, SOFT, STYLES, TEXT, Setter

FONTS = Path(__file__).parent.parent / "fonts"
TITLE = ParagraphStyle("title", fontName=DISPLAY, fontSize=40, leading=42, textColor=INK)
CONTENTS = ParagraphStyle("contents", BODY, fontSize=11.2, leading=19, spaceAfter=0)
TIGHT = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]
GROUND = "#134a3d"  # of the cover: the page is a little wider than the picture


def load_fonts() -> None:
    """Make our fonts known, and tell which is the italic of which."""
    for path in sorted(FONTS.glob("*.ttf")):
        registerFont(TTFont(path.stem, path))
    registerFont(TTFont(TEXT, FONTS / "Newsreader-Text.ttf"))
    registerFontFamily(
        TEXT,
        normal=TEXT,
        bold="Newsreader-TextBold",
        italic="Newsreader-TextItalic",
        boldItalic="Newsreader-TextBold",
    )


class ChapterTitle(Paragraph):
    """A title that knows its chapter, for the contents and the bookmarks."""

    def __init__(self, chapter: Chapter) -> None:
        """Set the title of a chapter, with proper quotation marks."""
        super().__init__(str(MARKDOWN.renderInline(chapter.title)), STYLES["h1"])
        self.chapter = chapter


class Pages(BaseDocTemplate):
    """A document that notes chapters for the contents and the bookmarks as it comes by them."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - ReportLab's name
        """Note a chapter's page."""
        if isinstance(flowable, ChapterTitle):
            slug, title = flowable.chapter.slug, flowable.getPlainText()
            self.canv.bookmarkPage(slug)
            self.canv.addOutlineEntry(title, slug, level=0)
            self.notify("TOCEntry", (0, title, self.page, slug))


def bind_pdf(book: Book) -> bytes:
    """Return the book as PDF."""
    load_fonts()
    buffer = io.BytesIO()
    pages = Pages(
        buffer,
        pagesize=A5,
        title=f"{book.title}: {book.subtitle}",
        author=book.author,
        subject=book.description,
        creator=book.publisher,
        lang=book.language,
        initialFontName=TEXT,
        invariant=1,
    )
    pages.addPageTemplates(templates(book))
    chapters = [part for one in book.chapters for part in chapter(book, one)]
    pages.multiBuild(front_matter(book) + chapters)
    return buffer.getvalue()


def templates(book: Book) -> list[PageTemplate]:
    """Return the kinds of page: the cover, pages without a number, and pages with one."""
    width, height = A5
    frame = Frame(18 * mm, 18 * mm, width - 36 * mm, height - 34 * mm, 0, 0, 0, 0, id="column")
    return [
        PageTemplate("cover", [frame], onPage=lambda canvas, _: draw_cover(canvas, book)),
        PageTemplate("silent", [frame]),
        PageTemplate("text", [frame], onPage=draw_number),
    ]


def draw_cover(canvas: Canvas, book: Book) -> None:
    """Fill the first page with the cover."""
    width, height = A5
    canvas.setFillColor(GROUND)
    canvas.rect(0, 0, width, height, stroke=0, fill=1)
    drawing = Drawing(book.folder / "img" / "cover.svg", height * 2 / 3)
    drawing.drawOn(canvas, (width - drawing.width) / 2, 0)


def draw_number(canvas: Canvas, pages: BaseDocTemplate) -> None:
    """Print the page's number at its foot."""
    canvas.setFont(SANS, 8)
    canvas.setFillColor(SOFT)
    canvas.drawCentredString(pages.pagesize[0] / 2, 11 * mm, str(pages.page))


def front_matter(book: Book) -> list[Flowable]:
    """Return cover, inner title and contents."""
    contents = TableOfContents(levelStyles=[CONTENTS], dotsMinLevel=-1, rightColumnWidth=24)
    contents.tableStyle = TableStyle([("FONTNAME", (0, 0), (-1, -1), TEXT), *TIGHT])
    return [
        NextPageTemplate("silent"),
        PageBreak(),
        Spacer(1, 120),
        Paragraph(book.title, TITLE),
        Spacer(1, 10),
        Paragraph(book.subtitle, BODY),
        Spacer(1, 24),
        Paragraph(book.author, BODY),
        Spacer(1, 190),
        *imprint(book),
        NextPageTemplate("text"),
        PageBreak(),
        Paragraph("Contents", STYLES["h1"]),
        contents,
    ]


def imprint(book: Book) -> list[Flowable]:
    """Return the small print of the inner title."""
    made = "Set in Newsreader, Instrument Sans and JetBrains Mono."
    lines = (book.rights, f"Published by {book.publisher}.", made)
    return [Paragraph(line, STYLES["caption"]) for line in lines]


def chapter(book: Book, one: Chapter) -> list[Flowable]:
    """Return one chapter, which begins on a new page."""
    width = A5[0] - 36 * mm
    number = book.chapters.index(one)
    numbered = 0 < number < len(book.chapters) - 1
    return [
        PageBreak(),
        Spacer(1, 22),
        Paragraph(str(number) if numbered else "", STYLES["number"]),
        Spacer(1, 6),
        ChapterTitle(one),
        *Setter(book.folder, width).set(one.text),
    ]


def bind_sheet(manuscript: Path, author: str) -> bytes:
    """Return one Markdown file as pages of A4, to be printed and written on."""
    load_fonts()
    one = read_chapter(manuscript)
    buffer = io.BytesIO()
    pages = Pages(
        buffer,
        pagesize=A4,
        title=one.title,
        author=author,
        lang="en-GB",
        initialFontName=TEXT,
        invariant=1,
    )
    width, height = A4
    frame = Frame(22 * mm, 12 * mm, width - 44 * mm, height - 26 * mm, 0, 0, 0, 0)
    pages.addPageTemplates([PageTemplate("sheet", [frame])])
    pages.build([ChapterTitle(one), *Setter(manuscript.parent, width - 44 * mm).set(one.text)])
    return buffer.getvalue()
