"""Benchmark of trackers and smoothing on synthetic videos of people who cross, leave and return, with ground truth.

All get the same boxes and keypoints. Those of other packages are this package's competitors and no requirements:
`spinepose` (the official library, its own tracking and smoothing) and `trackers` (the best of it, OC-SORT, with
settings that give each person an id at once) are left out where they are not installed. MMPose's are as its inferencers
use them.
"""

import importlib.util
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from tqdm import tqdm

from spinepose_mm import skeleton
from spinepose_mm.confidence import MIN_SCORE
from spinepose_mm.evaluation.tracking import identity_scores, motion_scores
from spinepose_mm.structures.frame import People
from spinepose_mm.synthetic.tracking_scenes import Crossing, crossing
from spinepose_mm.tracking.one_euro import Smoother
from spinepose_mm.tracking.tracker import MEMORY, PoseTracker

#: From a frame's People and time to track ids (N,), -1 for none, and keypoints (N, 37, 2), in their order.
_Step = Callable[[People, float], tuple[np.ndarray, np.ndarray]]
_COLUMNS = (
    'Tracker',
    'smoothing',
    'id switches',
    'ids passed on',
    'IDF1',
    'error (px)',
    'error (% of size)',
    'jitter (sizes/s²)',
    'lag (ms)',
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument('--videos', type=int, default=20, help='how many, of 2 to 6 people in turn (20)')
    parser.add_argument('--seconds', type=float, default=20.0, help='of each video (20)')
    parser.add_argument('--frame-rate', type=float, default=30.0, help='frames a second (30)')
    parser.add_argument('--size', type=int, nargs=2, default=[1280, 720], metavar=('W', 'H'), help='pixels (1280 720)')
    parser.add_argument('--seed', type=int, default=0, help='of the first video (0)')


def run(args: Namespace) -> None:
    """Print the table, row by row."""
    videos = [
        crossing(args.seed + i, 2 + i % 5, args.seconds, args.frame_rate, args.size)
        for i in tqdm(range(args.videos), 'videos', leave=False)
    ]
    print(f'| {" | ".join(_COLUMNS)} |\n| --- | --- |{" ---: |" * (len(_COLUMNS) - 2)}')
    for name, package, smooth, make in ROWS:
        if importlib.util.find_spec(package) is None:
            print(f'{name} is left out: {package} is not installed', file=sys.stderr)
            continue
        print(f'| {name} | {"on" if smooth else "off"} | {" | ".join(_scores(videos, make))} |', flush=True)


def _scores(videos: Sequence[Crossing], make: Callable[[float], _Step]) -> tuple[str, ...]:
    """Return a row's numbers as texts: sums of the first two, means over videos of the others."""
    rows: list[list[float]] = []
    for video in videos:
        step = make(video.frame_rate)
        ids, points = zip(*(step(people, t / video.frame_rate) for t, people in enumerate(video.predictions)))
        identity = identity_scores(video.owners, ids)
        motion = motion_scores(*video.courses(points), video.frame_rate)
        rows.append([*identity.values(), *motion.values()])
    total, mean = np.sum(rows, axis=0), np.mean(rows, axis=0)
    return (
        f'{total[0]:.0f}',
        f'{total[1]:.0f}',
        f'{mean[2]:.3f}',
        f'{mean[3]:.2f}',
        f'{100 * mean[4]:.2f}',
        f'{mean[5]:.1f}',
        f'{1000 * mean[6]:.1f}',
    )


def _ours(frame_rate: float, smooth: bool) -> _Step:
    tracker, smoother = PoseTracker(frame_rate), Smoother()

    def step(people: People, time: float) -> tuple[np.ndarray, np.ndarray]:
        tracked = tracker.update(replace(people, measures=dict(number=np.arange(len(people)))))
        assert tracked.ids is not None  # the tracker gives them
        back = tracked.measures['number'].argsort()
        points = tracked.keypoints
        if smooth:
            points = smoother.update(tracked.ids, points, tracked.confidence, tracked.sizes, time)
        return tracked.ids[back], points[back]

    return step


def _official(frame_rate: float, smooth: bool) -> _Step:
    from spinepose import pose_tracker

    shown = SimpleNamespace()
    solution = SimpleNamespace(
        det_model=True,
        num_keypoints=skeleton.NUM_KEYPOINTS,
        detect=lambda image: shown.people.boxes,
        estimate=lambda image, boxes: (shown.people.keypoints.copy(), shown.people.scores.copy()),
    )
    tracker = pose_tracker.PoseTracker(lambda **options: solution, smoothing=smooth, smoothing_freq=frame_rate)

    def step(people: People, time: float) -> tuple[np.ndarray, np.ndarray]:
        shown.people = people
        points = tracker(None)[0]
        ids = np.full(len(people), -1)
        for i, given in zip(range(len(people)), tracker.track_ids_last_frame):  # as it pairs them itself
            ids[i] = given
        return ids, points

    return step


def _mmpose(frame_rate: float, by_keypoints: bool) -> _Step:
    from mmengine.structures import InstanceData
    from mmpose.apis import _track_by_iou, _track_by_oks
    from mmpose.structures import PoseDataSample

    track = partial(_track_by_oks, sigmas=np.array(skeleton.SIGMAS)) if by_keypoints else _track_by_iou
    state: Any = SimpleNamespace(last=[], next=0)

    def step(people: People, time: float) -> tuple[np.ndarray, np.ndarray]:
        new = [
            PoseDataSample(
                pred_instances=InstanceData(
                    bboxes=people.boxes[[i]],
                    keypoints=people.keypoints[[i]],
                    keypoint_scores=people.scores[[i]],
                    areas=(people.boxes[[i], 2:] - people.boxes[[i], :2]).prod(1),
                )
            )
            for i in range(len(people))
        ]
        for person in new:
            person.track_id = track(person, state.last, 0.3)[0]
            if person.track_id < 0:
                person.track_id, state.next = state.next, state.next + 1
        state.last = new
        return np.array([person.track_id for person in new], int), people.keypoints

    return step


def _trackers(frame_rate: float) -> _Step:
    from supervision import Detections
    from trackers import OCSORTTracker

    tracker = OCSORTTracker(
        lost_track_buffer=round(30 * MEMORY),
        frame_rate=frame_rate,
        minimum_consecutive_frames=1,
        high_conf_det_threshold=MIN_SCORE,
    )

    def step(people: People, time: float) -> tuple[np.ndarray, np.ndarray]:
        number = np.arange(len(people))
        tracked = tracker.update(
            Detections(
                people.boxes.astype(np.float32),
                confidence=people.box_scores,
                class_id=number * 0,
                data=dict(number=number),
            )
        )
        ids = np.full(len(people), -1)
        if len(tracked):
            ids[tracked.data['number']] = tracked.tracker_id
        return ids, people.keypoints

    return step


ROWS: tuple[tuple[str, str, bool, Callable[[float], _Step]], ...] = (
    ('this package', 'spinepose_mm', False, partial(_ours, smooth=False)),
    ('this package', 'spinepose_mm', True, partial(_ours, smooth=True)),
    ('official library', 'spinepose', False, partial(_official, smooth=False)),
    ('official library', 'spinepose', True, partial(_official, smooth=True)),
    ('MMPose, IoU', 'mmpose', False, partial(_mmpose, by_keypoints=False)),
    ('MMPose, OKS', 'mmpose', False, partial(_mmpose, by_keypoints=True)),
    ('trackers, OC-SORT', 'trackers', False, _trackers),
)
