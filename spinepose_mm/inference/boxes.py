"""Boxes of people that the user gives, in the place of a detector's."""
import csv
import json
import os
from collections import defaultdict
from numbers import Real
from pathlib import Path

import numpy as np


class Boxes:
    """The user's boxes, by frame.

    Args:
        given: the path of a file, an array (P, 4) for every frame, or a list of an array (P, 4) for each; boxes are x1,
            y1, x2, y2 in pixels, and of a single frame, a list of them is enough. Files are `.csv` with the columns
            frame (its number, from 0) or image (its file's name), x1, y1, x2, y2, or `.json`: a list of the boxes of
            each frame, {frame or image: boxes}, or COCO's list of detections (image_id, bbox), where image_id is the
            number in the image's name or the frame's. In files, frames that are not named have no boxes.
        frames: how many there are, 0 where that is not known.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or a box of it is none.
    """

    def __init__(self, given, frames=0):
        self._where = os.fspath(given) if isinstance(given, (str, os.PathLike)) else 'bboxes'
        if self._where == 'bboxes':
            self._boxes = given
        else:
            try:
                self._boxes = _READERS[Path(given).suffix.lower()](given)
            except _Wrong:
                raise
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ValueError(f'{given} is no .csv or .json of boxes ({type(error).__name__}: {error})') from error
        if frames == 1 and isinstance(self._boxes, (list, tuple)) and self._boxes and all(map(_is_box, self._boxes)):
            self._boxes = [self._boxes]
        if self._everywhere:
            self._boxes = self._checked(self._boxes, 'of every frame')

    @property
    def _everywhere(self):
        return isinstance(self._boxes, np.ndarray) and self._boxes.ndim == 2

    def of(self, frame):
        """Return the boxes of a Frame, (P, 4).

        Raises:
            ValueError: they are none, or a list of boxes is too short.
        """
        if self._everywhere:
            return self._boxes
        if isinstance(self._boxes, dict):
            path = Path(frame.path)
            of_name = path.stem.isdecimal() and np.isnan(frame.time)  # of a picture, not of a film
            for key in (path.name, str(frame.index), f'id {int(path.stem) if of_name else frame.index}'):
                if key in self._boxes:
                    return self._checked(self._boxes[key], f'of {key}')
            return np.zeros((0, 4))
        if frame.index >= len(self._boxes):
            raise ValueError(f'{self._where} are of {len(self._boxes)} frames, and there are more')
        return self._checked(self._boxes[frame.index], f'of frame {frame.index}')

    def _checked(self, boxes, which):
        try:
            boxes = np.asarray(boxes, float) if len(boxes) else np.zeros((0, 4))
        except (TypeError, ValueError):
            boxes = np.zeros(0)
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f'{self._where}: the boxes {which} are not of 4 numbers each')
        wrong = ~(np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1))
        if wrong.any():
            raise ValueError(f'{self._where}: a box {which} is not x1, y1, x2, y2 with x1 < x2 and y1 < y2: '
                             f'{boxes[wrong][0].tolist()}')
        return boxes


def _is_box(values):
    return hasattr(values, '__len__') and len(values) == 4 and all(isinstance(value, Real) for value in values)


class _Wrong(ValueError):
    """What is wrong with a file, told by its name."""


def _read_csv(path):
    boxes = defaultdict(list)
    with open(path, newline='', encoding='utf-8-sig') as file:  # as spreadsheets write it
        rows = csv.DictReader(file)
        key = 'image' if 'image' in (rows.fieldnames or ()) else 'frame'
        for name in (key, 'x1', 'y1', 'x2', 'y2'):
            if name not in (rows.fieldnames or ()):
                raise _Wrong(f'{path} has no column {name}')
        for row in rows:
            which = row[key].strip() if key == 'image' else str(int(float(row[key])))
            boxes[which].append([row[side] for side in ('x1', 'y1', 'x2', 'y2')])
    return dict(boxes)


def _read_json(path):
    content = json.loads(Path(path).read_text(encoding='utf-8'))
    if isinstance(content, dict):
        if 'annotations' in content:
            raise _Wrong(f'{path} holds annotations; what is read are detections, a list of image_id and bbox, and '
                         'boxes by frame or by image')
        return {Path(key).name: value for key, value in content.items()}
    if not any(isinstance(entry, dict) for entry in content):
        return content
    boxes = defaultdict(list)
    for detection in content:
        x, y, width, height = detection['bbox']
        boxes[f'id {int(detection["image_id"])}'].append([x, y, x + width, y + height])
    return dict(boxes)


_READERS = {'.csv': _read_csv, '.json': _read_json}
