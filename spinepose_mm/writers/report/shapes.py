"""The shapes of a person's spine at some times, in a figure of a report, by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import ticker

from spinepose_mm import skeleton
from spinepose_mm.analysis import shows
from spinepose_mm.visualization.drawing import across, upright

from .style import GREY, WIDTH, ZERO, clock, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .history import Shot

#: Title, what is to the right, and the plane that the camera has to show, of each panel of shapes.
_KINDS_IN_SPACE = ('From the side', 'forward', 'sagittal'), ('From the front', 'to the left', 'frontal')
_KINDS_IN_IMAGE = (('In the image', 'to the right', 'any'),)


def shapes(shots: Sequence[Shot], colors: Sequence[str], coordinates: str | None) -> Figure | None:
    """Plot the shape of the spine at some times, from S1 upward.

    Args:
        shots: Shots.
        colors: of each.
        coordinates: what their points are in, 'camera' or 'world', and None where there are none.

    Returns:
        Figure: of matplotlib, or None where the whole spine is never visible.
    """
    spine = list(skeleton.SUBSETS['spine'])
    kinds = _KINDS_IN_SPACE if coordinates else _KINDS_IN_IMAGE
    panels = []
    for i, (title, note, plane) in enumerate(kinds):
        lines = []
        for shot, color in zip(shots, colors):
            flat = (_from_side_and_front(shot, coordinates) if coordinates else _in_image(shot))[i]
            flat = flat[spine] - flat[spine[-1]]
            if np.isfinite(flat).all() and (shot.view is None or shows(shot.view, plane)):
                lines.append((flat, clock(shot.time).removesuffix(' min'), color))
        if lines:
            panels.append((title, note, lines))
    if not panels:
        return None
    span = 1.25 * max(np.ptp([flat for flat, _, _ in lines], axis=(0, 1)).max() for _, _, lines in panels)
    with figure(2.75) as chart:
        for i, (title, note, lines) in enumerate(panels):
            axes = chart.add_axes((0.115 + 0.385 * i, 0.19, 1.68 / WIDTH, 1.85 / 2.75))
            for flat, time, color in lines:
                axes.plot(*flat.T, '-o', color=color, linewidth=1.5, markersize=2.4, label=time)
            every = np.concatenate([flat for flat, _, _ in lines])
            _name_levels(axes, max((flat for flat, _, _ in lines), key=lambda chain: chain[0, 1]), span)
            _square(axes, (every.min(0) + every.max(0)) / 2, span)
            axes.tick_params(labelleft=i == 0)
            axes.set_xlabel(f'{note} →', labelpad=1)
            axes.set_title(title, fontsize=11, loc='left', pad=4)
        chart.legend(
            *chart.axes[0].get_legend_handles_labels(),
            loc='upper left',
            borderaxespad=0,
            handlelength=1,
            labelspacing=0.3,
            bbox_to_anchor=(0.12 + 0.385 * len(panels), 0.88),
        )
    return chart


def _square(axes: Axes, middle: np.ndarray, span: float) -> None:
    """Let axes show as much upward as across, with a line upward from S1."""
    (x, y), half = middle, span / 2
    axes.set_xlim(x - half, x + half)
    axes.set_ylim(y - half, y + half)
    axes.xaxis.set_major_locator(ticker.MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
    axes.axvline(0, color=ZERO, linewidth=0.9, zorder=1)
    axes.grid()


def _from_side_and_front(shot: Shot, coordinates: str) -> np.ndarray:
    """Return a shot's points as (forward, up) and (to the left, up), cm, (2, 37, 2)."""
    points = 100 * upright(shot.points, coordinates)
    left = across(points)
    return np.stack([np.stack([points @ axis, points[:, 1]], -1) for axis in (np.cross(left, [0, 1.0, 0]), left)])


def _in_image(shot: Shot) -> np.ndarray:
    """Return a shot's keypoints as (to the right, up) in pixels of the frame, NaN where not visible, (1, 37, 2)."""
    return np.where(shot.visible[:, None], shot.keypoints * [1, -1] / shot.scale, np.nan)[None]


def _name_levels(axes: Axes, chain: np.ndarray, span: float) -> None:
    for i, (x, y) in zip(skeleton.SUBSETS['spine'], chain):
        if skeleton.KEYPOINTS[i].level in ('C1', 'C7', 'T8', 'L1', 'S1'):
            axes.text(
                x - 0.03 * span,
                y,
                skeleton.KEYPOINTS[i].level,
                ha='right',
                va='center',
                fontsize=11,
                color=GREY,
                bbox=dict(facecolor='white', edgecolor='none', alpha=0.75, pad=0.5),
            )
