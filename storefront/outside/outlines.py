"""Text as outlines: what a drawing says needs no font where it is shown, and looks the same for ever."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.misc.transform import Transform
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parents[2] / "static" / "vendor" / "fonts" / "outlines"
TRACKING = {"serif": -0.016}
Box = tuple[float, float, float, float]


class Face:
    """One static font file. Sizes and places are in the units of the drawing, y pointing down."""

    def __init__(self, path: Path, tracking: float = 0.0) -> None:
        font = TTFont(path)
        self._glyphs = font.getGlyphSet()
        self._names: dict[int, str] = font.getBestCmap()
        self._kerning = dict(_kerning(font))
        self._em: int = font["head"].unitsPerEm
        self._tracking = tracking * self._em
        self.cap_height: float = font["OS/2"].sCapHeight / self._em

    def covers(self, text: str) -> bool:
        """Whether every letter is in the file."""
        return all(ord(letter) in self._names for letter in text)

    def width(self, text: str, size: float) -> float:
        """How far the text runs."""
        return sum(step for _, step in self._steps(text)) * size / self._em

    def path(self, text: str, at: tuple[float, float], size: float, stretch: float = 1.0) -> str:
        """The `d` of an SVG path, its baseline starting at a point; `stretch` makes it taller."""
        pen = SVGPathPen(self._glyphs, ntos=lambda number: f"{number:.1f}".removesuffix(".0"))
        scale, x = size / self._em, at[0]
        for name, step in self._steps(text):
            place = Transform(scale, 0, 0, -scale * stretch, x, at[1])
            self._glyphs[name].draw(TransformPen(pen, place))
            x += step * scale
        return str(pen.getCommands())

    def ink(self, text: str, size: float) -> Box:
        """The box that the ink of the text fills (left, top, right, bottom) when its baseline starts at 0, 0."""
        pen, x, scale = BoundsPen(self._glyphs), 0.0, size / self._em
        for name, step in self._steps(text):
            self._glyphs[name].draw(TransformPen(pen, Transform(scale, 0, 0, -scale, x, 0)))
            x += step * scale
        return pen.bounds or (0.0, 0.0, 0.0, 0.0)

    def _steps(self, text: str) -> Iterator[tuple[str, float]]:
        names = [self._names[ord(letter)] for letter in text]
        for name, after in zip(names, [*names[1:], ""], strict=False):
            yield name, self._glyphs[name].width + self._kerning.get((name, after), 0) + self._tracking


@cache
def face(name: str) -> Face:
    """A face by its name: serif, sans, or capitals (condensed)."""
    return Face(FOLDER / f"{name}.ttf", TRACKING.get(name, 0.0))


def _kerning(font: TTFont) -> Iterator[tuple[tuple[str, str], int]]:
    # The first table that knows a pair wins, so the tables are read last to first.
    lookups = font["GPOS"].table.LookupList.Lookup if "GPOS" in font else []
    for table in reversed([table for lookup in lookups for table in lookup.SubTable]):
        yield from _pairs(table) if table.Format == 1 else _classes(table)


def _pairs(table: Any) -> Iterator[tuple[tuple[str, str], int]]:  # noqa: ANN401 (fontTools builds its tables at run time)
    for first, pairs in zip(table.Coverage.glyphs, table.PairSet, strict=True):
        for pair in pairs.PairValueRecord:
            yield (first, pair.SecondGlyph), _advance(pair.Value1)


def _classes(table: Any) -> Iterator[tuple[tuple[str, str], int]]:  # noqa: ANN401 (as above)
    for first in table.Coverage.glyphs:
        record = table.Class1Record[table.ClassDef1.classDefs.get(first, 0)].Class2Record
        for second, number in table.ClassDef2.classDefs.items():
            if value := _advance(record[number].Value1):
                yield (first, second), value


def _advance(value: Any) -> int:  # noqa: ANN401 (as above)
    return getattr(value, "XAdvance", 0) or 0
