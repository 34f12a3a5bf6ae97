from contextlib import contextmanager
from numbers import Integral
from threading import Event, Lock

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.evaluation.functional import nms
from mmpose.registry import INFERENCERS

from spinepose_mm import skeleton
from spinepose_mm.analysis import Measurer
from spinepose_mm.deployment.threads import one_torch_thread
from spinepose_mm.io.identity import described
from spinepose_mm.io.prefetch import prefetch
from spinepose_mm.models.heads.spinepose_head import SCORES, SpinePoseHead
from spinepose_mm.structures.frame import People, no_people
from spinepose_mm.tracking.one_euro import Smoother
from spinepose_mm.tracking.propagation import propagate_boxes
from spinepose_mm.tracking.subject import Subject
from spinepose_mm.tracking.tracker import PoseTracker

from .boxes import Boxes
from .errors import naming
from .streaming import Streaming


@INFERENCERS.register_module()
class SpinePoseInferencer(Streaming, Pose2DInferencer):
    """MMPose's 2D inferencer for models of the 37 keypoints: `MMPoseInferencer(pose2d='spinepose-m')` makes it.

    A frame without detections has no people. All people of a frame are one batch. In a video, `track_id` is the same
    for a person in all frames; in images it counts the people.

    A call takes these options, and MMPose's `bbox_thr`, `nms_thr` and those of its drawing.

    Keyword Args:
        bboxes: what `spinepose_mm.inference.boxes.Boxes` takes, in the place of the detector; [] is none, as MMPose's.
        subject: which of them are kept, see `spinepose_mm.tracking.subject.Subject`.
        smooth: whether keypoints of a video are smoothed over time.
        measure: whether results have the `measures` of the spine and the `view`, see `spinepose_mm.analysis`.
        flip_test: whether keypoints are the mean of those in an image and in its mirror image, which takes twice as
            long; as the config says where it is None.
        score: what a keypoint's score is made of, see `spinepose_mm.models.heads.SpinePoseHead`: 'min' or 'mean'; as
            the config says where it is None.
        v1_postprocess: whether the spine's inner points are averaged, see there; as the config says where it is None.
        detect_every: the detector runs on one of so many frames of a video. In the frames between, boxes are propagated
            from the frame before, and a person who enters is detected on the next frame that it runs on. Without a
            detector it has no effect.

    Attributes:
        named: the model and its weights as they were given, None where the weights are the model's own.
        overlaps: whether the detector runs on the next frame while the network runs on this one: on a GPU. On a CPU
            they take each other's cores, and together are slower than one after the other, however these are split.
    """

    preprocess_kwargs = {
        'bbox_thr',
        'nms_thr',
        'bboxes',
        'subject',
        'smooth',
        'measure',
        'flip_test',
        'score',
        'v1_postprocess',
        'detect_every',
    }
    visualize_kwargs = Pose2DInferencer.visualize_kwargs - {'draw_heatmap'}

    def __init__(self, model, *args, **kwargs):
        super().__init__(model, *args, **kwargs)
        self.identity = described([model, *args, *kwargs.items()])
        self.named = str(model), args[0] if args else kwargs.get('weights')
        if self.cfg.model.type == 'PoseLifter':
            raise ValueError(f'{model} is a lifter, where a model that predicts keypoints in images is expected')
        self.overlaps = self.model.data_preprocessor.device.type == 'cuda'
        count = self.model.dataset_meta['num_keypoints']
        if count != skeleton.NUM_KEYPOINTS:
            raise ValueError(
                f"{model} predicts {count} keypoints, where this package's models predict "
                f"{skeleton.NUM_KEYPOINTS}, such as 'spinepose-m'"
            )

    def follow(
        self,
        source,
        bboxes=None,
        bbox_thr=0.3,
        nms_thr=0.3,
        subject='all',
        smooth=False,
        measure=False,
        flip_test=None,
        score=None,
        v1_postprocess=None,
        detect_every=1,
        find=None,
    ):
        """Yield the Frames of a Source with their people.

        Args:
            find: function that returns the People of a Frame, such as `EstimateCache.find`.

        Raises:
            FileNotFoundError, ValueError: an option is out of its range.
        """
        if isinstance(bboxes, (list, tuple)) and not bboxes:
            bboxes = None
        if not isinstance(detect_every, Integral) or detect_every < 1 or bboxes is not None and detect_every > 1:
            raise ValueError(
                f'detect_every is a whole number of frames, 1 or more, and 1 where bboxes are given, not '
                f'{detect_every!r}'
            )
        for name, value in (('bbox_thr', bbox_thr), ('nms_thr', nms_thr)):
            if not 0 <= value <= 1:
                raise ValueError(f'{name} is a number from 0 to 1, not {value!r}')
        self._check_decoding(score, v1_postprocess)
        boxes = None if bboxes is None else Boxes(bboxes, len(source))
        rate, tracker, estimated = source.frame_rate or 1.0, None, no_people()
        smoother, measurer, computes, detecting = Smoother(), Measurer(), Event(), Lock()

        def detect(frame):
            with detecting, naming(*frame.place):
                return self.detect(frame.image, bbox_thr, nms_thr) if boxes is None else boxes.of(frame)

        def compute(frame):
            computes.set()
            if not is_due:
                where = propagate_boxes(estimated, frame.image.shape[1::-1])
            else:
                where = detect(frame) if detected is None else detected
            with naming(*frame.place):
                return self.find(frame.image, where, flip_test, score, v1_postprocess)

        every = detect_every if source.is_video and self.detector is not None else 1
        for frame, is_due, detected in self._detections(source, every, detect, computes):  # noqa: B007 (compute reads them)
            if tracker is None or not source.is_video:
                tracker, chosen = PoseTracker(rate), Subject(subject, rate)
            if boxes is not None:
                boxes.meet(frame)
            estimated = compute(frame) if find is None else find(frame, compute)
            people = tracker.update(estimated, frame.time if source.is_video else None)
            people = chosen.update(people, frame.image.shape[1::-1])
            if smooth and source.is_video:
                size = people.sizes.clip(1)
                people.keypoints = smoother.update(people.ids, people.keypoints, people.confidence, size, frame.time)
            frame.people = measurer.update(people) if measure else people
            yield frame
        if boxes is not None:
            boxes.tell_unused(source.path)

    def _detections(self, source, every, detect, computes):
        """Yield Frames, whether the detector is to run on them, and its detections, None where it did not run yet.

        Args:
            every: it is to run on one of so many frames.
            detect: function that returns the boxes of a Frame.
            computes: Event that is set once keypoints are predicted; as long as a cache has them, no boxes are needed.
        """
        overlaps = self.overlaps and source.prefetches and self.detector is not None

        def run():
            torch.get_num_threads()  # a thread keeps for good what torch has when it first asks, see one_torch_thread
            for count, frame in enumerate(source):
                is_due = count % every == 0
                yield frame, is_due, detect(frame) if overlaps and is_due and computes.is_set() else None

        return prefetch(run(), 1) if overlaps else run()

    def detect(self, image, bbox_thr=0.3, nms_thr=0.3):
        """Detect the people in an image: boxes x1, y1, x2, y2 and score, (P, 5); without a detector the whole image.

        Args:
            image: (H, W, 3), uint8, BGR.
            bbox_thr: score from which a box is taken.
            nms_thr: IoU from which two boxes are one.
        """
        if self.detector is None:
            return np.array([[0.0, 0, *image.shape[1::-1], 1]])
        detections = self.detector(image, return_datasamples=True)['predictions'][0].pred_instances.cpu().numpy()
        taken = np.isin(detections.labels, self.det_cat_ids) & (detections.scores > bbox_thr)
        boxes = np.concatenate([detections.bboxes, detections.scores[:, None]], axis=1)[taken]
        return boxes[nms(boxes, nms_thr)] if len(boxes) else boxes

    def _check_decoding(self, score, v1_postprocess):
        """Raise ValueError where the model's head cannot decode so."""
        if score not in (None, *SCORES):
            raise ValueError(f'score is out of {", ".join(SCORES)}, not {score!r}')
        if (score or v1_postprocess) and not isinstance(self.model.head, SpinePoseHead):
            raise ValueError(
                'score and v1_postprocess are for models with a SpinePoseHead, and the head of this one '
                f'is {type(self.model.head).__name__}'
            )

    @contextmanager
    def _decoding(self, flip_test, score, v1_postprocess):
        """Let the model run with other options than those of its config for a while; None leaves one as it is."""
        head = vars(self.model.head)
        changes = [
            (place, name, value)
            for place, name, value in (
                (self.model.test_cfg, 'flip_test', flip_test),
                (head, 'score', score),
                (head, 'v1_postprocess', v1_postprocess),
            )
            if value is not None
        ]
        stated = [place.get(name, False) for place, name, _ in changes]
        for place, name, value in changes:
            place[name] = value
        try:
            yield
        finally:
            for (place, name, _), value in zip(changes, stated):
                place[name] = value

    @torch.no_grad()
    def find(self, image, boxes, flip_test=None, score=None, v1_postprocess=None):
        """Predict the People in boxes of an image, by one run of the network.

        Args:
            image: (H, W, 3), uint8, BGR.
            boxes: x1, y1, x2, y2 in pixels, and optionally a score, (P, 4 or 5).
            flip_test, score, v1_postprocess: as in a call.
        """
        if not len(boxes):
            return no_people()
        boxes = np.asarray(boxes, np.float32)
        scores = boxes[:, 4] if boxes.shape[1] > 4 else np.ones(len(boxes), np.float32)
        meta = self.model.dataset_meta
        # Of each person, MMPose copies what is packed several times; a list number by number.
        meta = dict(meta, flip_indices=np.array(meta['flip_indices']))
        with one_torch_thread():
            batch = pseudo_collate(
                [
                    self.pipeline(dict(img=image, bbox=box[None, :4], bbox_score=score[None], **meta))
                    for box, score in zip(boxes, scores)
                ]
            )
        with self._decoding(flip_test, score, v1_postprocess):
            predictions = [sample.pred_instances for sample in self.model.test_step(batch)]
        # Only models of this package predict a confidence.
        confidence = [one.keypoint_confidence for one in predictions if 'keypoint_confidence' in one]
        return People(
            np.concatenate([one.keypoints for one in predictions]),
            np.concatenate([one.keypoint_scores for one in predictions]),
            boxes[:, :4],
            scores,
            confidence=np.concatenate(confidence) if confidence else None,
        )
