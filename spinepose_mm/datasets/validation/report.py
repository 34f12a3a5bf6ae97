"""Validate a data set in COCO's format: a report of errors and suspects in its labels and images."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.reading import is_number, reading

from . import annotation, checks
from .findings import ERROR, NOTE, SUSPECT, Report
from .images import check_images

FACES_TO_JUDGE = 20


def validate(
    ann_file: str | os.PathLike[str], image_folder: str | os.PathLike[str] | None = None, progress: bool = False
) -> Report:
    """Validate a data set in COCO's format.

    Args:
        ann_file: path of the JSON.
        image_folder: folder of the images, or None to look at the labels alone.
        progress: whether to show a progress bar.

    Returns:
        Report: the findings.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: the file is not JSON, or not in COCO's format.
    """
    images, people = _read(ann_file)
    report = Report(str(ann_file), len(images), len(people))
    usable = [image for image in images if _is_usable(image)]
    report.add(
        ERROR,
        'image without id, file_name, width or height',
        [image.get('id') for image in images if not _is_usable(image)],
    )
    _repeated(report, ERROR, 'image id used twice', [image['id'] for image in usable])
    _repeated(report, ERROR, 'annotation id used twice', [one['id'] for one in people if _is_id(one.get('id'))])
    _repeated(report, SUSPECT, 'file name used twice', [image['file_name'] for image in usable])
    by_id = {image['id']: image for image in usable}
    taken = {person['image_id'] for person in people if _is_id(person.get('image_id'))}
    report.add(NOTE, 'image without people', [number for number in by_id if number not in taken])
    people = _sound(report, people, by_id)
    if people:
        _labels(report, people, by_id)
    else:
        report.add(ERROR, 'no person to train on', [str(ann_file)])
    if image_folder is not None:
        check_images(report, usable, Path(image_folder), progress)
    return report


def _read(ann_file: str | os.PathLike[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the lists of images and of annotations in a COCO file."""
    path = Path(ann_file)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    with reading(path, 'is not JSON'):
        content = json.loads(path.read_text(encoding='utf-8'))
    for name in ('images', 'annotations'):
        entries = content.get(name) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError(f'{path} is not in COCO format: {name!r} is not a list of objects')
    return content['images'], content['annotations']


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _is_usable(image: dict[str, Any]) -> bool:
    """Return whether an image entry has all required fields."""
    sizes: list[Any] = [image.get(side) for side in ('width', 'height')]
    return (
        _is_id(image.get('id'))
        and isinstance(image.get('file_name'), str)
        and all(is_number(size) and size > 0 for size in sizes)
    )


def _repeated(report: Report, severity: str, problem: str, values: Iterable[Any]) -> None:
    before: set[Any] = set()
    twice = []
    for value in values:
        if value in before:
            twice.append(value)
        before.add(value)
    report.add(severity, problem, twice)


def _sound(report: Report, people: list[dict[str, Any]], by_id: dict[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    """Report the annotations that cannot be trained on, and return the others."""
    sound = []
    counts = Counter(len(person['keypoints']) / 3 for person in people if isinstance(person.get('keypoints'), list))
    layouts = [count for count, _ in counts.most_common() if count in skeleton.LAYOUTS]
    report.keypoints = int(layouts[0]) if layouts else skeleton.NUM_KEYPOINTS
    for person in people:
        wrong = _unsound(person, by_id, report.keypoints)
        if wrong is None:
            sound.append(person)
        else:
            report.add(*wrong, [person.get('id')])
    return sound


def _unsound(person: dict[str, Any], by_id: dict[Any, dict[str, Any]], count: int) -> tuple[str, str] | None:
    """Return (severity, why an annotation cannot be trained on), or None."""
    if not _is_id(person.get('id')) or not _is_id(person.get('image_id')) or 'category_id' not in person:
        return ERROR, 'annotation without id, image_id or category_id'
    image, flat = by_id.get(person['image_id']), person.get('keypoints')
    if image is None:
        return ERROR, 'person in an image that there is not'
    if person.get('iscrowd'):
        return NOTE, 'crowd, not trained on'
    if flat is None:
        return NOTE, 'person without labels'
    if not isinstance(flat, list) or len(flat) != 3 * count:
        return ERROR, f'person without {count} keypoints'
    wrong = annotation.problem(person)
    if wrong:
        return ERROR, wrong.partition(' (')[0]
    if not any(flat[2::3]):
        return NOTE, 'person without labels'
    if not annotation.has_area(person['bbox'], image['width'], image['height']):
        return ERROR, 'bbox without area in the image'
    return None


def _labels(report: Report, people: list[dict[str, Any]], by_id: dict[Any, dict[str, Any]]) -> None:
    """Check the labels of the sound annotations."""
    ids = np.array([person['id'] for person in people], dtype=object)
    values = np.array([person['keypoints'] for person in people], float).reshape(len(people), -1, 3)
    boxes = np.array([person['bbox'] for person in people], float)
    sizes = np.array([[by_id[person['image_id']][side] for side in ('width', 'height')] for person in people], float)
    points, valid = values[..., :2], values[..., 2] > 0
    report.visibility = np.stack([(values[..., 2] == v).sum(0) for v in (0, 1, 2)], axis=1)

    def add(problem: str, mask: np.ndarray) -> None:
        report.add(SUSPECT, problem, ids[mask].tolist())

    add(
        'area of 0, which no prediction can match in a test',
        np.array([person.get('area', 1) == 0 for person in people]),
    )
    outside = checks.outside(points, valid, np.zeros_like(sizes), sizes)
    add('label outside the image', np.any(outside, axis=1))
    margin = 0.25 * boxes[:, 2:]
    outside = checks.outside(points, valid, boxes[:, :2] - margin, boxes[:, :2] + boxes[:, 2:] + margin)
    add('label outside the bbox by more than a quarter of it', np.any(outside, axis=1))
    for (left, right), mask in checks.swapped_sides(points, valid):
        add(f'{left} and {right} look exchanged', mask)
    mirrored, judged = checks.mirrored_faces(points, values[..., 2] > 1)
    add('eyes on the wrong sides of a face', mirrored)
    if judged.sum() >= FACES_TO_JUDGE and mirrored.sum() > judged.sum() / 2:
        report.add(SUSPECT, 'most faces are mirrored: left and right are exchanged in the whole file', [report.file])
    bones, factor = checks.stretched(points, valid)
    add('a bone more than three times too long for the person', np.any(np.nan_to_num(factor) > 3, axis=1))
    enough = (~np.isnan(factor)).sum(0) >= FACES_TO_JUDGE
    typical = np.array([np.nanmedian(column) if ok else 1 for column, ok in zip(factor.T, enough)])
    report.add(
        SUSPECT,
        "keypoints in another order than SpineTrack's: too long in most people",
        [' - '.join(bones[i]) for i in np.flatnonzero(typical > 1.5)],
    )
    scale = np.sqrt(boxes[:, 2] * boxes[:, 3])
    image_ids = np.unique([str(person['image_id']) for person in people], return_inverse=True)[1]
    add('person labelled twice', checks.doubles(image_ids, points, valid, scale))
