"""The EPUB 3 edition: reflowable, in the reader's own type, with a navigation document."""

import re
from html import escape

from .archive import Entry, zipped
from .manuscript import MARKDOWN, Book, Chapter

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" \
lang="{lang}" xml:lang="{lang}">
<head>
<title>{title}</title>
<link rel="stylesheet" type="text/css" href="book.css"/>
</head>
<body>
{body}
</body>
</html>
"""

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" \
xml:lang="{lang}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">{identifier}</dc:identifier>
<dc:title id="title">{title}</dc:title>
<meta refines="#title" property="title-type">main</meta>
<dc:title id="subtitle">{subtitle}</dc:title>
<meta refines="#subtitle" property="title-type">subtitle</meta>
<dc:creator id="author">{author}</dc:creator>
<meta refines="#author" property="role" scheme="marc:relators">aut</meta>
<dc:publisher>{publisher}</dc:publisher>
<dc:language>{lang}</dc:language>
<dc:date>{date}</dc:date>
<dc:description>{description}</dc:description>
<dc:rights>{rights}</dc:rights>
<meta property="dcterms:modified">{date}T00:00:00Z</meta>
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">readingOrder</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">All pictures are described in words. Nothing \
depends on colour.</meta>
</metadata>
<manifest>
{manifest}
</manifest>
<spine>
{spine}
</spine>
</package>
"""

STYLE = """body { line-height: 1.5; margin: 0 5%; hyphens: auto; }
h1, h2, .number { font-family: sans-serif; text-align: left; hyphens: none; }
h1 { font-size: 1.7em; line-height: 1.15; margin: 0 0 1.4em; }
h2 { font-size: 1.1em; margin: 2em 0 .4em; break-after: avoid; }
.number { margin: 3em 0 .3em; }
p { margin: 0 0 .7em; }
blockquote { margin: 1.4em 0; padding-left: 1em; border-left: 3px solid; }
figure { margin: 1.6em 0; text-align: center; break-inside: avoid; }
figure img { max-width: 100%; }
figcaption { font-family: sans-serif; font-size: .85em; text-align: left; margin-top: .4em; }
pre { font-size: .8em; white-space: pre-wrap; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; margin: 1.2em 0; hyphens: none; }
th, td { text-align: left; vertical-align: top; padding: .3em .8em .3em 0; \
border-bottom: 1px solid; }
.cover { margin: 0; text-align: center; }
.cover img { max-width: 100%; max-height: 100vh; }
.title-page { text-align: center; margin-top: 20%; }
.title-page h1 { font-family: serif; font-size: 2.6em; font-weight: normal; text-align: center; \
margin-bottom: .3em; }
"""

FIGURE = re.compile(r'<p><img src="([^"]*)" alt="([^"]*)" title="([^"]*)" /></p>')
MEDIA_TYPES = {
    "xhtml": "application/xhtml+xml",
    "css": "text/css",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def bind_epub(book: Book) -> bytes:
    """Return the whole EPUB."""
    inside = contents(book)
    package = Entry("package.opf", package_text(book, inside).encode())
    container = Entry("META-INF/container.xml", CONTAINER.encode())
    book_files = [Entry(f"book/{e.name}", e.content) for e in (package, *inside)]
    # The type comes first, so that it can be read at a fixed place in the file.
    return zipped([Entry("mimetype", b"application/epub+zip"), container, *book_files])


def contents(book: Book) -> list[Entry]:
    """Return what the package lists, pages in the order in which they are read."""
    pages = {
        "cover": cover(book),
        "title": title_page(book),
        "nav": navigation(book),
        **{chapter.slug: chapter_page(book, chapter) for chapter in book.chapters},
    }
    texts = [Entry(f"{name}.xhtml", page.encode()) for name, page in pages.items()]
    return [*texts, Entry("book.css", STYLE.encode()), *pictures(book)]


def pictures(book: Book) -> list[Entry]:
    """Return the cover and the pictures that the text shows."""
    shown = "".join(chapter.text for chapter in book.chapters) + "(img/cover.png"
    files = sorted((book.folder / "img").iterdir())
    return [Entry(f"img/{file.name}", file.read_bytes()) for file in files if f"(img/{file.name}" in shown]


def page(book: Book, title: str, body: str) -> str:
    """Return one XHTML document."""
    return PAGE.format(lang=book.language, title=escape(title), body=body)


def cover(book: Book) -> str:
    """Return the page that shows the cover."""
    image = f'<img src="img/cover.png" alt="{escape(book.title)}, by {escape(book.author)}"/>'
    return page(book, book.title, f'<section epub:type="cover" class="cover">{image}</section>')


def title_page(book: Book) -> str:
    """Return the inner title."""
    body = (
        '<section epub:type="titlepage" class="title-page">\n'
        f"<h1>{escape(book.title)}</h1>\n<p>{escape(book.subtitle)}</p>\n"
        f"<p>{escape(book.author)}</p>\n<p>{escape(book.rights)}</p>\n</section>"
    )
    return page(book, book.title, body)


def navigation(book: Book) -> str:
    """Return the table of contents, which is also the machine's."""
    rows = "\n".join(f'<li><a href="{chapter.slug}.xhtml">{prose(chapter.title)}</a></li>' for chapter in book.chapters)
    first = book.chapters[0].slug
    body = (
        '<nav epub:type="toc" role="doc-toc" aria-labelledby="contents">\n'
        f'<h1 id="contents">Contents</h1>\n<ol>\n{rows}\n</ol>\n</nav>\n'
        '<nav epub:type="landmarks" hidden="hidden">\n<ol>\n'
        '<li><a epub:type="toc" href="nav.xhtml">Contents</a></li>\n'
        f'<li><a epub:type="bodymatter" href="{first}.xhtml">Begin reading</a></li>\n'
        "</ol>\n</nav>"
    )
    return page(book, "Contents", body)


def chapter_page(book: Book, chapter: Chapter) -> str:
    """Return one chapter."""
    kind = kind_of(book, chapter)
    number = book.chapters.index(chapter)
    above = f'<p class="number">{number}</p>\n' if kind == "chapter" else ""
    text = FIGURE.sub(figure, MARKDOWN.render(chapter.text))
    body = (
        f'<section epub:type="{kind}" role="doc-{kind}" aria-labelledby="title">\n'
        f'{above}<h1 id="title">{prose(chapter.title)}</h1>\n{text}</section>'
    )
    return page(book, chapter.title, body)


def kind_of(book: Book, chapter: Chapter) -> str:
    """Name the part: the first is the preface, the last the appendix."""
    if chapter is book.chapters[0]:
        return "preface"
    return "appendix" if chapter is book.chapters[-1] else "chapter"


def figure(found: re.Match[str]) -> str:
    """Put a picture and its caption together."""
    source, alt, caption = found.groups()
    image = f'<img src="{source}" alt="{alt}"/>'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def prose(text: str) -> str:
    """Return one line of Markdown as XHTML."""
    return str(MARKDOWN.renderInline(text))


def package_text(book: Book, entries: list[Entry]) -> str:
    """Return the package document: what the book is, what it holds, how it is read."""
    texts = [entry.name for entry in entries if entry.name.endswith(".xhtml")]
    manifest = "\n".join(manifest_row(entry.name) for entry in entries)
    spine = "\n".join(f'<itemref idref="{item_id(name)}"/>' for name in texts)
    facts = {
        name: escape(getattr(book, name)) for name in ("identifier", "title", "subtitle", "author", "publisher", "date")
    }
    words = {"description": escape(book.description), "rights": escape(book.rights)}
    return PACKAGE.format(lang=book.language, manifest=manifest, spine=spine, **facts, **words)


def manifest_row(name: str) -> str:
    """Return the manifest's line for one file."""
    marks = {"nav.xhtml": ' properties="nav"', "img/cover.png": ' properties="cover-image"'}
    media = MEDIA_TYPES[name.rpartition(".")[2]]
    return f'<item id="{item_id(name)}" href="{name}" media-type="{media}"{marks.get(name, "")}/>'


def item_id(name: str) -> str:
    """Make an XML name of a file name."""
    return "i-" + re.sub(r"[^a-z0-9]+", "-", name)
