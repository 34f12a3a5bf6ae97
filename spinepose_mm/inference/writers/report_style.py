"""How a report's figures look, and how they get into its page."""
import io
import re
from contextlib import contextmanager

from matplotlib import style
from matplotlib.figure import Figure

INK, GREY, PALE, ZERO = '#222222', '#6b6b6b', '#e3e3e3', '#b0b0b0'
WIDTH = 4.8  # inches
_STYLE = ['default', {  # whatever the user's own settings are
    'svg.fonttype': 'none', 'svg.hashsalt': 'spinepose_mm', 'font.family': 'DejaVu Sans', 'font.size': 8.5,
    'text.color': INK, 'axes.edgecolor': PALE, 'axes.labelcolor': GREY, 'axes.spines.top': False,
    'axes.spines.right': False, 'axes.axisbelow': True, 'xtick.color': GREY, 'ytick.color': GREY,
    'xtick.major.size': 2.5, 'ytick.major.size': 0, 'grid.color': PALE, 'grid.linewidth': .6, 'legend.frameon': False}]


@contextmanager
def figure(height, title, note):
    """Yield a matplotlib Figure of a height in inches, under a title and a note of what its numbers are."""
    with style.context(_STYLE):
        made = Figure((WIDTH, height))
        made.text(.012, 1 - .17 / height, title, fontweight='bold', fontsize=9.5)
        made.text(.985, 1 - .17 / height, note, color=GREY, fontsize=8, ha='right')
        yield made


def to_svg(made, label):
    """Return a figure as an SVG element to stand in HTML, the same bytes each time.

    Args:
        made: the Figure.
        label: what it shows, for those who cannot see it.
    """
    file = io.StringIO()
    with style.context(_STYLE):
        made.savefig(file, format='svg', transparent=True)
    text = file.getvalue()
    text = re.sub(r'<metadata>.*?</metadata>', '', text[text.index('<svg'):], flags=re.DOTALL)  # it has the date
    text = re.sub(r'(\.\d)\d+', r'\1', text)  # tenths of a point are enough
    text = re.sub(r'<g id="[^"]*">', '<g>', text)  # several figures stand in one page
    text = text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")  # Verdana is as wide
    return text.replace('<svg ', f'<svg role="img" aria-label="{label}" ', 1)


def clock(seconds):
    """Return a time to read: 5.3 s, or 1:05 min."""
    if seconds < 59.95:
        return f'{seconds:.1f} s'
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes}:{rest:02d} min'
