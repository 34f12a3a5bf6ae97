"""Figures of a report, by matplotlib: curves, and how long the trunk was how far inclined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import ticker

from spinepose_mm.analysis import MEASURES, VIEWS

from .missing import LEAST_MISSING
from .style import INK, ZERO, clock, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from .history import Track
    from .missing import Missing

#: Title, what is up, and measures of each panel of curves.
PANELS = (
    (
        'Forward lean',
        'degrees from upright, + forward',
        ('trunk_inclination', 'neck_inclination', 'thoracic_inclination', 'lumbar_inclination'),
    ),
    ('Curves of the spine', 'degrees', ('kyphosis', 'lordosis')),
    ('Flexion', 'degrees, + forward', ('thoracolumbar_flexion', 'neck_flexion')),
    (
        'Sideways lean',
        "degrees from upright, + to the person's left",
        ('trunk_lean', 'neck_lean', 'thoracic_lean', 'lumbar_lean'),
    ),
    ('Lateral deviation', "% of the line S1–C7, + to the person's left", ('lateral_deviation',)),
)
RANGES_NOTE = 'share of the time in which it is known'
#: Limits of the ranges of trunk inclination in RULA (McAtamney and Corlett, 1993) and ISO 11226:2000, degrees.
RANGES = (0, 20, 60)
_ENDS, _ROOM = (2, 98), 0.5  # percentiles that an axis shows at least, and what it shows beyond, in parts of their span
_MOST_POINTS, _MOST_RUNS = 300, 100  # of a curve and of the band under it; more cannot be distinguished
# Okabe and Ito's colours, which colour-blind people can distinguish; lines differ in their dashes too.
_STYLES = {
    'trunk': (INK, '-', 1.8),
    'neck': ('#009e73', (0, (4, 1.5)), 1.3),
    'thoracic': ('#0072b2', '-', 1.3),
    'lumbar': ('#d55e00', (0, (1.2, 1.2)), 1.6),
    'kyphosis': ('#0072b2', '-', 1.3),
    'lordosis': ('#d55e00', (0, (1.2, 1.2)), 1.6),
    'thoracolumbar': (INK, '-', 1.8),
}
VIEW_COLORS = dict(zip(VIEWS, ('#e69f00', '#f5d190', '#0072b2', '#86bfe0', '#999999', '#dddddd')))
_RANGE_COLORS = ('#bdbdbd', '#9ecae1', '#4292c6', '#08519c')


def thin(frames: np.ndarray, values: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a curve of few enough points that keeps its extremes and gaps.

    Args:
        frames: numbers of the frames that the values are of, rising, (N,).
        values: NaN where there is none, (N,).
        total: how many frames there are.

    Returns:
        tuple: places in frames and values, (M,) each, NaN in gaps.
    """
    if total <= _MOST_POINTS:
        full = np.full(total, np.nan)
        full[frames] = values
        return np.arange(total), full
    edges = np.linspace(0, total, _MOST_POINTS // 2 + 1)
    places, kept = [], []
    for first, low, high in zip(edges, *(np.searchsorted(frames, ends) for ends in (edges[:-1], edges[1:]))):
        valid = low + np.flatnonzero(np.isfinite(values[low:high]))
        ends = sorted({valid[values[valid].argmin()], valid[values[valid].argmax()]}) if len(valid) else []
        places += [frames[i] for i in ends] or [first]
        kept += [values[i] for i in ends] or [np.nan]
    return np.array(places), np.array(kept)


def curves(track: Track, names: Sequence[str], times: tuple[float, float, int], hidden: bool = False) -> Figure | None:
    """Plot measures over time with their intervals, over a band of the view of the person.

    Args:
        track: Track.
        names: of the measures.
        times: of the first and the last frame, and their number.
        hidden: whether to plot the values where the camera does not show their plane, in place of those where it does.

    Returns:
        Figure: of matplotlib, or None where nothing is known.
    """
    first, last, total = times
    lines = {name: thin(track.frames, track.values(name, hidden), total) for name in names}
    valid = np.concatenate([values[np.isfinite(values)] for _, values in lines.values()] or [[]])
    if not len(valid):
        return None

    def to_time(places: ArrayLike) -> np.ndarray:
        return first + np.asarray(places) * (last - first) / max(1, total - 1)

    with figure(2.35) as chart:
        axes = chart.add_axes((0.115, 0.2, 0.865, 0.66))
        _value_axis(axes, valid)
        for name, (places, values) in lines.items():
            color, dashes, width = _STYLES.get(name.split('_')[0], (INK, '-', 1.8))
            axes.plot(
                to_time(places),
                values,
                color=color,
                linestyle=dashes,
                zorder=2 + width,
                linewidth=width if total <= _MOST_POINTS else 0.6 * width,
                marker='o' if np.isfinite(values).sum() == 1 else None,
                label=_label(name, names),
            )
            error = np.interp(places, *_valid(track.frames, track.errors(name)))
            axes.fill_between(
                to_time(places), values - error, values + error, color=color, alpha=0.16, linewidth=0, zorder=1.5
            )
            _mark_beyond(axes, to_time(places), values, color)
        _time_axis(axes, first, last)
        _view_band(axes, track, total, to_time)
        if len(names) > 1:
            chart.legend(
                loc='upper left',
                bbox_to_anchor=(0, 1.01),
                ncols=len(names),
                columnspacing=0.9,
                handlelength=1.6,
                handletextpad=0.4,
                borderaxespad=0.2,
            )
    return chart


def _label(name: str, names: Sequence[str]) -> str:
    """Return a measure's title, without its last word where all of several measures end with it."""
    words = MEASURES[name].title.split()
    endings = {MEASURES[each].title.split()[-1] for each in names}
    return ' '.join(words[:-1] if len(endings) == 1 < len(names) else words)


def _valid(frames: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frames and values without those that are NaN; where all are, one of them."""
    valid = np.isfinite(values)
    return (frames[valid], values[valid]) if valid.any() else (frames[:1], np.array([np.nan]))


def _mark_beyond(axes: Axes, times: np.ndarray, values: np.ndarray, color: str) -> None:
    """Mark values beyond the axis at its edge, by triangles that point to them."""
    low, high = axes.get_ylim()
    for edge, beyond, marker in ((low, values < low, 'v'), (high, values > high, '^')):
        if beyond.any():
            axes.plot(
                times[beyond],
                np.full(beyond.sum(), edge),
                linestyle='',
                marker=marker,
                color=color,
                markersize=5,
                clip_on=False,
                zorder=5,
            )


def ranges(inclinations: np.ndarray, seconds: float, gaps: Missing) -> Figure | None:
    """Plot how long the trunk was inclined within each of RANGES.

    Args:
        inclinations: degrees, NaN where missing, (N,).
        seconds: that a value stands for.
        gaps: Missing; where frames are missing, each bar has a line between the bounds of its share of all frames.

    Returns:
        Figure: of matplotlib, or None where nothing is known.
    """
    valid = inclinations[np.isfinite(inclinations)]
    if not len(valid):
        return None
    counts = np.bincount(np.digitize(valid, RANGES), minlength=len(RANGES) + 1)
    labels = [
        f'below {RANGES[0]}°',
        *(f'{low}–{high}°' for low, high in zip(RANGES, RANGES[1:])),
        f'{RANGES[-1]}° and more',
    ]
    is_whole = gaps.share < LEAST_MISSING
    with figure(2.1) as chart:
        axes = chart.add_axes((0.29, 0.04, 0.36, 0.92))
        shares = 100 * counts / len(valid)
        axes.barh(labels, shares, color=_RANGE_COLORS, height=0.66)
        for row, (share, count) in enumerate(zip(shares, counts)):
            low, high = (100 * bound for bound in gaps.share_bounds(count))
            text = f'{share:.0f} % ({clock(count * seconds)})'
            if not is_whole:
                axes.plot([low, high], [row, row], color=INK, linewidth=1.2, marker='|', markersize=8)
                text = f'{share:.0f} %; of all\n{low:.0f} to {high:.0f} %'
            axes.text(104, row, text, va='center', linespacing=1.05)
        axes.set_xlim(0, 100)
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        axes.spines['bottom'].set_visible(False)
        axes.tick_params(axis='y', labelcolor=INK)
    return chart


def _time_axis(axes: Axes, first: float, last: float) -> None:
    axes.set_xlim((first, last) if last > first else (first - 0.5, first + 0.5))
    axes.set_xlabel('time (min:s)' if last >= 120 else 'time (s)', labelpad=1)
    if last >= 120:
        axes.xaxis.set_major_locator(ticker.MaxNLocator(8, steps=[1, 2, 3, 6, 10]))
        axes.xaxis.set_major_formatter(lambda value, _: f'{value // 60:.0f}:{value % 60:02.0f}')


def _value_axis(axes: Axes, values: np.ndarray) -> None:
    """Show all values but single ones far away, which would leave the others a flat line."""
    low, high = np.percentile(values, _ENDS)
    room = _ROOM * max(high - low, 10)
    low, high = min(max(values.min(), low - room), -5), max(min(values.max(), high + room), 5)
    axes.set_ylim(low - 0.08 * (high - low), high + 0.04 * (high - low))  # with room for the band
    axes.axhline(0, color=ZERO, linewidth=0.9, zorder=1)
    axes.yaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
    axes.grid(axis='y')


def _view_band(axes: Axes, track: Track, total: int, to_time: Callable[[ArrayLike], np.ndarray]) -> None:
    """Draw a band at the foot of a panel, coloured by the view of the person."""
    bins = np.minimum(np.arange(_MOST_RUNS + 1) * max(1, total / _MOST_RUNS), total)
    views = np.full(_MOST_RUNS, len(VIEWS))  # the number after them is none
    at = np.searchsorted(bins, track.frames, 'right') - 1
    views[at] = track.views
    starts = np.flatnonzero(np.r_[True, views[1:] != views[:-1]])
    edges = to_time(np.stack([bins[starts], bins[np.r_[starts[1:], _MOST_RUNS]]], axis=-1) - 0.5)
    for i, view in enumerate(VIEWS):
        runs = edges[views[starts] == i]
        axes.broken_barh(
            [(start, end - start) for start, end in runs.tolist()],
            (0, 0.045),
            color=VIEW_COLORS[view],
            linewidth=0,
            transform=axes.get_xaxis_transform(),
        )
