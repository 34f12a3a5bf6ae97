"""How often the intervals of lifted measures hold, on rendered people with ground truth.

The shipped lifter lifts them from exact keypoints and from those that `spinepose-tiny` predicts, with the ground truth
of cameras and heights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from spinepose_mm.analysis import MEASURES, Measurer, measure_space, shows
from spinepose_mm.inference import Frame, People, SpinePose3DInferencer
from spinepose_mm.lifting.placement import standing_height
from spinepose_mm.lifting.resection import fit_camera
from spinepose_mm.lifting.space import Space
from spinepose_mm.synthetic.rendering import video
from spinepose_mm.synthetic.scene import Renderer

if TYPE_CHECKING:
    from spinepose_mm.structures.camera import Camera

MOTIONS = 'deadlift', 'squat', 'walk', 'side_bend', 'sit', 'stretch', 'stand', 'twist', 'jump'
_SIZE, _SECONDS, _RATE = (480, 480), 2.4, 2.5
_UP = np.array([0.0, 1, 0])  # of the world
_ROOM = 1.1  # of a box, against what is visible of a person

#: {measure: error}, {measure: half of its interval}, and the view of the person.
Case = tuple[dict[str, float], dict[str, float], str]


def print_intervals(videos: int = 4) -> None:
    """Print how many errors lie within their intervals, and how large both are.

    Args:
        videos: of each of MOTIONS.
    """
    inferencer = SpinePose3DInferencer('spinepose-lifter', pose2d_model='spinepose-tiny', det_model='whole_image')
    cases: list[dict[str, Case]] = []
    for number, motion in enumerate(tqdm(MOTIONS, leave=False)):
        for seed in range(videos):
            cases += _cases(inferencer, motion, 100 * number + seed)
    kinds = [(title, plane) for title in ('exact', 'detected') for plane in ('shown', 'not shown')]
    print(
        '| Lifted from keypoints | '
        + ' | '.join(f'{title}, plane {plane}' for title, plane in kinds)
        + ' |\n| --- |'
        + ' ---: |' * len(kinds)
    )
    for name, measure in MEASURES.items():
        if measure.plane != 'any':
            cells = [_cell([case[title] for case in cases], name, plane == 'shown') for title, plane in kinds]
            print(f'| {measure.title} | ' + ' | '.join(cells) + ' |', flush=True)


def _cases(inferencer: SpinePose3DInferencer, motion: str, seed: int) -> Iterator[dict[str, Case]]:
    """Yield of each frame of a video {'exact' or 'detected': ({name: error}, {name: interval}, view)}."""
    renderer = Renderer(_SIZE)
    camera = None
    for image, person in video(motion, seed, renderer, _SECONDS, _RATE):
        if person is None:
            continue
        inside = person.pixels[:, 2] > 0
        camera = camera or fit_camera(person.world[inside], person.pixels[inside, :2])
        pixels = camera.project(person.world)
        x, y, w, h = person.bbox
        middle, half = np.array([x + w / 2, y + h / 2]), _ROOM * np.array([w, h]) / 2
        box = np.r_[middle - half, middle + half][None]
        detected = inferencer.pose2d_model.find(image, np.c_[box, 1.0])
        exact = People(pixels[None], np.ones((1, len(pixels))), box, np.ones(1))
        ground_truth = measure_space(camera.to_camera(person.world)[None], camera.R @ _UP)
        yield {
            title: _errors(inferencer, camera, people, ground_truth, standing_height(person.world[None])[0])
            for title, people in (('exact', exact), ('detected', detected))
        }
    renderer.close()


def _errors(
    inferencer: SpinePose3DInferencer,
    camera: Camera,
    people: People,
    ground_truth: dict[str, np.ndarray],
    height: float,
) -> Case:
    people.ids = np.zeros(1, int)
    frame = Frame(0, 0.0, '', people=people)
    inferencer._lift([frame], 0, Space(camera, height=float(height), warm_up=1), None)
    lifted = Measurer().update(frame.people, camera.R @ _UP)
    assert lifted.views is not None  # a Measurer states them
    errors = {}
    for name, measure in MEASURES.items():
        off = np.abs(lifted.measures[name][0] - ground_truth[name][0])
        errors[name] = min(off, 360 - off) if measure.unit == 'deg' else off
    return errors, {name: values[0] for name, values in lifted.measure_errors.items()}, lifted.views[0]


def _cell(cases: Sequence[Case], name: str, is_shown: bool) -> str:
    """Return errors' median and 90% quantile, the intervals' median, and how many of the errors lie within."""
    pairs = np.array(
        [
            (errors[name], intervals.get(name, np.nan))
            for errors, intervals, view in cases
            if shows(view, MEASURES[name].plane) == is_shown
        ]
    ).reshape(-1, 2)
    off, half = pairs[np.isfinite(pairs).all(1)].T
    within = f'± {np.median(half):.0f}: {100 * np.mean(off <= half):.0f}%'
    return f'{np.median(off):.1f} ({np.quantile(off, 0.9):.1f}), {within}'
