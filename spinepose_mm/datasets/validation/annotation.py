"""Validate one annotation of a COCO file for a top-down pose model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.reading import is_number


def problem(person: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a person's labels and box, or None.

    Args:
        person: annotation with a list of `keypoints`, x, y and visibility one after the other. People without a
            labelled keypoint are not checked any further.
    """
    try:
        flat, bbox = np.array(person['keypoints']), np.array(person.get('bbox', ()))
    except ValueError:
        return 'coordinates that are not numbers'
    if flat.ndim != 1 or flat.dtype.kind not in 'iuf':
        return 'coordinates that are not numbers'
    keypoints = flat.reshape(-1, 3)
    if not keypoints[:, 2].any():
        return None
    finite = np.isfinite(keypoints).all(axis=1)
    if not finite.all():
        return f'coordinates that are not finite numbers (keypoint {skeleton.NAMES[int(np.argmin(finite))]!r})'
    if not np.isin(keypoints[:, 2], (0, 1, 2)).all():
        return 'a visibility that is not 0, 1 or 2'
    if bbox.dtype.kind not in 'iuf':
        return 'coordinates that are not numbers'
    if bbox.shape != (4,) or not np.isfinite(bbox).all():
        return 'no bbox of four finite numbers'
    if not is_number(person.get('area', 0)) or person.get('area', 0) < 0:
        return 'an area that is not a number from 0 on'
    return None


def has_area(bbox: Sequence[float], width: int, height: int) -> bool:
    """Return whether a box (x, y, w, h), clipped to the image as MMPose does, has an area."""
    low = np.clip(bbox[:2], 0, (width - 1, height - 1))
    high = np.clip(np.add(bbox[:2], bbox[2:]), 0, (width - 1, height - 1))
    return bool((high > low).all())
