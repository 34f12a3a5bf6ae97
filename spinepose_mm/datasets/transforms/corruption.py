import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import DATASETS, TRANSFORMS

from spinepose_mm.datasets.corruptions import (
    CORRUPTIONS,
    PIXELS,
    SEVERITIES,
    Cutout,
    cut_out,
    hide_by_object,
    hide_by_person,
    scale_of,
    truncate,
)
from spinepose_mm.datasets.corruptions.truncation import beyond
from spinepose_mm.io.image import read_image

from .coded_image import CodedImage

_REACH = 3.4  # side of what is corrupted, as a part of the box's longer side: no crop of a pipeline reaches further
_LEAST = 48  # pixels of the longer side of a box whose person is pasted
_TRIES = 20
_KEPT = 64  # people who are cut out, for the next ones


class _Corrupting(BaseTransform):
    """What corrupts the image of a sample around its person.

    Args:
        people: config of the data set whose people hide others, without a pipeline; None where none do.
    """

    def __init__(self, people: dict[str, Any] | None = None) -> None:
        self.people = people
        self._dataset: Any = None
        self._cutouts: dict[int, Cutout] = {}

    def corrupt(self, results: dict[str, Any], name: str, severity: int, rng: np.random.Generator) -> dict[str, Any]:
        """Corrupt a sample that is not cropped yet: `img`, and with truncation its box and labels.

        Raises:
            ValueError: it has no box, is cropped already, or no person is there to hide another.
        """
        if 'bbox' not in results or 'bbox_center' in results:
            raise ValueError(
                f'{type(self).__name__} takes the place between the loader of a pipeline and GetBBoxCenterScale: '
                'it wants a person with a bbox, but no bbox_center'
            )
        if severity == 0:
            return results
        box, image = np.array(results['bbox'][0], float), results['img']
        if isinstance(image, CodedImage):
            image = image.pixels(1)
            if image is None:
                return results  # SpineTopdownAffine warns of it
        if name == 'truncation':
            results['img'], left = truncate(image, box, severity, rng)
            return _cut_labels(results, box, left)
        low, high = _region(image.shape, box)
        part, inner = image[low[1] : high[1], low[0] : high[0]], box - np.tile(low, 2)
        if name == 'object_occlusion':
            part = hide_by_object(part, inner, severity, rng)
        elif name == 'person_occlusion':
            part = hide_by_person(part, inner, severity, rng, self._other(results, rng))
        else:
            part = PIXELS[name](part, scale_of(box), severity, rng)
        results['img'] = image.copy()
        results['img'][low[1] : high[1], low[0] : high[0]] = part
        return results

    def _other(self, results: dict[str, Any], rng: np.random.Generator) -> Cutout:
        """Return a person of another image, as large as can be found in some tries."""
        if self._dataset is None:
            self._dataset = DATASETS.build({**(self.people or {}), 'pipeline': []})
        best, size = None, 0.0
        for index in rng.integers(len(self._dataset), size=_TRIES).tolist():
            other = self._dataset[index]
            side = float((other['bbox'][0, 2:] - other['bbox'][0, :2]).max())
            if other['img_path'] != results['img_path'] and side > size:
                best, size = index, side
            if size >= _LEAST:
                break
        if best is None:
            raise ValueError(f'{results["img_path"]}: no other image has a person who could hide this one')
        if best not in self._cutouts:
            if len(self._cutouts) >= _KEPT:
                self._cutouts.clear()
            self._cutouts[best] = self._cut_out(self._dataset[best])
        return self._cutouts[best]

    @staticmethod
    def _cut_out(person: dict[str, Any]) -> Cutout:
        points = person['keypoints'][0]
        visible = person['keypoints_visible'].reshape(len(points), -1)[:, 0] > 0
        return cut_out(read_image(person['img_path']), person['bbox'][0], points, visible, person.get('segmentation'))


@TRANSFORMS.register_module()
class ImageCorruption(_Corrupting):
    """Corrupt the image by one corruption of one severity, the same way in each run.

    It draws by the seed, the image's id and the corruption: all models see the same images, and severities of an image
    differ in strength alone. It takes the place between the loader and `GetBBoxCenterScale`.

    Truncation cuts the box, and keypoints beyond the cut lose their labels (`keypoints_visible`); a metric that reads
    the annotation file does not know of it. Keypoints that are hidden keep their labels.

    Args:
        name: of `spinepose_mm.datasets.corruptions.CORRUPTIONS`.
        severity: 0, which changes nothing, to 5.
        seed: of all images.
        people: config of the data set whose people hide others, for `person_occlusion`.

    Raises:
        ValueError: another name or severity, or `person_occlusion` without people.
    """

    def __init__(self, name: str, severity: int, seed: int = 0, people: dict[str, Any] | None = None) -> None:
        super().__init__(people)
        self.seed = seed
        self.choose(name, severity)

    def choose(self, name: str, severity: int) -> None:
        """Choose another corruption and severity."""
        _check([name], self.people)
        if severity not in (0, *SEVERITIES):
            raise ValueError(f'ImageCorruption: severity is a whole number from 0 to 5, but {severity!r} was given')
        self.name, self.severity = name, severity

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        seed = zlib.crc32(f'{self.seed} {results["img_id"]} {self.name}'.encode())
        return self.corrupt(results, self.name, self.severity, np.random.default_rng(seed))


@TRANSFORMS.register_module()
class RandomCorruption(_Corrupting):
    """Corrupt some images of a training pipeline, each by a corruption and a severity that are drawn evenly.

    It takes the place between the loader and `GetBBoxCenterScale`, and decodes what a lazy loader left coded.

    Args:
        prob: probability that an image is corrupted.
        names: of `spinepose_mm.datasets.corruptions.CORRUPTIONS`; by default all, without `person_occlusion` where no
            people are given.
        severities: out of 1 to 5.
        people: config of the data set whose people hide others, for `person_occlusion`.

    Raises:
        ValueError: a probability outside [0, 1], other names or severities, or `person_occlusion` without people.
    """

    def __init__(
        self,
        prob: float = 0.5,
        names: Sequence[str] | None = None,
        severities: Sequence[int] = SEVERITIES,
        people: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(people)
        if not 0 <= prob <= 1:
            raise ValueError(f'RandomCorruption: prob is a probability from 0 to 1, but {prob} was given')
        if not severities or not set(severities) <= set(SEVERITIES):
            raise ValueError(f'RandomCorruption: severities are out of 1 to 5, but {severities} was given')
        if names is None:
            names = [name for name in CORRUPTIONS if people or name != 'person_occlusion']
        _check(names, people)
        self.prob, self.names, self.severities = prob, tuple(names), tuple(severities)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        if np.random.rand() >= self.prob:
            return results
        name = self.names[np.random.randint(len(self.names))]
        severity = self.severities[np.random.randint(len(self.severities))]
        return self.corrupt(results, name, severity, np.random.default_rng(np.random.randint(2**31)))


def _check(names: Sequence[str], people: dict[str, Any] | None) -> None:
    """Raise ValueError where a corruption is unknown, or lacks the people that it needs."""
    unknown = [name for name in names if name not in CORRUPTIONS]
    if unknown or not names:
        raise ValueError(f'corruptions are out of {", ".join(CORRUPTIONS)}, but {unknown or "none"} was given')
    if 'person_occlusion' in names and not people:
        raise ValueError('person_occlusion needs `people`, the config of a data set whose people hide others')


def _region(shape: Sequence[int], box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper left and the lower right corner (x, y) of what is corrupted of an image around a box."""
    center, half = (box[:2] + box[2:]) / 2, _REACH / 2 * (box[2:] - box[:2]).max()
    limits = np.array(shape[1::-1])
    low = np.clip(np.floor(center - half), 0, limits - 1).astype(int)
    return low, np.maximum(np.clip(np.ceil(center + half), 0, limits).astype(int), low + 1)


def _cut_labels(results: dict[str, Any], box: np.ndarray, left: np.ndarray) -> dict[str, Any]:
    """Cut the box of a sample, and remove the labels of keypoints beyond it."""
    results['bbox'] = np.array(left, results['bbox'].dtype)[None]
    results['keypoints_visible'] = results['keypoints_visible'].copy()
    results['keypoints_visible'][beyond(results['keypoints'], box, left)] = 0
    return results
