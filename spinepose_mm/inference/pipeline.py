"""The inference pipeline: from an input to files, in constant memory; an interrupted run can be resumed."""

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
from tqdm import tqdm

from spinepose_mm import __version__, deprecated
from spinepose_mm.analysis import units
from spinepose_mm.analysis.coverage import Coverage
from spinepose_mm.io.atomic import locked
from spinepose_mm.io.identity import described
from spinepose_mm.io.sources import open_source
from spinepose_mm.visualization.drawing import draw_people
from spinepose_mm.writers import FORMATS, writer_for

from .about import about
from .cache import EstimateCache
from .errors import naming
from .pose3d_inferencer import SpinePose3DInferencer

_SPACE = ('coordinates', 'camera', 'field_of_view', 'height', 'warm_up')  # options of SpinePose3DInferencer.space


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
    persons: set = field(default_factory=set)
    replayed: int = 0
    files: list = field(default_factory=list)
    finished: bool = False
    coverage: Coverage = field(default_factory=Coverage)

    def add(self, frame, is_video):
        """Count a Frame."""
        self.frames += 1
        self.coverage.add(frame.people)
        self.persons.update(
            frame.people.ids.tolist() if is_video else range(len(self.persons), len(self.persons) + len(frame.people))
        )


def analyse(inputs, outputs, inferencer, formats=None, spine_only=False, show=False, frame_rate=None, **options):
    """Predict, track and measure the people of an input, and write them to files.

    Keypoints of videos are smoothed. A run on a video file or on image files can be interrupted: its results until
    then are in the files, and the same call resumes it and leaves the same files as one that was not interrupted.
    For lifting, a first pass over the video predicts the 2D poses and estimates people's scales and the world, so that
    these are the same in all frames; files are written in a second pass.

    Args:
        inputs: what `open_source` takes.
        outputs: a folder, or the path of a file whose suffix is that of its format, or a list of such paths.
        inferencer: SpinePoseInferencer, or SpinePose3DInferencer.
        formats: names out of `spinepose_mm.writers.FORMATS` to write to a folder: by default tables, images
            or a video, a report, and TRC where people are lifted.
        spine_only: whether only the keypoints of the spine are written.
        show: whether to show each frame in a window; Escape ends it.
        frame_rate: frames a second of images that follow each other in time.
        options: of the inferencer's `follow`; people are measured, and smoothed unless `smooth` is False.

    Returns:
        Summary: what was written.

    Raises:
        FileNotFoundError, ValueError: the input or an option is wrong, or OpenCV fails on it.
        BlockingIOError: another run writes one of the files.
        OSError: the files cannot be written.
    """
    source = open_source(inputs, frame_rate)
    lifted = isinstance(inferencer, SpinePose3DInferencer)
    targets = _targets(outputs, formats, source, lifted)
    options = dict(dict(smooth=True, measure=True, detect_every=1), **options)
    if lifted and source.is_video and source.identity:
        size = next(iter(source)).image.shape[1::-1]
        options.update(space=inferencer.space(size, **{name: options[name] for name in _SPACE if name in options}))
    if show:
        _check_display()
    with _held([*targets, *_progress_file(targets, source)]), naming(source.path):
        return _run(source, inferencer, targets, options, spine_only, show)


def check_outputs(source, outputs, lifted=False, formats=None, bboxes=None, camera=None):
    """Raise what `analyse` would raise of its outputs, which are left as they are: before models are loaded.

    Args:
        source: Source.
        lifted: whether people are to be lifted.
        outputs, formats, bboxes, camera: as for `analyse`.

    Raises:
        OSError, ValueError: see `analyse`.
    """
    targets = _targets(outputs, formats, source, lifted)
    new = [folder for path in targets for folder in path.parents if not folder.exists()]
    try:
        with _held([*targets, *_progress_file(targets, source)]):
            for writer in _opened(targets, source, dict(bboxes=bboxes, camera=camera), False, lifted):
                writer.discard()
    finally:
        for folder in sorted(set(new), reverse=True):
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def _held(paths):
    """Make the folders of some results, and lock these against other runs."""
    with ExitStack() as locks:
        for path in paths:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                locks.enter_context(locked(path))
            except BlockingIOError:
                raise
            except OSError as error:
                raise OSError(f'{path} cannot be written: {error}') from error
        yield


def _run(source, inferencer, targets, options, spine_only, show):
    summary, writers, cache = Summary(coverage=Coverage(measures=options['measure'])), [], None
    try:
        writers = _opened(
            targets,
            source,
            options,
            spine_only,
            isinstance(inferencer, SpinePose3DInferencer),
            about(inferencer, **options),
        )
        cache = _cache(targets, source, inferencer, options)
        frames = _frames(source, inferencer, options, cache)
        for frame in tqdm(frames, source.name, source.length, unit='frame', disable=None):
            _write(writers, frame)
            summary.add(frame, source.is_video)
            if show and not _shown(frame, source, spine_only):
                break
        else:
            summary.finished = True
    finally:
        summary.skipped, summary.replayed = source.skipped, cache.found if cache else 0
        _close(writers, cache, summary)
    summary.files = [path for writer in writers for path in writer.files]
    return summary


def _opened(targets, source, options, spine_only, lifted, made_with=None):
    """Return the writers of the targets; where one cannot be opened or would overwrite an input, there are none."""
    kinds = dict(
        coordinates=options.get('coordinates', 'camera') if lifted else None,
        measures=units(image=not lifted) if options.get('measure', True) else None,
        about=made_with,
    )
    with ExitStack() as undoing:
        writers = []
        for path, writer in targets.items():
            writers.append(writer(path, source.frame_rate, spine_only, **kinds))
            undoing.callback(writers[-1].discard)
        _check_places(writers, [source.path, options.get('bboxes'), options.get('camera')])
        undoing.pop_all()
    return writers


def _frames(source, inferencer, options, cache):
    """Yield the Frames of an input with their people."""
    if cache:
        options = dict(options, find=cache.find)
        if 'space' in options:
            for _ in tqdm(
                inferencer.follow(source, **options),
                f'{source.name}: people',
                source.length,
                unit='frame',
                disable=None,
            ):
                pass
            options['space'].settle()
            cache.rewind()
    yield from inferencer.follow(source, **options)


def _write(writers, frame):
    for writer in list(writers):
        try:
            with naming(*frame.place):
                writer.write(frame)
        except OSError as error:  # there may be half a frame in it
            writers.remove(writer)
            writer.discard()
            raise OSError(f'{writer.path} cannot be written on: {error}') from error


def _close(writers, cache, summary):
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


def _targets(outputs, formats, source, lifted):
    """Return {path: class of its writer} of what is to be written, in order."""
    targets, used = {}, not formats
    usual = ['csv', 'video' if source.is_video else 'images', 'report', *['trc'] * (lifted and source.is_video)]
    for output in [outputs] if isinstance(outputs, (str, os.PathLike)) else outputs:
        output = Path(output)
        try:
            targets[output] = writer_for(output)
        except ValueError:
            if output.suffix and not output.is_dir():
                raise
            used = True
            for name in map(deprecated.format_name, formats or usual):
                if name not in FORMATS:
                    raise ValueError(f'there is no format {name!r}, but {", ".join(FORMATS)}') from None
                targets[FORMATS[name].place(output, source.name)] = FORMATS[name].writer
    if not used or not targets:
        raise ValueError(f'outputs are a folder, for which formats are chosen, or files, not {outputs!r}')
    return targets


def _check_places(writers, given):
    """Raise ValueError where a file that was given would be overwritten."""
    given = {Path(path).resolve() for path in given if isinstance(path, (str, os.PathLike))}
    for path in (path for writer in writers for path in writer.files):
        if path.resolve() in given:
            raise ValueError(f'{path} was given to read: choose another place for the results')


def _progress_file(targets, source):
    """Return [path of the EstimateCache of a run], beside the first of its files; [] for an input that is read once."""
    return [] if source.identity is None else [next(iter(targets)).parent / f'{source.name}.progress']


def _cache(targets, source, inferencer, options):
    """Return the EstimateCache of a run, or None."""
    asked = dict(
        version=__version__,
        input=source.identity,
        model=inferencer.identity,
        options={
            name: described(options.get(name))
            for name in ('bboxes', 'bbox_thr', 'nms_thr', 'flip_test', 'score', 'v1_postprocess', 'detect_every')
        },
    )
    return next((EstimateCache(path, asked) for path in _progress_file(targets, source)), None)


def _check_display():
    """Raise OSError where there is no display; OpenCV would end the process."""
    if sys.platform == 'linux' and not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        raise OSError('there is no display to show anything on')


def _shown(frame, source, spine_only):
    """Show a frame with its people, and return whether to go on."""
    cv2.imshow(source.name, draw_people(frame.image, frame.people, spine_only=spine_only))
    return cv2.waitKey(1 if source.is_video else 0) != 27
