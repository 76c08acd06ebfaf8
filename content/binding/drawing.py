"""Draws our own SVG pictures on a PDF page. They hold rect, polyline, circle and text only."""

from html.parser import HTMLParser
from pathlib import Path

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject
from reportlab.platypus import Flowable

ANCHORS = {"start": "drawString", "middle": "drawCentredString", "end": "drawRightString"}


class Shapes(HTMLParser):
    """Collects the shapes of an SVG file, by the parser for HTML: an XML one needs hardening."""

    def __init__(self, source: str) -> None:
        """Read the whole source."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str], str]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a shape."""
        self.found.append((tag, {name: value or "" for name, value in attrs}, ""))

    def handle_data(self, data: str) -> None:
        """Note the words of a text."""
        if self.found and self.found[-1][0] == "text" and data.strip():
            self.found[-1] = (*self.found[-1][:2], data)


class Drawing(Flowable):
    """An SVG picture as wide as it is told to be."""

    def __init__(self, path: Path, width: float) -> None:
        """Read the picture."""
        super().__init__()
        root, *self.shapes = Shapes(path.read_text("utf-8")).found
        self.high = float(root[1]["height"])
        self.scale = width / float(root[1]["width"])
        self.width, self.height = width, self.high * self.scale

    def draw(self) -> None:
        """Draw it at the canvas's origin."""
        canvas: Canvas = self.canv
        canvas.saveState()
        canvas.scale(self.scale, self.scale)
        for tag, attributes, words in self.shapes:
            if tag == "text":
                draw_text(canvas, self.high, attributes, words)
            else:
                draw_shape(canvas, self.high, tag, attributes)
        canvas.restoreState()


def draw_text(canvas: Canvas, high: float, attributes: dict[str, str], words: str) -> None:
    """Draw one line of text. SVG counts downwards, PDF upwards."""
    canvas.setFont(font_of(attributes), float(attributes["font-size"]))
    canvas.setFillColor(HexColor(attributes["fill"]))
    draw = getattr(canvas, ANCHORS[attributes["text-anchor"]])
    draw(float(attributes["x"]), high - float(attributes["y"]), words)


def font_of(attributes: dict[str, str]) -> str:
    """Choose among the fonts that the PDF embeds."""
    if attributes["font-family"].startswith("Newsreader"):
        return "Newsreader-Display"
    heavy = attributes["font-weight"] == "600"
    return "InstrumentSans-SemiBold" if heavy else "InstrumentSans-Regular"


def draw_shape(canvas: Canvas, high: float, tag: str, attributes: dict[str, str]) -> None:
    """Draw one shape with its stroke and fill."""
    stroke, fill = attributes["stroke"], attributes["fill"]
    if stroke != "none":
        canvas.setStrokeColor(HexColor(stroke))
        canvas.setLineWidth(float(attributes["stroke-width"]))
    if fill != "none":
        canvas.setFillColor(HexColor(fill))
    canvas.setDash([float(part) for part in attributes.get("stroke-dasharray", "").split()])
    path = canvas.beginPath()
    SHAPES[tag](path, high, attributes)
    canvas.drawPath(path, stroke=int(stroke != "none"), fill=int(fill != "none"))


def add_rect(path: PDFPathObject, high: float, attributes: dict[str, str]) -> None:
    """Add a rectangle, round at the corners where it says so."""
    x, y, width, height, radius = (float(attributes[name]) for name in RECT)
    if radius:
        path.roundRect(x, high - y - height, width, height, radius)
    else:
        path.rect(x, high - y - height, width, height)


def add_circle(path: PDFPathObject, high: float, attributes: dict[str, str]) -> None:
    """Add a circle."""
    x, y, radius = (float(attributes[name]) for name in ("cx", "cy", "r"))
    path.circle(x, high - y, radius)


def add_polyline(path: PDFPathObject, high: float, attributes: dict[str, str]) -> None:
    """Add a line through points."""
    points = [point.split(",") for point in attributes["points"].split()]
    (x, y), *others = [(float(x), high - float(y)) for x, y in points]
    path.moveTo(x, y)
    for point in others:
        path.lineTo(*point)


RECT = ("x", "y", "width", "height", "rx")
SHAPES = {"rect": add_rect, "circle": add_circle, "polyline": add_polyline}
