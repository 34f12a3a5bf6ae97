"""How a report's figures look, and how they get into its page."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure

INK, GREY, PALE, ZERO = '#222222', '#5f5f5f', '#e3e3e3', '#b0b0b0'
WIDTH = 4.8  # inches, which a phone of 390 pixels shows as 355 or more: 11 points are 11.3 of them or more
_STYLE: list[Any] = [
    'default',
    {  # whatever the user's own settings are
        'svg.fonttype': 'none',
        'svg.hashsalt': 'spinepose_mm',
        'font.family': 'DejaVu Sans',
        'font.size': 11,
        'text.color': INK,
        'axes.edgecolor': PALE,
        'axes.labelcolor': GREY,
        'axes.spines.top': False,
        'axes.spines.right': False,
        'axes.axisbelow': True,
        'xtick.color': GREY,
        'ytick.color': GREY,
        'xtick.major.size': 2.5,
        'ytick.major.size': 0,
        'grid.color': PALE,
        'grid.linewidth': 0.6,
        'legend.frameon': False,
    },
]


@contextmanager
def figure(height: float) -> Iterator[Figure]:
    """Yield a matplotlib Figure of a height in inches."""
    with style.context(_STYLE):
        yield Figure((WIDTH, height))


def to_svg(chart: Figure, label: str) -> str:
    """Return a figure as an SVG element to stand in HTML, the same bytes each time.

    Args:
        chart: the Figure.
        label: alternative text.
    """
    file = io.StringIO()
    with style.context(_STYLE):
        chart.savefig(file, format='svg', transparent=True)
    text = file.getvalue()
    text = re.sub(r'<metadata>.*?</metadata>', '', text[text.index('<svg') :], flags=re.DOTALL)  # it has the date
    text = re.sub(r'(\.\d)\d+', r'\1', text)  # tenths of a point are enough
    text = re.sub(r'<g id="[^"]*">', '<g>', text)  # several figures stand in one page
    text = text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")  # Verdana is as wide
    return text.replace('<svg ', f'<svg role="img" aria-label="{label}" ', 1)


#: Of the page. On a phone the table's numbers stand under each other; what is wider scrolls, under a shadow where there
#: is more (Komarov and Verou's background-attachment). In print nothing is cut off, and headings keep with their text.
PAGE = """
*{box-sizing:border-box}body{font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Verdana,sans-serif;color:#222;
background:#fff;margin:0 auto;max-width:980px;padding:20px 16px 40px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}h2{font-size:20px;margin:40px 0 2px;
padding-top:14px;border-top:3px solid #222}h3{font-size:16px;margin:22px 0 4px}p{margin:6px 0}figure{margin:0}
.facts{color:#555}.note,.warning{background:#f3f5f7;border-left:4px solid #0072b2;padding:8px 14px;margin:14px 0}
.warning{background:#fdf3e7;border-color:#d55e00}.about{display:grid;grid-template-columns:auto 1fr;gap:2px 14px;
margin:12px 0}.about dt{font-weight:600;margin:0}.about dd{margin:0;overflow-wrap:anywhere}
.chip{display:inline-block;width:.8em;height:.8em;margin:0 .35em 0 .8em;vertical-align:baseline}
.strip{display:grid;grid-template-columns:repeat(8,1fr);gap:4px;margin:12px 0}
.strip img,.image img{display:block;width:100%;height:auto}.strip figcaption{border-top:5px solid;font-size:12px;
padding-top:1px}.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(320px,100%),1fr));gap:18px 26px;
align-items:start}.chart h3{margin:0}.chart p{margin:0 0 2px;color:#555;font-size:14px}.chart .missing{color:#8a3d00}
.chart svg{display:block;width:100%;height:auto}.apart svg{opacity:.6}.sketch{max-width:330px;margin:8px 0}
.sketch svg{display:block;width:100%;height:auto}.sketch figcaption{font-size:13px;color:#555}
.scroll{overflow-x:auto;background:linear-gradient(90deg,#fff 30%,#fff0) 0 0/40px 100% no-repeat local,
linear-gradient(270deg,#fff 30%,#fff0) 100% 0/40px 100% no-repeat local,
linear-gradient(90deg,#0005,#0000) 0 0/14px 100% no-repeat scroll,
linear-gradient(270deg,#0005,#0000) 100% 0/14px 100% no-repeat scroll}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;margin:6px 0}
th,td{padding:3px 10px;text-align:right;border-bottom:1px solid #e3e3e3;white-space:nowrap;vertical-align:top}
th:first-child,td:first-child{text-align:left;padding-left:0}thead th{border-bottom:2px solid #222;font-weight:600;
white-space:normal;vertical-align:bottom}tbody th{font-weight:400}th.plane{font-weight:600;padding-top:10px}
td small{color:#5f5f5f;margin-left:.5em;font-size:12px}
dt{font-weight:600;margin-top:6px}dd{margin:0 0 0 1.2em}.meanings{columns:2 300px;margin:0}
.meanings div{break-inside:avoid}footer{color:#555;margin-top:36px;font-size:13px}
@media screen and (max-width:640px){body{padding:14px 10px 30px}
.strip{grid-template-columns:repeat(4,1fr)}.about{display:block}
.about dt{margin-top:6px}th,td{padding:3px 5px}.person table{font-size:12px}.person thead th{font-size:11.5px}
.person th,.person td{padding:3px}
.person tbody th{white-space:normal}
.person td small{display:block;margin:0}}
@page{size:A4;margin:14mm}
@media print{body{font-size:10pt;max-width:none;padding:0;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.person+.person{break-before:page}h2,h3{break-after:avoid}
.chart,.strip,.keep,.apart,tr,.image,.sketch{break-inside:avoid}
.keep{break-after:avoid}
.figures{grid-template-columns:1fr 1fr}.scroll{overflow:visible;background:none}p,dd{orphans:3;widows:3}
tr:has(.plane){break-after:avoid}table{font-size:9.5pt}}
"""


def clock(seconds: float) -> str:
    """Return a time to read: 5.3 s, or 1:05 min."""
    if seconds < 59.95:
        return f'{seconds:.1f} s'
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes}:{rest:02d} min'
