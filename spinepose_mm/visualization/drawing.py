"""Images of people: a frame with their keypoints, ids and measures, and people in 3D from the side and the front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spinepose_mm import deprecated, skeleton
from spinepose_mm.analysis import MEASURES, shows
from spinepose_mm.confidence import MIN_CONFIDENCE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from spinepose_mm.structures.frame import People

#: Colours of ids, (R, G, B), in turn: Okabe and Ito's, which colour-blind people tell apart.
ID_COLORS = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0), (240, 228, 66))
_PAPER, _INK, _LINE = (255, 255, 255), (60, 60, 60), (225, 225, 225)
_GROUND = (170, 190, 200)
_MIN_SPAN, _STEP = 2.5, 0.5  # metres that a view shows at least, and between its lines
_FULL_SIZE = 200  # pixels of a person, before the frame is scaled up, from which lines have their full thickness
_WRITTEN = ('trunk_inclination', 'trunk_lean')  # measures that are written beside a person, where the view shows them
_ENDS = np.array([[skeleton.index(name) for name in bone] for bone in skeleton.BONES])
_ON_SPINE = np.isin(np.arange(skeleton.NUM_KEYPOINTS), skeleton.SUBSETS['spine'])


def draw_people(
    image: np.ndarray,
    people: People,
    min_confidence: float = MIN_CONFIDENCE,
    spine_only: bool = False,
    radius: float = 3,
    thickness: float = 1,
) -> np.ndarray:
    """Draw people into a copy of an image: keypoints and bones, boxes and ids, and how far the trunk leans.

    Args:
        image: (H, W, 3), uint8, BGR.
        people: People.
        min_confidence: below which a keypoint is not drawn.
        spine_only: whether the spine's keypoints are drawn alone.
        radius, thickness: of keypoints and bones, in pixels of an image of 640 pixels; people who are small in
            the image get finer ones.

    Returns:
        ndarray: (H, W, 3), uint8, BGR.
    """
    drawn = image.copy()
    scale = _scale(image)
    wanted = _ON_SPINE if spine_only else np.ones_like(_ON_SPINE)
    for points, confidence, box in zip(people.keypoints, people.confidence, people.boxes):
        size = scale * np.clip((box[2:] - box[:2]).max() / scale / _FULL_SIZE, 0.35, 1)
        draw_bones(drawn, points, wanted & (confidence >= min_confidence), radius * size, thickness * size)
    for i in range(len(people)):
        _draw_label(drawn, people, i, scale)
    return drawn


def draw_views(
    image: np.ndarray,
    people: People,
    coordinates: str = 'camera',
    min_confidence: float = MIN_CONFIDENCE,
    spine_only: bool = False,
    radius: float = 3,
    thickness: float = 1,
) -> np.ndarray:
    """Draw a frame with its people, and beside it the first person's side and front, with the others.

    Args:
        image: (H, W, 3), uint8, BGR.
        people: People that were lifted.
        coordinates: what their points are in, 'camera' (OpenCV's axes) or 'world' (Y up, on the ground).
        min_confidence, spine_only, radius, thickness: as of `draw_people`; the views show all points.

    Returns:
        ndarray: (H, W + 2 H, 3), uint8, BGR.
    """
    size = image.shape[0]
    frame = draw_people(image, people, min_confidence, spine_only, radius, thickness)
    points = np.zeros((0, skeleton.NUM_KEYPOINTS, 3)) if people.points is None else upright(people.points, coordinates)
    points = points[np.isfinite(points).all((1, 2))]
    views = [_draw_view(points, coordinates == 'world', title, size, spine_only) for title in ('side', 'front')]
    return np.concatenate([frame, *views], axis=1)


@deprecated.arguments(seen='visible')
def draw_bones(canvas: np.ndarray, points: np.ndarray, visible: np.ndarray, radius: float, thickness: float) -> None:
    """Draw one person's keypoints and bones into an image; the spine's are twice as thick, on a white edge.

    Args:
        canvas: (H, W, 3), uint8, BGR.
        points: pixels, (37, 2).
        visible: which of them to draw, (37,).
        radius, thickness: in pixels.
    """
    visible = visible & np.isfinite(points).all(-1)
    whole = np.nan_to_num(points).round().clip(-(10**6), 10**6).astype(int).tolist()
    radius, thickness = max(1, round(radius)), max(1, round(thickness))
    bones = [
        (bone, outer, inner) for bone, (outer, inner) in zip(skeleton.BONES, _ENDS) if visible[outer] and visible[inner]
    ]
    spine = [(outer, inner) for _, outer, inner in bones if _ON_SPINE[outer] and _ON_SPINE[inner]]
    for bone, outer, inner in bones:
        cv2.line(canvas, whole[outer], whole[inner], skeleton.bone_color(bone)[::-1], thickness, cv2.LINE_AA)
    for edge, color in ((thickness, _PAPER), (0, skeleton.KEYPOINTS[skeleton.ROOT].color[::-1])):
        for outer, inner in spine:
            cv2.line(canvas, whole[outer], whole[inner], color, 2 * (thickness + edge), cv2.LINE_AA)
        for i in skeleton.SUBSETS['spine']:
            if visible[i]:
                cv2.circle(canvas, whole[i], radius + edge, color, -1, cv2.LINE_AA)
    for place, keypoint, shown in zip(whole, skeleton.KEYPOINTS, visible):
        if shown and not keypoint.level:
            cv2.circle(canvas, place, radius, keypoint.color[::-1], -1, cv2.LINE_AA)


def upright(points: np.ndarray, coordinates: str) -> np.ndarray:
    """Return points, (..., 3), with Y up: those of 'camera' turned, those of 'world' as they are."""
    return points if coordinates == 'world' else points * [1, -1, -1]


def across(person: np.ndarray) -> np.ndarray:
    """Return the horizontal direction from a person's right to the left, a unit vector; `person` is (37, 3), Y up."""
    sides = [
        (person[skeleton.index(f'left_{name}')] - person[skeleton.index(f'right_{name}')])
        for name in ('hip', 'shoulder')
    ]
    direction = np.sum(sides, axis=0) * [1, 0, 1]
    length = np.linalg.norm(direction)
    return direction / length if length > 1e-6 else np.array([1.0, 0, 0])


def _scale(image: np.ndarray) -> float:
    return max(1.0, max(image.shape[:2]) / 640)


def _draw_label(canvas: np.ndarray, people: People, i: int, scale: float) -> None:
    """Draw a person's box, and over it the id and how far the trunk leans."""
    x, y, right, bottom = np.nan_to_num(people.boxes[i]).round().clip(-(10**6), 10**6).astype(int).tolist()
    rows = [
        f'{MEASURES[name].title} {people.measures[name][i]:.0f} {MEASURES[name].unit}'
        for name in _WRITTEN
        if np.isfinite(people.measures.get(name, {i: np.nan})[i])
        and (people.views is None or shows(people.views[i], MEASURES[name].plane))
    ]
    color = _INK
    if people.ids is not None:
        rows, color = [f'id {people.ids[i]}', *rows], ID_COLORS[people.ids[i] % len(ID_COLORS)][::-1]
    cv2.rectangle(canvas, (x, y), (right, bottom), color, max(1, round(scale)))
    height = round(15 * scale)
    top = max(0, y - height * len(rows))
    for row, text in enumerate(rows):
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.42 * scale, max(1, round(scale)))
        left = max(0, min(x, canvas.shape[1] - width - round(6 * scale)))
        low = top + (row + 1) * height
        background = color if text.startswith('id ') else _INK
        cv2.rectangle(canvas, (left, low - height), (left + width + round(6 * scale), low), background, -1)
        dark = np.dot(background, (0.114, 0.587, 0.299)) < 140  # ITU-R BT.601's luma, of BGR
        cv2.putText(
            canvas,
            text,
            (left + round(3 * scale), low - round(4 * scale)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.42 * scale,
            _PAPER if dark else (0, 0, 0),
            max(1, round(scale)),
            cv2.LINE_AA,
        )


def _draw_view(points: np.ndarray, ground: bool, title: str, size: int, spine_only: bool) -> np.ndarray:
    """Return a view of people, (P, 37, 3) with Y up, in a square of `size` pixels."""
    view = np.full((size, size, 3), _PAPER, np.uint8)
    scale = size / 480
    if len(points):
        left = across(points[0])
        flat = np.stack([points @ (left if title == 'front' else np.cross([0, 1.0, 0], left)), points[..., 1]], -1)
        low, high = flat.min((0, 1)), flat.max((0, 1))
        if ground:
            low[1] = min(low[1], 0)
        span = max(_MIN_SPAN, np.ceil((high - low).max() * 1.15 / _STEP) * _STEP)
        corner = np.array([(low[0] + high[0] - span) / 2, low[1] - 0.06 * span])

        def to_pixels(places: ArrayLike) -> np.ndarray:
            return (np.asarray(places) - corner) / span * [size, -size] + [0, size]

        for line in np.arange(np.ceil(corner.min() / _STEP) * _STEP, corner.max() + span, _STEP):
            x, y = to_pixels([line, line]).round().astype(int)
            cv2.line(view, (x, 0), (x, size), _LINE, 1)
            cv2.line(view, (0, y), (size, y), _LINE, 1)
        if ground:
            y = int(to_pixels([0, 0])[1])
            cv2.rectangle(view, (0, y), (size, size), _GROUND, -1)
        for person in flat:
            draw_bones(view, to_pixels(person), _ON_SPINE | (not spine_only), 2 * scale, 1.5 * scale)
    note = f'{title}, lines every {_STEP} m' + (', ground' if ground else '')
    cv2.putText(
        view,
        note,
        (round(8 * scale), round(20 * scale)),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.5 * scale,
        _INK,
        max(1, round(scale)),
        cv2.LINE_AA,
    )
    return view
