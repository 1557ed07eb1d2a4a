"""Bars of commands a second, as SVG: medians, with a line from the lowest to the highest round."""

from collections.abc import Mapping
from html import escape

from benchmarks.measuring import Spread

WIDTH = 760
LABELS = 250  # the column of names
FIGURES = 70  # room for the figure beside the longest bar
ROW = 26
TOP = 44
OURS, THEIRS = "#1769aa", "#9aa5b1"


def bars(title: str, found: Mapping[str, Spread], ours: str) -> str:
    """The fastest on top; `ours` stands out."""
    rows = sorted(found.items(), key=lambda item: -item[1].median)
    scale = (WIDTH - LABELS - FIGURES) / max(spread.high for _, spread in rows)
    height = TOP + ROW * len(rows) + 10
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="13" fill="#222">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="10" y="26" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (name, spread) in enumerate(rows):
        drawn += _row(TOP + ROW * number, name, spread, scale, OURS if name == ours else THEIRS)
    return "\n".join([*drawn, "</svg>", ""])


def _row(y: int, name: str, spread: Spread, scale: float, colour: str) -> list[str]:
    middle = y + ROW // 2
    low, high = LABELS + spread.low * scale, LABELS + spread.high * scale
    return [
        f'<text x="{LABELS - 8}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{LABELS}" y="{y + 4}" width="{spread.median * scale:.1f}" height="{ROW - 8}" fill="{colour}"/>',
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="#222"/>',
        f'<text x="{high + 6:.1f}" y="{middle + 4}">{spread.median:,.0f}</text>',
    ]
