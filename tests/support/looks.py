"""Whether a page can be used by everybody: axe-core on phone and desk, light and dark, and nothing to scroll sideways.

axe-core lies in vendor/ with its licence; it runs through the debugger, so the pages' CSP needs no hole for it.
"""

from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
DESKTOP, PHONE, NARROWEST = 1280, 390, 320
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def axe(page: Page) -> list[str]:
    """What breaks WCAG 2.0 to 2.2, A or AA, on the page as it stands: one sentence for each element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(RUN, TAGS)
    return [_sentence(rule, node) for rule in found["violations"] for node in rule["nodes"]]


def _sentence(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{rule['id']}: {rule['help']}: {node['html'][:200]} ({node['failureSummary'][:300]})"


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page's look on any screen; the page is left as it was."""
    was = page.viewport_size
    assert was
    found = []
    for scheme, width in product(SCHEMES, (DESKTOP, PHONE)):
        _shown(page, scheme, width)
        found += [f"{page.url} at {width} px, {scheme}: {each}" for each in axe(page)]
    _shown(page, "light", NARROWEST)
    if sideways := page.evaluate(OVERFLOW):
        found.append(f"{page.url} at {NARROWEST} px scrolls sideways by {sideways} px")
    page.set_viewport_size(was)
    return found


def _shown(page: Page, scheme: Scheme, width: int) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
