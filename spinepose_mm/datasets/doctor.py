"""The data set doctor: everything that is wrong, or looks wrong, with a file of labels and its pictures."""
import hashlib
import json
import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from spinepose_mm import skeleton

from . import checks
from .transforms.loading import is_truncated

ERROR, SUSPECT, NOTE = 'error', 'suspect', 'note'
FACES_TO_JUDGE = 20


@dataclass
class Report:
    """What was found.

    Attributes:
        file: the annotation file.
        images: number of pictures.
        people: number of annotations.
        keypoints: number of keypoints of each person: SpineTrack's 37, or Halpe-26's or COCO's, its first ones.
        visibility: how often each keypoint is not labelled, occluded, visible, (K, 3).
        findings: {(severity, what is wrong): entries that it is wrong with}. Severities are 'error' (training refuses
            it, or leaves it out), 'suspect' (likely wrong labels) and 'note'.
    """
    file: str
    images: int = 0
    people: int = 0
    keypoints: int = skeleton.NUM_KEYPOINTS
    visibility: np.ndarray = None
    findings: dict = field(default_factory=lambda: defaultdict(list))

    def add(self, severity, problem, entries):
        """Note a problem; nothing where the list of entries is empty."""
        if entries:
            self.findings[severity, problem] += entries

    def count(self, severity):
        """Return the number of entries of all findings of a severity."""
        return sum(len(entries) for (kind, _), entries in self.findings.items() if kind == severity)

    def text(self, examples=3):
        """Return the report for people to read."""
        lines = [f'{self.file}: {self.people} people in {self.images} pictures', '']
        if self.visibility is not None:
            lines.append(f'{"keypoint":18}{"level":7}{"visible":>9}{"occluded":>10}{"unlabelled":>12}')
            for point, (none, occluded, visible) in zip(skeleton.KEYPOINTS, self.visibility):
                lines.append(f'{point.name:18}{point.level:7}{visible:9}{occluded:10}{none:12}')
            lines.append('')
        for severity in (ERROR, SUSPECT, NOTE):
            for (kind, problem), entries in self.findings.items():
                if kind == severity:
                    shown = ', '.join(map(str, entries[:examples])) + (', ...' if len(entries) > examples else '')
                    lines.append(f'{severity:8}{len(entries):7}  {problem}: {shown}')
        lines += ['', f'{self.count(ERROR)} errors, {self.count(SUSPECT)} suspects']
        return '\n'.join(lines)

    def as_dict(self):
        """Return all of it, with every entry, for JSON."""
        return dict(
            file=self.file, images=self.images, people=self.people,
            visibility=None if self.visibility is None else {
                name: dict(zip(('unlabelled', 'occluded', 'visible'), map(int, row)))
                for name, row in zip(skeleton.NAMES, self.visibility)},
            findings=[dict(severity=severity, problem=problem, entries=entries)
                      for (severity, problem), entries in self.findings.items()])


def examine(ann_file, image_folder=None, progress=False):
    """Look through a data set in COCO's format.

    Args:
        ann_file: path of the JSON.
        image_folder: folder of the pictures, or None to look at the labels alone.
        progress: whether to show a progress bar.

    Returns:
        Report: what was found.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: the file is not JSON, or not in COCO's format.
    """
    images, people = _read(ann_file)
    report = Report(str(ann_file), len(images), len(people))
    by_id = {}
    for image in images:
        if image.get('id') in by_id:
            report.add(ERROR, 'image id used twice', [image.get('id')])
        by_id[image.get('id')] = image
    _repeated(report, ERROR, 'annotation id used twice', [person.get('id') for person in people])
    _repeated(report, SUSPECT, 'file name used twice', [image.get('file_name') for image in images])
    report.add(ERROR, 'image without width, height or file_name',
               [image.get('id') for image in images if not {'width', 'height', 'file_name'} <= image.keys()])
    report.add(NOTE, 'image that nobody is in',
               sorted(by_id.keys() - {person.get('image_id') for person in people}, key=str))
    people = _sound(report, people, by_id)
    if people:
        _labels(report, people, by_id)
    if image_folder is not None:
        _pictures(report, images, Path(image_folder), progress)
    return report


def _read(ann_file):
    """Return the lists of images and of annotations in a COCO file."""
    path = Path(ann_file)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f'{path} is not JSON: {error}') from error
    for name in ('images', 'annotations'):
        entries = content.get(name) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError(f'{path} is not in COCO format: {name!r} is not a list of objects')
    return content['images'], content['annotations']


def _repeated(report, severity, problem, values):
    seen, twice = set(), []
    for value in values:
        (twice.append if value in seen else seen.add)(value)
    report.add(severity, problem, twice)


def _sound(report, people, by_id):
    """Report the people whose fields cannot be used, and return the others."""
    wrong, sound = defaultdict(list), []
    counts = [len(person['keypoints']) / 3 for person in people if isinstance(person.get('keypoints'), list)]
    known = [count for count in counts if count in skeleton.LAYOUTS]
    report.keypoints = int(max(known, key=known.count)) if known else skeleton.NUM_KEYPOINTS
    for person in people:
        problem = _problem(person, by_id, report.keypoints)
        if problem is None:
            sound.append(person)
        else:
            wrong[problem].append(person.get('id'))
    for (severity, problem), ids in wrong.items():
        report.add(severity, problem, ids)
    return sound


def _problem(person, by_id, count):
    """Return (severity, what makes a person useless), or None."""
    if person.get('image_id') not in by_id:
        return ERROR, 'person in an image that there is not'
    flat = person.get('keypoints')
    if person.get('iscrowd'):
        return NOTE, 'crowd, not trained on'
    if flat is None:
        return NOTE, 'person without labels'
    if not isinstance(flat, list) or len(flat) != 3 * count:
        return ERROR, f'person without {count} keypoints'
    try:
        values, box = np.array(flat, float).reshape(-1, 3), np.array(person.get('bbox', ()), float)
    except (TypeError, ValueError):
        return ERROR, 'coordinates that are not numbers'
    if not np.isfinite(values).all():
        return ERROR, 'coordinates that are not finite numbers'
    if not np.isin(values[:, 2], (0, 1, 2)).all():
        return ERROR, 'a visibility that is not 0, 1 or 2'
    if not values[:, 2].any():
        return NOTE, 'person without labels'
    if box.shape != (4, ) or not np.isfinite(box).all():
        return ERROR, 'no bbox of four finite numbers'
    image = by_id[person['image_id']]
    x1, y1 = np.maximum(box[:2], 0)
    x2, y2 = np.minimum(box[:2] + box[2:], (image.get('width', np.inf), image.get('height', np.inf)))
    if x2 <= x1 or y2 <= y1:
        return ERROR, 'bbox without area in the image'


def _labels(report, people, by_id):
    """Report what the labels of sound people tell."""
    ids = np.array([person.get('id', -1) for person in people], dtype=object)
    values = np.array([person['keypoints'] for person in people], float).reshape(len(people), -1, 3)
    boxes = np.array([person['bbox'] for person in people], float)
    sizes = np.array([[by_id[person['image_id']].get(side, np.inf) for side in ('width', 'height')]
                      for person in people], float)
    points, labelled = values[..., :2], values[..., 2] > 0
    report.visibility = np.stack([(values[..., 2] == v).sum(0) for v in (0, 1, 2)], axis=1)

    def add(problem, whom, severity=SUSPECT):
        report.add(severity, problem, ids[whom].tolist())

    add('label outside the picture', checks.outside(points, labelled, 0 * sizes, sizes).any(1))
    margin = 0.25 * boxes[:, 2:]
    add('label outside the bbox by more than a quarter of it', checks.outside(
        points, labelled, boxes[:, :2] - margin, boxes[:, :2] + boxes[:, 2:] + margin).any(1))
    for (left, right), whom in checks.swapped_sides(points, labelled):
        add(f'{left} and {right} look exchanged', whom)
    mirrored, seen = checks.mirrored_faces(points, values[..., 2] > 1)
    add('eyes on the wrong sides of a face', mirrored)
    if seen.sum() >= FACES_TO_JUDGE and mirrored.sum() > seen.sum() / 2:
        report.add(SUSPECT, 'most faces are mirrored: left and right are exchanged in the whole file', [report.file])
    bones, factor = checks.stretched(points, labelled)
    add('a bone more than three times too long for the person', (np.nan_to_num(factor) > 3).any(1))
    enough = (~np.isnan(factor)).sum(0) >= FACES_TO_JUDGE
    typical = np.array([np.nanmedian(column) if ok else 1 for column, ok in zip(factor.T, enough)])
    report.add(SUSPECT, 'keypoints in another order than SpineTrack\'s: too long in most people',
               [' - '.join(bones[i]) for i in np.flatnonzero(typical > 1.5)])
    scale = np.sqrt(boxes[:, 2] * boxes[:, 3])
    image_ids = np.unique([str(person['image_id']) for person in people], return_inverse=True)[1]
    add('person labelled twice', checks.doubles(image_ids, points, labelled, scale))


def _pictures(report, images, folder, progress):
    """Report pictures that are missing, broken, of another size than the file says, or the same."""
    if not folder.is_dir():
        raise FileNotFoundError(f'the folder of pictures {folder} does not exist')
    images = [image for image in images if isinstance(image.get('file_name'), str)]
    first = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda image: _picture(folder / image['file_name']), images)
        for image, (problem, size, digest) in zip(images, tqdm(found, total=len(images), disable=not progress)):
            name = image['file_name']
            if problem:
                report.add(ERROR, problem, [name])
            elif size != (image.get('width'), image.get('height')):
                report.add(ERROR, 'picture of another size than the file says', [name])
            if digest and first.setdefault(digest, name) != name:
                report.add(SUSPECT, 'picture that is there under another name too', [name])


def _picture(path):
    """Return (what is wrong with a picture or None, its (width, height), a digest of the file)."""
    try:
        data = path.read_bytes()
    except OSError:
        return 'missing picture', None, None
    if is_truncated(data):
        return 'truncated picture', None, None
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        return 'file that is no picture', None, None
    return None, image.shape[1::-1], hashlib.md5(data).hexdigest()
