"""Covers fit any title, stay the same for ever, and agree with the style sheet."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from storefront.outside import covers
from storefront.outside.covers import FORMATS, LAYOUTS, PALETTES, Cover, band, band_colours, band_number, draw
from storefront.outside.outlines import face
from storefront.outside.wrapping import set_title
from storefront.rules.colour import contrast

STATIC = Path(__file__).parents[2] / "static"
SVG = "{http://www.w3.org/2000/svg}"
LONG_WORD = "Rechtsschutzversicherungsgesellschaften"
TITLES = [
    "Databases by Hand",
    "I",
    "Umsatzsteuer für Selbstständige",
    f"{LONG_WORD} für Donaudampfschifffahrtskapitäne",
    "A very long title about many things that goes on and on until nobody remembers how it began or why",
    "many words " * 40,
    "Ważne & <małe> rzeczy",
    "データベースを手で作る本",
    "كتاب الخبز البطيء",
    "Ещё раз о главном 🎈",
    "",
]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 (our own drawing)


def numbers_of(svg: str) -> list[float]:
    paths = " ".join(path.get("d", "") for path in parsed(svg).iter(f"{SVG}path"))
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", paths)]


def drawn(title: str, kind: str, palette: int, layout: int) -> str:
    cover = Cover(title, "Ines Okafor", "12 lessons", FORMATS[kind], PALETTES[palette], bytes(range(40, 72)))
    return covers._svg(cover, LAYOUTS[layout](cover), spine=kind == "ebook")


@pytest.mark.parametrize("kind", ["ebook", "course", "software"])
@pytest.mark.parametrize("title", TITLES)
def test_any_title_makes_a_well_formed_cover_of_its_kinds_size(title: str, kind: str) -> None:
    root = parsed(draw(title, kind, "Ines Okafor", "12 lessons"))
    size = {"ebook": ("400", "600"), "course": ("480", "480"), "software": ("480", "360")}[kind]
    assert (root.get("width"), root.get("height")) == size
    assert root.get("viewBox") == f"0 0 {size[0]} {size[1]}"


@pytest.mark.parametrize("kind", list(FORMATS))
@pytest.mark.parametrize("layout", range(len(LAYOUTS)))
def test_nothing_is_drawn_outside_the_cover(layout: int, kind: str) -> None:
    form = FORMATS[kind]
    for title in (one for one in TITLES if face("serif").covers(" ".join(one.split()))):
        numbers = numbers_of(drawn(" ".join(title.split()), kind, 0, layout))
        assert min(numbers) >= 0
        assert max(numbers) <= max(form.width, form.height)


def test_the_same_words_make_the_same_cover_and_others_another() -> None:
    first = draw("Databases by Hand", "course", "Ines Okafor", "12 lessons")
    assert draw("Databases by Hand", "course", "Ines Okafor", "12 lessons") == first
    assert draw("Databases by Hand", "course", "Ines Okafo", "12 lessons") != first


def test_what_a_person_typed_stays_text() -> None:
    svg = draw('"><script>alert(1)</script>\x00\x1b', "course", "<b>&", "]]>")
    assert "<script" not in svg
    assert parsed(svg).get("aria-label") == '"><script>alert(1)</script>'


def test_latin_titles_are_outlines_and_need_no_font() -> None:
    for layout in range(len(LAYOUTS)):
        assert "<text" not in drawn("Ważne i małe rzeczy", "ebook", 1, layout)


def test_a_script_without_outlines_takes_the_sun_and_the_systems_font() -> None:
    for title in ("データベースを手で作る本", "Привет, мир"):
        svg = draw(title, "course", "Ines Okafor", "12 lessons")
        shown = "".join(text.text or "" for text in parsed(svg).iter(f"{SVG}text"))
        assert shown.replace(" ", "") == title.replace(" ", "")
        assert "<rect x=" in svg  # the horizon


def test_a_script_that_runs_left_begins_at_the_right_margin() -> None:
    text = next(parsed(draw("كتاب", "course", "Ines Okafor", "1.0")).iter(f"{SVG}text"))
    assert (text.get("direction"), text.get("x")) == ("rtl", "444.0")


def test_a_word_wider_than_the_line_is_hyphenated_and_loses_no_letter() -> None:
    setting = set_title(face("serif"), LONG_WORD, 330, 200, 62)
    assert all(face("serif").width(line, setting.size) <= 330 for line in setting.lines)
    assert len(setting.lines) > 1
    assert "".join(line.removesuffix("-") for line in setting.lines) == LONG_WORD


def test_every_layout_and_palette_is_reached() -> None:
    seeds = [covers._seed(str(number), "course", "x") for number in range(400)]
    assert {seed[0] % len(PALETTES) for seed in seeds} == set(range(9))
    assert {seed[1] % len(LAYOUTS) for seed in seeds} == set(range(5))


@pytest.mark.parametrize("palette", PALETTES)
def test_text_and_accent_can_be_read_on_their_ground(palette: covers.Palette) -> None:
    assert contrast(palette.ink, palette.ground) >= 4.5
    assert contrast(palette.accent, palette.ground) >= 3


@pytest.mark.parametrize("palette", PALETTES)
def test_ink_and_soft_text_can_be_read_on_each_band(palette: covers.Palette) -> None:
    light, dark = band_colours(palette)
    assert contrast("#1e1814", light) >= 12
    assert contrast("#efece7", dark) >= 12
    assert contrast("#554e48", light) >= 5.6
    assert contrast("#bfbab2", dark) >= 5.6


def test_the_style_sheet_has_the_same_nine_bands() -> None:
    found = re.findall(r"\.band-(\d) \{ --band: (#[0-9a-f]{6}); \}", (STATIC / "css/bands.css").read_text("utf-8"))
    light, dark = dict(found[:9]), dict(found[9:])
    for number, palette in enumerate(PALETTES):
        assert (light[str(number)], dark[str(number)]) == band_colours(palette)


def test_a_products_band_is_that_of_its_covers_palette() -> None:
    words = ("Databases by Hand", "course", "Ines Okafor")
    assert band(*words) == band_colours(PALETTES[band_number(*words)])
    assert PALETTES[band_number(*words)].ground in draw(*words, "12 lessons")
