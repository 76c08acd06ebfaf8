"""Covers made from title, kind and creator: the same three words give the same cover for ever.

SHA-256 of `title|kind|creator` decides: byte 0 picks the palette, byte 1 the layout, further bytes places.
All text is outlines, so a cover needs no font; a script that our faces do not know is left to the system's.
"""

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from storefront.outside.outlines import Face, face
from storefront.outside.wrapping import LEADING, measured, set_title
from storefront.rules import colour

PAPER = ("#fcfbf9", "#151210")
INK = ("#1e1814", "#efece7")
BAND_PERCENT = (15, 17)
INK_CONTRAST, A_COLOUR = 12, 0.1
FOOT_SIZE = 18.0
ROOM_FOR_FIVE_WEEKS = 120
# Wood type is cut tall: a line may be stretched this much, and squeezed this much where words are short.
STRETCH_MOST, STRETCH_LEAST = 1.75, 0.8
WOOD_LEAST_CAPS, WOOD_LEAST_FILL, WOOD_MOST_SHARE, WOOD_MOST_LINES = 38.0, 0.3, 0.56, 4


class Palette(NamedTuple):
    """Ground, ink (4.5:1 on it) and accent (3:1)."""

    ground: str
    ink: str
    accent: str

    @property
    def tint(self) -> str:
        """What tints the band: a ground that is a colour of its own, else the most chromatic of the three."""
        if colour.oklab(self.ground).chroma >= A_COLOUR:
            return self.ground
        return max(self, key=lambda one: colour.oklab(one).chroma)


PALETTES = (
    Palette("#1c1a17", "#f4eee2", "#ef5a3c"),
    Palette("#c8351c", "#fff3e4", "#1c1a17"),
    Palette("#f2b632", "#1c1a17", "#c2321a"),
    Palette("#134a3d", "#f3ecd8", "#f2b632"),
    Palette("#2350b8", "#ffffff", "#f2b632"),
    Palette("#e9e1cf", "#1c1a17", "#cf3a20"),
    Palette("#f0b7a4", "#3b1512", "#c2321a"),
    Palette("#2a6775", "#f6efe0", "#f0b7a4"),
    Palette("#d9dfd3", "#16392f", "#cf3a20"),
)


class Format(NamedTuple):
    """A kind's size, its margins, the size its title starts from, and its corner."""

    width: int
    height: int
    left: int
    right: int
    top: int
    foot: int
    title: float
    corner: int


FORMATS = {
    "ebook": Format(400, 600, 40, 370, 40, 572, 62.0, 3),
    "course": Format(480, 480, 36, 444, 40, 446, 72.0, 3),
    "software": Format(480, 360, 36, 444, 38, 328, 72.0, 20),
}


@dataclass(frozen=True)
class Cover:
    """What a layout draws from."""

    title: str
    creator: str
    detail: str
    format: Format
    palette: Palette
    seed: bytes

    @property
    def inner(self) -> float:
        """The width between the margins."""
        return self.format.right - self.format.left

    @property
    def floor(self) -> float:
        """Where pictures end: above the foot's letters."""
        return self.format.foot - FOOT_SIZE * 0.72 - 20

    def chance(self, byte: int, least: float, most: float) -> float:
        """A place between two, from a byte of the hash."""
        return least + (most - least) * self.seed[byte] / 255


def draw(title: str, kind: str, creator: str, detail: str) -> str:
    """A cover as SVG. `kind` is course, ebook or software; `detail` stands right in the foot ("12 lessons")."""
    seed = _seed(title, kind, creator)
    palette = PALETTES[seed[0] % len(PALETTES)]
    cover = Cover(_clean(title), _clean(creator), _clean(detail), FORMATS[kind], palette, seed)
    layout = LAYOUTS[seed[1] % len(LAYOUTS)] if face("serif").covers(cover.title) else sun
    return _svg(cover, layout(cover), spine=kind == "ebook")


def band_number(title: str, kind: str, creator: str) -> int:
    """Which of the nine bands (CSS classes band-0 to band-8) goes with the cover."""
    return _seed(title, kind, creator)[0] % len(PALETTES)


def band(title: str, kind: str, creator: str) -> tuple[str, str]:
    """The band's colour on light and on dark paper."""
    return band_colours(PALETTES[band_number(title, kind, creator)])


def band_colours(palette: Palette) -> tuple[str, str]:
    """A palette's tint, 15 % in light paper and 17 % in dark, or what leaves ink its 12:1."""
    light, dark = map(_mixed, (palette.tint, palette.tint), PAPER, INK, BAND_PERCENT)
    return light, dark


def wood(cover: Cover) -> str:
    """F: condensed capitals, each line as wide as the cover. A title that does not fit takes the sun."""
    shown = cover.title.upper()
    capitals = face("capitals")
    lines = _wood_lines(capitals, shown.split(), cover) if capitals.covers(shown) else None
    if lines is None:
        return sun(cover)
    parts, top = [], float(cover.format.top)
    accented = len(lines) - 1 & 1 if cover.seed[2] & 1 or len(lines) == 1 else 0
    for number, line in enumerate(lines):
        ink = cover.palette.accent if len(lines) > 1 and number % 2 == accented else cover.palette.ink
        left, high, _, _ = capitals.ink(line.text, line.size)
        baseline = top - high * line.stretch
        parts.append(
            _path(capitals.path(line.text, (cover.format.left - left, baseline), line.size, line.stretch), ink)
        )
        top = baseline + _descent(capitals, line) + _wood_gap(cover)
    return "".join(parts)


def initial(cover: Cover) -> str:
    """I: the title, and one huge serif letter of it."""
    letter = next((one for one in cover.title.upper() if one.isalnum()), "")
    serif = face("serif")
    if not (letter and serif.covers(letter)):
        return sun(cover)
    title, bottom = _title(cover, 0.46)
    left, top, right, low = serif.ink(letter, 1)
    size = min((cover.floor - bottom - 18) / (low - top), cover.inner / (right - left))
    at = cover.format.right - right * size, cover.floor - low * size
    return title + _path(serif.path(letter, at, size), cover.palette.accent)


def sun(cover: Cover) -> str:
    """S: half a sun on a horizon."""
    title, bottom = _title(cover, 0.6)
    form, horizon = cover.format, cover.floor - 26
    spine = _spine(form)
    radius = min((form.width - spine) * 0.36, horizon - bottom - 24)
    middle = cover.chance(3, spine + radius, form.width - radius)
    line = f'<rect x="0" y="{horizon:.1f}" width="{form.width}" height="2" fill="{cover.palette.ink}"/>'
    return (
        title + line if radius < FOOT_SIZE else f"{title}{_half(middle, horizon, radius, cover.palette.accent)}{line}"
    )


def rules(cover: Cover) -> str:
    """R: rules that grow."""
    title, bottom = _title(cover, 0.55)
    height = min(cover.floor - bottom - 24, cover.format.height * 0.36)
    growth = [1.45**step for step in range(8)]
    unit = height / (sum(growth) + 3.4 * (len(growth) - 1))
    parts, top = [], cover.floor - height
    for thick in growth:
        parts.append(_rule(cover, top, thick * unit))
        top += (thick + 3.4) * unit
    return title + "".join(parts)


def calendar(cover: Cover) -> str:
    """C: five weeks (three where there is little room) with one day marked; the days before it are large dots."""
    title, bottom = _title(cover, 0.5)
    room = cover.floor - bottom - 30
    weeks = 5 if room > ROOM_FOR_FIVE_WEEKS else 3
    pitch = min(cover.inner / 6.6, room / (weeks - 0.2))
    marked = 7 + cover.seed[4] % (7 * weeks - 14)
    top = cover.floor - (weeks - 0.6) * pitch
    return title + "".join(_dot(cover, day, marked, pitch, top) for day in range(7 * weeks))


LAYOUTS: tuple[Callable[[Cover], str], ...] = (wood, initial, sun, rules, calendar)


def _mixed(tint: str, paper: str, ink: str, percent: int) -> str:
    shares = (colour.mix(tint, paper, share / 100) for share in range(percent, 0, -1))
    return next(mixed for mixed in shares if colour.contrast(ink, mixed) >= INK_CONTRAST)


def _seed(title: str, kind: str, creator: str) -> bytes:
    return hashlib.sha256(f"{title}|{kind}|{creator}".encode()).digest()


def _clean(text: str) -> str:
    """One line, composed, without characters that XML refuses."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(one for one in composed if one.isspace() or unicodedata.category(one)[0] != "C").split())


def _svg(cover: Cover, picture: str, *, spine: bool) -> str:
    form = cover.format
    size = f'width="{form.width}" height="{form.height}"'
    told = f'viewBox="0 0 {form.width} {form.height}" {size} role="img" aria-label={quoteattr(cover.title)}'
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {told}>',
        f'<rect {size} rx="{form.corner}" fill="{cover.palette.ground}"/>',
        picture,
        f'<path d="M3 0H15V{form.height}H3Q0 {form.height} 0 {form.height - 3}V3Q0 0 3 0Z" fill-opacity=".16"/>'
        if spine
        else "",
        _foot(cover),
        "</svg>",
    )
    return "".join(parts)


def _foot(cover: Cover) -> str:
    """The creator left, the detail right; a long name gets smaller before it meets the detail."""
    form, gap = cover.format, 16
    sizes = [measured(face("sans"), text, FOOT_SIZE) for text in (cover.creator, cover.detail)]
    size = FOOT_SIZE * min(1.0, (cover.inner - gap) / max(sum(sizes), 1))
    right = form.right - sizes[1] * size / FOOT_SIZE
    style = size, cover.palette.ink
    return _text("sans", cover.creator, (form.left, form.foot), *style) + _text(
        "sans", cover.detail, (right, form.foot), *style
    )


def _title(cover: Cover, share: float) -> tuple[str, float]:
    """The title in the serif, in at most a share of the height, and where it ends."""
    form = cover.format
    setting = set_title(face("serif"), cover.title, cover.inner, form.height * share - form.top, form.title)
    caps = face("serif").cap_height * setting.size
    parts = []
    for number, line in enumerate(setting.lines):
        at = form.left, form.top + caps + number * setting.size * LEADING
        parts.append(_text("serif", line, at, setting.size, cover.palette.ink, right=form.right))
    return "".join(parts), form.top + caps + (len(setting.lines) - 1) * setting.size * LEADING + setting.size * 0.22


class Wood(NamedTuple):
    """A line of wood type."""

    text: str
    size: float
    stretch: float


def _wood_lines(capitals: Face, words: list[str], cover: Cover) -> list[Wood] | None:
    """The way to break the title that fills most of the place; None where the letters get too small."""
    ways = [lines for lines in _breaks(words) if len(lines) <= WOOD_MOST_LINES]
    fits = [fit for fit in (_wood_fit(capitals, way, cover) for way in ways) if fit]
    return max(fits, key=lambda fit: _wood_fill(capitals, fit)) if fits else None


def _breaks(words: list[str]) -> list[list[str]]:
    """Every way to break a few words into lines; long titles are not for this layout."""
    if not words or len(words) > 2 * WOOD_MOST_LINES:
        return []
    ways = []
    for cuts in range(1 << (len(words) - 1)):
        ends = [at for at in range(1, len(words)) if cuts >> (at - 1) & 1]
        ways.append([" ".join(words[start:end]) for start, end in pairwise([0, *ends, len(words)])])
    return ways


def _wood_fit(capitals: Face, lines: list[str], cover: Cover) -> list[Wood] | None:
    room = cover.floor - 12 - cover.format.top - _wood_gap(cover) * (len(lines) - 1)
    plain = [_full_width(capitals, line, cover, room) for line in lines]
    stretch = min(STRETCH_MOST, room / sum(_height(capitals, line) for line in plain))
    fitted = [line._replace(stretch=stretch) for line in plain]
    least = min(line.size * line.stretch * capitals.cap_height for line in fitted)
    filled = sum(_height(capitals, line) for line in fitted) / room
    return None if stretch < STRETCH_LEAST or least < WOOD_LEAST_CAPS or filled < WOOD_LEAST_FILL else fitted


def _full_width(capitals: Face, line: str, cover: Cover, room: float) -> Wood:
    left, top, right, _ = capitals.ink(line, 1)
    return Wood(line, min(cover.inner / (right - left), room * WOOD_MOST_SHARE / -top), 1.0)


def _wood_fill(capitals: Face, lines: list[Wood]) -> float:
    # Lines of like height read as one word image, so a very small line beside a large one counts against a way.
    heights = [_height(capitals, line) for line in lines]
    area = sum(line.size * line.stretch * measured(capitals, line.text, line.size) for line in lines)
    return area * float((min(heights) / max(heights)) ** 0.25)


def _height(capitals: Face, line: Wood) -> float:
    _, top, _, _ = capitals.ink(line.text, line.size)
    return -top * line.stretch + _descent(capitals, line)


def _descent(capitals: Face, line: Wood) -> float:
    _, _, _, low = capitals.ink(line.text, line.size)
    return max(0.0, low) * line.stretch


def _wood_gap(cover: Cover) -> float:
    return cover.format.height * 0.022


def _half(middle: float, horizon: float, radius: float, fill: str) -> str:
    d = f"M{middle - radius:.1f} {horizon:.1f}a{radius:.1f} {radius:.1f} 0 0 1 {2 * radius:.1f} 0Z"
    return _path(d, fill)


def _rule(cover: Cover, top: float, thick: float) -> str:
    place = f'x="{cover.format.left}" y="{top:.1f}" width="{cover.inner}" height="{thick:.1f}"'
    return f'<rect {place} fill="{cover.palette.accent}"/>'


def _dot(cover: Cover, day: int, marked: int, pitch: float, top: float) -> str:
    week, weekday = divmod(day, 7)
    share = 0.4 if day == marked else 0.27 if day < marked else 0.11
    fill = cover.palette.accent if day == marked else cover.palette.ink
    faded = ' fill-opacity=".32"' if day < marked else ""
    x, y = cover.format.left + 0.27 * pitch + weekday * pitch, top + week * pitch
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{share * pitch:.1f}" fill="{fill}"{faded}/>'


def _text(name: str, text: str, at: tuple[float, float], size: float, fill: str, right: float | None = None) -> str:
    if not text:
        return ""
    if face(name).covers(text):
        return _path(face(name).path(text, at, size), fill)
    family = {"serif": "Georgia,'Noto Serif',serif", "sans": "system-ui,'Noto Sans',sans-serif"}[name]
    turned = right is not None and _runs_left(text)
    place = f'x="{right if turned else at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:.1f}" font-family="{family}"'
    turn = ' direction="rtl"' if turned else ""
    return f'<text {place}{turn} fill="{fill}">{escape(text)}</text>'


def _runs_left(text: str) -> bool:
    strong = (unicodedata.bidirectional(one) for one in text)
    return next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L"


def _spine(form: Format) -> int:
    return 15 if form is FORMATS["ebook"] else 0


def _path(d: str, fill: str) -> str:
    return f'<path fill="{fill}" d="{d}"/>'
