"""How a report looks and speaks: colours, markers, numbers and text, one place for all figures and pages.

Recipe: `with drawing(): figure = new_figure(6.4, 2.8); ...; svg = svg_bytes(figure)`.  Every text that comes from a run
passes through `literal`, so that no character in it is ever read as an instruction by a typesetter.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 6.45  # inches: the text width of the page
INK, GREY, PALE, SHADE = "#1a1a1a", "#6f6f6f", "#b9b9b9", "#ececec"
# Okabe-Ito colours, in an order in which neighbours also differ in lightness; black is kept for bounds and crosses
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (3, 1.5)), (0, (6, 2, 1, 2)), (0, (1.5, 1.5)), (0, (4, 1, 1, 1, 1, 1)))
MOST_SERIES = len(COLOURS)
LONGEST_WORD = 26
_HUGE = 4000  # characters after which a single text is cut, with a note of how much is left out

_SETTINGS = {
    "font.family": ["STIXGeneral", "DejaVu Sans"],
    "mathtext.fontset": "stix",
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#4d4d4d",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": "#4d4d4d",
    "ytick.color": "#4d4d4d",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "lines.linewidth": 1.2,
    "svg.fonttype": "path",
    "svg.hashsalt": "attnbounds",
    "text.parse_math": False,
    "text.usetex": False,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "hatch.linewidth": 0.4,
    "hatch.color": PALE,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "path.simplify": True,
}


@contextmanager
def drawing() -> Iterator[None]:
    """The settings under which every figure is made and saved; a glyph that no font has is drawn as a box, silently."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in inches; made without pyplot, so that nothing global is changed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.04, wspace=0.03, hspace=0.05)  # type: ignore[union-attr]
    return figure


def svg_bytes(figure: Figure, *, tight: bool = False) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.BytesIO()
    more = {"bbox_inches": "tight", "pad_inches": 0.01} if tight else {}
    with drawing():
        FigureCanvasSVG(figure).print_figure(stream, format="svg", metadata={"Date": None, "Creator": None}, **more)
    return stream.getvalue()


# ---------------------------------------------------------------------------- formulas
@dataclass(frozen=True)
class Formula:
    """A formula set in type: SVG with its width in points."""

    svg: bytes
    width: float


def formula(latex: str) -> Formula | None:
    """The formula set by matplotlib's own math typesetter, or None where that cannot read it."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    text = readable_latex(latex)
    if not text or "$" in text or len(text) > _HUGE:
        return None
    with drawing():
        try:
            width, height, depth, *_ = MathTextParser("path").parse(f"${text}$", dpi=72, prop=FontProperties(size=11))
        except (ValueError, RuntimeError, KeyError):  # unknown command, unbalanced braces, glyph without metrics
            return None
        figure = new_figure(max(width, 1) / 72 + 0.06, max(height + depth, 1) / 72 + 0.08)
        figure.set_layout_engine("none")
        figure.text(0.5, 0.5, f"${text}$", fontsize=11, ha="center", va="center", parse_math=True)
        try:
            return Formula(svg_bytes(figure), width + 0.06 * 72)
        except (ValueError, RuntimeError, KeyError):
            return None


def readable_latex(latex: str) -> str:
    r"""LaTeX with outer fractions in full size, and those that stand for a typed decimal written as that decimal again.

    Examples:
    >>> readable_latex(r"\frac{8106479329266893}{9007199254740992}")
    '0.9'
    """
    plain = re.sub(
        r"\\frac\{(\d{9,})\}\{(\d{9,})\}", lambda found: f"{int(found[1]) / int(found[2]):.12g}", latex.strip()
    ).replace(r"\tfrac", r"\frac")
    depth, parts = 0, []
    for piece in re.split(r"(\\frac(?![a-zA-Z])|[{}])", plain):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        parts.append(r"\dfrac" if piece == r"\frac" and depth == 0 else piece)
    return "".join(parts)


# ---------------------------------------------------------------------------- words and numbers
def literal(value: Any) -> str:
    """A text in which every character is printable, and that is cut with a note when it is enormous."""
    text = str(value).encode("utf-8", "backslashreplace").decode()
    text = "".join(
        c if c.isprintable() or c == "\n" else " " if c in "\t\r\u00a0" else c.encode("unicode_escape").decode()
        for c in text
    )
    return text if len(text) <= _HUGE else f"{text[:_HUGE]} ... ({len(text) - _HUGE} more characters)"


def breakable(value: Any, longest: int = LONGEST_WORD) -> str:
    """Literal text whose overlong words may break over lines: at their own joints where they have some."""

    def split(found: re.Match[str]) -> str:
        word = found[0]
        if len(word) <= longest:
            return word
        joints = re.sub(r"([/_.,:;=&|-])(?=[^\s/_.,:;=&|-])", "\\1\u200b", word)
        return "\u200b".join(re.sub(f"([^\u200b]{{{longest}}})(?=[^\u200b])", "\\1\u200b", part) for part in [joints])

    return re.sub(r"\S+", split, literal(value))


def wrapped(value: Any, width: int, lines: int = 4) -> str:
    """Literal text on several lines of at most `width` characters, at most `lines` of them."""
    parts = textwrap.wrap(" ".join(literal(value).split()), width) or [""]
    return "\n".join(parts if len(parts) <= lines else [*parts[: lines - 1], parts[lines - 1][: width - 3] + "..."])


def number(value: float | int | None, digits: int = 4) -> str:
    """A number for reading: `digits` significant ones, whole numbers in full up to seven places, a dash for None.

    Examples:
    >>> number(0.123456), number(16384), number(None), number(3e-9)
    ('0.1235', '16384', '–', '3×10⁻⁹')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= 1e300:  # more than a float holds
        return ("\u2212" if value < 0 else "") + f"10{str(int(math.log10(abs(value)))).translate(_RAISED)} or more"
    if abs(value) < 1e7 and float(value).is_integer():
        return f"{int(value)}".replace("-", "\u2212")
    head, _, power = f"{value:.{digits}g}".partition("e")
    head = head.replace("-", "\u2212")
    if not power:
        return head
    raised = str(int(power)).translate(_RAISED)
    return f"10{raised}" if head == "1" else f"{head}×10{raised}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def value_text(value: Any) -> str:
    """A coordinate's value for reading."""
    return number(value) if isinstance(value, int | float) else literal(value)


def coordinates(cell: Mapping[str, Any]) -> str:
    """Coordinates of a setting in one line: `d = 16, learner = raw`."""
    return ", ".join(f"{literal(name)} = {value_text(value)}" for name, value in cell.items())


def counted(n: int, one: str, many: str = "") -> str:
    """`1 setting`, `3 settings`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
