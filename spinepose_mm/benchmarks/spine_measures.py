"""Accuracy of the spine's measures on moving synthetic bodies with ground truth.

Level cameras stand all around the people, 2.5 to 6 m away and 1 to 2 m high, and show them about 500 pixels tall; in
them, 1 pixel is 3.5 mm. Errors are those against the measures of the exact points in space: medians, with the
90th percentile in brackets.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from spinepose_mm import deprecated, skeleton
from spinepose_mm.analysis import MEASURES, measure_image, measure_space, view
from spinepose_mm.synthetic.around import perform, photograph
from spinepose_mm.synthetic.body import Body, cobb, forward, keypoints, rest
from spinepose_mm.synthetic.motion_poses import MOTIONS

GROUPS = {
    'upright': ('stand', 'walk', 'run', 'stretch', 'twist'),
    'bent forward': ('squat', 'deadlift', 'sit', 'jump'),
    'bent aside': ('side_bend',),
    'lying': ('lie',),
    'upside down': ('handstand',),
}
CURVES = {'kyphosis': ('T4', 'T12', 1), 'lordosis': ('L1', 'S1', -1)}
_UP = np.array([0.0, 1, 0])
_STEP = 5  # degrees between cameras
_PLANES = {'sagittal': ('side', 'left side', 'right side'), 'frontal': ('front or back', 'front', 'back')}
_ANGLED = [name for name, measure in MEASURES.items() if measure.plane in _PLANES]


class Shots:
    """People of a group in images from all around.

    Attributes:
        points, pixels: (N, 37, 3) and (N, 37, 2).
        ground_truth: {name: (N,)}, the measures in space.
        facing: what each image shows at best, out of VIEWS, for each of _PLANES, (N,).
        off: how far each is turned away from that, degrees, likewise.
    """

    true = deprecated.attribute('true', 'ground_truth')

    def __init__(self, rng: np.random.Generator, motions: Sequence[str], people: int, frames: int) -> None:
        points = perform(rng, motions, people, frames)[0]
        azimuths = np.arange(0, 360, _STEP)
        self.points = np.repeat(points, len(azimuths), axis=0)
        azimuths = np.tile(azimuths, len(points))
        count = len(azimuths)
        self.pixels = photograph(self.points, azimuths, rng.uniform(2.5, 6, count), rng.uniform(1, 2, count))
        self.ground_truth = measure_space(self.points, _UP)
        inverted = self.points[:, skeleton.index('C7'), 1] < self.points[:, skeleton.index('S1'), 1]
        towards = np.stack([np.sin(np.radians(azimuths)), np.cos(np.radians(azimuths)) * np.where(inverted, -1, 1)])
        self.facing = {
            plane: np.where(along > 0, *views) for along, (plane, (_, *views)) in zip(towards, _PLANES.items())
        }
        self.off = {
            plane: np.degrees(np.arccos(np.abs(along).clip(0, 1))).round() for along, plane in zip(towards, _PLANES)
        }

    def error(self, name: str, measures: Mapping[str, np.ndarray], chosen: Any = slice(None)) -> np.ndarray:
        """Return errors of a measure of the chosen people, against the ground truth."""
        off = np.abs(measures[name] - self.ground_truth[name][chosen])
        return np.minimum(off, 360 - off) if MEASURES[name].unit == 'deg' else off


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument('--people', type=int, default=8, help='number of people in each motion (8)')
    parser.add_argument('--frames', type=int, default=3, help='frames of each motion (3)')
    parser.add_argument('--intervals', action='store_true', help='print how often the intervals in 3D hold, instead')


def run(args: Namespace) -> None:
    """Print the tables of the measures, or that of their intervals."""
    if args.intervals:
        from .intervals import print_intervals  # takes seconds

        return print_intervals()
    print_tables(args.people, args.frames)


def print_tables(people: int, frames: int) -> None:
    """Print all tables.

    Args:
        people: number of people in each motion.
        frames: number of those that are taken of each motion.
    """
    rng = np.random.default_rng(0)
    groups = {name: Shots(rng, motions, people, frames) for name, motions in tqdm(GROUPS.items(), leave=False)}
    print_turned(groups)
    print_views(rng, groups)
    print_errors(rng, groups)
    print_curves(rng, people, frames)


def print_turned(groups: Mapping[str, Shots], degrees: Sequence[int] = (0, 10, 20, 30)) -> None:
    """Print how wrong measures are in images that do not show their plane straight."""
    _print_head('Turned away by', [f'{name}, {angle}°' for name in list(groups)[:3] for angle in degrees])
    for name in _ANGLED:
        plane = MEASURES[name].plane
        cells = []
        for shots in list(groups.values())[:3]:
            errors = shots.error(name, measure_image(shots.pixels, shots.facing[plane]))
            cells += [_spread(errors[shots.off[plane] == angle]) for angle in degrees]
        _print_row(MEASURES[name].title, cells)


def print_views(
    rng: np.random.Generator,
    groups: Mapping[str, Shots],
    pixels: Sequence[float] = (0, 3),
    edges: Sequence[tuple[float, float]] = ((0, 0), (5, 10), (15, 15), (20, 20), (25, 25), (30, 90)),
) -> None:
    """Print in what part of images the view is recognised, by the angle to it."""
    angles = [f'{low} to {high}°' if low < high else f'{low}°' for low, high in edges]
    _print_head('People, noise, seen from', [*angles, 'opposite'])
    for group, shots in groups.items():
        for noise in pixels:
            predicted = view(shots.pixels + rng.normal(0, 1, shots.pixels.shape) * noise)
            for plane, (title, *names) in _PLANES.items():
                right = predicted == shots.facing[plane]
                cells = [
                    f'{100 * np.mean(right[(shots.off[plane] >= low) & (shots.off[plane] <= high)]):.0f}%'
                    for low, high in edges
                ]
                opposite = np.isin(predicted, names) & ~right & (shots.off[plane] < 90)
                _print_row(f'{group}, {noise} px, {title}', [*cells, f'{opposite.sum()} of {len(predicted)}'])


def print_errors(
    rng: np.random.Generator,
    groups: Mapping[str, Shots],
    pixels: Sequence[float] = (0, 1, 3),
    millimetres: Sequence[float] = (2, 5, 10),
) -> None:
    """Print errors of measures under noise, in images of a recognised view, and in space."""
    _print_head(
        'Noise', [*(f'image, {noise} px' for noise in pixels), *(f'space, {noise} mm' for noise in millimetres)]
    )
    once = slice(None, None, 360 // _STEP)  # the same people are in all images
    errors: list[list[dict[str, np.ndarray]]] = [[] for _ in (*pixels, *millimetres)]
    for shots in groups.values():
        results = []
        for noise in pixels:
            noisy = shots.pixels + rng.normal(0, 1, shots.pixels.shape) * noise
            results.append((measure_image(noisy, view(noisy)), slice(None)))
        for noise in millimetres:
            points = shots.points[once]
            results.append((measure_space(points + rng.normal(0, 0.001, points.shape) * noise, _UP), once))
        for column, (measures, chosen) in zip(errors, results):
            column.append({name: shots.error(name, measures, chosen) for name in _ANGLED})
    for name in _ANGLED:
        _print_row(
            MEASURES[name].title, [_spread(np.concatenate([group[name] for group in column])) for column in errors]
        )


def print_curves(rng: np.random.Generator, people: int, frames: int) -> None:
    """Print how the curves compare with the Cobb angles of the bodies' vertebrae."""
    bodies = [Body.sample(rng) for _ in range(30 * people)]
    standing = [forward(body, rest()) for body in bodies]
    points = np.concatenate([keypoints(body, placed) for body, placed in zip(bodies, standing)])
    _print_head('Against Cobb angles', ['offset (°)', 'its deviation', 'slope', 'correlation'])
    for title, (placed_points, parts) in (
        ('standing', (points, standing)),
        ('all motions', perform(rng, list(MOTIONS), people, frames)),
    ):
        measures = measure_space(placed_points, _UP)
        for name, (upper, lower, sign) in CURVES.items():
            cobb_angles = sign * np.concatenate([cobb(placed, upper, lower) for placed in parts])
            off = measures[name] - cobb_angles
            _print_row(
                f'{MEASURES[name].title}, {upper} to {lower}, {title}',
                [
                    f'{off.mean():.1f}',
                    f'{off.std():.1f}',
                    f'{np.polyfit(cobb_angles, measures[name], 1)[0]:.2f}',
                    f'{np.corrcoef(cobb_angles, measures[name])[0, 1]:.3f}',
                ],
            )


def _spread(errors: np.ndarray) -> str:
    errors = errors[np.isfinite(errors)]
    return f'{np.median(errors):.1f} ({np.quantile(errors, 0.9):.1f})' if len(errors) > 20 else '–'


def _print_head(first: str, columns: Sequence[str]) -> None:
    print(f'\n| {first} | ' + ' | '.join(columns) + ' |\n| --- |' + ' ---: |' * len(columns))


def _print_row(first: str, cells: Iterable[str]) -> None:
    print(f'| {first} | ' + ' | '.join(cells) + ' |', flush=True)
