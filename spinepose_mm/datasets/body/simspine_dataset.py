import os

import numpy as np
from mmpose.datasets.datasets import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from spinepose_mm import skeleton
from spinepose_mm.datasets.simspine import SUBJECTS, is_seen, joint_keypoints, parse_names, read_npz, spread


@DATASETS.register_module()
class SimSpineDataset(BaseCocoStyleDataset):
    """SIMSPINE's frames of Human3.6M with SpineTrack's 37 keypoints in 2D; what a file does not label weighs nothing.

    The annotation file is SIMSPINE's `simspine_{train,test}.npz`, of its 15 markers or of more joints. MMPose's
    annotation of Human3.6M, `h36m_{train,test}.npz`, adds hips, knees, ankles, shoulders, elbows and wrists to the
    frames that both have, by the pictures' names; a marker of SIMSPINE goes before it.

    The box is the square of SIMSPINE's `center` and `scale` without its padding of 1.2.

    Args:
        ann_file: the `.npz`, below `data_root`.
        human36m_file: Human3.6M's, below `data_root`, or None.
        fraction: part of the frames to take, evenly over sequences (of a subject, an action and a camera) and within
            them; the same ones each time.
        subjects: whose frames there may be; None to take pictures of any names.
        **kwargs: those of MMPose's `BaseCocoStyleDataset`.

    Raises:
        FileNotFoundError: a file does not exist.
        ValueError: a file is not of SIMSPINE's layout, a box has no area, a subject is unknown, no frame is in both
            files, or the fraction is not over 0 and up to 1.
    """

    METAINFO = dict(skeleton.metainfo(), dataset_name='simspine')

    def __init__(self, *args, human36m_file=None, fraction=1., subjects=SUBJECTS, **kwargs):
        if not 0 < fraction <= 1:
            raise ValueError(f'SimSpineDataset: fraction is over 0 and up to 1, but {fraction} was given')
        self.human36m_file = human36m_file
        self.fraction = fraction
        self.subjects = subjects
        super().__init__(*args, **kwargs)

    def load_data_list(self):
        arrays, info = read_npz(self.ann_file, ('imgname', 'center', 'scale', 'part'))
        columns = joint_keypoints(self.ann_file, info['joint_names'])
        names = arrays['imgname'].astype(str)
        rows = spread(*parse_names(self.ann_file, names, self.subjects), self.fraction)
        self._names = names[rows]
        self._boxes = np.column_stack([arrays['center'][rows], arrays['scale'][rows] * 200 / 1.2]).astype(np.float32)
        wrong = ~np.isfinite(self._boxes).all(1) | (self._boxes[:, 2] <= 0)
        if wrong.any():
            raise ValueError(f'{self.ann_file}: center and scale of {self._names[wrong][0]} are no box with an area')
        self._points = np.zeros((len(rows), skeleton.NUM_KEYPOINTS, 3), np.float32)
        if self.human36m_file:
            self._add_human36m()
        part = arrays['part'][rows]
        for joint, keypoint in enumerate(columns):
            seen = is_seen(part[:, joint])
            self._points[seen, keypoint] = part[seen, joint]
        # Only numbers are listed, since MMEngine pickles each entry: the labels of 1.56 million frames stay arrays.
        return [dict(row=row) for row in range(len(rows))]

    def _add_human36m(self):
        """Enter the joints of Human3.6M's own file."""
        path = self.human36m_file
        path = path if os.path.isabs(path) else os.path.join(self.data_root or '', path)
        arrays, _ = read_npz(path, ('imgname', 'part'), metadata=False)
        part = arrays['part']
        if part.shape[1] != len(skeleton.HUMAN36M):
            raise ValueError(f'{path}: part has {part.shape[1]} joints, where {len(skeleton.HUMAN36M)} are expected')
        row_of = {name: row for row, name in enumerate(arrays['imgname'].astype(str))}
        rows = np.array([row_of.get(name, -1) for name in self._names])
        both = rows >= 0
        if not both.any():
            raise ValueError(f'{path}: imgname has none of the frames of {self.ann_file}, such as {self._names[0]}')
        for joint, name in enumerate(skeleton.HUMAN36M):
            if name:
                found = part[rows[both], joint]
                self._points[both, skeleton.index(name)] = np.where(is_seen(found)[:, None], found, 0)

    def get_data_info(self, idx):
        """Return a frame's labels as MMPose's pipelines take them."""
        info = super().get_data_info(idx)
        row = info.pop('row')
        points, (x, y, side) = self._points[row], self._boxes[row]
        return dict(
            info, id=row, img_id=row, img_path=os.path.join(self.data_prefix.get('img') or '', self._names[row]),
            bbox=np.array([[x - side / 2, y - side / 2, x + side / 2, y + side / 2]], np.float32),
            bbox_score=np.ones(1, np.float32), keypoints=points[None, :, :2].copy(),
            keypoints_visible=np.minimum(points[None, :, 2], 1), category_id=np.array([1]),
            area=np.array([side * side], np.float32))
