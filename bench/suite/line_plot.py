"""Lines over two logarithmic axes as SVG, without a library (plot.py draws the bars)."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 440, 70, 270, 40, 50
COLOURS = ["#1b6ca8", "#c8553d", "#2e8b57", "#8e5ea2", "#b8860b", "#444444", "#17a2a2", "#d46a9f"]


def decades(values):
    """Powers of ten around all values."""
    return math.floor(math.log10(min(values))), max(math.ceil(math.log10(max(values))), math.floor(math.log10(min(values))) + 1)


def label(exponent):
    return f"{10 ** exponent:g}" if -4 < exponent < 7 else f"1e{exponent}"


class Axes:
    def __init__(self, points):
        (self.x0, self.x1), (self.y0, self.y1) = decades([x for x, _ in points]), decades([y for _, y in points])

    def x(self, value):
        return LEFT + (math.log10(value) - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - (math.log10(value) - self.y0) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM)

    def grid(self):
        for e in range(self.x0, self.x1 + 1):
            at = self.x(10 ** e)
            yield f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
            yield f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{label(e)}</text>'
        for e in range(self.y0, self.y1 + 1):
            at = self.y(10 ** e)
            yield f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label(e)}</text>'


def spread(wanted, least=15):
    """Heights of names moved apart, in the order of the heights wanted."""
    placed, last = {}, -1e9
    for name, y in sorted(wanted.items(), key=lambda item: item[1]):
        placed[name] = last = max(y, last + least)
    return placed


def lines_plot(title, x_title, series):
    """series: name -> [(x, y)], all above zero; the names stand at the ends of their lines."""
    series = {name: [(x, y) for x, y in points if x > 0 and y > 0] for name, points in series.items()}
    series = {name: points for name, points in series.items() if points}
    axes = Axes([p for points in series.values() for p in points])
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>', f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>', *axes.grid(),
           f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_title)}</text>']
    names = spread({name: axes.y(points[-1][1]) for name, points in series.items()})
    for (name, points), colour in zip(series.items(), COLOURS * len(series)):
        path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{axes.x(x):.1f}" cy="{axes.y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        out.append(f'<text x="{axes.x(points[-1][0]) + 10:.1f}" y="{names[name] + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"
