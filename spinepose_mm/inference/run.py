"""From an input to files, in memory that does not grow with it, in one go or in several."""
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import cv2
from tqdm import tqdm

from spinepose_mm import __version__
from spinepose_mm.analysis import units

from .drawing import draw_people
from .journal import Journal, described
from .pose3d_inferencer import SpinePose3DInferencer
from .sources import open_source
from .writers import FORMATS, writer_for

_SPACE = ('coordinates', 'camera', 'field_of_view', 'height', 'warm_up')  # options of SpinePose3DInferencer.space


@dataclass
class Summary:
    """What became of an input.

    Attributes:
        frames: number of those that were written.
        skipped: number of those that could not be read.
        persons: ids of those who are in them; of pictures that are no film, a number for each who is in one.
        replayed: number of frames that an earlier run had found already.
        files: paths of the files and folders that were written.
        finished: whether nothing is left to do.
    """
    frames: int = 0
    skipped: int = 0
    persons: set = field(default_factory=set)
    replayed: int = 0
    files: list = field(default_factory=list)
    finished: bool = False

    def add(self, frame, is_film):
        """Count a Frame."""
        self.frames += 1
        self.persons.update(frame.people.ids.tolist() if is_film else
                            range(len(self.persons), len(self.persons) + len(frame.people)))


def analyse(inputs, outputs, inferencer, formats=None, spine_only=False, show=False, frame_rate=None, **options):
    """Find, follow and measure the people of an input, and write them to files.

    Keypoints of films are smoothed. A film of a file, and pictures of files, can be interrupted: what was found until
    then is in the files, and the same call goes on from there and leaves the same files as one that was not
    interrupted. Of people who are lifted, a first pass over the film finds them, their scales and the world, so that
    these are the same in all frames; files are written in a second one.

    Args:
        inputs: what `open_source` takes.
        outputs: a folder, or the path of a file whose ending tells its format, or a list of such paths.
        inferencer: SpinePoseInferencer, or SpinePose3DInferencer.
        formats: names out of `spinepose_mm.inference.writers.FORMATS` to write to a folder: by default tables, pictures
            or a video, a report, and TRC where people are lifted.
        spine_only: whether only the keypoints of the spine are written.
        show: whether to show each frame in a window; Escape ends it.
        frame_rate: frames a second of pictures that follow each other in time.
        options: of the inferencer's `follow`; people are measured, and smoothed unless `smooth` is False.

    Returns:
        Summary: what was written.

    Raises:
        FileNotFoundError, ValueError: the input or an option is wrong.
        OSError: the files cannot be written.
    """
    source = open_source(inputs, frame_rate)
    lifted = isinstance(inferencer, SpinePose3DInferencer)
    targets = _targets(outputs, formats, source, lifted)
    options = dict(dict(smooth=True, measure=True, detect_every=1), **options)
    if lifted and source.is_film and source.identity:
        size = next(iter(source)).image.shape[1::-1]
        options.update(space=inferencer.space(size, **{name: options[name] for name in _SPACE if name in options}))
    if show:
        _check_display()
    kinds = dict(coordinates=options.get('coordinates', 'camera') if lifted else None,
                 measures=units(picture=not lifted) if options['measure'] else None)
    summary, writers, journal = Summary(), [], None
    try:
        for path, writer in targets.items():
            writers.append(writer(path, source.frame_rate, spine_only, **kinds))
        _check_places(writers, [source.path, options.get('bboxes'), options.get('camera')])
        journal = _journal(next(iter(targets)), source, inferencer, options)
        frames = _frames(source, inferencer, options, journal)
        for frame in tqdm(frames, source.name, source.length, unit='frame', disable=None):
            _write(writers, frame)
            summary.add(frame, source.is_film)
            if show and not _shown(frame, source, spine_only):
                break
        else:
            summary.finished = True
    finally:
        summary.skipped, summary.replayed = source.skipped, journal.found if journal else 0
        _close(writers, journal, summary)
    summary.files = [path for writer in writers for path in writer.files]
    return summary


def _frames(source, inferencer, options, journal):
    """Yield the Frames of an input with their people."""
    if journal:
        options = dict(options, find=journal.find)
        if 'space' in options:
            for _ in tqdm(inferencer.follow(source, **options), f'{source.name}: people', source.length, unit='frame',
                          disable=None):
                pass
            options['space'].settle()
            journal.rewind()
    yield from inferencer.follow(source, **options)


def _write(writers, frame):
    for writer in list(writers):
        try:
            writer.write(frame)
        except OSError as error:  # there may be half a frame in it
            writers.remove(writer)
            writer.discard()
            raise OSError(f'{writer.path} cannot be written on: {error}') from error


def _close(writers, journal, summary):
    """Finish the files, where there is anything in them; the journal is done with when that is done."""
    try:
        with ExitStack() as ending:
            for writer in writers:
                ending.callback(writer.close if summary.frames else writer.discard)
        if journal:
            journal.done = summary.finished
    finally:
        if journal:
            journal.close()


def _targets(outputs, formats, source, lifted):
    """Return {path: class of its writer} of what is to be written, in order."""
    targets, used = {}, not formats
    usual = ['csv', 'video' if source.is_film else 'pictures', 'report', *['trc'] * (lifted and source.is_film)]
    for output in [outputs] if isinstance(outputs, (str, os.PathLike)) else outputs:
        output = Path(output)
        try:
            targets[output] = writer_for(output)
        except ValueError:
            if output.suffix and not output.is_dir():
                raise
            used = True
            for name in formats or usual:
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


def _journal(target, source, inferencer, options):
    """Return the Journal of a run, beside the first of its files, or None of an input that cannot be read again."""
    if source.identity is None:
        return None
    asked = dict(version=__version__, input=source.identity, model=inferencer.identity, options={
        name: described(options.get(name)) for name in ('bboxes', 'bbox_thr', 'nms_thr', 'flip_test', 'score',
                                                        'v1_postprocess', 'detect_every')})
    target.parent.mkdir(parents=True, exist_ok=True)
    return Journal(target.parent / f'{source.name}.progress', asked)


def _check_display():
    """Raise OSError where there is no display; OpenCV would end the process."""
    if sys.platform == 'linux' and not (os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')):
        raise OSError('there is no display to show anything on')


def _shown(frame, source, spine_only):
    """Show a frame with its people, and return whether to go on."""
    cv2.imshow(source.name, draw_people(frame.image, frame.people, spine_only=spine_only))
    return cv2.waitKey(1 if source.is_film else 0) != 27
