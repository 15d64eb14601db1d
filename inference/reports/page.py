"""A4 pages with headings, pictures, bars, tables and room to write. Sizes are in millimetres."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace
from PIL import Image

from inference.drawing import caption

MARGIN: Final = 15.0
WIDTH: Final = 180.0  # between the margins of A4
GAP: Final = 4.0

_FONTS: Final = Path(caption.__file__).with_name("fonts")
_BODY: Final = 9.0  # points
_SMALL: Final = 7.5
_LINE: Final = 4.4
_INK: Final = (24, 28, 36)
_FAINT: Final = (96, 104, 116)
_RULE: Final = (206, 211, 219)
_GROUND: Final = (240, 242, 246)

Colour = tuple[int, int, int]
Picture = tuple[bytes, str]
"""A JPEG and its caption."""


class Pages(FPDF):
    """A document of A4 pages with footers.

    Args:
        title: of the document, also for screen readers.
        language: of the words on them, "en" or "ru".
        foot: text at the foot of each page, beside its number.
    """

    def __init__(self, title: str, language: str, foot: str) -> None:
        super().__init__(format="A4")
        self.language = language
        self._foot = foot
        self.add_font("DejaVu", "", _FONTS / "DejaVuSans.ttf")
        self.add_font("DejaVu", "B", _FONTS / "DejaVuSans-Bold.ttf")
        self.set_title(title)
        self.set_lang(language)
        self.set_creation_date(datetime.now(UTC))
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 4)
        self.set_draw_color(*_RULE)
        # Text starts at the same left edge as pictures and lines.
        self.c_margin = 0
        self.add_page()

    def footer(self) -> None:
        """The foot of a page; the library calls it."""
        self.set_y(-MARGIN)
        self._pen(_SMALL, colour=_FAINT)
        self.cell(WIDTH - 20, 5, self._foot)
        self.cell(20, 5, f"{self.page_no()} / {{nb}}", align="R")

    def headline(self, title: str, lines: Sequence[str]) -> None:
        """The title of the document with lines below it."""
        self._pen(15, bold=True)
        self.multi_cell(WIDTH, 7, title, new_x="LMARGIN", new_y="NEXT")
        for line in lines:
            self.paragraph(line, colour=_FAINT)
        self.ln(1)

    def heading(self, text: str, *, room: float = 20.0) -> None:
        """A heading; on the next page if less than `room` is left below it."""
        self.keep(room)
        self.ln(2)
        self._pen(10.5, bold=True)
        self.multi_cell(WIDTH, 5.5, text, new_x="LMARGIN", new_y="NEXT")
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())
        self.ln(1.5)

    def paragraph(self, text: str, *, bold: bool = False, colour: Colour = _INK, small: bool = False) -> None:
        """A paragraph over the whole width."""
        self._pen(_SMALL if small else _BODY, bold=bold, colour=colour)
        self.multi_cell(WIDTH, 3.7 if small else _LINE, text, align="L", new_x="LMARGIN", new_y="NEXT")

    def verdict(self, text: str, colour: Colour) -> None:
        """A prominent sentence with a coloured bar before it."""
        self._pen(11, bold=True)
        top = self.get_y()
        self.set_fill_color(*_GROUND)
        self.set_x(MARGIN + 3)
        self.multi_cell(WIDTH - 3, 6.5, text, align="L", fill=True, padding=(2, 3), new_x="LMARGIN", new_y="NEXT")
        self.set_fill_color(*colour)
        self.rect(MARGIN, top, 2, self.get_y() - top, style="F")
        self.ln(2)

    def pictures(self, pictures: Sequence[Picture], *, height: float = 62.0) -> None:
        """Pictures in a row, as large as the width and `height` allow, with their captions."""
        column = (WIDTH - GAP * (len(pictures) - 1)) / len(pictures)
        sizes = [_fitted(jpeg, column, height) for jpeg, _ in pictures]
        tallest = max(size[1] for size in sizes)
        self.keep(tallest + 12)
        top = bottom = self.get_y()
        for number, ((jpeg, words), (width, _)) in enumerate(zip(pictures, sizes, strict=True)):
            left = MARGIN + number * (column + GAP)
            self.image(BytesIO(jpeg), left, top, width, alt_text=words)
            self.set_xy(left, top + tallest + 0.8)
            self._pen(_SMALL, colour=_FAINT)
            self.multi_cell(column, 3.5, words, align="L", new_x="LMARGIN", new_y="NEXT")
            bottom = max(bottom, self.get_y())
        self.set_y(bottom + 1.5)

    def bars(self, rows: Sequence[tuple[str, str, float, Colour]]) -> None:
        """A list of bars: text, figure, share of the full length (0..1), colour of the bar."""
        words, figure = 74.0, 16.0
        longest = WIDTH - words - figure - 4
        for text, number, share, colour in rows:
            self.keep(5)
            top = self.get_y()
            self._pen(_BODY)
            self.cell(words, 4.6, text)
            self.cell(figure, 4.6, number, align="R")
            left = self.get_x() + 4
            self.set_fill_color(*_GROUND)
            self.rect(left, top + 0.8, longest, 3, style="F")
            self.set_fill_color(*colour)
            self.rect(left, top + 0.8, max(0.3, longest * share), 3, style="F")
            self.set_xy(MARGIN, top + 4.9)

    def grid(self, rows: Sequence[Sequence[str]], widths: Sequence[float], *, headed: bool = True) -> None:
        """A table; `widths` are the columns' shares of the width. If it is `headed`, the first row is its head."""
        self._pen(_SMALL + 0.5)
        self.set_fill_color(255, 255, 255)
        style = FontFace(emphasis="BOLD", color=_INK, fill_color=_GROUND)
        with self.table(
            rows,
            col_widths=tuple(widths),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=style,
            first_row_as_headings=headed,
            line_height=4.0,
            padding=(0.7, 1),
            text_align="LEFT",
        ):
            pass
        self.ln(1)

    def room_to_write(self, label: str, lines: int) -> None:
        """Ruled lines under a label."""
        self.keep(8.0 * lines + 8)
        self.paragraph(label, colour=_FAINT, small=True)
        for _ in range(lines):
            self.ln(8)
            self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())
        self.ln(3)

    def link_line(self, label: str, address: str) -> None:
        """A line with a clickable address."""
        self._pen(_BODY, colour=_FAINT)
        self.cell(self.get_string_width(label) + 2, _LINE, label)
        self._pen(_BODY, colour=(22, 88, 168))
        self.cell(0, _LINE, address, link=address, new_x="LMARGIN", new_y="NEXT")

    def keep(self, room: float) -> None:
        """Start a new page if less than `room` is left on this one."""
        if self.will_page_break(room):
            self.add_page()

    def content(self) -> bytes:
        """The file."""
        return bytes(self.output())

    def _pen(self, size: float, *, bold: bool = False, colour: Colour = _INK) -> None:
        self.set_font("DejaVu", "B" if bold else "", size)
        self.set_text_color(*colour)


def _fitted(jpeg: bytes, width: float, height: float) -> tuple[float, float]:
    with Image.open(BytesIO(jpeg)) as picture:
        across, down = picture.size
    scale = min(width / across, height / down)
    return across * scale, down * scale
