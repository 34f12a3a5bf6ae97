"""Tables with a row for each frame, person and keypoint, and beside them tables of the measures."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.atomic import replacing

from .base import SCORE_PLACES, Writer, rounded

if TYPE_CHECKING:
    from pathlib import Path

    from spinepose_mm.io.paths import StrPath
    from spinepose_mm.structures.frame import Frame

_SECONDS = 6  # decimals; in Parquet, in double precision
_FORMULA = ('=', '+', '-', '@', '\t', '\r')  # what a formula begins with
_Columns = dict[str, int | type]  # name: number of decimals, or int or str
_Append = Callable[[Sequence[Any]], None]
_MOST_ROWS, _MOST_FRAMES = 2**16, 500  # of Parquet that wait to be written


class TableWriter(Writer):
    """Tidy tables: one of the keypoints, and `<stem>_measures` with the same ending where there are measures.

    Both have `frame` (its index), `picture` (the path) where there is no frame rate, `time_s`, and `person` (the id, or
    the number within the frame of people without ids). The first goes on with `keypoint`, `level` (vertebral, empty off
    the spine), `x_px`, `y_px`, `score` (the model's own), in 3D `x_m`, `y_m`, `z_m` and `error_m`, and `confidence`
    (how likely the keypoint is right, 0 to 1); the second with `view` and a column `<measure>_<unit>` for each
    measure. Missing values are empty. A path that a spreadsheet would take for a formula begins with `./`, and
    names the same file.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Column: its number of decimals, or its type.
        shared: _Columns = dict(frame=int, **({} if self._is_video else dict(picture=str)), time_s=_SECONDS, person=int)
        points = dict.fromkeys(('x_m', 'y_m', 'z_m', 'error_m'), 5) if self.coordinates else {}
        self._keypoints = self._open(
            self.path,
            dict(
                **shared, keypoint=str, level=str, x_px=2, y_px=2, score=SCORE_PLACES, **points, confidence=SCORE_PLACES
            ),
        )
        if self.measures:
            names = (f'{name}_{unit.replace("%", "percent")}' for name, unit in self.measures.items())
            self._measures = self._open(self.files[1], dict(**shared, view=str, **dict.fromkeys(names, 4)))

    @property
    def files(self) -> list[Path]:
        """Paths of what was written, once it is closed."""
        beside = self.path.with_name(f'{self.path.stem}_measures{self.path.suffix}')
        return [self.path, *[beside] * bool(self.measures)]

    @property
    def _is_video(self) -> bool:
        return self.frame_rate is not None

    def write(self, frame: Frame) -> None:
        """Write the people of a frame."""
        people, count = frame.people, len(self.keypoints)
        if not len(people):
            return
        points = [skeleton.KEYPOINTS[i] for i in self.keypoints] * len(people)
        numbers: list[tuple[np.ndarray | None, int]] = [(people.keypoints, 2), (people.scores, 1)]
        if self.coordinates:
            numbers += [(people.points, 3), (people.point_errors, 1)]
        numbers.append((people.confidence, 1))
        self._keypoints(
            [
                *self._shared(frame, count),
                [point.name for point in points],
                [point.level or None for point in points],
                *(column for values, size in numbers for column in self._columns(len(people), values, size)),
            ]
        )
        if self.measures:
            views = [None] * len(people) if people.views is None else people.views.tolist()
            self._measures(
                [
                    *self._shared(frame, 1),
                    views,
                    *(people.measures.get(name, np.full(len(people), np.nan)) for name in self.measures),
                ]
            )

    def _open(self, path: Path, columns: _Columns) -> _Append:
        """Begin a table; return what adds rows to it, given as a list of columns."""
        raise NotImplementedError

    def _columns(self, count: int, values: np.ndarray | None, size: int) -> np.ndarray:
        """Return the chosen keypoints' values as `size` columns, NaN where there are none."""
        shape = (count, skeleton.NUM_KEYPOINTS, size)
        values = np.full(shape, np.nan) if values is None else np.reshape(values, shape)
        return values[:, self.keypoints].reshape(-1, size).T

    def _shared(self, frame: Frame, repeats: int) -> list[list[Any]]:
        """Return the columns that both tables begin with, with so many rows a person."""
        people = frame.people
        ids = np.repeat(range(len(people)) if people.ids is None else people.ids, repeats)
        image = [] if self._is_video else [[_cell(frame.path)] * len(ids)]
        return [[frame.index] * len(ids), *image, [frame.time] * len(ids), ids.tolist()]


def _cell(path: StrPath) -> str:
    """Return a path as a cell of a table: as text, and with ./ before what a spreadsheet would take for a formula."""
    text = os.fspath(path).encode(errors='backslashreplace').decode()
    return f'./{text}' if text.startswith(_FORMULA) else text


class CsvWriter(TableWriter):
    """Tables of `TableWriter` as CSV: pixels with 2 decimals, scores and measures 4, metres 5 and seconds 6."""

    def _open(self, path: Path, columns: _Columns) -> _Append:
        return _Csv(self.ending.enter_context(replacing(path)), columns).append


class ParquetWriter(TableWriter):
    """Tables of `TableWriter` as Parquet: numbers in single precision, seconds in double.

    The metadata of a file has `coordinates` and `frame_rate`, as JSON.

    Raises:
        ImportError: pyarrow is not installed.
    """

    def _open(self, path: Path, columns: _Columns) -> _Append:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise ImportError('writing Parquet needs pyarrow: pip install "spinepose_mm[parquet]"') from error
        metadata = {name: json.dumps(getattr(self, name)) for name in ('coordinates', 'frame_rate')}
        table = _Parquet(pyarrow, self.ending.enter_context(replacing(path, 'wb')), columns, metadata)
        self.ending.callback(table.abandon)  # where it is discarded; pyarrow would do so later, on a closed file
        self.at_end(table.close)
        return table.append


class _Csv:
    """A table that is written row by row.

    Args:
        file: text file.
        columns: {name: number of decimals, or int or str}.
    """

    def __init__(self, file: IO[str], columns: _Columns) -> None:
        self._file, self._kinds = file, list(columns.values())
        file.write(','.join(columns) + '\n')

    def append(self, values: Sequence[Any]) -> None:
        """Add rows, given as a list of columns."""
        cells = [
            column
            if isinstance(kind, type)
            else [None if value != value else value for value in rounded(column, kind).tolist()]
            for column, kind in zip(values, self._kinds)
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator='\n').writerows(zip(*cells))
        self._file.write(text.getvalue())


class _Parquet:
    """A table that is written some frames at a time, since Parquet has much to say of each group of rows.

    Args:
        pyarrow: the module.
        file: binary file.
        columns: {name: number of decimals, or int or str}.
        metadata: {name: text}.
    """

    def __init__(self, pyarrow: Any, file: IO[bytes], columns: _Columns, metadata: dict[str, str]) -> None:
        types = {int: pyarrow.int64(), str: pyarrow.string(), _SECONDS: pyarrow.float64()}
        fields = [(name, types.get(kind, pyarrow.float32())) for name, kind in columns.items()]
        self._pyarrow, self._schema = pyarrow, pyarrow.schema(fields, metadata)
        self._writer = pyarrow.parquet.ParquetWriter(file, self._schema)
        self._waiting: list[Any] = []
        self._rows = 0

    def append(self, values: Sequence[Any]) -> None:
        """Add rows, given as a list of columns."""
        columns = []
        for column, field in zip(values, self._schema):
            if self._pyarrow.types.is_floating(field.type):
                column = np.asarray(column, field.type.to_pandas_dtype())
            columns.append(self._pyarrow.array(column, field.type, from_pandas=True))  # NaN becomes null
        self._waiting.append(self._pyarrow.record_batch(columns, self._schema))
        self._rows += len(columns[0])
        if self._rows >= _MOST_ROWS or len(self._waiting) >= _MOST_FRAMES:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(self._pyarrow.Table.from_batches(self._waiting, self._schema))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        """Write what is waiting, and end the file."""
        self._flush()
        self.abandon()

    def abandon(self) -> None:
        """End the file as it is."""
        self._writer.close()
