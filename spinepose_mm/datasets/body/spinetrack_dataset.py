import json
import logging
from collections import defaultdict
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from mmpose.datasets.datasets import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from spinepose_mm import skeleton


@DATASETS.register_module()
class SpineTrackDataset(BaseCocoStyleDataset):
    """People with SpineTrack's 37 keypoints, in COCO's JSON format.

    Every annotation has `keypoints` = 37 x (x, y, v) in image pixels, v being 0 (not labelled), 1 (labelled,
    occluded) or 2 (visible), and `bbox` = (x, y, w, h). Keypoints that are not labelled weigh nothing.

    A file that is not of this form is refused when it is loaded. What is wrong with one person (coordinates that are
    not numbers, a box without area, a picture that is missing) drops that person from training, with one warning
    that counts them; in test mode it is an error, because leaving people out would change the score.

    The arguments are those of MMPose's `BaseCocoStyleDataset`.

    Raises:
        FileNotFoundError: the annotation file, or an image that is needed, does not exist.
        ValueError: the annotation file is not JSON, not in COCO's format, without 37 keypoints a person, or without
            any labelled person; in test mode also what would drop a person from training.
    """

    METAINFO = skeleton.metainfo()

    def load_data_list(self):
        self._dropped = defaultdict(list)
        people = super().load_data_list()
        if not self.bbox_file:
            people = self._with_images(people)
        for reason, entries in self._dropped.items():
            print_log(f'{self.ann_file}: left out {len(entries)} of {len(entries) + len(people)} people: {reason}; '
                      f'the first is {entries[0]}', 'current', logging.WARNING)
        if not people:
            raise ValueError(f'{self.ann_file} has no person to use: no annotation with a labelled keypoint, a box '
                             'and an image is in it' + (' that was not left out' if self._dropped else ''))
        return people

    def _load_annotations(self):
        if not Path(self.ann_file).is_file() and '://' not in self.ann_file:
            raise FileNotFoundError(f'annotation file {self.ann_file} does not exist')
        try:
            return super()._load_annotations()
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f'{self.ann_file} is not JSON: {error}') from error
        except AssertionError as error:
            raise ValueError(f'{self.ann_file} is not in COCO format: {error}') from error
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f'{self.ann_file} is not in COCO format: {type(error).__name__} {error}') from error

    def parse_data_info(self, raw_data_info):
        person, image = raw_data_info['raw_ann_info'], raw_data_info['raw_img_info']
        where = f'annotation {person.get("id")} of image {image.get("file_name")}'
        flat = person.get('keypoints')
        if flat is None or person.get('iscrowd'):
            return None
        if len(flat) != 3 * skeleton.NUM_KEYPOINTS:
            raise ValueError(f'{self.ann_file}: {where} has {len(flat) / 3:g} keypoints, where '
                             f'{skeleton.NUM_KEYPOINTS} are expected' + _advice(len(flat)))
        for field in ('width', 'height', 'file_name'):
            if field not in image:
                raise ValueError(f'{self.ann_file}: image {image.get("id")} has no field {field!r}')
        problem = _problem(np.array(flat, dtype=float).reshape(-1, 3), person.get('bbox'), image)
        if problem:
            return self._drop(problem, where)
        info = super().parse_data_info(raw_data_info)
        # Files that were grown from COCO's may still carry the count of its 17.
        info['num_keypoints'] = int(np.count_nonzero(info['keypoints_visible']))
        return info

    def _drop(self, reason, entry):
        """Note that a person is left out of training, or raise ValueError in test mode; return None."""
        if self.test_mode:
            raise ValueError(f'{self.ann_file}: {entry} has {reason}')
        self._dropped[reason].append(entry)

    def _with_images(self, people):
        """Return those people whose image is there. Only a local folder is looked into."""
        if '://' in str(self.data_prefix.get('img')):
            return people
        there = {path: Path(path).is_file() for path in {person['img_path'] for person in people}}
        missing = [path for path, found in there.items() if not found]
        if missing and (self.test_mode or len(missing) == len(there)):
            raise FileNotFoundError(f'{len(missing)} of {len(there)} images of {self.ann_file} do not exist, among '
                                    f'them {min(missing)}; check data_root and data_prefix')
        for person in people:
            if not there[person['img_path']]:
                self._drop('no image file', person['img_path'])
        return [person for person in people if there[person['img_path']]]


def _problem(keypoints, bbox, image):
    """Say what makes one person useless, or return None.

    Args:
        keypoints: in shape (K, 3), the last axis being x, y in image pixels and visibility.
        bbox: (x, y, w, h) in image pixels, or None.
        image: COCO's record of the image.
    """
    if not keypoints[:, 2].any():
        return None  # unlabelled people are common in COCO files, and MMPose leaves them out
    for point, values in zip(skeleton.KEYPOINTS, keypoints):
        if not np.isfinite(values).all():
            return f'coordinates that are not finite numbers (keypoint {point.name!r})'
    if bbox is None or len(bbox) != 4 or not np.isfinite(np.array(bbox, dtype=float)).all():
        return 'no bbox of four finite numbers'
    x, y, w, h = bbox
    inside_w = min(x + w, image['width']) - max(x, 0)
    inside_h = min(y + h, image['height']) - max(y, 0)
    if min(inside_w, inside_h) <= 0:
        return 'a bbox without area in the image'
    return None


def _advice(length):
    known = {3 * 17: 'COCO', 3 * 26: 'Halpe-26', 3 * 136: 'Halpe'}.get(length)
    return f'; this looks like a {known} file: train on it through KeypointConverter (see configs/README.md)' \
        if known else ''
