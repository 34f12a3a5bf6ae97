import os
from collections import deque

import cv2
import mmcv
import mmengine
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.apis import inference_topdown
from mmpose.apis.inferencers import Pose3DInferencer
from mmpose.registry import INFERENCERS
from mmpose.structures import PoseDataSample, merge_data_samples

from spinepose_mm import skeleton
from spinepose_mm.lifting.camera import Camera, read_cameras
from spinepose_mm.lifting.space import HEIGHT, LEAST_SCORE, Space

from .drawing import draw_views
from .ids import Ids

_LEAST_SEEN = 6  # keypoints of somebody who is lifted


@INFERENCERS.register_module()
class SpinePose3DInferencer(Pose3DInferencer):
    """MMPose's 3D inferencer for this package's lifters: people in metres, before the camera or in one world.

    `MMPoseInferencer(pose3d='spinepose-lifter', pose2d='spinepose-m')` makes it. Each person's result has `keypoints`
    (37, 3) in metres, `coordinates` and `units` that say what they are in, `reprojection_error` in pixels, `track_id`,
    `keypoints_2d` (37, 2) in pixels, and `keypoint_errors` (37,) in metres where the lifter predicts them. Pictures are
    worlds of their own; in a video, the world is found from the first frames
    (`spinepose_mm.lifting.world.WorldFrame`), and results before have `settled` False. Of a lifter with a window of frames, results come half a window later.

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

    def __init__(self, model, weights=None, pose2d_model=None, *args, **kwargs):
        super().__init__(model, weights, pose2d_model or 'spinepose-m', *args, **kwargs)
        found = self.pose2d_model.model.dataset_meta['num_keypoints']
        if found != skeleton.NUM_KEYPOINTS:
            raise ValueError(f'pose2d={pose2d_model!r} finds {found} keypoints, where the lifter takes '
                             f'{skeleton.NUM_KEYPOINTS}: name one of this package\'s, such as \'spinepose-m\'')

    def preprocess(self, inputs, batch_size=1, coordinates='camera', camera=None, field_of_view=84., height=HEIGHT,
                   warm_up=60, use_oks_tracking=False, tracking_thr=.3, bboxes=None, **kwargs):
        """Yield what `forward` takes of each input, with the input, in order.

        Raises:
            FileNotFoundError: there is no such calibration file.
            ValueError: an option is out of its range, a picture cannot be read, or the camera is one of pictures of
                another shape.
        """
        camera, space = _camera(camera), None
        ahead = (self._seq_len - 1) // 2 if self._video_input else 0
        frames = deque(maxlen=2 * ahead + 1)
        for index, image in enumerate(inputs):
            path, image = _read(image, index)
            if space is None or not self._video_input:
                size = image.shape[1::-1]
                seen_by = camera.for_size(size) if camera else Camera.from_field_of_view(size, field_of_view)
                space = Space(seen_by, coordinates, height, warm_up if self._video_input else 1)
                ids = Ids(use_oks_tracking, tracking_thr)
            if bboxes is not None and index >= len(bboxes):
                raise ValueError(f'bboxes are of {len(bboxes)} pictures, and there are more')
            people = ids.update(self._find_people(image, None if bboxes is None else bboxes[index], kwargs))
            frames.append((people, image, space, path))
            if index >= ahead:
                yield self._window(frames, len(frames) - 1 - ahead)
        for middle in range(max(0, len(frames) - ahead), len(frames)):
            yield self._window(frames, middle)

    @property
    def _seq_len(self):
        return self.cfg.test_dataloader.dataset.get('seq_len', 1)

    def _find_people(self, image, boxes, kwargs):
        """Return the people of a picture whose keypoints can be lifted, as a list of PoseDataSample."""
        if boxes is not None:
            found = inference_topdown(self.pose2d_model.model, image, np.asarray(boxes)) if len(boxes) else []
        else:
            found = next(self.pose2d_model(
                image, merge_results=False, return_datasamples=True, **kwargs))['predictions']
            # Where the detector finds nobody, MMPose takes the whole picture for a person.
            whole = np.array([[0, 0, *image.shape[1::-1]]])
            if self.pose2d_model.detector is not None and len(found) == 1 and np.array_equal(
                    found[0].pred_instances.bboxes, whole):
                found = []
        people = []
        for person in found:
            person.pred_instances = person.pred_instances.cpu().numpy()
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
            return [PoseDataSample(pred_instances=_nobody(), metainfo=dict(
                metainfo, settled=space.coordinates == 'camera' or space.world.settled))]
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

    def postprocess(self, preds, visualization, return_datasamples=False, return_datasample=None, pred_out_dir=''):
        """Return and write the results as MMPose's inferencers do, with this package's fields beside theirs."""
        dicts = [_to_dicts(sample) for sample in preds]
        for sample, people in zip(preds, dicts):
            if pred_out_dir and self._video_input:
                self.video_info['predictions'].append(people)
            elif pred_out_dir:
                name = os.path.splitext(os.path.basename(sample.metainfo['img_path']))[0]
                mmengine.dump(people, os.path.join(pred_out_dir, f'{name}.json'), indent='  ')
        wanted = preds if return_datasamples or return_datasample else dicts
        return dict(visualization=visualization, predictions=wanted)


def _read(image, index):
    """Return a picture's name and its pixels, (H, W, 3), uint8, BGR.

    Raises:
        ValueError: it cannot be read.
    """
    path = os.fspath(image) if isinstance(image, (str, os.PathLike)) else f'{index:08d}.jpg'
    pixels = image if isinstance(image, np.ndarray) else mmcv.imread(path)
    if pixels is None:
        raise ValueError(f'{path} cannot be read as a picture')
    if pixels.ndim == 2 or pixels.shape[2] != 3:
        one = pixels.ndim == 2 or pixels.shape[2] == 1
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR if one else cv2.COLOR_BGRA2BGR)
    return path, pixels


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


def _nobody():
    """Return instances with the fields of people and no people."""
    k = skeleton.NUM_KEYPOINTS
    shapes = dict(keypoints=(k, 3), keypoint_scores=(k, ), bboxes=(4, ), bbox_scores=(), keypoints_2d=(k, 2),
                  track_id=(), reprojection_error=())
    return InstanceData(**{name: np.zeros((0, *shape)) for name, shape in shapes.items()})
