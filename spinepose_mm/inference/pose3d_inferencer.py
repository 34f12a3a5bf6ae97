import os
from collections import deque

import mmcv
import mmengine
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.apis import _track_by_iou, _track_by_oks
from mmpose.apis.inferencers import Pose3DInferencer
from mmpose.registry import INFERENCERS
from mmpose.structures import PoseDataSample, merge_data_samples

from spinepose_mm import skeleton
from spinepose_mm.lifting.camera import Camera, read_cameras
from spinepose_mm.lifting.space import HEIGHT, LEAST_SCORE, Space

from .drawing import draw_views

_LEAST_SEEN = 6  # keypoints of somebody who is lifted


@INFERENCERS.register_module()
class SpinePose3DInferencer(Pose3DInferencer):
    """MMPose's 3D inferencer for this package's lifters: people in metres, before the camera or in one world.

    `MMPoseInferencer(pose3d='spinepose-lifter', pose2d='spinepose-m')` makes it. Each person's result has `keypoints`
    (37, 3) in metres, `coordinates` and `units` that say what they are in, `reprojection_error` in pixels, `track_id`,
    `keypoints_2d` (37, 2) in pixels, and `keypoint_errors` (37,) in metres where the lifter predicts them. Pictures are
    worlds of their own; in a video, the world is found from the first frames (`spinepose_mm.lifting.WorldFrame`), and
    results before have `settled` False. Of a lifter with a window of frames, results come half a window later.

    Options of a call, beside MMPose's `bbox_thr`, `nms_thr`, `bboxes`, `use_oks_tracking` and `tracking_thr`:
        coordinates: 'camera' (OpenCV's axes) or 'world' (Y up, on the ground).
        camera: `spinepose_mm.lifting.Camera`, or the path of a calibration file of one camera.
        field_of_view: diagonal, degrees, where no camera is given.
        height: of the people in metres, or {track id: metres}.
        warm_up: frames that scales and world are found from.
    """

    space_kwargs = {'coordinates', 'camera', 'field_of_view', 'height', 'warm_up'}
    preprocess_kwargs = {'bbox_thr', 'nms_thr', 'bboxes', 'use_oks_tracking', 'tracking_thr', *space_kwargs}
    forward_kwargs = set()

    def preprocess(self, inputs, batch_size=1, coordinates='camera', camera=None, field_of_view=84., height=HEIGHT,
                   warm_up=60, use_oks_tracking=False, tracking_thr=.3, bboxes=None, **kwargs):
        """Yield what `forward` takes of each input, with the input, in order.

        Raises:
            FileNotFoundError: there is no such calibration file.
            ValueError: an option is out of its range, or the camera is one of pictures of another shape.
        """
        camera, space, last, next_id = _camera(camera), None, [], 0
        track = _track_by_oks if use_oks_tracking else _track_by_iou
        ahead = (self._seq_len - 1) // 2 if self._video_input else 0
        frames = deque(maxlen=2 * ahead + 1)
        for index, image in enumerate(inputs):
            path = image if isinstance(image, str) else f'{index:08d}.jpg'
            image = mmcv.imread(image)
            if space is None or not self._video_input:
                size = image.shape[1::-1]
                seen_by = camera.for_size(size) if camera else Camera.from_field_of_view(size, field_of_view)
                space = Space(seen_by, coordinates, height, warm_up if self._video_input else 1)
                last, next_id = [], 0
            people = self._find_people(image, bboxes=[bboxes[index]] if bboxes else None, **kwargs)
            for person in people:
                person.track_id = track(person, last, tracking_thr)[0]
                if person.track_id < 0:
                    person.track_id, next_id = next_id, next_id + 1
            last = list(people)
            frames.append((people, image, space, path))
            if index >= ahead:
                yield self._window(frames, len(frames) - 1 - ahead)
        for middle in range(max(0, len(frames) - ahead), len(frames)):
            yield self._window(frames, middle)

    @property
    def _seq_len(self):
        return self.cfg.test_dataloader.dataset.get('seq_len', 1)

    def _find_people(self, image, **kwargs):
        """Return the people of a picture whose keypoints can be lifted, as a list of PoseDataSample."""
        found = next(self.pose2d_model(image, merge_results=False, return_datasamples=True, **kwargs))['predictions']
        people = []
        for person in found:
            person.pred_instances = person.pred_instances.cpu().numpy()
            boxes = person.pred_instances.bboxes
            person.pred_instances.areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
            if (person.pred_instances.keypoint_scores >= LEAST_SCORE).sum() >= _LEAST_SEEN:
                people.append(person)
        return people

    def _window(self, frames, middle):
        """Return what `forward` takes for one of some frames, and a list of its picture.

        Where a person is not in all frames of the lifter's window, the nearest frames with that person stand in.
        """
        people, image, space, path = frames[middle]
        half, data = self._seq_len // 2, []
        for person in people:
            rays = {}
            for i, (others, *_) in enumerate(frames):
                for other in others:
                    if other.track_id == person.track_id:
                        rays[i] = _lifter_input(other, space.camera)
            window = [rays[min(rays, key=lambda i: (abs(i - wanted), abs(i - middle)))]
                      for wanted in range(middle - half, middle + half + 1)]
            points, seen = (np.stack(values) for values in zip(*window))
            data.append(self.pipeline(dict(
                keypoints=points, keypoints_visible=seen, unit=1., flip_indices=skeleton.FLIP_INDICES,
                lifting_target=np.zeros((1, skeleton.NUM_KEYPOINTS, 3), np.float32),
                lifting_target_visible=np.ones((1, skeleton.NUM_KEYPOINTS), np.float32))))
        return (people, space, data, path), [image]

    @torch.no_grad()
    def forward(self, inputs):
        """Return the people of a frame as a list of one PoseDataSample."""
        people, space, data, path = inputs
        metainfo = dict(img_path=path, coordinates=space.coordinates, units='m')
        if not people:
            return [PoseDataSample(pred_instances=_no_people(), metainfo=metainfo)]
        flat = merge_data_samples(people).pred_instances
        ids = [person.track_id for person in people]
        lifted = [sample.pred_instances for sample in self.model.test_step(self.collate_fn(data))]
        poses = np.concatenate([np.asarray(found.keypoints).reshape(1, -1, 3) for found in lifted])
        placed = space.update(ids, poses, flat.keypoints, flat.keypoint_scores)
        fields = dict(
            keypoints=placed.keypoints.astype(np.float32), keypoint_scores=flat.keypoint_scores, bboxes=flat.bboxes,
            bbox_scores=flat.bbox_scores, keypoints_2d=flat.keypoints, track_id=np.array(ids),
            reprojection_error=placed.reprojection_error)
        if 'keypoint_errors' in lifted[0]:
            errors = np.concatenate([np.asarray(found.keypoint_errors) for found in lifted])
            fields['keypoint_errors'] = errors * placed.scale[:, None]
        sample = PoseDataSample(pred_instances=InstanceData(**fields), metainfo=dict(metainfo, settled=placed.settled))
        sample.pred_instances = sample.pred_instances[np.isfinite(placed.keypoints).all((1, 2))]
        return [sample]

    def visualize(self, inputs, preds, return_vis=False, show=False, wait_time=0, radius=3, thickness=1,
                  kpt_thr=LEAST_SCORE, vis_out_dir='', window_name='', **kwargs):
        """Draw each picture with its keypoints, beside the people from the side and from the front.

        MMPose's `draw_bbox` and `num_instances` have no effect.
        """
        if not (return_vis or show or vis_out_dir):
            return []
        drawn = []
        for image, sample in zip(inputs, preds):
            picture = draw_views(image, sample, kpt_thr, radius, thickness)
            drawn.append(mmcv.bgr2rgb(picture))
            if show:
                self.pose2d_model.visualizer.show(drawn[-1], window_name, 1e-5 if self._video_input else wait_time)
            if vis_out_dir:
                self.save_visualization(drawn[-1], vis_out_dir, os.path.basename(sample.metainfo.get('img_path', '')))
        return drawn if return_vis else []

    def postprocess(self, preds, visualization, return_datasamples=False, pred_out_dir='', **kwargs):
        """Return the results as MMPose's inferencers do, with this package's fields beside theirs."""
        if return_datasamples:
            return super().postprocess(preds, visualization, return_datasamples=True)
        results = dict(visualization=visualization, predictions=[_to_dicts(sample) for sample in preds])
        for sample, people in zip(preds, results['predictions']):
            if pred_out_dir and self._video_input:
                self.video_info['predictions'].append(people)
            elif pred_out_dir:
                name = os.path.splitext(os.path.basename(sample.metainfo['img_path']))[0]
                mmengine.dump(people, os.path.join(pred_out_dir, f'{name}.json'), indent='  ')
        return results


def _camera(given):
    """Return the Camera that is meant, or None.

    Raises:
        FileNotFoundError, ValueError: it is a file that is not there, or not of one camera.
    """
    if given is None or isinstance(given, Camera):
        return given
    cameras = read_cameras(given)
    if len(cameras) > 1:
        raise ValueError(f'{given} is of {len(cameras)} cameras; pass one of them as '
                         f'camera=read_cameras(path)[i]: {", ".join(camera.name for camera in cameras)}')
    return cameras[0]


def _lifter_input(person, camera):
    """Return a person's keypoints in normalised camera space, zero where they are not seen, and which are."""
    found = person.pred_instances
    seen = found.keypoint_scores[0] >= LEAST_SCORE
    return (np.where(seen[:, None], camera.rays(found.keypoints[0]), 0).astype(np.float32), seen.astype(np.float32))


def _to_dicts(sample):
    """Return a list of a dict for each person, of what JSON takes."""
    people = sample.pred_instances
    common = {key: sample.metainfo[key] for key in ('coordinates', 'units', 'settled') if key in sample.metainfo}
    names = dict(bboxes='bbox', bbox_scores='bbox_score')
    return [{**{names.get(key, key): np.asarray(value[i]).tolist() for key, value in people.items()}, **common}
            for i in range(len(people.keypoints))]


def _no_people():
    return InstanceData(keypoints=np.zeros((0, skeleton.NUM_KEYPOINTS, 3)),
                        keypoint_scores=np.zeros((0, skeleton.NUM_KEYPOINTS)))
