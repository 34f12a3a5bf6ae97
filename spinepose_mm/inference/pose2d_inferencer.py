import numpy as np
from mmengine.dataset import pseudo_collate
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.evaluation.functional import nms
from mmpose.registry import INFERENCERS
from mmpose.structures import merge_data_samples

from spinepose_mm import skeleton
from spinepose_mm.analysis import Measurer

from .boxes import Boxes
from .ids import Ids
from .journal import described
from .people import People, nobody
from .smoothing import Smoother
from .streaming import Streaming
from .subject import Subject


@INFERENCERS.register_module()
class SpinePoseInferencer(Streaming, Pose2DInferencer):
    """MMPose's 2D inferencer for models of the 37 keypoints: `MMPoseInferencer(pose2d='spinepose-m')` makes it.

    Where nobody is found, there is nobody. All people of a frame are one batch. In a film, `track_id` is the same for a
    person in all frames, and of pictures counts the people.

    Options of a call, beside MMPose's `bbox_thr` and `nms_thr` and those of its drawing:
        bboxes: what `spinepose_mm.inference.boxes.Boxes` takes, in the place of the detector.
        subject: who of them, see `spinepose_mm.inference.subject.Subject`.
        smooth: whether keypoints of a film are smoothed over time.
        measure: whether results have the `measures` of the spine and the `view`, see `spinepose_mm.analysis`.
    """

    preprocess_kwargs = {'bbox_thr', 'nms_thr', 'bboxes', 'subject', 'smooth', 'measure'}
    visualize_kwargs = Pose2DInferencer.visualize_kwargs - {'draw_heatmap'}

    def __init__(self, model, *args, **kwargs):
        super().__init__(model, *args, **kwargs)
        self.identity = described([model, *args, *kwargs.items()])
        if self.cfg.model.type == 'PoseLifter':
            raise ValueError(f'{model} is a lifter, where a model that finds keypoints in pictures is expected')
        found = self.model.dataset_meta['num_keypoints']
        if found != skeleton.NUM_KEYPOINTS:
            raise ValueError(f'{model} finds {found} keypoints, where this package\'s models find '
                             f'{skeleton.NUM_KEYPOINTS}, such as \'spinepose-m\'')

    def follow(self, source, bboxes=None, bbox_thr=.3, nms_thr=.3, subject='all', smooth=False, measure=False,
               find=None):
        """Yield the Frames of a Source with their people.

        Args:
            find: what gives the People of a Frame, `spinepose_mm.inference.journal.Journal.find` for one.

        Raises:
            FileNotFoundError, ValueError: an option is out of its range.
        """
        boxes = None if bboxes is None else Boxes(bboxes)
        rate, ids = source.frame_rate or 1., None
        smoother, measurer = Smoother(), Measurer()

        def compute(frame):
            return self.find(frame.image, self.detect(frame.image, bbox_thr, nms_thr) if boxes is None
                             else boxes.of(frame))
        for frame in source:
            if ids is None or not source.is_film:
                ids, chosen = Ids(rate), Subject(subject, rate)
            people = compute(frame) if find is None else find(frame, compute)
            people = chosen.update(ids.update(people, frame.time if source.is_film else None), frame.image.shape[1::-1])
            if smooth and source.is_film:
                size = np.linalg.norm(people.boxes[:, 2:] - people.boxes[:, :2], axis=-1).clip(1)
                people.keypoints = smoother.update(people.ids, people.keypoints, people.scores, size, frame.time)
            frame.people = measurer.update(people) if measure else people
            yield frame

    def detect(self, image, bbox_thr=.3, nms_thr=.3):
        """Return the boxes of the people in a picture, x1, y1, x2, y2 and score, (P, 5); the whole of it without a
        detector.

        Args:
            image: (H, W, 3), uint8, BGR.
            bbox_thr: score from which a box is taken.
            nms_thr: IoU from which two boxes are one.
        """
        if self.detector is None:
            return np.array([[0., 0, *image.shape[1::-1], 1]])
        found = self.detector(image, return_datasamples=True)['predictions'][0].pred_instances.cpu().numpy()
        taken = np.isin(found.labels, self.det_cat_ids) & (found.scores > bbox_thr)
        boxes = np.concatenate([found.bboxes, found.scores[:, None]], axis=1)[taken]
        return boxes[nms(boxes, nms_thr)] if len(boxes) else boxes

    def find(self, image, boxes):
        """Return the People in boxes of a picture, by one run of the network.

        Args:
            image: (H, W, 3), uint8, BGR.
            boxes: x1, y1, x2, y2 in pixels, and score where it is known, (P, 4 or 5).
        """
        if not len(boxes):
            return nobody()
        boxes = np.asarray(boxes, np.float32)
        scores = boxes[:, 4] if boxes.shape[1] > 4 else np.ones(len(boxes), np.float32)
        batch = pseudo_collate([
            self.pipeline(dict(img=image, bbox=box[None, :4], bbox_score=score[None], **self.model.dataset_meta))
            for box, score in zip(boxes, scores)])
        found = merge_data_samples(self.model.test_step(batch)).pred_instances.cpu().numpy()
        return People(found.keypoints, found.keypoint_scores, boxes[:, :4], scores)
