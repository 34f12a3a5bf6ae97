"""Inference in 3D: what `pose2d_inferencer` estimates, lifted to metres."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import mmcv
import numpy as np
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmpose.apis.inferencers import Pose3DInferencer
from mmpose.apis.inferencers.base_mmpose_inferencer import BaseMMPoseInferencer
from mmpose.registry import INFERENCERS
from mmpose.structures import PoseDataSample

from spinepose_mm import deprecated
from spinepose_mm.analysis import Measurer
from spinepose_mm.confidence import MIN_CONFIDENCE, MIN_SCORE
from spinepose_mm.io.sources import Source
from spinepose_mm.lifting.space import Space
from spinepose_mm.structures.frame import Frame
from spinepose_mm.visualization.drawing import draw_views
from spinepose_mm.zoo.models import find_config

from .lifter import Lifter, Lifting, make_space
from .options import LiftingOptions, PoseOptions
from .pose2d_inferencer import SpinePoseInferencer
from .stages import Cache
from .streaming import Streaming

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

    Options of a call are those of `spinepose_mm.inference.options.LiftingOptions` and those of MMPose's drawing. Calls
    at the same time, also from several threads, do not affect each other.

    Args:
        model: the lifter's alias or config, or its ONNX file, of the SIMSPINE authors' signature.
        weights: of the lifter, where they are not the alias's own.
        pose2d_model, pose2d_weights, det_model, det_weights, det_cat_ids: as for SpinePoseInferencer.
        device, scope, show_progress: as for MMPose's.

    Attributes:
        named: the lifter and its weights as they were given, None where the weights are the model's own.
        pose2d_model: SpinePoseInferencer.
        lifter: Lifter, the network with what prepares its input.
        identity: that of `pose2d_model`, whose predictions are cached.
    """

    model: Any
    preprocess_kwargs = LiftingOptions.names()
    visualize_kwargs = Pose3DInferencer.visualize_kwargs - {'draw_bbox', 'num_instances'}

    def __init__(
        self,
        model: Any,
        weights: str | None = None,
        pose2d_model: Any = None,
        pose2d_weights: str | None = None,
        device: str | None = None,
        scope: str = 'mmpose',
        det_model: Any = None,
        det_weights: str | None = None,
        det_cat_ids: int | tuple[int, ...] | None = None,
        show_progress: bool = False,
    ) -> None:
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
        self.identity = self.pose2d_model.identity
        seq_len = self.cfg.test_dataloader.dataset.get('seq_len', 1)
        self.lifter = Lifter(self.model, self.pipeline, self.collate_fn, seq_len, self._min_score)

    def follow(
        self,
        source: Source,
        options: PoseOptions | None = None,
        *,
        cache: Cache | None = None,
        space: Space | None = None,
        **changes: Any,
    ) -> Iterator[Frame]:
        """Yield the Frames of a Source with their people.

        Args:
            source: Source.
            options: LiftingOptions; the defaults where it is None.
            cache: keeps the people who are estimated in the image, such as an `EstimateCache`.
            space: the Space of an earlier pass over the video, whose scales and world are used again.
            **changes: options by name, in place of those of `options`.

        Raises:
            FileNotFoundError: there is no such calibration file.
            TypeError: there is no such option.
            ValueError: an option is out of its range, the camera is one of images of another shape, or a frame of a
                video has another size than the first.
        """
        old = {'find': changes.pop('find')} if 'find' in changes else {}
        chosen = LiftingOptions.of(options, **changes)
        lifting, measurer = Lifting(self.lifter, source, chosen, space), Measurer()
        in_image = self.pose2d_model.follow(source, replace(chosen, measure=False), cache=cache, **old)
        for frame in lifting.frames(in_image):
            if chosen.measure:
                frame.people = measurer.update(frame.people, _UP[chosen.coordinates])
            yield frame

    @staticmethod
    def space(size: tuple[int, int], options: PoseOptions | None = None, **changes: Any) -> Space:
        """Return the Space before a camera that takes images of `size`, (width, height).

        Args:
            size: (width, height) in pixels.
            options: LiftingOptions; the defaults where it is None.
            **changes: options by name, in place of those of `options`.

        Raises:
            FileNotFoundError, TypeError, ValueError: as `follow`.
        """
        return make_space(size, LiftingOptions.of(options, **changes))

    @property
    def _min_score(self) -> float:
        """Score under which a keypoint is left out of the lifter's input, as in training on detected keypoints."""
        return deprecated.setting(self.cfg.test_dataloader.dataset, 'least_score', 'min_score', MIN_SCORE)

    def forward(self, frame: Frame) -> list[PoseDataSample]:
        """Return the lifted people of a Frame as a list of one PoseDataSample."""
        assert frame.people.points is not None  # they are lifted
        placed = np.all(np.isfinite(frame.people.points), axis=(1, 2))
        return super().forward(replace(frame, people=frame.people[placed]))  # it may still be in the lifter's window

    def visualize(
        self,
        inputs: list[np.ndarray],
        preds: list[PoseDataSample],
        return_vis: bool = False,
        show: bool = False,
        wait_time: float = 0,
        radius: int = 3,
        thickness: int = 1,
        kpt_thr: float = MIN_CONFIDENCE,
        vis_out_dir: str = '',
        window_name: str = '',
    ) -> list[np.ndarray]:
        """Draw an image with its keypoints, beside the people from the side and from the front."""
        if not (return_vis or show or vis_out_dir):
            return []
        drawn = mmcv.bgr2rgb(
            draw_views(
                self._frame.image,
                self._frame.people,
                self._frame.coordinates or 'camera',
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
