"""Inference in images: detection, 2D keypoints, tracking, smoothing and measures."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.evaluation.functional import nms
from mmpose.registry import INFERENCERS

from spinepose_mm import deprecated, skeleton
from spinepose_mm.analysis import Measurer
from spinepose_mm.io.identity import described
from spinepose_mm.io.sources import Source
from spinepose_mm.models.heads.spinepose_head import SpinePoseHead
from spinepose_mm.structures.frame import Frame, People

from .boxes import Boxes
from .options import PoseOptions
from .prediction import predict_people
from .stages import Cache, Candidate, Detection, Estimation, Smoothing, Tracking
from .streaming import Streaming


@INFERENCERS.register_module()
class SpinePoseInferencer(Streaming, Pose2DInferencer):
    """MMPose's 2D inferencer for models of the 37 keypoints: `MMPoseInferencer(pose2d='spinepose-m')` makes it.

    A frame without detections has no people. All people of a frame are one batch. In a video, `track_id` is the same
    for a person in all frames; in images it counts the people. Options of a call are those of
    `spinepose_mm.inference.options.PoseOptions` and those of MMPose's drawing. Calls at the same time, also from
    several threads, do not affect each other.

    Args:
        model: name or alias of the zoo, or config.
        *args, **kwargs: those of MMPose's `Pose2DInferencer`.

    Attributes:
        named: the model and its weights as they were given, None where the weights are the model's own.
        identity: what distinguishes the model and its detector from others, a list of what JSON takes.
        overlaps: whether the detector runs on the next frame while the network runs on this one: on a GPU. On a CPU
            they take each other's cores, and together are slower than one after the other, however these are split.
    """

    preprocess_kwargs = PoseOptions.names()
    visualize_kwargs = Pose2DInferencer.visualize_kwargs - {'draw_heatmap'}

    def __init__(self, model: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, *args, **kwargs)
        self.identity = described([model, *args, *kwargs.items()])
        self.named = str(model), args[0] if args else kwargs.get('weights')
        if self.cfg.model.type == 'PoseLifter':
            raise ValueError(f'{model} is a lifter, where a model that predicts keypoints in images is expected')
        self.overlaps = self.model.data_preprocessor.device.type == 'cuda'
        self._detecting = Lock()  # MMDetection's inferencer takes one image at a time
        count = self.model.dataset_meta['num_keypoints']
        if count != skeleton.NUM_KEYPOINTS:
            raise ValueError(
                f"{model} predicts {count} keypoints, where this package's models predict "
                f"{skeleton.NUM_KEYPOINTS}, such as 'spinepose-m'"
            )

    def follow(
        self, source: Source, options: PoseOptions | None = None, *, cache: Cache | None = None, **changes: Any
    ) -> Iterator[Frame]:
        """Yield the Frames of a Source with their people.

        Args:
            source: Source.
            options: PoseOptions; the defaults where it is None.
            cache: keeps the estimated people, such as an `EstimateCache`.
            **changes: options by name, in place of those of `options`.

        Raises:
            FileNotFoundError, TypeError, ValueError: an option is unknown or out of its range.
        """
        find = deprecated.setting(changes, 'find', 'cache')  # an argument of release 0.1
        changes.pop('find', None)
        options = PoseOptions.of(options, **changes)
        self._check_head(options)
        detection = self._detection(source, options)
        estimate: Callable[[Candidate], People] = Estimation(partial(self._predict, options), detection, cache).people
        if find is not None:
            estimate = _found_by(find, estimate)
        tracking, smoothing, measurer = Tracking(source, options.subject), Smoothing(), Measurer()
        for candidate in detection.frames():
            frame = candidate.frame
            detection.estimated = people = estimate(candidate)
            people = tracking.people(frame, people)
            if options.smooth and source.is_video:
                people = smoothing.people(frame, people)
            frame.people = measurer.update(people) if options.measure else people
            yield frame

    def _detection(self, source: Source, options: PoseOptions) -> Detection:
        has_detector = self.detector is not None
        return Detection(
            source,
            lambda image: self.detect(image, options.bbox_thr, options.nms_thr),
            None if options.bboxes is None else Boxes(options.bboxes, len(source)),
            options.detect_every if source.is_video and has_detector else 1,
            self.overlaps and source.prefetches and has_detector,
        )

    def detect(
        self, image: np.ndarray, bbox_thr: float = PoseOptions.bbox_thr, nms_thr: float = PoseOptions.nms_thr
    ) -> np.ndarray:
        """Detect the people in an image: boxes x1, y1, x2, y2 and score, (P, 5); without a detector the whole image.

        Args:
            image: (H, W, 3), uint8, BGR.
            bbox_thr: score from which a box is taken.
            nms_thr: IoU from which two boxes are one.
        """
        if self.detector is None:
            return np.array([[0.0, 0, *image.shape[1::-1], 1]])
        with self._detecting:
            detections = self.detector(image, return_datasamples=True)['predictions'][0].pred_instances.cpu().numpy()
        taken = np.isin(detections.labels, self.det_cat_ids) & (detections.scores > bbox_thr)
        boxes = np.concatenate([detections.bboxes, detections.scores[:, None]], axis=1)[taken]
        return boxes[nms(boxes, nms_thr)] if len(boxes) else boxes

    def _check_head(self, options: PoseOptions) -> None:
        """Raise ValueError where the model's head cannot decode so."""
        if (options.score or options.v1_postprocess) and not isinstance(self.model.head, SpinePoseHead):
            raise ValueError(
                'score and v1_postprocess are for models with a SpinePoseHead, and the head of this one '
                f'is {type(self.model.head).__name__}'
            )

    def _predict(self, options: PoseOptions, image: np.ndarray, boxes: np.ndarray) -> People:
        return self.predict(image, boxes, options.flip_test, options.score, options.v1_postprocess)

    def predict(
        self,
        image: np.ndarray,
        boxes: np.ndarray,
        flip_test: bool | None = None,
        score: str | None = None,
        v1_postprocess: bool | None = None,
    ) -> People:
        """Predict the People in boxes of an image, by one run of the network.

        Args:
            image: (H, W, 3), uint8, BGR.
            boxes: x1, y1, x2, y2 in pixels, and optionally a score, (P, 4 or 5).
            flip_test, score, v1_postprocess: see PoseOptions.
        """
        return predict_people(
            self.model, self.pipeline, image, boxes, flip_test=flip_test, score=score, v1_postprocess=v1_postprocess
        )

    find = deprecated.attribute('find', 'predict')

    def update_model_visualizer_settings(self, skeleton_style: str = 'mmpose', **kwargs: Any) -> None:
        """Set the style of the drawing; MMPose also sets the `test_cfg` of the model, which all calls share."""
        if skeleton_style not in ('mmpose', 'openpose'):
            raise ValueError(f"skeleton_style is 'mmpose' or 'openpose', not {skeleton_style!r}")
        if skeleton_style == 'openpose':
            self.visualizer.set_dataset_meta(self.model.dataset_meta, skeleton_style)


def _found_by(
    find: Callable[[Frame, Callable[[Frame], People]], People], estimate: Callable[[Candidate], People]
) -> Callable[[Candidate], People]:
    """Return the estimate of people by `find(frame, compute)`."""

    def found(candidate: Candidate) -> People:
        return find(candidate.frame, lambda frame: estimate(replace(candidate, frame=frame)))

    return found
