import json
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.fileio import load
from mmengine.logging import print_log
from mmpose.datasets.datasets import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from spinepose_mm import skeleton
from spinepose_mm.datasets.validation.annotation import has_area, problem
from spinepose_mm.io.reading import is_number, reading


@DATASETS.register_module()
class SpineTrackDataset(BaseCocoStyleDataset):
    """People with SpineTrack's 37 keypoints, in COCO's JSON format.

    Every annotation has `keypoints` = 37 x (x, y, v) in image pixels, v being 0 (not labelled), 1 (labelled,
    occluded) or 2 (visible), and `bbox` = (x, y, w, h). Unlabelled keypoints have zero weight.

    A file that is not of this form is refused when it is loaded. What is wrong with one person (coordinates that are
    not numbers, a box without area, an image that is missing, an id that another one has) drops that person from
    training, with one warning that counts them; in test mode it is an error, because leaving people out would change
    the score.

    The arguments are those of MMPose's `BaseCocoStyleDataset`.

    Raises:
        FileNotFoundError: the annotation file, or an image that is needed, does not exist.
        ValueError: the annotation file is not JSON, not in COCO's format, without 37 keypoints a person, or without
            any labelled person; in test mode also what would drop a person from training.
    """

    METAINFO = skeleton.metainfo()

    def load_data_list(self) -> list[dict[str, Any]]:
        self._dropped: defaultdict[str, list[str]] = defaultdict(list)
        people = self._with_images(super().load_data_list())
        for reason, entries in self._dropped.items():
            print_log(
                f'{self.ann_file}: left out {len(entries)} of {len(entries) + len(people)} people: {reason}; '
                f'the first is {entries[0]}',
                'current',
                logging.WARNING,
            )
        if not people:
            raise ValueError(
                f'{self.ann_file} has no person to use: no annotation with a labelled keypoint, a box '
                'and an image is in it' + (' that was not left out' if self._dropped else '')
            )
        return people

    def _load_annotations(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        with _readable(self.ann_file, 'annotation file'):
            instances, images = super()._load_annotations()
            return self._with_own_ids(instances), images

    def _with_own_ids(self, instances: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those people whose id, and whose image's, no other entry of the file has: COCO keeps the last one."""
        images = Counter(image['id'] for image in self.coco.dataset.get('images', ()))
        people = Counter(person['id'] for person in self.coco.dataset.get('annotations', ()))
        wrong = set()
        for person in self.coco.dataset.get('annotations', ()):
            if not images[person['image_id']]:
                reason = 'an image_id that no image has'
            elif images[person['image_id']] > 1:
                reason = 'an image_id that two images have'
            elif people[person['id']] > 1:
                reason = 'an id that another annotation has'
            else:
                continue
            wrong.add(person['id'])
            self._drop(reason, f'annotation {person["id"]}')
        return [instance for instance in instances if instance['id'] not in wrong]

    def _load_detection_results(self) -> list[dict[str, Any]]:
        with _readable(self.ann_file, 'annotation file'):
            images = Counter(image['id'] for image in load(self.ann_file)['images'])
        if images and max(images.values()) > 1:
            raise ValueError(f'{self.ann_file}: image id {images.most_common(1)[0][0]} is there twice')
        with _readable(self.bbox_file, 'file of boxes'):
            unknown = {box['image_id'] for box in load(self.bbox_file) if box['category_id'] == 1} - images.keys()
            if unknown:
                raise ValueError(
                    f'{self.bbox_file} has detections for {len(unknown)} images that {self.ann_file} has '
                    f'not, such as image_id {next(iter(unknown))!r}'
                )
            people = super()._load_detection_results()
        for person in people:
            if not np.isfinite(person['bbox']).all() or not np.isfinite(person['bbox_score']).all():
                raise ValueError(
                    f'{self.bbox_file}: a box of image {person["img_id"]} has coordinates or a score that '
                    'are not finite numbers'
                )
        return people

    def parse_data_info(self, raw_data_info: dict[str, Any]) -> dict[str, Any] | None:
        person, image = raw_data_info['raw_ann_info'], raw_data_info['raw_img_info']
        where = f'annotation {person.get("id")} of image {image.get("file_name")}'
        flat = person.get('keypoints')
        if flat is None or person.get('iscrowd'):
            return None
        if not isinstance(flat, list) or len(flat) != 3 * skeleton.NUM_KEYPOINTS:
            given = f'{len(flat) / 3:g} keypoints' if isinstance(flat, list) else f'keypoints = {repr(flat)[:80]}'
            raise ValueError(
                f'{self.ann_file}: {where} has {given}, where {skeleton.NUM_KEYPOINTS} are expected' + _advice(flat)
            )
        for field in ('width', 'height', 'file_name'):
            if field not in image:
                raise ValueError(f'{self.ann_file}: image {image.get("id")} has no field {field!r}')
            if field != 'file_name' and not (is_number(image[field]) and image[field] > 0):
                raise ValueError(
                    f'{self.ann_file}: image {image.get("id")} has {field} = {repr(image[field])[:80]}, '
                    'where a number of pixels is expected'
                )
        wrong = problem(person)
        if wrong:
            self._drop(wrong, where)
            return None
        if not any(flat[2::3]):
            return None  # unlabelled people are common in COCO files
        if not has_area(person['bbox'], image['width'], image['height']):
            self._drop('a bbox without area in the image', where)
            return None
        info = super().parse_data_info(raw_data_info)
        # Files that extend COCO's annotations may still carry the count of its 17 keypoints.
        info['num_keypoints'] = int(np.count_nonzero(info['keypoints_visible']))
        return info

    def _drop(self, reason: str, entry: str) -> None:
        """Record that a person is left out of training, or raise ValueError in test mode."""
        if self.test_mode:
            raise ValueError(f'{self.ann_file}: {entry} has {reason}')
        self._dropped[reason].append(entry)

    def _with_images(self, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return those people whose image exists. Only a local folder is checked."""
        if '://' in str(self.data_prefix.get('img')):
            return people
        there = {path: Path(path).is_file() for path in {person['img_path'] for person in people}}
        missing = [path for path, exists in there.items() if not exists]
        if missing and (self.test_mode or len(missing) == len(there)):
            raise FileNotFoundError(
                f'{len(missing)} of {len(there)} images of {self.ann_file} do not exist, among '
                f'them {min(missing)}; check data_root and data_prefix'
            )
        for person in people:
            if not there[person['img_path']]:
                self._drop('no image file', person['img_path'])
        return [person for person in people if there[person['img_path']]]


@contextmanager
def _readable(path: str, kind: str) -> Iterator[None]:
    """Turn what goes wrong in reading a COCO file into one error that names it."""
    if not Path(path).is_file() and '://' not in str(path):
        raise FileNotFoundError(f'{kind} {path} does not exist')
    with reading(path, 'is not in COCO format'):
        try:
            yield
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f'{path} is not JSON: {error}') from error


def _advice(flat: Any) -> str:
    """Name the data set that annotations of another number of keypoints seem to be from."""
    layouts = {3 * count: name for count, name in [*skeleton.LAYOUTS.items(), (136, 'Halpe')]}
    name = layouts.get(len(flat)) if isinstance(flat, list) else None
    return (
        f'; this looks like a {name} file: train on it through KeypointConverter (see configs/README.md)'
        if name
        else ''
    )
