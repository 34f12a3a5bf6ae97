"""Flat figures with a curved spine, drawn with OpenCV and labelled with all 37 keypoints.

They are no people: they make a data set of SpineTrack's form in seconds, to try on it that training, evaluation and
inference work.
"""
import json
import os
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from spinepose_mm import skeleton

# Lengths as parts of the body height, rounded from the segment lengths of Drillis and Contini (1966).
TRUNK, HEAD, UPPER_ARM, FOREARM, THIGH, SHANK, FOOT = .34, .12, .186, .146, .245, .246, .12
# How far up the curve from S1 to C1 each level of the spine lies.
HEIGHTS = {'S1': 0., 'L5': .08, 'L3': .2, 'L1': .32, 'T8': .55, 'T3': .74, 'C7': .84, 'C4': .93, 'C1': 1.}


def make_data_set(root, split, images, seed, size=(320, 240)):
    """Write pictures with one figure each, and their labels in SpineTrack's layout.

    Args:
        root: folder of the data set; `images/{split}/` and `annotations/person_keypoints_{split}.json` come into it.
        split: name of the split.
        images: how many.
        seed: the same seed gives the same pictures and labels.
        size: (width, height) of a picture in pixels.

    Returns:
        pathlib.Path: the annotation file. It is written last, so that where it is the pictures are whole.
    """
    root = Path(root)
    folder, ann_file = root / 'images' / split, root / 'annotations' / f'person_keypoints_{split}.json'
    folder.mkdir(parents=True, exist_ok=True)
    ann_file.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    records, people = [], []
    for i in tqdm(range(images), desc=f'figures ({split})', disable=None):
        picture, person = draw(rng, size)
        name = f'{i:06d}.jpg'
        if not cv2.imwrite(str(folder / name), picture):
            raise OSError(f'{folder / name} could not be written')
        records.append(dict(id=i, file_name=name, width=size[0], height=size[1]))
        people.append(dict(id=i, image_id=i, category_id=1, iscrowd=0, **person))
    labels = dict(images=records, annotations=people,
                  categories=[dict(id=1, name='person', keypoints=list(skeleton.NAMES), skeleton=[
                      [skeleton.index(a) + 1, skeleton.index(b) + 1] for a, b in skeleton.BONES])])
    partial = ann_file.with_suffix('.part')
    partial.write_text(json.dumps(labels))
    os.replace(partial, ann_file)
    return ann_file


def draw(rng, size):
    """Draw one figure in front of a random background.

    Args:
        rng: NumPy random generator.
        size: (width, height) of the picture in pixels.

    Returns:
        tuple: the picture in shape (H, W, 3), uint8, BGR; and the person's `keypoints` (37 x (x, y, v), flat), `bbox`
        (x, y, w, h) and `area` in pixels.
    """
    w, h = size
    points = {name: np.array(point) for name, point in pose(rng).items()}
    low, high = np.min(list(points.values()), axis=0), np.max(list(points.values()), axis=0)
    scale = rng.uniform(.6, .9) * min(w / (high - low)[0], h / (high - low)[1])
    room = np.array(size) - scale * (high - low)
    shift = room * rng.uniform(.1, .9, 2) - scale * low
    points = {name: point * scale + shift for name, point in points.items()}

    picture = background(rng, size)
    mask = np.zeros((h, w), np.uint8)
    paint(picture, mask, points, scale, rng)
    hidden = np.zeros((h, w), np.uint8)
    if rng.random() < .3:  # something in front
        a = (rng.uniform(0, .8, 2) * size).astype(int)
        b = a + (rng.uniform(.1, .3, 2) * size).astype(int)
        color = rng.integers(0, 255, 3).tolist()
        cv2.rectangle(picture, a.tolist(), b.tolist(), color, -1)
        cv2.rectangle(hidden, a.tolist(), b.tolist(), 255, -1)
    noise = rng.normal(0, rng.uniform(0, 8), picture.shape)
    picture = np.clip(picture + noise, 0, 255).astype(np.uint8)

    keypoints = np.zeros((skeleton.NUM_KEYPOINTS, 3))
    for i, name in enumerate(skeleton.NAMES):
        x, y = points[name]
        if 0 <= x < w and 0 <= y < h:
            keypoints[i] = x, y, 1 if hidden[int(y), int(x)] else 2
    return picture, dict(keypoints=keypoints.ravel().round(2).tolist(), bbox=list(cv2.boundingRect(mask)),
                         area=int(np.count_nonzero(mask)),
                         num_keypoints=int(np.count_nonzero(keypoints[:, 2])))


def pose(rng):
    """Return {keypoint name: (x, y)} of a random figure seen from the front, in body heights, y pointing down."""
    lean, bend, width = rng.normal(0, .35), rng.normal(0, .7), rng.uniform(.55, 1.)
    steps = np.linspace(0, 1, 101)
    angles = lean + bend * (steps - .5)
    up = np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    curve = np.vstack([[0, 0], np.cumsum(up[1:] * TRUNK / 100, axis=0)])

    def at(height, side=0., along=0.):
        i = round(height * 100)
        return curve[i] + side * width * np.array([-up[i][1], up[i][0]]) + along * up[i]

    points = {skeleton.LEVELS[level]: at(height) for level, height in HEIGHTS.items()}
    points['head'] = at(1., along=HEAD)
    points['nose'] = at(1., along=.03)
    # Facing the viewer, the figure's left is on the picture's right, which is the curve's positive side.
    for name, sign in (('left', 1), ('right', -1)):
        points.update({f'{name}_{part}': at(height, sign * side, along) for part, height, side, along in (
            ('eye', 1., .018, .05), ('ear', 1., .045, .045), ('clavicle', .78, .055, 0.), ('shoulder', .76, .13, 0.),
            ('latissimus', .52, .1, 0.), ('hip', 0., .09, -.02))})
        arm = lean + np.pi - sign * abs(rng.normal(.5, .6))
        leg = np.pi + rng.normal(-sign * .15, .25) + .3 * lean
        lower_leg = leg + sign * abs(rng.normal(0, .35))
        chain = ((('shoulder', 'elbow'), UPPER_ARM, arm), (('elbow', 'wrist'), FOREARM, arm - sign * rng.uniform(0, 2)),
                 (('hip', 'knee'), THIGH, leg), (('knee', 'ankle'), SHANK, lower_leg),
                 (('ankle', 'big_toe'), FOOT * .6, lower_leg - sign * .3),
                 (('ankle', 'small_toe'), FOOT * .6, lower_leg - sign * 1.1),
                 (('ankle', 'heel'), FOOT * .3, lower_leg + sign * .6))
        for (start, end), length, angle in chain:
            points[f'{name}_{end}'] = points[f'{name}_{start}'] + length * np.array([np.sin(angle), -np.cos(angle)])
    return points


def background(rng, size):
    """Return a picture of smooth random colours with some boxes in it, in shape (H, W, 3), uint8, BGR."""
    small = rng.integers(0, 255, (4, 5, 3), dtype=np.uint8)
    picture = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(rng.integers(0, 6)):
        a, b = (rng.uniform(0, 1, (2, 2)) * size).astype(int)
        cv2.rectangle(picture, a.tolist(), b.tolist(), rng.integers(0, 255, 3).tolist(), -1)
    return picture


def paint(picture, mask, points, scale, rng):
    """Paint the figure into `picture` and, in white, into `mask`; `points` and `scale` are in pixels."""
    skin, shirt, trousers, shoes, hair = (rng.integers(20, 235, 3) for _ in range(5))

    def pixel(name):
        return points[name].round().astype(int).tolist()

    def both(function, *shape, color, **kwargs):
        function(picture, *shape, color.tolist(), **kwargs)
        function(mask, *shape, 255, **kwargs)

    def limb(start, end, width, color):
        both(cv2.line, pixel(start), pixel(end), color=color, thickness=max(1, round(width * scale)))

    for side, shade in (('right_', 1.), ('left_', .6)):  # the left limbs are darker, so that sides can be told
        for start, end, width, color in (('hip', 'knee', .08, trousers), ('knee', 'ankle', .06, trousers),
                                         ('ankle', 'heel', .04, shoes), ('ankle', 'big_toe', .04, shoes),
                                         ('ankle', 'small_toe', .04, shoes)):
            limb(side + start, side + end, width, color * shade)
    outline = ('left_shoulder', 'left_latissimus', 'left_hip', 'right_hip', 'right_latissimus', 'right_shoulder')
    both(cv2.fillPoly, [np.array([pixel(name) for name in outline])], color=shirt)
    limb('neck', 'neck_03', .05, skin)
    for side, shade in (('right_', 1.), ('left_', .6)):
        limb(side + 'shoulder', side + 'elbow', .05, shirt * shade)
        limb(side + 'elbow', side + 'wrist', .04, skin * shade)
    both(cv2.circle, ((points['head'] + points['neck_03']) / 2).round().astype(int).tolist(),
         round(HEAD * .55 * scale), color=hair, thickness=-1)
    both(cv2.circle, pixel('nose'), round(.045 * scale), color=skin, thickness=-1)
    for name, tone in (('left_eye', 0), ('right_eye', 0), ('nose', 80)):
        cv2.circle(picture, pixel(name), max(1, round(.008 * scale)), (tone, tone, tone), -1)
