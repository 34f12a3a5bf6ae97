import os
from collections import deque
from dataclasses import replace

import mmcv
import numpy as np
import torch
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmpose.apis.inferencers import Pose3DInferencer
from mmpose.apis.inferencers.base_mmpose_inferencer import BaseMMPoseInferencer
from mmpose.registry import INFERENCERS

from spinepose_mm import deprecated, skeleton
from spinepose_mm.analysis import Measurer
from spinepose_mm.confidence import MIN_CONFIDENCE, MIN_SCORE
from spinepose_mm.io.cameras import read_cameras
from spinepose_mm.io.reading import reading
from spinepose_mm.lifting.space import HEIGHT, Space
from spinepose_mm.lifting.world import WARM_UP
from spinepose_mm.structures.camera import FIELD_OF_VIEW, Camera
from spinepose_mm.tracking.one_euro import Smoother
from spinepose_mm.visualization.drawing import draw_views
from spinepose_mm.zoo.models import find_config

from .pose2d_inferencer import SpinePoseInferencer
from .streaming import Streaming

_MIN_VISIBLE = 6  # keypoints of a person who is lifted
_UP = {'camera': (0, -1, 0), 'world': (0, 1, 0)}  # of a camera, where it is level


@INFERENCERS.register_module()
class SpinePose3DInferencer(Streaming, BaseMMPoseInferencer):
    """MMPose's 3D inferencer for this package's lifters: people in metres, before the camera or in one world.

    `MMPoseInferencer(pose3d='spinepose-lifter', pose2d='spinepose-m')` makes it. Each person's result has `keypoints`
    (37, 3) in metres, their `coordinates` and `units`, `reprojection_error` in pixels, `track_id`,
    `keypoints_2d` (37, 2) in pixels, and `keypoint_errors` (37,) in metres where the lifter predicts them. Images are
    worlds of their own; in a video, the world is estimated from the first frames
    (`spinepose_mm.lifting.world.WorldFrame`), and results before have `settled` False. With a lifter of a
    window of frames, results come half a window later.

    Options of a call, beside SpinePoseInferencer's:
        coordinates: 'camera' (OpenCV's axes) or 'world' (Y up, on the ground).
        camera: `spinepose_mm.lifting.Camera`, or the path of a calibration file of one camera.
        field_of_view: diagonal, degrees, where no camera is given.
        height: of the people in metres, or {track id: metres}.
        warm_up: number of frames from which scales and the world are estimated.

    Args:
        model: the lifter's alias or config, or its ONNX file, of the SIMSPINE authors' signature.
        weights: of the lifter, where they are not the alias's own.
        pose2d_model, pose2d_weights, det_model, det_weights, det_cat_ids: as for SpinePoseInferencer.
        device, scope, show_progress: as for MMPose's.
    """

    preprocess_kwargs = SpinePoseInferencer.preprocess_kwargs | {
        'coordinates',
        'camera',
        'field_of_view',
        'height',
        'warm_up',
    }
    visualize_kwargs = Pose3DInferencer.visualize_kwargs - {'draw_bbox', 'num_instances'}

    def __init__(
        self,
        model,
        weights=None,
        pose2d_model=None,
        pose2d_weights=None,
        device=None,
        scope='mmpose',
        det_model=None,
        det_weights=None,
        det_cat_ids=None,
        show_progress=False,
    ):
        init_default_scope(scope)
        self.named = str(model), weights
        if str(model).endswith('.onnx') and weights is None:
            model, weights = find_config(model)
        super().__init__(model=model, weights=weights, device=device, scope=scope, show_progress=show_progress)
        if self.cfg.model.type != 'PoseLifter':
            raise ValueError(f'{model} is no lifter')
        self.model = revert_sync_batchnorm(self.model)
        self.pose2d_model = SpinePoseInferencer(
            pose2d_model or 'spinepose-m', pose2d_weights, device, scope, det_model, det_weights, det_cat_ids
        )
        self.identity = self.pose2d_model.identity  # of the model whose predictions are cached

    def follow(
        self,
        source,
        coordinates='camera',
        camera=None,
        field_of_view=FIELD_OF_VIEW,
        height=HEIGHT,
        warm_up=WARM_UP,
        smooth=False,
        measure=False,
        space=None,
        **options,
    ):
        """Yield the Frames of a Source with their people.

        Args:
            space: the Space of an earlier pass over the video, whose scales and world are used again.
            options: SpinePoseInferencer's.

        Raises:
            FileNotFoundError: there is no such calibration file.
            ValueError: an option is out of its range, the camera is one of images of another shape, or a frame of a
                video has another size than the first.
        """
        half = (self._seq_len - 1) // 2 if source.is_video else 0
        smoother, measurer, frames, size = Smoother(), Measurer(), deque(maxlen=2 * half + 1), None

        def finished(middle):
            nonlocal space, size
            frame, before = frames[middle], size
            size = frame.image.shape[1::-1]
            if before not in (None, size) and source.is_video:
                raise ValueError(
                    f'{frame.path}: frame {frame.index} has {size[0]}x{size[1]} pixels, where those '
                    f'before have {before[0]}x{before[1]}; one camera takes images of one size'
                )
            if space is None or not source.is_video:
                space = self.space(size, coordinates, camera, field_of_view, height, warm_up if source.is_video else 1)
            self._lift(frames, middle, space, smoother if smooth and source.is_video else None)
            if measure:
                frame.people = measurer.update(frame.people, _UP[coordinates])
            return frame

        for count, frame in enumerate(self.pose2d_model.follow(source, smooth=smooth, **options), 1):
            frames.append(frame)
            if count > half:
                yield finished(len(frames) - 1 - half)
        for middle in range(max(0, len(frames) - half), len(frames)):
            yield finished(middle)

    @staticmethod
    def space(size, coordinates='camera', camera=None, field_of_view=FIELD_OF_VIEW, height=HEIGHT, warm_up=WARM_UP):
        """Return the Space before a camera that takes images of `size`, (width, height); the rest as in a call."""
        given, camera = camera, _camera(camera)
        if camera is None:
            return Space(Camera.from_field_of_view(size, field_of_view), coordinates, height, warm_up)
        with reading('camera' if isinstance(given, Camera) else given, 'does not fit'):
            scaled = camera.for_size(size)
        return Space(scaled, coordinates, height, warm_up)

    @property
    def _seq_len(self):
        return self.cfg.test_dataloader.dataset.get('seq_len', 1)

    @property
    def _min_score(self):
        """Score under which a keypoint is left out of the lifter's input, as in training on detected keypoints."""
        return deprecated.setting(self.cfg.test_dataloader.dataset, 'least_score', 'min_score', MIN_SCORE)

    @torch.no_grad()
    def _lift(self, frames, middle, space, smoother):
        """Lift the people of the frame in the `middle` of some Frames into a Space."""
        frame = frames[middle]
        people, is_lifted = frame.people, (frame.people.scores >= self._min_score).sum(-1) >= _MIN_VISIBLE
        poses = np.full((len(people), skeleton.NUM_KEYPOINTS, 3), np.nan)
        errors = None
        if is_lifted.any():
            data = [self._window(frames, middle, person, space.camera) for person in people.ids[is_lifted]]
            lifted = [sample.pred_instances for sample in self.model.test_step(self.collate_fn(data))]
            poses[is_lifted] = np.concatenate([np.asarray(one.keypoints).reshape(1, -1, 3) for one in lifted])
            if 'keypoint_errors' in lifted[0]:
                errors = np.full(poses.shape[:2], np.nan)
                errors[is_lifted] = np.concatenate([np.asarray(one.keypoint_errors) for one in lifted])

        def smoothed(points):
            valid = np.isfinite(points).all(-1).astype(float)
            return smoother.update(people.ids, points, valid, space.heights(people.ids), frame.time)

        placed = space.update(people.ids, poses, people.keypoints, people.confidence, smoothed if smoother else None)
        people.points, people.reprojection_errors = placed.keypoints, placed.reprojection_error
        people.point_errors = None if errors is None else errors * placed.scale[:, None]
        frame.coordinates, frame.settled = space.coordinates, placed.settled

    def _window(self, frames, middle, person, camera):
        """Return the lifter's input of a person for one of some frames.

        Where a person is not in all frames of the lifter's window, the nearest frames with that person are repeated.
        """
        half, rays = self._seq_len // 2, {}
        for i, frame in enumerate(frames):
            for number in np.flatnonzero(frame.people.ids == person):
                rays[i] = _lifter_input(frame.people, number, camera, self._min_score)
        window = [
            rays[min(rays, key=lambda i: (abs(i - wanted), abs(i - middle)))]
            for wanted in range(middle - half, middle + half + 1)
        ]
        points, visible = (np.stack(values) for values in zip(*window))
        return self.pipeline(
            dict(
                keypoints=points,
                keypoints_visible=visible,
                unit=1.0,
                flip_indices=skeleton.FLIP_INDICES,
                lifting_target=np.zeros((1, skeleton.NUM_KEYPOINTS, 3), np.float32),
                lifting_target_visible=np.ones((1, skeleton.NUM_KEYPOINTS), np.float32),
            )
        )

    def forward(self, frame):
        """Return the lifted people of a Frame as a list of one PoseDataSample."""
        placed = np.isfinite(frame.people.points).all((1, 2))
        return super().forward(replace(frame, people=frame.people[placed]))  # it may still be in the lifter's window

    def visualize(
        self,
        inputs,
        preds,
        return_vis=False,
        show=False,
        wait_time=0,
        radius=3,
        thickness=1,
        kpt_thr=MIN_CONFIDENCE,
        vis_out_dir='',
        window_name='',
    ):
        """Draw an image with its keypoints, beside the people from the side and from the front."""
        if not (return_vis or show or vis_out_dir):
            return []
        drawn = mmcv.bgr2rgb(
            draw_views(
                self._frame.image,
                self._frame.people,
                self._frame.coordinates,
                kpt_thr,
                radius=radius,
                thickness=thickness,
            )
        )
        if show:
            self.pose2d_model.visualizer.show(drawn, window_name, 1e-5 if self._video_input else wait_time)
        if vis_out_dir:
            self.save_visualization(drawn, vis_out_dir, os.path.basename(self._frame.path))
        return [drawn] if return_vis else []


def _camera(given):
    """Return the given Camera, that of a file, or None.

    Raises:
        FileNotFoundError, ValueError: it is a file that is not there, or not of one camera.
    """
    if given is None or isinstance(given, Camera):
        return given
    cameras = read_cameras(given)
    if len(cameras) > 1:
        raise ValueError(
            f'{given} is of {len(cameras)} cameras; pass one of them as '
            f'camera=read_cameras(path)[i]: {", ".join(camera.name for camera in cameras)}'
        )
    return cameras[0]


def _lifter_input(people, number, camera, min_score):
    """Return one of the People's keypoints in normalised camera space, zero where not visible, and the mask."""
    visible = people.scores[number] >= min_score
    rays = np.where(visible[:, None], camera.rays(people.keypoints[number]), 0)
    return rays.astype(np.float32), visible.astype(np.float32)
