"""Plots as SVG: text that a diff shows and any browser draws."""

from collections.abc import Sequence
from html import escape

_ROW = 24
_LEFT = 190
_WIDTH = 420
_STYLE = "font: 12px sans-serif"
_NAME_HEIGHT = 14


def bars(title: str, rows: Sequence[tuple[str, float, float, float]], target: float | None, unit: str) -> str:
    """Horizontal bars of (name, median, low, high), with the spread as a line, and what is to be reached."""
    most = max([high for *_, high in rows] + ([target] if target else [])) * 1.1
    parts = []
    for number, (name, value, low, high) in enumerate(rows):
        y = 34 + number * _ROW
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{_at(value, most):.1f}" height="16" fill="#4a7fb5"/>',
            f'<line x1="{_LEFT + _at(low, most):.1f}" x2="{_LEFT + _at(high, most):.1f}" '
            f'y1="{y + 8}" y2="{y + 8}" stroke="#000"/>',
            f'<text x="{_LEFT + _WIDTH + 6}" y="{y + 13}">{value:.2f} {escape(unit)}</text>',
        ]
    height = 34 + len(rows) * _ROW + 8
    if target:
        x = _LEFT + _at(target, most)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="28" y2="{height - 6}" stroke="#b54a4a" '
            f'stroke-dasharray="4 3"/><text x="{x:.1f}" y="26" text-anchor="middle">{target:g}</text>'
        )
    return _svg(title, height, parts)


def lines(title: str, series: dict[str, list[tuple[float, float]]], x_label: str, y_label: str) -> str:
    """Lines over a logarithmic x axis."""
    from math import log10  # noqa: PLC0415

    xs = sorted({x for points in series.values() for x, _ in points})
    most = max(y for points in series.values() for _, y in points) * 1.15
    left, right, top, bottom = 60, _LEFT + _WIDTH - 130, 34, 220
    span = (log10(xs[-1]) - log10(xs[0])) or 1

    def place(x: float, y: float) -> str:
        at = left + (log10(x) - log10(xs[0])) / span * (right - left)
        return f"{at:.1f},{bottom - y / most * (bottom - top):.1f}"

    parts = [f'<path d="M{left},{top}V{bottom}H{right}" fill="none" stroke="#000"/>']
    for x in xs:
        at = place(x, 0).partition(",")[0]
        parts.append(f'<text x="{at}" y="{bottom + 16}" text-anchor="middle">{x:,.0f}</text>')
    colours = ("#4a7fb5", "#b54a4a", "#4ab57f", "#b5914a", "#7f4ab5", "#555")
    name_at = 0.0
    # From the top down, so that no name is written over another.
    drawn = sorted(zip(colours, series.items(), strict=False), key=lambda line: -line[1][1][-1][1])
    for colour, (name, points) in drawn:
        path = " ".join(place(x, y) for x, y in points)
        last_x, last_y = map(float, place(*points[-1]).split(","))
        name_at = max(last_y + 4, name_at + _NAME_HEIGHT)
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{last_x + 6:.1f}" y="{name_at:.1f}" fill="{colour}">{escape(name)}</text>',
        ]
    parts.append(f'<text x="{left}" y="{bottom + 32}">{escape(x_label)}</text>')
    parts.append(f'<text x="{left}" y="{top - 4}">{escape(y_label)}, 0 to {most:.3g}</text>')
    return _svg(title, bottom + 42, parts)


def _at(value: float, most: float) -> float:
    return value / most * _WIDTH


def _svg(title: str, height: float, parts: list[str]) -> str:
    width = _LEFT + _WIDTH + 90
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
            f'style="{_STYLE}">',
            f'<rect width="{width}" height="{height:.0f}" fill="#fff"/>',
            f'<text x="8" y="16" font-weight="bold">{escape(title)}</text>',
            *parts,
            "</svg>\n",
        ]
    )
