"""Bar charts as SVG, without a library: each workload a row of bars, one for each peer, lengths by the logarithm of the time."""
import math
import os
from xml.sax.saxutils import escape

COLOURS = {"parley": "#c2410c", "reference": "#9ca3af", "sqlite": "#0369a1", "duckdb": "#ca8a04", "oxigraph": "#7c3aed", "oxigraph-memory": "#a78bfa",
           "kuzu": "#15803d", "ladybug": "#4ade80", "virtuoso": "#be185d", "jena": "#0f766e", "rdf4j": "#64748b"}
LABEL, WIDTH, BAR, GAP, TOP = 330, 560, 11, 12, 60


def scale(rows):
    """(smallest, largest) power of ten around all times of the rows."""
    times = [c["ms"] for r in rows for c in r["peers"].values() if c.get("ms")]
    return math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)) + 1e-9)


def text(x, y, content, anchor="start", size=11, fill="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{escape(content)}</text>'


def grid(low, high, height):
    lines = []
    for power in range(low, high + 1):
        x = LABEL + WIDTH * (power - low) / (high - low)
        label = f"{10 ** power:g} ms" if power < 3 else f"{10 ** (power - 3):g} s"
        lines += [f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 20}" stroke="#ddd"/>', text(x, height - 6, label, "middle", 10, "#555")]
    return lines


def legend(names):
    parts, x = [], LABEL
    for name in names:
        parts += [f'<rect x="{x}" y="28" width="10" height="10" fill="{COLOURS.get(name, "#000")}"/>', text(x + 13, 37, name, size=10)]
        x += 24 + 6.2 * len(name)
    return parts


def chart(title, rows, names):
    rows = [r for r in rows if any(c.get("ms") for c in r["peers"].values())]
    if not rows:
        return None
    low, high = scale(rows)
    high = max(high, low + 1)
    parts, y = [], TOP
    for row in rows:
        shown = [n for n in names if row["peers"].get(n, {}).get("ms")]
        parts.append(text(LABEL - 8, y + len(shown) * BAR / 2 + 4, row["workload"], "end"))
        for name in shown:
            cell = row["peers"][name]
            length = max(WIDTH * (math.log10(cell["ms"]) - low) / (high - low), 1)
            parts += [f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{COLOURS.get(name, "#000")}"/>',
                      text(LABEL + length + 4, y + BAR - 3, f"{cell['ms']:.3g}", size=9, fill="#555")]
            y += BAR
        y += GAP
    height, width = y + 30, LABEL + WIDTH + 60
    body = grid(low, high, height) + parts
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif">',
                      f'<rect width="{width}" height="{height}" fill="white"/>', text(12, 20, title, size=14), *legend(names), *body, "</svg>"]) + "\n"


def write(folder, name, title, rows, names):
    """Write a chart; gives its file's name, or None if there is nothing to draw."""
    drawn = chart(title, rows, names)
    if drawn is None:
        return None
    file = "".join(c if c.isalnum() else "-" for c in name) + ".svg"
    with open(os.path.join(folder, file), "w") as out:
        out.write(drawn)
    return file
