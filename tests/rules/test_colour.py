"""Colours are mixed in oklab and measured as WCAG does."""

import pytest

from storefront.rules.colour import contrast, mix, oklab


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#c32611", "#c32611") == pytest.approx(1)


def test_a_whole_share_is_the_colour_and_none_is_the_ground() -> None:
    assert mix("#c32611", "#fcfbf9", 1) == "#c32611"
    assert mix("#c32611", "#fcfbf9", 0) == "#fcfbf9"


def test_a_red_in_paper_turns_rose_and_not_cream() -> None:
    assert mix("#ef5a3c", "#fcfbf9", 0.15) == "#fee4dd"


def test_grey_has_no_chroma() -> None:
    assert oklab("#808080").chroma == pytest.approx(0, abs=1e-4)
    assert oklab("#ffffff").lightness == pytest.approx(1, abs=1e-4)
