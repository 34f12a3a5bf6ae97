"""From an input to files, in memory that does not grow with it, in one go or in several."""
import os
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


@dataclass
class Summary:
    """What became of an input.

    Attributes:
        frames: number of those that were read.
        skipped: number of those that could not be read.
        people: number of persons; in pictures that are no film, of their sightings.
        replayed: number of frames that an earlier run had found already.
        files: paths of the files and folders that were written.
    """
    frames: int = 0
    skipped: int = 0
    people: int = 0
    replayed: int = 0
    files: list = field(default_factory=list)


def analyse(inputs, outputs, inferencer, formats=None, spine_only=False, show=False, frame_rate=None, **options):
    """Find, follow and measure the people of an input, and write them to files.

    Keypoints of films are smoothed. A film of a file, and pictures of files, can be interrupted: what was found until
    then is in the files, and the same call goes on from there and leaves the same files as one that was not
    interrupted. Of people who are lifted, a first pass over the film finds scales and world, so that these hold from
    the first frame on.

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
    options = dict(dict(smooth=True, measure=True), **options)
    summary, writers = Summary(), []
    with ExitStack() as ending:
        journal = _journal(next(iter(targets)), source, inferencer, options)
        if journal:
            ending.callback(journal.close)
            summary.replayed = journal.found
            options.update(find=journal.find)
            if lifted and source.is_film:
                options.update(space=_settled_space(source, inferencer, options))
                journal.rewind()
        bar = ending.enter_context(tqdm(desc=source.name, total=source.length, unit='frame', disable=None))
        for frame in inferencer.follow(source, **options):
            if not writers:  # nothing that was written before is replaced until there is something new
                for path, writer in targets.items():
                    writers.append(writer(path, source.frame_rate, spine_only, coordinates=frame.coordinates,
                                          measures=units(picture=frame.coordinates is None)))
                    ending.callback(writers[-1].close)
            for writer in writers:
                writer.write(frame)
            summary.frames += 1
            known = max(frame.people.ids, default=-1) + 1
            summary.people = max(summary.people, known) if source.is_film else summary.people + len(frame.people)
            bar.update()
            if show and not _shown(frame, source):
                break
        if journal:
            journal.done = True
    summary.skipped = source.skipped
    summary.files = [path for writer in writers for path in writer.files]
    return summary


def _targets(outputs, formats, source, lifted):
    """Return {path: class of its writer} of what is to be written, in order."""
    targets = {}
    for output in [outputs] if isinstance(outputs, (str, os.PathLike)) else outputs:
        output = Path(output)
        try:
            targets[output] = writer_for(output)
        except ValueError:
            if output.suffix and not output.is_dir():
                raise
            for name in formats or ['csv', 'video' if source.is_film else 'pictures', 'report', *['trc'] * lifted]:
                if name not in FORMATS:
                    raise ValueError(f'there is no format {name!r}, but {", ".join(FORMATS)}') from None
                targets[output / f'{source.name}{FORMATS[name].ending}'] = FORMATS[name].writer
    for path in targets:
        if isinstance(source.path, (str, os.PathLike)) and path.resolve() == Path(source.path).resolve():
            raise ValueError(f'{path} is the input itself: choose another place for the results')
    return targets


def _journal(target, source, inferencer, options):
    """Return the Journal of a run, beside the first of its files, or None of an input that cannot be read again."""
    if source.identity is None:
        return None
    asked = dict(version=__version__, input=source.identity, model=inferencer.identity, options={
        name: described(options.get(name)) for name in ('bboxes', 'bbox_thr', 'nms_thr')})
    target.parent.mkdir(parents=True, exist_ok=True)
    return Journal(target.parent / f'{source.name}.progress', asked)


def _settled_space(source, inferencer, options):
    """Return the Space of a film, once scales and world are what they stay, or all of the film was seen."""
    for frame in inferencer.follow(source, **options):
        if frame.settled and len(frame.people):
            break
    return inferencer.space


def _shown(frame, source):
    """Show a frame with its people, and return whether to go on."""
    try:
        cv2.imshow(source.name, draw_people(frame.image, frame.people))
        return cv2.waitKey(1 if source.is_film else 0) != 27
    except cv2.error as error:
        raise OSError(f'there is no display to show {source.name} on ({error.err})') from error
