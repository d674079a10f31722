"""The table for the terminal, and the generated part of `docs/benchmarks.md` with its plot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from .cases import CASES
from .results import HEADS, Findings, Growth, Row

BEGIN, END = "<!-- written by `build.py bench`: begin -->", "<!-- written by `build.py bench`: end -->"
WIDTH, BAR_HEIGHT, MARGIN, LABEL_WIDTH = 720, 18, 16, 300
"""Measures of the plot in pixels."""
REACHED, MISSED, LINE = "#3a7d44", "#b3541e", "#888888"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table with aligned columns, which is also readable on a terminal."""
    lines = [HEADS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    texts = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |" for line in lines]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)


def write(findings: Findings, page: Path, plot: Path) -> None:
    """Write the plot, and put the generated part into the page; the rest of the page is written by hand."""
    plot.write_text(_plot(all_rows(findings)), encoding="utf-8")
    text = page.read_text(encoding="utf-8") if page.is_file() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{_generated(findings, plot.name)}\n{END}{after}", encoding="utf-8")


def all_rows(findings: Findings) -> list[Row]:
    """Return the rows of every case, in the order of the cases."""
    return [row for case in CASES for row in findings.rows.get(case, [])]


def _generated(findings: Findings, plot: str) -> str:
    """Return the generated part of the page."""
    machine = ", ".join(f"{name} {value}" for name, value in findings.machine.items())
    rows = all_rows(findings)
    parts = [f"Measured on: {machine}.", table(rows), f"![measured against the goals]({plot})"]
    parts += [f"- {row.case}, {row.against}: {row.note}" for row in rows if row.note]
    if findings.stages:
        parts += ["### Where a frame's time goes", _stages(findings.stages)]
    if findings.updates:
        parts += ["### Where an update's time goes", _updates(findings.updates)]
    if findings.network_floor:
        parts += ["### What the goals allow", _floors(findings, rows)]
    if findings.network_rate:
        parts.append(_ceilings(findings))
    if findings.pixels:
        parts += ["### Growth with pixels", _growth(findings.pixels, "megapixels", "processor ms per frame")]
    if findings.frames:
        parts += ["### Growth with frames", _growth(findings.frames, "frames", "ms per frame since the start")]
    return "\n\n".join(parts).replace("\n\n- ", "\n- ") + "\n"


def _stages(stages: dict[str, dict[str, float]]) -> str:
    """Return processor milliseconds per frame as a table: a line for each stage, a column for each title."""
    names = list(dict.fromkeys(name for spent in stages.values() for name in spent))
    lines = ["| processor ms per frame | " + " | ".join(stages) + " |", "|---" * (len(stages) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(f"{spent.get(name, 0):.1f}" for spent in stages.values()) + " |" for name in names
    ]
    lines.append("| together | " + " | ".join(f"{sum(spent.values()):.1f}" for spent in stages.values()) + " |")
    return "\n".join(lines)


def _updates(updates: dict[str, dict[str, float]]) -> str:
    """Return processor milliseconds per frame as a table: a line for each change, a column for each stage."""
    stages = list(next(iter(updates.values())))
    lines = ["| processor ms per frame | " + " | ".join(stages) + " | together | of a run |"]
    lines.append("|---" * (len(stages) + 3) + "|")
    run = sum(updates["a run"].values())
    for name, spent in updates.items():
        if name != "a run":
            told = [f"{value:.1f}" for value in (*spent.values(), sum(spent.values()))]
            lines.append(f"| {name} | " + " | ".join(told) + f" | 1/{run / sum(spent.values()):.1f} |")
    return "\n".join([*lines, "", f"A run takes {run:.0f}."])


def _floors(findings: Findings, rows: Sequence[Row]) -> str:
    """Return, for each goal in frames per second, the time per frame that it leaves beside the network at its peak."""
    lines = ["| processor ms per frame | allowed | network at peak, decode | left for the rest | all of it now |"]
    lines.append("|---" * 5 + "|")
    for row in rows:
        spent = findings.stages.get(row.case.split()[0])
        if row.theirs and spent is not None:
            allowed = int(findings.machine["cores"]) * 1e3 / (row.goal * row.theirs)
            floor = findings.network_floor + spent["decode"]
            figures = (allowed, floor, allowed - floor, sum(spent.values()))
            name = f"{row.case}, {row.goal:g} × {row.against}"
            lines.append(f"| {name} | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |")
    return "\n".join(lines)


def _ceilings(findings: Findings) -> str:
    """Return, for each goal in frames per second at 1080p, the rate of the network alone."""
    lines = ["| frames per second | wanted | the network alone, on every core | all of it now |", "|---" * 4 + "|"]
    for row in findings.rows.get("hd", []):
        wanted, now = row.goal * row.theirs, row.value * row.theirs
        name = f"{row.case}, {row.goal:g} × {row.against}"
        lines.append(f"| {name} | {wanted:.1f} | {findings.network_rate:.1f} | {now:.1f} |")
    return "\n".join(lines)


def _growth(points: list[Growth], what: str, unit: str) -> str:
    """Return the points as a table."""
    lines = [f"| | {what} | {unit} |", "|---|---|---|"]
    lines += [f"| {point.name} | {point.size:.4g} | {point.milliseconds:.0f} |" for point in points]
    return "\n".join(lines)


def _plot(rows: Sequence[Row]) -> str:
    """Return an SVG: a bar for each row, as long as the reached share of its goal; the goal is a line."""
    height = 2 * MARGIN + len(rows) * (BAR_HEIGHT + 6)
    line = LABEL_WIDTH + (WIDTH - LABEL_WIDTH - MARGIN) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        *(part for number, row in enumerate(rows) for part in _bar(row, MARGIN + number * (BAR_HEIGHT + 6), line)),
        f'<line x1="{line}" x2="{line}" y1="{MARGIN - 6}" y2="{height - MARGIN}" stroke="{LINE}"/>',
        f'<text font-size="12" x="{line + 4}" y="{height - 4}" fill="{LINE}">the goal; longer is better</text>',
        "</svg>\n",
    ]
    return "\n".join(parts)


def _bar(row: Row, top: int, line: float) -> Iterator[str]:
    """Yield a row's label, bar and figure."""
    share = row.value / row.goal if row.unit == "x" else row.goal / max(row.value, 1e-9)
    length = min(share, 1.8) * (line - LABEL_WIDTH)
    middle = top + BAR_HEIGHT - 5
    label = escape(f"{row.case}: {row.against}")
    yield f'<text font-size="12" x="{LABEL_WIDTH - 6}" y="{middle}" text-anchor="end">{label}</text>'
    yield (
        f'<rect x="{LABEL_WIDTH}" y="{top}" width="{length:.1f}" height="{BAR_HEIGHT}" '
        f'fill="{REACHED if row.reached else MISSED}"/>'
    )
    yield f'<text font-size="12" x="{LABEL_WIDTH + 4}" y="{middle}" fill="white">{escape(row.cells[3])}</text>'
