"""A picture of the comparison, as SVG, for the README."""

from collections.abc import Mapping, Sequence
from statistics import median

from tests.benchmarks.measure import Comparison

WIDTH, LEFT, ROW, BAR, TOP = 720, 90, 54, 18, 44
FULL = WIDTH - LEFT - 150
OURS, OTHER, TEXT = "#2b6cb0", "#a0aec0", "#4a5568"


def comparison(found: Sequence[Comparison], ceiling: Mapping[str, float]) -> str:
    """Two bars for each kind of request, as long as the rates are against the larger of both."""
    parts = [_text(LEFT, 20, "requests a second: Stockroom (blue), FastAPI + SQLAlchemy (grey)")]
    for number, each in enumerate(found):
        top = TOP + number * ROW
        ours, other = (median(r.rate for r in side) for side in (each.ours, each.others))
        most = max(ours, other)
        parts.append(_text(0, top + BAR, each.kind))
        parts += _bar(top, ours / most, OURS, f"{ours:,.0f}  ({median(each.ratios):.1f}×)")
        parts += _bar(top + BAR + 2, other / most, OTHER, f"{other:,.0f}")
    height = TOP + len(found) * ROW + 20 * bool(ceiling)
    if ceiling:
        alone = ", ".join(f"{name} {rate:,.0f}" for name, rate in ceiling.items())
        parts.append(_text(0, height - 6, f"The statements alone, by pgbench: {alone} a second"))
    body = "\n".join(parts)
    box = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}>\n{body}\n</svg>\n'


def _bar(top: int, part: float, colour: str, said: str) -> list[str]:
    width = max(1, round(part * FULL))
    bar = f'<rect x="{LEFT}" y="{top}" width="{width}" height="{BAR}" fill="{colour}"/>'
    return [bar, _text(LEFT + width + 6, top + BAR - 4, said)]


def _text(left: int, top: int, said: str) -> str:
    style = f'font-family="sans-serif" font-size="13" fill="{TEXT}"'
    return f'<text x="{left}" y="{top}" {style}>{said}</text>'
