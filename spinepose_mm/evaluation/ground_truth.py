"""The ground truth of SpineTrackMetric: checks of its annotations, and their arrays."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from mmengine.logging import print_log

from spinepose_mm import skeleton
from spinepose_mm.datasets.validation.annotation import problem
from spinepose_mm.io.reading import is_number

from .batched_cocoeval import Labels

if TYPE_CHECKING:
    from xtcocotools.coco import COCO

_NO_AREA = 0.53  # part of its box that COCOeval takes a person to fill where no area is to be used


def check_ids(dataset: dict[str, Any], where: str | os.PathLike[str]) -> None:
    """Raise ValueError where two entries have one id, whose last COCO takes twice, or a category is unknown."""
    for name in ('images', 'annotations'):
        for id, count in Counter(entry['id'] for entry in dataset[name]).items():
            if count > 1:
                raise ValueError(f'{where}: id {id!r} is there {count} times in {name!r}')
    categories = {category['id'] for category in dataset['categories']}
    for person in dataset['annotations']:
        if person['category_id'] not in categories:
            raise ValueError(
                f'{where}: annotation {person["id"]} has category_id = {person["category_id"]!r}, which no category has'
            )


def check_people(people: Iterable[dict[str, Any]], where: str | os.PathLike[str], use_area: bool) -> None:
    """Raise ValueError where a person cannot be compared with a prediction; warn of those without an area."""
    without_area = []
    for person in people:
        this = f'{where}: annotation {person["id"]}'
        flat = person.setdefault('keypoints', [0] * 3 * skeleton.NUM_KEYPOINTS)  # crowds may have none
        if not isinstance(flat, list) or len(flat) != 3 * skeleton.NUM_KEYPOINTS:
            given = f'{len(flat) / 3:g}' if isinstance(flat, list) else repr(flat)[:80]
            raise ValueError(f'{this} has {given} keypoints, where {skeleton.NUM_KEYPOINTS} are expected')
        if use_area and 'area' not in person:
            raise ValueError(f"{this} has no field 'area'; set use_area=False to take it from the box")
        wrong = problem(person)
        if wrong:
            raise ValueError(f'{this} has {wrong}')
        if use_area and not (is_number(person['area']) and person['area'] >= 0):
            raise ValueError(
                f'{this} has area = {repr(person["area"])[:80]}; set use_area=False to take it from the box'
            )
        if use_area and person['area'] == 0 and any(flat[2::3]):
            without_area.append(person['id'])
    if without_area:
        print_log(
            f'{where}: {len(without_area)} people have an area of 0, which no '
            f'prediction can match; the first is annotation {without_area[0]}; set use_area=False to take '
            'areas from the boxes',
            'current',
            logging.WARNING,
        )


def read_labels(ground_truth: COCO, groups: Mapping[tuple[Any, Any], int], use_area: bool) -> Labels:
    """Return the Labels of all 37 keypoints.

    Args:
        ground_truth: COCO object.
        groups: {(image id, category id): number}.
        use_area: whether areas are the annotations', or else parts of the boxes.
    """
    images, categories = ground_truth.getImgIds(), ground_truth.getCatIds()
    people = ground_truth.loadAnns(ground_truth.getAnnIds(images, categories))
    boxes = np.array([person['bbox'] for person in people], float).reshape(-1, 4)
    areas = boxes[:, 2] * boxes[:, 3] * _NO_AREA
    if use_area:
        areas = np.array([person['area'] for person in people], float)
    crowds = np.array([bool(person['iscrowd']) for person in people], bool)
    return Labels(
        np.array([groups[person['image_id'], person['category_id']] for person in people], int),
        np.array([person['keypoints'] for person in people], float).reshape(-1, skeleton.NUM_KEYPOINTS, 3),
        boxes,
        areas,
        crowds,
        crowds,
    )
