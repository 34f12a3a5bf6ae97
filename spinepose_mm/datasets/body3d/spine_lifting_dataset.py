from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS

from spinepose_mm import deprecated, skeleton
from spinepose_mm.datasets.simspine.cameras import add_cameras, camera_rays, camera_space
from spinepose_mm.datasets.simspine.frames import parse_names, spread
from spinepose_mm.datasets.simspine.npz import is_valid, joint_keypoints, read_detections, read_npz, spine_lengths
from spinepose_mm.structures.simspine_layout import CAMERA_LAYOUT, SUBJECTS


@DATASETS.register_module()
class SpineLiftingDataset(BaseDataset):
    """SIMSPINE's frames for lifting: 37 keypoints in an image to the same in 3D, for MMPose's `PoseLifter`.

    The input are points of normalised camera space, (x - cx) / fx and (y - cy) / fy, zero for invisible keypoints.
    The target is camera space in spine lengths, that of the chain from C1 to S1 in this frame, since an image alone
    has no scale: `unit` is the spine's length in metres. It is also there in files of SIMSPINE's 15 markers alone.

    Frames whose spine is not labelled whole have no such length and are left out. Camera space is the file's `S`; in
    sequences where that is not `S_world` in their camera's axes, as in the released files, it is computed from that.
    Cameras are the file's, or are fitted to `S_world` and `part`: see `spinepose_mm.datasets.simspine.cameras`.

    Each item has `keypoints` (T, 37, 2), `keypoints_visible` (T, 37), `lifting_target` (1, 37, 3),
    `lifting_target_visible` (1, 37), `target_img_path` and `unit`, with a window of T frames around the target's.
    Beyond a sequence's ends, the window has its first or last frame again.

    Args:
        ann_file: `.npz` of SIMSPINE's layout, below `data_root`, with 3D in metres.
        detections: `.npz` of detected keypoints to take as the input, below `data_root`: `imgname` (N,) and `part`
            (N, 37, 3), x and y in pixels and a score; None to project the ground truth. Frames without are left out.
        seq_len: T, odd.
        min_score: score threshold under which a detected keypoint counts as not visible.
        fraction, subjects: as for `SimSpineDataset`.
        **kwargs: those of MMEngine's `BaseDataset`.

    Raises:
        FileNotFoundError: a file does not exist.
        ValueError: a file is not of that layout, a frame was not detected, or a setting is out of its range.
    """

    METAINFO = dict(skeleton.metainfo(), dataset_name='simspine')

    @deprecated.arguments(least_score='min_score')
    def __init__(
        self,
        ann_file: str,
        detections: str | None = None,
        seq_len: int = 1,
        min_score: float = 0.3,
        fraction: float = 1.0,
        subjects: Sequence[str] | None = SUBJECTS,
        data_root: str = '',
        **kwargs: Any,
    ) -> None:
        if seq_len < 1 or seq_len % 2 == 0:
            raise ValueError(f'SpineLiftingDataset: seq_len is odd, but {seq_len} was given')
        if not 0 < fraction <= 1:
            raise ValueError(f'SpineLiftingDataset: fraction is over 0 and up to 1, but {fraction} was given')
        self.detections = detections and str(Path(data_root or '', detections))
        self.seq_len, self.min_score, self.fraction, self.subjects = seq_len, min_score, fraction, subjects
        super().__init__(ann_file, data_root=data_root, **kwargs)

    @classmethod
    def _load_metainfo(cls, metainfo: dict[str, Any] | None = None) -> dict[str, Any]:
        return parse_pose_metainfo(metainfo or cls.METAINFO)

    def load_data_list(self) -> list[dict[str, Any]]:
        arrays, info = read_npz(self.ann_file, ('imgname', 'part', 'S', 'S_world'), optional=CAMERA_LAYOUT)
        columns = joint_keypoints(self.ann_file, info['joint_names'])
        names = arrays.pop('imgname').astype(str)
        kept = np.arange(len(names))
        if self.detections:
            kept, detected = read_detections(self.detections, names, self.ann_file)
            names, arrays = names[kept], {field: values[kept] for field, values in arrays.items()}
        sequences, frames = parse_names(self.ann_file, names, self.subjects)
        windows = _windows(sequences, frames, spread(sequences, frames, self.fraction), self.seq_len)
        # Only frames that are in a window stay in memory.
        rows, windows_of_rows = np.unique(windows, return_inverse=True)
        self._windows = windows_of_rows.reshape(windows.shape)
        self._ids, self._names, sequences = kept[rows], names[rows], sequences[rows]
        arrays = {field: values[rows].astype(np.float32) for field, values in arrays.items()}
        arrays = add_cameras(self.ann_file, arrays, sequences)
        place = camera_space(self.ann_file, arrays, sequences)
        valid = is_valid(place) & (place[..., 2] > 0)
        place = np.where(valid[..., None], place, 0)
        self._target = np.zeros((len(place), skeleton.NUM_KEYPOINTS, 4), np.float32)
        self._target[:, columns, :3] = place[..., :3]
        self._target[:, columns, 3] = valid
        self._input = np.zeros((len(place), skeleton.NUM_KEYPOINTS, 3), np.float32)
        if self.detections:
            self._add_detected(detected[rows], arrays)
        else:
            with np.errstate(divide='ignore', invalid='ignore'):
                self._input[:, columns, :2] = np.where(valid[..., None], place[..., :2] / place[..., 2:3], 0)
            self._input[:, columns, 2] = valid
        self._unit = spine_lengths(self.ann_file, 'S', self._target[..., :3], self._target[..., 3] > 0)
        valid = np.isfinite(self._unit[self._windows[:, self.seq_len // 2]])
        return [dict(window=int(i)) for i in np.flatnonzero(valid)]

    def _add_detected(self, part: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
        """Enter the detected keypoints of all frames in normalised camera space, and their mask."""
        visible = is_valid(part) & (part[..., 2] >= self.min_score)
        rays = camera_rays(part, arrays)
        self._input[..., :2] = np.where(visible[..., None], rays, 0)
        self._input[..., 2] = visible

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the window of frames around a target as MMPose's lifting pipelines take it."""
        info = super().get_data_info(idx)
        window = self._windows[info.pop('window')]
        row = window[self.seq_len // 2]
        points, target = self._input[window], self._target[row]
        return dict(
            info,
            id=int(self._ids[row]),
            category_id=1,
            flip_indices=self._metainfo['flip_indices'],
            keypoints=points[..., :2].copy(),
            keypoints_visible=points[..., 2].copy(),
            unit=float(self._unit[row]),
            lifting_target=target[None, :, :3] / self._unit[row],
            lifting_target_visible=target[None, :, 3].copy(),
            target_img_path=[self._names[row]],
            camera_param={},
        )  # MMPose's RandomFlipAroundRoot looks for that


def _windows(sequences: np.ndarray, frames: np.ndarray, rows: np.ndarray, length: int) -> np.ndarray:
    """Return the rows of the frames around some, (len(rows), length), without leaving their sequences."""
    order = np.lexsort((frames, sequences))
    at = np.argsort(order)[rows]
    _, first, count = np.unique(sequences[order], return_index=True, return_counts=True)
    sequence = np.searchsorted(first, at, side='right') - 1
    first, last = first[sequence, None], (first + count - 1)[sequence, None]
    return order[np.clip(at[:, None] + np.arange(length) - length // 2, first, last)]
