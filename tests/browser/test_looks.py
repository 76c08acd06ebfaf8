"""The eyes of the stories see what is wrong."""

from playwright.sync_api import Page

from tests.support.looks import axe, faults_of

BAD = '<html><title>x</title><p style="color:#999;background:#fff;width:900px">pale<img src="data:,"><input></html>'


def test_a_page_that_is_pale_and_mute_and_too_wide_is_found_out(page: Page) -> None:
    page.set_content(BAD)
    rules = {each.split(":")[0] for each in axe(page)}
    assert {"color-contrast", "image-alt", "label", "html-has-lang"} <= rules
    assert any("scrolls sideways" in each for each in faults_of(page))
