"""The inference pipeline: from an input to files, in constant memory; an interrupted run can be resumed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
from tqdm import tqdm

from spinepose_mm import __version__
from spinepose_mm.analysis.coverage import Coverage
from spinepose_mm.io.identity import described
from spinepose_mm.io.sources import Source, open_source
from spinepose_mm.lifting.space import Space
from spinepose_mm.structures.frame import Frame
from spinepose_mm.visualization.drawing import draw_people
from spinepose_mm.writers import Writer

from .about import about
from .cache import EstimateCache
from .errors import naming
from .options import OF_FILES, LiftingOptions, PoseOptions
from .outputs import Paths, check_outputs, held, open_writers, progress_file, targets_of, write
from .pose2d_inferencer import SpinePoseInferencer
from .pose3d_inferencer import SpinePose3DInferencer

__all__ = ['Summary', 'analyse', 'check_outputs']

Inferencer = SpinePoseInferencer | SpinePose3DInferencer
#: Options that the cached estimates depend on.
_ESTIMATE = ('bboxes', 'bbox_thr', 'nms_thr', 'flip_test', 'score', 'v1_postprocess', 'detect_every')


@dataclass
class Summary:
    """What became of an input.

    Attributes:
        frames: number of those that were written.
        skipped: number of those that could not be read.
        persons: track ids of the people in them; of images that are no video, a number for each person in each image.
        replayed: number of frames whose predictions an earlier run had cached.
        files: paths of the files and folders that were written.
        finished: whether nothing is left to do.
        coverage: Coverage, whose `warning` says what to do where little was measured.
    """

    frames: int = 0
    skipped: int = 0
    persons: set[int] = field(default_factory=set)
    replayed: int = 0
    files: list[Path] = field(default_factory=list)
    finished: bool = False
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, frame: Frame, is_video: bool) -> None:
        """Count a Frame."""
        self.frames += 1
        self.coverage.add(frame.people)
        count = len(self.persons)
        ids = frame.people.ids if is_video else None
        self.persons.update(range(count, count + len(frame.people)) if ids is None else ids.tolist())


def analyse(
    inputs: Any,
    outputs: Paths,
    inferencer: Inferencer,
    formats: Sequence[str] | None = None,
    spine_only: bool = False,
    show: bool = False,
    frame_rate: float | None = None,
    options: PoseOptions | None = None,
    **changes: Any,
) -> Summary:
    """Predict, track and measure the people of an input, and write them to files.

    A run on a video file or on image files can be interrupted: its results until then are in the files, and the same
    call resumes it and leaves the same files as one that was not interrupted. For lifting, a first pass over the video
    predicts the 2D poses and estimates people's scales and the world, so that these are the same in all frames; files
    are written in a second pass.

    Args:
        inputs: what `open_source` takes.
        outputs: a folder, or the path of a file whose suffix is that of its format, or a list of such paths.
        inferencer: SpinePoseInferencer, or SpinePose3DInferencer.
        formats: names out of `spinepose_mm.writers.FORMATS` to write to a folder: by default tables, images
            or a video, a report, and TRC where people are lifted.
        spine_only: whether only the keypoints of the spine are written.
        show: whether to show each frame in a window; Escape ends it.
        frame_rate: frames a second of images that follow each other in time.
        options: PoseOptions, or LiftingOptions for lifting. Where it is None, people are measured and their keypoints
            smoothed, and the other options are at their defaults.
        **changes: options by name, in place of those of `options`.

    Returns:
        Summary: what was written.

    Raises:
        FileNotFoundError, TypeError, ValueError: the input or an option is wrong, or OpenCV fails on it.
        BlockingIOError: another run writes one of the files.
        OSError: the files cannot be written.
    """
    source = open_source(inputs, frame_rate)
    targets = targets_of(outputs, formats, source, isinstance(inferencer, SpinePose3DInferencer))
    chosen = changes if options else OF_FILES | changes
    space = None
    if isinstance(inferencer, SpinePose3DInferencer):
        options = LiftingOptions.of(options, **chosen)
        if source.is_video and source.identity:
            space = inferencer.space(next(iter(source)).image.shape[1::-1], options)
    else:
        options = PoseOptions.of(options, **chosen)
    if show:
        _check_display()
    with held([*targets, *progress_file(targets, source)]), naming(source.path):
        return _run(source, inferencer, targets, options, space, spine_only, show)


def _run(
    source: Source,
    inferencer: Inferencer,
    targets: dict[Path, type[Writer]],
    options: PoseOptions,
    space: Space | None,
    spine_only: bool,
    show: bool,
) -> Summary:
    summary, writers, cache = Summary(coverage=Coverage(measures=options.measure)), [], None
    coordinates = options.coordinates if isinstance(options, LiftingOptions) else None
    given = [options.bboxes, getattr(options, 'camera', None)]
    try:
        facts = about(inferencer, options)
        writers = open_writers(targets, source, given, spine_only, coordinates, options.measure, facts)
        cache = _cache(targets, source, inferencer, options)
        frames = _frames(source, inferencer, options, cache, space)
        for frame in tqdm(frames, source.name, source.length, unit='frame', disable=None):
            write(writers, frame)
            summary.add(frame, source.is_video)
            if show and not _shown(frame, source, spine_only):
                break
        else:
            summary.finished = True
    finally:
        summary.skipped, summary.replayed = source.skipped, cache.cached if cache else 0
        _close(writers, cache, summary)
    summary.files = [path for writer in writers for path in writer.files]
    return summary


def _frames(
    source: Source, inferencer: Inferencer, options: PoseOptions, cache: EstimateCache | None, space: Space | None
) -> Iterator[Frame]:
    """Yield the Frames of an input with their people; where there is a Space, it is estimated in a pass before."""
    if space is None or cache is None:  # there is a cache where an input can be read twice
        yield from inferencer.follow(source, options, cache=cache)
        return
    first = inferencer.follow(source, replace(options, measure=False), cache=cache, space=space)
    for _ in tqdm(first, f'{source.name}: people', source.length, unit='frame', disable=None):
        pass
    space.settle()
    cache.rewind()
    yield from inferencer.follow(source, options, cache=cache, space=space)


def _close(writers: list[Writer], cache: EstimateCache | None, summary: Summary) -> None:
    """Finish the files, where there is anything in them; the cache is done with when that is done."""
    try:
        with ExitStack() as ending:
            for writer in writers:
                ending.callback(writer.close if summary.frames else writer.discard)
        if cache:
            cache.done = summary.finished
    finally:
        if cache:
            cache.close()


def _cache(
    targets: Iterable[Path], source: Source, inferencer: Inferencer, options: PoseOptions
) -> EstimateCache | None:
    """Return the EstimateCache of a run, or None.

    Thresholds at their defaults are stated as the tool `infer` of release 0.1 did, and calls of `analyse` did, so that
    runs that were begun with these are resumed.
    """
    paths = progress_file(targets, source)
    if not paths:
        return None
    stated = {name: described(getattr(options, name)) for name in _ESTIMATE}
    if options.nms_thr == PoseOptions.nms_thr:
        stated['nms_thr'] = None
    versions = [stated]
    if options.bbox_thr == PoseOptions.bbox_thr:
        versions.append({**stated, 'bbox_thr': None})
    asked = [
        dict(version=__version__, input=source.identity, model=inferencer.identity, options=version)
        for version in versions
    ]
    return EstimateCache(paths[0], asked[0], asked[1:])


def _check_display() -> None:
    """Raise OSError where there is no display; OpenCV would end the process."""
    if sys.platform == 'linux' and not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        raise OSError('there is no display to show anything on')


def _shown(frame: Frame, source: Source, spine_only: bool) -> bool:
    """Show a frame with its people, and return whether to go on."""
    cv2.imshow(source.name, draw_people(frame.image, frame.people, spine_only=spine_only))
    return cv2.waitKey(1 if source.is_video else 0) != 27
