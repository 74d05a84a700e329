"""One chart with all that has to be said beside it, for a page or as a file of its own.

A file is drawn in colours of light paper that any program shows; a style in it turns them to those
of dark paper where the reader prefers that, as code hosts do.
"""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from markupsafe import escape

from ibd_mobile.results.chart import palette
from ibd_mobile.results.chart.canvas import NAMES
from ibd_mobile.results.report._heading import printable

#: first line of a file of ours, by which it is known when it is written again
MARK = "<!-- drawn by ibd-mobile -->"
_TOKEN = re.compile("|".join(NAMES))
_VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_MARGIN = 8.0
_CAPTION_SIZE, _TITLE_SIZE = 7.0, 9.0
_LINE_RATIO = 1.35  #: from line to line, in sizes of a letter
#: letters of the widest usual sans-serif fonts are this wide on average, in their size
_LETTER_RATIO = 0.55
_PX_PER_PT = 4 / 3


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, its name and what has to be read with it."""

    name: str  #: of a file, without ".svg"
    title: str
    svg: str  #: an <svg> element whose colours are stand-ins
    caption: str

    def for_page(self) -> str:
        """Write the element with the colours of the page around it."""
        return _TOKEN.sub(lambda found: f"var(--{NAMES[found.group()]})", self.svg)

    def for_file(self, about: str) -> str:
        """Write a whole SVG file: title above, caption below, on paper of its own.

        Args:
            about: what the page says around a chart: device, protocol, what all have in common.
        """
        told = f"{self.caption} {about}".strip()
        width, height = (float(number) for number in _size(self.svg))
        above = _lines(self.title, width, _MARGIN, _TITLE_SIZE, "ink")
        top = _MARGIN + _LINE_RATIO * _TITLE_SIZE * len(above)
        below = _lines(told, width, top + height, _CAPTION_SIZE, "quiet")
        bottom = top + height + _LINE_RATIO * _CAPTION_SIZE * len(below) + _MARGIN
        place = f'x="0" y="{top:g}" width="{width:g}" height="{height:g}"'
        chart = self.svg.replace("<svg ", f"<svg {place} ", 1)
        chart = _TOKEN.sub(lambda found: palette.LIGHT[NAMES[found.group()]], chart)
        parts = [
            MARK,
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:g} {bottom:g}"'
            f' width="{width * _PX_PER_PT:.0f}" height="{bottom * _PX_PER_PT:.0f}">',
            f"<title>{escape(printable(self.title))}</title>",
            f"<desc>{escape(printable(told))}</desc>",
            f"<style>{_DARK}</style>",
            f'<rect width="100%" height="100%" style="fill: {palette.LIGHT["paper"]}"/>',
            *above,
            chart,
            *below,
            "</svg>",
        ]
        return "\n".join(parts) + "\n"


def is_ours(path: Path) -> bool:
    """Whether a path is that of a chart which was written before, and may be written again."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()


def slug(text: str) -> str:
    """Make a text part of a file's name.

    >>> slug("batch: Samples per second")
    'batch-samples-per-second'
    """
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


def capital(text: str) -> str:
    """Begin a text with a capital letter, and leave the others as they are: "mAP", "PSNR".

    >>> capital("loss of mAP")
    'Loss of mAP'
    """
    return text[:1].upper() + text[1:]


def _size(svg: str) -> tuple[str, str]:
    found = _VIEW_BOX.search(svg)
    if found is None:
        raise ValueError("a drawing without a viewBox")
    return found[1], found[2]


def _lines(text: str, width: float, top: float, size: float, colour: str) -> list[str]:
    """Break a text into lines that fit, whatever sans-serif font there is."""
    count = int((width - 2 * _MARGIN) / (_LETTER_RATIO * size))
    style = f"font: {size:g}px sans-serif; fill: {palette.LIGHT[colour]}"
    return [
        f'<text x="{_MARGIN:g}" y="{top + size + _LINE_RATIO * size * number:g}" style="{style}">'
        f"{escape(line)}</text>"
        for number, line in enumerate(textwrap.wrap(printable(text), count))
    ]


def _dark() -> str:
    """Turn each colour of light paper to that of the same name, wherever it is used."""
    used = ("paper", "quiet", *NAMES.values())
    rules = [
        f'[style*="{what}: {palette.LIGHT[name]}"]{{{what}:{palette.DARK[name]}!important}}'
        for name in used
        for what in ("fill", "stroke")
    ]
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"


_DARK = _dark()
