"""Bounding boxes of people that the user gives in place of a detector's."""

import csv
import json
import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from spinepose_mm.io.paths import check_regular
from spinepose_mm.io.reading import is_number, reading
from spinepose_mm.structures.frame import Frame
from spinepose_mm.wording import counted


class Boxes:
    """The user's bounding boxes, by frame.

    Args:
        given: the path of a file, an array (P, 4) for every frame, or a list of an array (P, 4) for each; boxes are x1,
            y1, x2, y2 in pixels, and of a single frame, a list of them is enough. Files are `.csv` with the columns
            frame (its number, from 0) or image (its file's name), x1, y1, x2, y2, or `.json`: a list of the boxes of
            each frame, {frame or image: boxes}, or COCO's list of detections (image_id, bbox), where image_id is the
            number in the image's name or the frame's. In files, frames that are not named have no boxes.
        frames: number of frames, 0 where it is unknown.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, a box of it is none, or a frame's number is negative or a fraction.
    """

    def __init__(self, given: str | os.PathLike | np.ndarray | Sequence, frames: int = 0) -> None:
        self._boxes: Any = given
        self._where = 'bboxes'
        if isinstance(given, (str, os.PathLike)):
            self._where = os.fspath(given)
            reader = _READERS.get(Path(given).suffix.lower())
            if reader is None:
                raise ValueError(f'{given}: a file of boxes ends in .csv or .json')
            with reading(given, 'is no .csv or .json of boxes'):
                check_regular(given)
                self._boxes = reader(given)
        if frames == 1 and isinstance(self._boxes, (list, tuple)) and self._boxes and all(map(_is_box, self._boxes)):
            self._boxes = [self._boxes]
        if self._everywhere:
            self._boxes = self._checked(self._boxes, 'of every frame')
            self._unused = set()
        else:
            self._unused = set(self._boxes if isinstance(self._boxes, dict) else range(len(self._boxes)))

    @property
    def _everywhere(self) -> bool:
        return isinstance(self._boxes, np.ndarray) and self._boxes.ndim == 2

    def of(self, frame: Frame) -> np.ndarray:
        """Return the boxes of a Frame, (P, 4).

        Raises:
            ValueError: they are none, or a list of boxes is too short.
        """
        if self._everywhere:
            return self._boxes
        key = self._key(frame)
        if key is None:
            return np.zeros((0, 4))
        return self._checked(self._boxes[key], f'of frame {key}' if isinstance(key, int) else f'of {key}')

    def _key(self, frame: Frame) -> str | int | None:
        """Return under which key the boxes of a Frame are, None where a file has none of it."""
        if isinstance(self._boxes, dict):
            path = Path(frame.path)
            of_name = path.stem.isdecimal() and np.isnan(frame.time)  # of an image, not of a video
            keys = path.name, str(frame.index), f'id {int(path.stem) if of_name else frame.index}'
            return next((key for key in keys if key in self._boxes), None)
        if frame.index >= len(self._boxes):
            raise ValueError(f'{self._where} are of {counted(len(self._boxes), "frame")}, and there are more')
        return frame.index

    def meet(self, frame: Frame) -> None:
        """Record that a Frame was read, whether or not its boxes are asked for."""
        if self._unused:
            self._unused.discard(self._key(frame))

    def tell_unused(self, path: str) -> None:
        """Warn of boxes that are of no frame of an input, once all of its frames were met."""
        if self._unused:
            print_log(
                f'{self._where}: boxes of {len(self._unused)} of {len(self._boxes)} frames or images are of none '
                f'in {path}, among them {min(map(str, self._unused))!r}',
                'current',
                logging.WARNING,
            )

    def _checked(self, boxes: Any, which: str) -> np.ndarray:
        try:
            boxes = np.asarray(boxes, float) if len(boxes) else np.zeros((0, 4))
        except (OverflowError, TypeError, ValueError):
            boxes = np.zeros(0)
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f'{self._where}: the boxes {which} are not of 4 numbers each')
        wrong = ~(np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1))
        if wrong.any():
            raise ValueError(
                f'{self._where}: a box {which} is not x1, y1, x2, y2 with x1 < x2 and y1 < y2: '
                f'{boxes[wrong][0].tolist()}'
            )
        return boxes


def _is_box(values: Any) -> bool:
    return hasattr(values, '__len__') and len(values) == 4 and all(isinstance(value, Real) for value in values)


def _read_csv(path: str | os.PathLike) -> dict[str, Any]:
    boxes = defaultdict(list)
    with open(path, newline='', encoding='utf-8-sig') as file:  # as spreadsheets write it
        rows = csv.DictReader(file)
        key = 'image' if 'image' in (rows.fieldnames or ()) else 'frame'
        for name in (key, 'x1', 'y1', 'x2', 'y2'):
            if name not in (rows.fieldnames or ()):
                raise ValueError(
                    f'{path} has no column {name}; expected are frame (its number, from 0) or image (its name), '
                    'x1, y1, x2 and y2'
                )
        for row in rows:
            with reading(path, 'is no row of boxes', f'line {rows.line_num}'):
                which = row[key].strip() if key == 'image' else _whole(path, key, row[key])
                boxes[which].append([row[side] for side in ('x1', 'y1', 'x2', 'y2')])
    return dict(boxes)


def _read_json(path: str | os.PathLike) -> list[Any] | dict[str, Any]:
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    if isinstance(content, dict):
        if 'annotations' in content:
            raise ValueError(
                f'{path} holds annotations; what is read are detections, a list of image_id and bbox, '
                'and boxes by frame or by image'
            )
        boxes = {
            _whole(path, 'frame', key) if _is_numeral(key) else Path(key).name: value for key, value in content.items()
        }
        if len(boxes) < len(content):
            raise ValueError(f'{path} names a frame or an image twice, since folders are left out of their names')
        return boxes
    if not any(isinstance(entry, dict) for entry in content):
        return content
    boxes = defaultdict(list)
    for number, detection in enumerate(content):
        with reading(path, 'is no detection', f'entry {number}'):
            box = detection['bbox']
            if not (isinstance(box, list) and len(box) == 4 and all(map(is_number, box))):
                raise ValueError(f'bbox is not four finite numbers, but {repr(box)[:80]}')
            image = _whole(path, 'image_id', detection['image_id'])
            boxes[f'id {image}'].append([*box[:2], box[0] + box[2], box[1] + box[3]])
    return dict(boxes)


def _is_numeral(key: str) -> bool:
    try:
        float(key)
    except ValueError:
        return False
    return True


def _whole(path: str | os.PathLike, field: str, value: Any) -> str:
    """Return a whole number from 0 on as text; spreadsheets write 1 as 1.0."""
    number = value if isinstance(value, int) else float(value)
    if not (number >= 0 and number % 1 == 0):
        raise ValueError(f'{path}: {field} is a whole number from 0 on, not {value!r}')
    return str(int(number))


_READERS = {'.csv': _read_csv, '.json': _read_json}
