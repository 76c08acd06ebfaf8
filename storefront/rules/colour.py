"""Colours as `#rrggbb`: mixing in oklab, and the contrast that WCAG asks for."""

from typing import NamedTuple

# Where sRGB's curve begins to be a straight line (IEC 61966-2-1).
STRAIGHT_BELOW, STRAIGHT_BELOW_LINEAR = 0.04045, 0.0031308


class Oklab(NamedTuple):
    """Lightness 0 to 1, and the two axes of hue."""

    lightness: float
    a: float
    b: float

    @property
    def chroma(self) -> float:
        """How far from grey."""
        return float((self.a**2 + self.b**2) ** 0.5)


def mix(colour: str, ground: str, share: float) -> str:
    """A share (0 to 1) of a colour in a ground, mixed in oklab: in oklch a red would drift to cream."""
    pairs = zip(oklab(colour), oklab(ground), strict=True)
    return _hex(Oklab(*(c * share + g * (1 - share) for c, g in pairs)))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def oklab(colour: str) -> Oklab:
    """The colour in oklab (Ottosson's matrices)."""
    r, g, b = _linear(colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return Oklab(
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _hex(lab: Oklab) -> str:
    long = (lab.lightness + 0.3963377774 * lab.a + 0.2158037573 * lab.b) ** 3
    middle = (lab.lightness - 0.1055613458 * lab.a - 0.0638541728 * lab.b) ** 3
    short = (lab.lightness - 0.0894841775 * lab.a - 1.2914855480 * lab.b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{_byte(channel):02x}" for channel in linear)


def _byte(linear: float) -> int:
    curved = 12.92 * linear if linear <= STRAIGHT_BELOW_LINEAR else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(min(1.0, max(0.0, curved)) * 255)


def _linear(colour: str) -> tuple[float, float, float]:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= STRAIGHT_BELOW else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return r, g, b


def _luminance(colour: str) -> float:
    r, g, b = _linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
