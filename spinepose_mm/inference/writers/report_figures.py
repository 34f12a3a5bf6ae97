"""Figures of a report, by matplotlib: curves, the spine's shapes, and how long the trunk was how far inclined."""
import numpy as np
from matplotlib import ticker

from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, VIEWS
from spinepose_mm.inference.drawing import across, upright

from .report_style import GREY, INK, WIDTH, ZERO, clock, figure

#: Title, what is up, and measures of each panel of curves.
PANELS = (
    ('Forward lean', 'degrees from upright, + forward',
     ('trunk_inclination', 'neck_inclination', 'thoracic_inclination', 'lumbar_inclination')),
    ('Curves of the spine', 'degrees', ('kyphosis', 'lordosis')),
    ('Flexion', 'degrees, + forward', ('thoracolumbar_flexion', 'neck_flexion')),
    ('Sideways lean', 'degrees from upright, + to the person\'s left',
     ('trunk_lean', 'neck_lean', 'thoracic_lean', 'lumbar_lean')),
    ('Lateral deviation', '% of the line S1–C7, + to the person\'s left', ('lateral_deviation', )))
#: Limits of the ranges of trunk inclination in RULA (McAtamney and Corlett, 1993) and ISO 11226:2000, degrees.
RANGES = (0, 20, 60)
_MOST_POINTS, _MOST_RUNS = 300, 100  # of a curve and of the band under it; more cannot be told apart
# Okabe and Ito's colours, which colour-blind people tell apart; lines differ in their dashes too.
_STYLES = {'trunk': (INK, '-', 1.8), 'neck': ('#009e73', (0, (4, 1.5)), 1.3), 'thoracic': ('#0072b2', '-', 1.3),
           'lumbar': ('#d55e00', (0, (1.2, 1.2)), 1.6), 'kyphosis': ('#0072b2', '-', 1.3),
           'lordosis': ('#d55e00', (0, (1.2, 1.2)), 1.6), 'thoracolumbar': (INK, '-', 1.8)}
VIEW_COLORS = dict(zip(VIEWS, ('#e69f00', '#f5d190', '#0072b2', '#86bfe0', '#999999', '#dddddd')))
_RANGE_COLORS = ('#bdbdbd', '#9ecae1', '#4292c6', '#08519c')


def thin(frames, values, total):
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
        told = low + np.flatnonzero(np.isfinite(values[low:high]))
        ends = sorted({told[values[told].argmin()], told[values[told].argmax()]}) if len(told) else []
        places += [frames[i] for i in ends] or [first]
        kept += [values[i] for i in ends] or [np.nan]
    return np.array(places), np.array(kept)


def curves(title, note, track, names, times):
    """Plot measures over time, over a band of where the person is seen from.

    Args:
        title, note: of the panel.
        track: Track.
        names: of the measures.
        times: of the first and the last frame, and their number.

    Returns:
        Figure: of matplotlib, or None where nothing is known.
    """
    first, last, total = times
    lines = {name: thin(track.frames, track.values(name), total) for name in names}
    if not any(np.isfinite(values).any() for _, values in lines.values()):
        return None

    def to_time(places):
        return first + np.asarray(places) * (last - first) / max(1, total - 1)

    with figure(2.15, title, note) as made:
        axes = made.add_axes([.085, .2, .895, .56])
        endings = {MEASURES[name].title.split()[-1] for name in names}
        for name, (places, values) in lines.items():
            words = MEASURES[name].title.split()
            color, dashes, width = _STYLES.get(name.split('_')[0], (INK, '-', 1.8))
            axes.plot(to_time(places), values, color=color, linestyle=dashes, zorder=2 + width,
                      linewidth=width if total <= _MOST_POINTS else .6 * width,
                      marker='o' if np.isfinite(values).sum() == 1 else None,
                      label=' '.join(words[:-1] if len(endings) == 1 < len(names) else words))
        _time_axis(axes, first, last)
        _value_axis(axes)
        _view_band(axes, track, total, to_time)
        if len(names) > 1:
            made.legend(loc='upper left', bbox_to_anchor=(0, .885), ncols=len(names), columnspacing=1.2,
                        handlelength=2, handletextpad=.5, borderaxespad=.2)
    return made


def shapes(shots, colors, coordinates):
    """Plot the shape of the spine at some times, from S1 upward.

    Args:
        shots: Shots.
        colors: of each.
        coordinates: what their points are in, 'camera' or 'world', and None where there are none.

    Returns:
        Figure: of matplotlib, or None where the spine is nowhere seen whole.
    """
    spine = list(skeleton.SUBSETS['spine'])
    drawn = []
    for shot, color in zip(shots, colors):
        views = _from_side_and_front(shot, coordinates) if coordinates else _in_picture(shot)
        views = views[:, spine] - views[:, spine[-1:]]
        if np.isfinite(views).all():
            drawn.append((views, shot, color))
    if not drawn:
        return None
    titles, notes, unit = (
        (('From the side', 'From the front'), ('forward', 'to the person\'s left'), 'cm') if coordinates else
        (('In the picture', ), ('to the right in the picture', ), 'pixels'))
    every = np.concatenate([views for views, _, _ in drawn], axis=1)
    span = 1.25 * np.ptp(every, axis=1).max()
    with figure(2.75, 'Shape of the spine', f'from S1 upward, {unit}') as made:
        for i, (title, note, flat) in enumerate(zip(titles, notes, every)):
            axes = made.add_axes([.085 + .385 * i, .14, 1.75 / WIDTH, 1.75 / 2.75])
            for views, shot, color in drawn:
                axes.plot(*views[i].T, '-o', color=color, linewidth=1.5, markersize=2.4,
                          label=clock(shot.time).removesuffix(' min'))
            _name_levels(axes, max((views[i] for views, _, _ in drawn), key=lambda chain: chain[0, 1]), span)
            _square(axes, (flat.min(0) + flat.max(0)) / 2, span)
            axes.tick_params(labelleft=i == 0)
            axes.set_xlabel(f'{note} →', labelpad=1)
            axes.set_title(title, fontsize=8.5, loc='left', pad=4)
        made.legend(*axes.get_legend_handles_labels(), loc='upper left', borderaxespad=0, handlelength=1.2,
                    bbox_to_anchor=(.085 + .385 * len(titles), .77))
    return made


def _square(axes, middle, span):
    """Let axes show as much upward as across, with a line upward from S1."""
    for set_limits, axis, center, ticks in zip(
            (axes.set_xlim, axes.set_ylim), (axes.xaxis, axes.yaxis), middle, (4, 6)):
        set_limits(center - span / 2, center + span / 2)
        axis.set_major_locator(ticker.MaxNLocator(ticks, integer=True))
    axes.axvline(0, color=ZERO, linewidth=.9, zorder=1)
    axes.grid()


def _from_side_and_front(shot, coordinates):
    """Return a shot's points as (forward, up) and (to the left, up), cm, (2, 37, 2)."""
    points = 100 * upright(shot.points, coordinates)
    left = across(points)
    return np.stack([np.stack([points @ axis, points[:, 1]], -1) for axis in (np.cross(left, [0, 1., 0]), left)])


def _in_picture(shot):
    """Return a shot's keypoints as (to the right, up) in pixels of the frame, NaN where not seen, (1, 37, 2)."""
    return np.where(shot.seen[:, None], shot.keypoints * [1, -1] / shot.scale, np.nan)[None]


def ranges(inclinations, seconds):
    """Plot how long the trunk was inclined within each of RANGES.

    Args:
        inclinations: degrees, NaN where not known, (N,).
        seconds: that a value stands for; None of pictures.

    Returns:
        Figure: of matplotlib, or None where nothing is known.
    """
    known = inclinations[np.isfinite(inclinations)]
    if not len(known):
        return None
    counts = np.bincount(np.digitize(known, RANGES), minlength=len(RANGES) + 1)
    labels = [f'below {RANGES[0]}° (backward)', *(f'{low}–{high}°' for low, high in zip(RANGES, RANGES[1:])),
              f'{RANGES[-1]}° and more']
    with figure(2.15, 'Trunk inclination', 'share of the time in which it is known') as made:
        axes = made.add_axes([.3, .2, .48, .6])
        shares = 100 * counts / len(known)
        axes.barh(labels, shares, color=_RANGE_COLORS, height=.66)
        for row, (share, count) in enumerate(zip(shares, counts)):
            axes.text(share + 1.5, row, f'{share:.0f} %  ({clock(count * seconds)})', va='center')
        axes.set_xlim(0, 100)
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        axes.spines['bottom'].set_visible(False)
        axes.tick_params(axis='y', labelcolor=INK)
    return made


def _time_axis(axes, first, last):
    axes.set_xlim((first, last) if last > first else (first - .5, first + .5))
    axes.set_xlabel('time (min:s)' if last >= 120 else 'time (s)', labelpad=1)
    if last >= 120:
        axes.xaxis.set_major_locator(ticker.MaxNLocator(8, steps=[1, 2, 3, 6, 10]))
        axes.xaxis.set_major_formatter(lambda value, _: f'{value // 60:.0f}:{value % 60:02.0f}')


def _value_axis(axes):
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -5) - .06 * (high - low), max(high, 5))  # with room for the band
    axes.axhline(0, color=ZERO, linewidth=.9, zorder=1)
    axes.yaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))
    axes.grid(axis='y')


def _view_band(axes, track, total, to_time):
    """Draw a band at the foot of a panel, coloured by where the person is seen from."""
    bins = np.minimum(np.arange(_MOST_RUNS + 1) * max(1, total / _MOST_RUNS), total)
    seen = np.full(_MOST_RUNS, len(VIEWS))  # the number after them is none
    at = np.searchsorted(bins, track.frames, 'right') - 1
    seen[at] = track.views
    starts = np.flatnonzero(np.r_[True, seen[1:] != seen[:-1]])
    edges = to_time(np.stack([bins[starts], bins[np.r_[starts[1:], _MOST_RUNS]]], axis=-1) - .5)
    for i, view in enumerate(VIEWS):
        runs = edges[seen[starts] == i]
        axes.broken_barh(np.stack([runs[:, 0], np.ptp(runs, axis=1)], axis=-1), (0, .045), color=VIEW_COLORS[view],
                         linewidth=0, transform=axes.get_xaxis_transform())


def _name_levels(axes, chain, span):
    for i, (x, y) in zip(skeleton.SUBSETS['spine'], chain):
        if skeleton.KEYPOINTS[i].level in ('C1', 'C7', 'T8', 'L1', 'S1'):
            axes.text(x - .03 * span, y, skeleton.KEYPOINTS[i].level, ha='right', va='center', fontsize=7.5,
                      color=GREY, bbox=dict(facecolor='white', edgecolor='none', alpha=.75, pad=.5))
