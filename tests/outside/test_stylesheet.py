"""The style sheet goes out as one answer, whole and in its order."""

import gzip
import re
from pathlib import Path

from storefront.outside.stylesheet import joined

CSS = Path(__file__).parents[2] / "static" / "css"
STUDIO = CSS / "pages" / "studio-rooms.css"  # only the studio asks for it, so that the shop's sheet stays small


def test_every_sheet_is_joined_and_no_import_is_left() -> None:
    text = joined(CSS / "shop.css")
    assert "@import" not in text
    assert text.startswith("@layer tokens, reset, base, layout, parts, pages, print;")
    assert text.count("@layer") == len(set(CSS.rglob("*.css")) - {STUDIO})


def test_braces_stay_in_pairs() -> None:
    text = joined(CSS / "shop.css")
    assert text.count("{") == text.count("}")


def test_it_stays_quick_to_fetch() -> None:
    assert len(gzip.compress(joined(CSS / "shop.css").encode())) < 10 * 1024


def test_the_fonts_it_names_lie_in_the_house() -> None:
    named = re.findall(r'url\("(\.\./vendor/[^"]+)"\)', joined(CSS / "shop.css"))
    assert named
    assert all((CSS / name).is_file() for name in named)


def test_each_class_that_templates_use_without_being_told_is_known() -> None:
    # A misspelt class fails nowhere else: the page only looks poor.
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", joined(CSS / "shop.css") + STUDIO.read_text("utf-8")))
    used: set[str] = set()
    for page in (CSS.parents[1] / "templates").rglob("*.html"):
        if "mail" not in page.parts:
            found = re.findall(r'class="([a-z0-9 -]+)"', page.read_text("utf-8"))
            used |= {word for words in found for word in words.split()}
    assert used - known == set()
