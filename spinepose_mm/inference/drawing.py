"""Pictures of people in 3D: a frame with its keypoints, and the people from the side and from the front."""
import cv2
import numpy as np

from spinepose_mm import skeleton

_PAPER, _INK, _LINE = (255, 255, 255), (60, 60, 60), (225, 225, 225)
_GROUND = (170, 190, 200)
_LEAST_SPAN, _STEP = 2.5, .5  # metres that a view shows at least, and between its lines
_ENDS = np.array([[skeleton.index(name) for name in bone] for bone in skeleton.BONES])
_COLORS = [skeleton.bone_color(bone)[::-1] for bone in skeleton.BONES]


def draw_views(image, people, least_score=.3, radius=3, thickness=1):
    """Draw a frame with its keypoints, and beside it the first person's side and front, with the others.

    Args:
        image: (H, W, 3), uint8, BGR.
        people: result of SpinePose3DInferencer's `forward`, a PoseDataSample.
        least_score: under which a keypoint is not drawn in the frame.
        radius, thickness: of keypoints and bones, in pixels of a picture of 640 pixels.

    Returns:
        ndarray: (H, W + 2 H, 3), uint8, BGR.
    """
    found = people.pred_instances
    size = image.shape[0]
    scale = max(1., max(image.shape[:2]) / 640)
    frame = image.copy()
    if len(found.keypoints):
        for points, scores in zip(found.keypoints_2d, found.keypoint_scores):
            _draw_bones(frame, points, scores >= least_score, round(radius * scale), max(1, round(thickness * scale)))
    world = people.metainfo.get('coordinates') == 'world'
    points = found.keypoints if world else found.keypoints * [1, -1, -1]  # Y up
    views = [_draw_view(points, world, title, size) for title in ('side', 'front')]
    return np.concatenate([frame, *views], axis=1)


def _draw_view(points, ground, title, size):
    """Return a view of people, (P, 37, 3) with Y up, in a square of `size` pixels."""
    view = np.full((size, size, 3), _PAPER, np.uint8)
    scale = size / 480
    if len(points):
        across = _across(points[0])
        flat = np.stack([points @ (across if title == 'front' else np.cross([0, 1., 0], across)), points[..., 1]], -1)
        low, high = flat.min((0, 1)), flat.max((0, 1))
        if ground:
            low[1] = min(low[1], 0)
        span = max(_LEAST_SPAN, np.ceil((high - low).max() * 1.15 / _STEP) * _STEP)
        corner = np.array([(low[0] + high[0] - span) / 2, low[1] - .06 * span])

        def to_pixels(places):
            return (np.asarray(places) - corner) / span * [size, -size] + [0, size]

        for line in np.arange(np.ceil(corner.min() / _STEP) * _STEP, corner.max() + span, _STEP):
            x, y = to_pixels([line, line]).round().astype(int)
            cv2.line(view, (x, 0), (x, size), _LINE, 1)
            cv2.line(view, (0, y), (size, y), _LINE, 1)
        if ground:
            y = int(to_pixels([0, 0])[1])
            cv2.rectangle(view, (0, y), (size, size), _GROUND, -1)
        for person in flat:
            _draw_bones(view, to_pixels(person), np.ones(len(person), bool), max(1, round(2 * scale)),
                        max(1, round(2 * scale)))
    note = f'{title}, lines every {_STEP} m' + (', ground' if ground else '')
    cv2.putText(view, note, (round(8 * scale), round(20 * scale)), cv2.FONT_HERSHEY_SIMPLEX, .5 * scale, _INK,
                max(1, round(scale)), cv2.LINE_AA)
    return view


def _across(person):
    """Return the horizontal direction from a person's right to the left, a unit vector."""
    sides = [(person[skeleton.index(f'left_{name}')] - person[skeleton.index(f'right_{name}')])
             for name in ('hip', 'shoulder')]
    across = np.sum(sides, axis=0) * [1, 0, 1]
    length = np.linalg.norm(across)
    return across / length if length > 1e-6 else np.array([1., 0, 0])


def _draw_bones(canvas, points, seen, radius, thickness):
    whole = np.round(points).clip(-10**6, 10**6).astype(int)
    for (outer, inner), color in zip(_ENDS, _COLORS):
        if seen[outer] and seen[inner]:
            cv2.line(canvas, tuple(whole[outer].tolist()), tuple(whole[inner].tolist()), color, thickness, cv2.LINE_AA)
    for place, keypoint, shown in zip(whole, skeleton.KEYPOINTS, seen):
        if shown:
            cv2.circle(canvas, tuple(place.tolist()), radius, keypoint.color[::-1], -1, cv2.LINE_AA)
