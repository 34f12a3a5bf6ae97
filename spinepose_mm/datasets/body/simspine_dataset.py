import logging
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpose.datasets.datasets import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from spinepose_mm import skeleton
from spinepose_mm.datasets.simspine.frames import counts_from, find_images, of_simspine, parse_names, renumbered, spread
from spinepose_mm.datasets.simspine.npz import is_valid, joint_keypoints, read_npz
from spinepose_mm.structures.simspine_layout import SUBJECTS

#: Numbers of SIMSPINE's own 15 markers, and how much larger than their extent its boxes are.
_MARKERS = [skeleton.index(name) for name in skeleton.SIMSPINE.values()]
_PADDING = 1.2


@DATASETS.register_module()
class SimSpineDataset(BaseCocoStyleDataset):
    """SIMSPINE's frames of Human3.6M with SpineTrack's 37 keypoints in 2D; unlabelled keypoints have zero weight.

    The annotation file is SIMSPINE's `simspine_{train,test}.npz`, of its 15 markers or of all 37. MMPose's annotation
    of Human3.6M, `h36m_{train,test}.npz`, adds hips, knees, ankles, shoulders, elbows and wrists to the frames that
    both have; a marker of SIMSPINE goes before it.

    Images, and Human3.6M's frames, are matched by their number in the sequence: SIMSPINE counts from 0, and MMPose's
    extraction of Human3.6M from 1. Each first number is detected and logged. Frames without an image are left out,
    with one warning that counts them; in test mode too, since MMPose's extraction keeps every fifth frame.

    The box is the extent of all keypoints that are labelled. Where these are SIMSPINE's 15 markers alone, it is made as
    the authors make theirs: a square of 1.2 times their extent. The file's own box is taken where nothing is labelled.

    Args:
        ann_file: the `.npz`, below `data_root`.
        human36m_file: Human3.6M's, below `data_root`, or None.
        fraction: part of the file's frames to take, of those that have images, evenly over sequences (of a subject, an
            action and a camera) and within them; the same ones each time.
        file_boxes: whether boxes are always the file's, `center` and `scale`: the authors' are around the 15 markers of
            the trunk, whatever else is labelled.
        subjects: whose frames there may be; None to take images of any names.
        **kwargs: those of MMPose's `BaseCocoStyleDataset`.

    Raises:
        FileNotFoundError: a file does not exist, or no image does.
        ValueError: a file is not of SIMSPINE's layout, a box has no area, a subject is unknown, no frame is in both
            files, or the fraction is not over 0 and up to 1.
    """

    METAINFO = dict(skeleton.metainfo(), dataset_name='simspine')

    def __init__(
        self,
        *args: Any,
        human36m_file: str | None = None,
        fraction: float = 1.0,
        file_boxes: bool = False,
        subjects: Sequence[str] | None = SUBJECTS,
        **kwargs: Any,
    ) -> None:
        if not 0 < fraction <= 1:
            raise ValueError(f'SimSpineDataset: fraction is over 0 and up to 1, but {fraction} was given')
        self.human36m_file = human36m_file
        self.fraction = fraction
        self.file_boxes = file_boxes
        self.subjects = subjects
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        arrays, info = read_npz(self.ann_file, ('imgname', 'center', 'scale', 'part'))
        columns = joint_keypoints(self.ann_file, info['joint_names'])
        names = arrays.pop('imgname').astype(str)
        rows, start = self._choose(names)
        self._names, arrays = names[rows], {field: values[rows] for field, values in arrays.items()}
        self._points = np.zeros((len(rows), skeleton.NUM_KEYPOINTS, 3), np.float32)
        if self.human36m_file:
            self._add_human36m(self.human36m_file, start)
        for joint, keypoint in enumerate(columns):
            visible = is_valid(arrays['part'][:, joint])
            self._points[visible, keypoint] = arrays['part'][visible, joint]
        self._boxes = self._make_boxes(arrays)
        # Only numbers are listed, since MMEngine pickles each entry: the labels of 1.56 million frames stay arrays.
        return [dict(row=row) for row in range(len(rows))]

    def _choose(self, names: np.ndarray) -> tuple[np.ndarray, int | None]:
        """Return the rows of the frames to take, and their first number; store by how much the images' differs."""
        sequences, frames = parse_names(self.ann_file, names, self.subjects)
        numbered = self.subjects is not None or of_simspine(names)
        start = counts_from(sequences, frames, usual=0) if numbered else None
        folder = self.data_prefix.get('img') or ''
        there, first = find_images(folder, names, sequences, start)
        self._offset = 0 if first is None or start is None else first - start
        if not there.all():
            missing = self._image(names[~there][0])
            if not there.any():
                raise FileNotFoundError(
                    f'none of the {len(names)} images of {self.ann_file} exists, such as '
                    f'{missing}; check data_root and data_prefix'
                )
            print_log(
                f'{self.ann_file}: {(~there).sum()} of {len(names)} images do not exist, among them {missing}; '
                f'frames are taken from the other {there.sum()}',
                'current',
                logging.WARNING,
            )
        rows = spread(sequences, frames, self.fraction, there)
        counting = f', which count from {start}; the images count from {first}' if numbered else ''
        print_log(f'{self.ann_file}: {len(rows)} of {len(names)} frames are taken{counting}', 'current')
        return rows, start

    def _image(self, name: str) -> str:
        """Return the path of a frame's image."""
        return os.path.join(self.data_prefix.get('img') or '', renumbered(name, self._offset) if self._offset else name)

    def _add_human36m(self, path: str, start: int | None) -> None:
        """Enter the joints of Human3.6M's own file, given what the frames count from, None for any names."""
        path = path if os.path.isabs(path) else os.path.join(self.data_root or '', path)
        arrays, _ = read_npz(path, ('imgname', 'part'), metadata=False)
        part, names = arrays['part'], arrays['imgname'].astype(str)
        if part.shape[1] != len(skeleton.HUMAN36M):
            raise ValueError(f'{path}: part has {part.shape[1]} joints, where {len(skeleton.HUMAN36M)} are expected')
        wanted, counting = self._names, ''
        if start is not None:
            first = counts_from(*parse_names(path, names, subjects=None), usual=1)
            wanted, counting = [renumbered(name, first - start) for name in wanted], f', which counts from {first},'
        row_of = {name: row for row, name in enumerate(names)}
        rows = np.array([row_of.get(name, -1) for name in wanted])
        both = rows >= 0
        if not both.any():
            raise ValueError(f'{path}: imgname has none of the frames of {self.ann_file}, such as {wanted[0]}')
        print_log(f'{path}{counting} has joints of {both.sum()} of these frames', 'current')
        for joint, name in enumerate(skeleton.HUMAN36M):
            if name:
                points = part[rows[both], joint]
                self._points[both, skeleton.index(name)] = np.where(is_valid(points)[:, None], points, 0)

    def _make_boxes(self, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Return the boxes, (x1, y1, x2, y2) in pixels, (N, 4)."""
        center, side = arrays['center'], arrays['scale'][:, None] * 200
        boxes: np.ndarray = np.column_stack([center - side / 2, center + side / 2])
        labelled = self._points[..., 2:] > 0
        low = np.where(labelled, self._points[..., :2], np.inf).min(1)
        high = np.where(labelled, self._points[..., :2], -np.inf).max(1)
        others = np.delete(labelled[..., 0], _MARKERS, axis=1)
        more = np.any(others, axis=1)
        extent = (high - low).max(1)
        made = (extent > 0) & (not self.file_boxes)
        low, high, more, half = low[made], high[made], more[made, None], _PADDING * extent[made, None] / 2
        boxes[made] = np.where(
            more,
            np.column_stack([low, np.maximum(high, low + 1)]),
            np.column_stack([(low + high) / 2 - half, (low + high) / 2 + half]),
        )
        wrong = ~np.isfinite(boxes).all(1) | (boxes[:, 2:] <= boxes[:, :2]).any(1)
        if wrong.any():
            raise ValueError(f'{self.ann_file}: center and scale of {self._names[wrong][0]} are no box with an area')
        return boxes.astype(np.float32)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return a frame's labels as MMPose's pipelines take them; `img_id` is the frame's name in the file."""
        info = super().get_data_info(idx)
        row = info.pop('row')
        name, points, box = str(self._names[row]), self._points[row], self._boxes[row]
        return dict(
            info,
            id=row,
            img_id=name,
            img_path=self._image(name),
            bbox=box[None].copy(),
            bbox_score=np.ones(1, np.float32),
            keypoints=points[None, :, :2].copy(),
            keypoints_visible=np.minimum(points[None, :, 2], 1),
            category_id=np.array([1]),
            area=np.array([np.prod(box[2:] - box[:2])], np.float32),
        )
