"""All corruptions and severities of one person, to look at."""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np
from mmpose.registry import DATASETS, TRANSFORMS

from spinepose_mm.datasets.corruptions import CORRUPTIONS, SEVERITIES
from spinepose_mm.io.atomic import replacing
from spinepose_mm.io.image import read_image

from .robustness_results import title

_TILE, _LABEL = (96, 128), 22  # pixels: (w, h) of a tile, and the height of a row's name
_PADDING = 1.4  # of the box
_SEARCHED = 200  # people, of which one is chosen to be shown


def draw_sheet(dataset: dict[str, Any], out: str | os.PathLike[str]) -> None:
    """Draw a row for each corruption, two beside each other, with a column for each severity from 0 on.

    Args:
        dataset: config of the test data, with an ImageCorruption in its pipeline, as the benchmark has it.
        out: file to write, a JPEG.
    """
    corruption = TRANSFORMS.build(next(step for step in dataset['pipeline'] if step['type'] == 'ImageCorruption'))
    people = DATASETS.build({**dataset, 'pipeline': []})
    person = max((people[row] for row in range(min(len(people), _SEARCHED))), key=_shown)
    rows = []
    for name in CORRUPTIONS:
        tiles = []
        for severity in (0, *SEVERITIES):
            corruption.choose(name, severity)
            tiles.append(_tile(corruption({**person, 'img': read_image(person['img_path'])})['img'], person['bbox'][0]))
        label = np.full((_LABEL, len(tiles) * _TILE[0], 3), 255, np.uint8)
        cv2.putText(label, title(name), (4, _LABEL - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
        rows.append(np.vstack([label, np.hstack(tiles)]))
    rows += [np.full_like(rows[0], 255)] * (len(rows) % 2)
    half = len(rows) // 2
    sheet = np.hstack(
        [np.vstack(rows[:half]), np.full((half * len(rows[0]), 12, 3), 255, np.uint8), np.vstack(rows[half:])]
    )
    with replacing(out, 'wb') as file:
        file.write(cv2.imencode('.jpg', sheet, [cv2.IMWRITE_JPEG_QUALITY, 70])[1])


def _shown(person: dict[str, Any]) -> tuple[float, float]:
    """Return how well a person is to be seen: how many keypoints are visible, and how upright the box is."""
    box, labels = person['bbox'][0], person.get('raw_ann_info') or {}
    seen = labels['keypoints'][2::3] if 'keypoints' in labels else person['keypoints_visible'].ravel().tolist()
    width, height = (box[2:] - box[:2]).tolist()
    return sum(seen), height / width


def _tile(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the part of an image around a box, in a tile; black beyond the image."""
    size = np.array(_TILE, float)
    factor = (size / (_PADDING * (box[2:] - box[:2]))).min()
    offset = size / 2 - factor * (box[:2] + box[2:]) / 2
    place = np.array([[factor, 0, offset[0]], [0, factor, offset[1]]])
    return cv2.warpAffine(image, place, _TILE, flags=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
