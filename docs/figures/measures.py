"""Draw the measures of the spine on a synthetic body.

python docs/figures/measures.py docs/measures.jpg
"""

import argparse
from pathlib import Path

import numpy as np

_COLORS = ('#0072B2', '#CC79A7', '#009E73', '#D55E00')  # Okabe and Ito's
_LEFT_OUT = ('ankle', 'toe', 'heel')
_BEND = dict(
    pelvis_tilt=12,
    lumbar_flexion=0.35,
    thoracic_flexion=0.2,
    cervical_flexion=0.3,
    hip_flexion_left=12,
    hip_flexion_right=12,
    shoulder_flexion_left=35,
    shoulder_flexion_right=35,
)
_ASIDE = dict(
    lumbar_bending=-0.6,
    thoracic_bending=-0.35,
    cervical_bending=-0.3,
    shoulder_abduction_left=30,
    shoulder_abduction_right=15,
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('out', type=Path, help='the image')
    args = parser.parse_args()
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(14, 5.4), layout='constrained', width_ratios=(1.2, 1, 1.2, 1))
    draw_lines(axes[0], 'right side', 'inclination', 'forward', **_BEND)
    draw_curves(axes[1])
    draw_lines(axes[2], 'front', 'lean', "to the person's left", **_ASIDE)
    draw_views(axes[3])
    figure.savefig(args.out, dpi=100)


def pose(view, **axes):
    """Return a body's keypoints as a level camera far away sees them, metres, up is positive, (37, 2)."""
    from spinepose_mm.synthetic.body import Body, forward, keypoints, rest

    values = rest()
    values.update({axis: np.full(1, float(value)) for axis, value in axes.items()})
    points = keypoints(Body(), forward(Body(), values))[0]
    return points[:, :2] if view == 'right side' else points[:, [2, 1]] * [-1, 1]


def draw_lines(plot, view, ending, positive, **axes):
    """Draw a person, and the angles of the lines to the vertical."""
    from spinepose_mm import skeleton
    from spinepose_mm.analysis import measure_image
    from spinepose_mm.analysis.measures import LINES

    points = pose(view, **axes)
    measures = measure_image(points[None] * [1, -1], [view])
    draw_person(plot, points)
    for (name, (lower, upper)), color, reach in zip(LINES.items(), _COLORS, (0.34, 0.2, 0.26, 0.18)):
        start, end = points[skeleton.index(lower)], points[skeleton.index(upper)]
        angle = measures[f'{name}_{ending}'][0]
        plot.plot(*np.stack([start, start + (end - start) * 1.12]).T, color=color, lw=2)
        plot.plot([start[0]] * 2, [start[1], start[1] + reach * 1.1], color=color, lw=1, ls=':')
        turns = np.radians(np.linspace(0, angle, 30))
        plot.plot(start[0] + reach * np.sin(turns), start[1] + reach * np.cos(turns), color=color, lw=1)
        plot.plot([], [], color=color, lw=2, label=f'{name}_{ending} {angle:.0f}°')
    if ending == 'lean':
        deviation = measures['lateral_deviation'][0]
        plot.plot([], [], ' ', label=f'lateral_deviation {deviation:.0f}%')
    finish(
        plot,
        points[[not name.endswith(_LEFT_OUT) for name in skeleton.NAMES]],
        f'Seen from the {view}:\n{ending}s, {positive} is positive',
    )


def draw_curves(plot):
    """Draw the curve of a standing person's spine, and its tangents."""
    from spinepose_mm import skeleton
    from spinepose_mm.analysis import measure_image
    from spinepose_mm.analysis.spine import ABOVE_S1, tangent

    points = pose('right side')
    rows = list(skeleton.SUBSETS['spine'])
    spine = points[rows]
    levels = [level for level in ABOVE_S1 if level in skeleton.LEVELS]
    heights = [ABOVE_S1[level] for level in levels]
    curve = [
        np.polynomial.Polynomial.fit(heights, points[[skeleton.index(level) for level in levels], axis], 4)
        for axis in (0, 1)
    ]
    plot.plot(*spine.T, 'o', color='#FF3399', ms=6)
    for point, row in zip(spine, rows):
        plot.annotate(
            skeleton.KEYPOINTS[row].level, point, (-8, -3), textcoords='offset points', fontsize=8, ha='right'
        )
    plot.plot(*(axis(np.linspace(0, 18, 100)) for axis in curve), color='#444444', lw=1.5)
    measures = measure_image(points[None] * [1, -1], ['right side'])
    for name, ends, color in (('kyphosis', ('T4', 'T12'), '#0072B2'), ('lordosis', ('L1', 'S1'), '#D55E00')):
        for level in ends:
            place = np.array([axis(ABOVE_S1[level]) for axis in curve])
            way = tangent(spine[None], level)[0]
            way = 0.05 * way / np.linalg.norm(way)
            plot.plot(*np.stack([place - way, place + way]).T, color=color, lw=2)
            plot.plot(*place, 'o', color=color, ms=4)
            plot.annotate(level, place, (8, -3), textcoords='offset points', fontsize=9, color=color)
        plot.plot([], [], color=color, lw=2, label=f'{name} {measures[name][0]:.0f}°')
    finish(
        plot,
        np.concatenate([spine, spine.mean(0) + [[-0.2, 0], [0.2, 0]]]),
        'Seen from the right side:\ntangents of the curve S1 to C7',
    )


def draw_views(plot):
    """Draw the views in which each plane is measured, from above."""
    from matplotlib.patches import Ellipse

    for name, middle, width, color in (
        ('front', 90, 15, '#009E73'),
        ('left side', 180, 20, '#0072B2'),
        ('back', 270, 15, '#009E73'),
        ('right side', 0, 20, '#0072B2'),
    ):
        turns = np.radians(np.linspace(middle - width, middle + width, 30))
        plot.fill(np.append(0, np.cos(turns)), np.append(0, np.sin(turns)), color=color, alpha=0.35, lw=0)
        way = np.array([np.cos(np.radians(middle)), np.sin(np.radians(middle))])
        plot.annotate(
            name,
            1.12 * way,
            ha='center',
            va='center',
            fontsize=9,
            rotation=0 if middle % 180 else 90 if middle else 270,
        )
    for middle in (45, 135, 225, 315):
        plot.annotate(
            'oblique',
            0.75 * np.array([np.cos(np.radians(middle)), np.sin(np.radians(middle))]),
            ha='center',
            va='center',
            fontsize=9,
            color='#777777',
        )
    plot.add_patch(Ellipse((0, 0), 0.5, 0.24, color='#888888'))
    plot.add_patch(Ellipse((0, 0.04), 0.17, 0.2, color='#444444'))
    plot.plot([0, 0], [0.12, 0.2], color='#444444', lw=3)
    plot.plot([], [], color='#0072B2', alpha=0.35, lw=8, label='inclinations, flexions, curves')
    plot.plot([], [], color='#009E73', alpha=0.35, lw=8, label='leans, lateral deviation')
    finish(plot, np.array([[-1.3, -1.4], [1.3, 1.2]]), 'Where the camera may stand,\nfrom above')


def draw_person(plot, points):
    from spinepose_mm import skeleton

    rows = list(skeleton.SUBSETS['spine'])
    for bone in skeleton.BONES:
        if any(name.endswith(_LEFT_OUT) for name in bone):
            continue
        ends = [skeleton.index(name) for name in bone]
        color, width, order = ('#FF3399', 4, 2) if set(ends) <= set(rows) else ('#BBBBBB', 1.5, 1)
        plot.plot(*points[ends].T, color=color, lw=width, zorder=order)
    plot.plot(*points[rows].T, 'o', color='#FF3399', ms=5)


def finish(plot, points, title):
    low, high = points.min(0), points.max(0)
    plot.set_xlim(low[0] - 0.05, high[0] + 0.05)
    plot.set_ylim(low[1] - 0.3 * (high[1] - low[1]), high[1] + 0.05)
    plot.set_aspect('equal')
    plot.axis('off')
    plot.set_title(title, fontsize=11)
    plot.legend(loc='lower center', bbox_to_anchor=(0.5, -0.02), fontsize=9, frameon=False)


if __name__ == '__main__':
    main()
