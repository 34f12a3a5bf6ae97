"""Results as files, written frame by frame: each format is a subclass of `spinepose_mm.writers.base.Writer`."""

import os
from pathlib import Path
from typing import NamedTuple

from spinepose_mm.io.paths import StrPath

from .base import Writer
from .coco import CocoWriter
from .encoding import CODECS, usual_ending
from .images import ImagesWriter, VideoWriter
from .openpose import OpenPoseWriter
from .report.writer import ReportWriter
from .table import CsvWriter, ParquetWriter
from .trc import TrcWriter

__all__ = [
    'FORMATS',
    'CocoWriter',
    'CsvWriter',
    'OpenPoseWriter',
    'ParquetWriter',
    'ImagesWriter',
    'ReportWriter',
    'TrcWriter',
    'VideoWriter',
    'Writer',
    'writer_for',
]


class Format(NamedTuple):
    """A format of results.

    Attributes:
        writer: class of its writer.
        ending: what its files or folders are called after the input's name.
        endings: how their names may end.
    """

    writer: type[Writer]
    ending: str
    endings: tuple[str, ...]

    def place(self, folder: Path, name: str) -> Path:
        """Return the path in a folder of what is written of the input of a name; a video gets the `usual_ending`."""
        return folder / f'{name}{self.ending}{usual_ending() if self.writer is VideoWriter else ""}'


def _format(writer: type[Writer], ending: str, *others: str) -> Format:
    return Format(writer, ending, others or (ending,))


FORMATS = {
    'csv': _format(CsvWriter, '.csv'),
    'parquet': _format(ParquetWriter, '.parquet'),
    'trc': _format(TrcWriter, '.trc'),
    'openpose': _format(OpenPoseWriter, '_json'),
    'coco': _format(CocoWriter, '.json'),
    'video': _format(VideoWriter, '_annotated', *CODECS),
    'images': _format(ImagesWriter, '_annotated'),
    'report': _format(ReportWriter, '.html'),
}


def writer_for(path: StrPath) -> type[Writer]:
    """Return the class of the writer for the ending of a path ('a/b.csv').

    Raises:
        ValueError: no format's files end like that.
    """
    name = os.path.basename(os.path.normpath(path)).lower()
    for kind in FORMATS.values():
        if name.endswith(kind.endings):
            return kind.writer
    known = ', '.join(f'{name} ({", ".join(kind.endings)})' for name, kind in FORMATS.items())
    raise ValueError(f'{path} does not end like a format of results; there are {known}')
