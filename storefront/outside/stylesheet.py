"""The style sheet as one answer: what `shop.css` imports, joined in its order, so that a page waits for one file."""

import re
from pathlib import Path

IMPORT = re.compile(r'@import url\("(?P<file>[^"]+)"\) layer\((?P<layer>\w+)\);\n?')
COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
INDENT = re.compile(r"\n\s*")


def joined(entry: Path) -> str:
    """The entry sheet with each import put in its layer, without comments and indents."""
    text = IMPORT.sub(lambda found: _layer(entry.parent / found["file"], found["layer"]), entry.read_text("utf-8"))
    return INDENT.sub("\n", COMMENT.sub("", text)).strip()


def _layer(sheet: Path, layer: str) -> str:
    return f"@layer {layer} {{\n{sheet.read_text('utf-8')}}}\n"
