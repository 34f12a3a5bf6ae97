"""Where the results of a run go: writers of files, which are locked against other runs, and never those to read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from spinepose_mm import deprecated
from spinepose_mm.analysis import units
from spinepose_mm.io.atomic import locked
from spinepose_mm.io.sources import Source
from spinepose_mm.structures.frame import Frame
from spinepose_mm.writers import FORMATS, Writer, writer_for

from .errors import naming

Paths = str | os.PathLike | Sequence[str | os.PathLike]


def check_outputs(
    source: Source,
    outputs: Paths,
    lifted: bool = False,
    formats: Sequence[str] | None = None,
    bboxes: Any = None,
    camera: Any = None,
) -> None:
    """Raise what `analyse` would raise of its outputs, which are left as they are: before models are loaded.

    Args:
        source: Source.
        lifted: whether people are to be lifted.
        outputs, formats, bboxes, camera: as for `analyse`.

    Raises:
        OSError, ValueError: see `analyse`.
    """
    targets = targets_of(outputs, formats, source, lifted)
    new = [folder for path in targets for folder in path.parents if not folder.exists()]
    try:
        with held([*targets, *progress_file(targets, source)]):
            for writer in open_writers(targets, source, [bboxes, camera], coordinates='camera' if lifted else None):
                writer.discard()
    finally:
        for folder in sorted(set(new), reverse=True):
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def held(paths: Iterable[Path]) -> Iterator[None]:
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


def open_writers(
    targets: dict[Path, type[Writer]],
    source: Source,
    given: Iterable[Any],
    spine_only: bool = False,
    coordinates: str | None = None,
    measure: bool = True,
    about: dict[str, str] | None = None,
) -> list[Writer]:
    """Return the writers of targets; where one cannot be opened or would overwrite an input, there are none.

    Args:
        targets: {path: class of its writer}.
        source: Source.
        given: options that may be paths of files to read.
        spine_only: whether only the keypoints of the spine are written.
        coordinates: 'camera' or 'world' where people are lifted.
        measure: whether people are measured.
        about: {title: text} of the models and assumptions.
    """
    measures = units(image=coordinates is None) if measure else None
    kinds: dict[str, Any] = dict(coordinates=coordinates, measures=measures, about=about)
    with ExitStack() as undoing:
        writers = []
        for path, writer in targets.items():
            writers.append(writer(path, source.frame_rate, spine_only, **kinds))
            undoing.callback(writers[-1].discard)
        _check_places(writers, [source.path, *given])
        undoing.pop_all()
    return writers


def write(writers: list[Writer], frame: Frame) -> None:
    """Write a Frame; a writer that cannot is discarded, and taken out of the list."""
    for writer in list(writers):
        try:
            with naming(*frame.place):
                writer.write(frame)
        except OSError as error:  # there may be half a frame in it
            writers.remove(writer)
            writer.discard()
            raise OSError(f'{writer.path} cannot be written on: {error}') from error


def targets_of(outputs: Paths, formats: Sequence[str] | None, source: Source, lifted: bool) -> dict[Path, type[Writer]]:
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


def _check_places(writers: list[Writer], given: Iterable[Any]) -> None:
    """Raise ValueError where a file that was given would be overwritten."""
    given = {Path(path).resolve() for path in given if isinstance(path, (str, os.PathLike))}
    for path in (path for writer in writers for path in writer.files):
        if path.resolve() in given:
            raise ValueError(f'{path} was given to read: choose another place for the results')


def progress_file(targets: Iterable[Path], source: Source) -> list[Path]:
    """Return [path of the EstimateCache of a run], beside the first of its files; [] for an input that is read once."""
    return [] if source.identity is None else [next(iter(targets)).parent / f'{source.name}.progress']
