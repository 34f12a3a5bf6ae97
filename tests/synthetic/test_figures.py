import json

import cv2
import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.synthetic.figures import draw, make_data_set, pose


def test_same_seed_gives_the_same_bytes(tmp_path):
    for name, seed in (('a', 3), ('b', 3), ('c', 4)):
        make_data_set(tmp_path / name, 'train', 3, seed)
    read = {name: [path.read_bytes() for path in sorted((tmp_path / name).rglob('*.*'))] for name in 'abc'}
    assert len(read['a']) == 4 and read['a'] == read['b'] != read['c']


def test_labels(tmp_path):
    labels = json.loads(make_data_set(tmp_path, 'val', 5, 0, size=(160, 120)).read_text())
    for image, person in zip(labels['images'], labels['annotations']):
        picture = cv2.imread(str(tmp_path / 'images' / 'val' / image['file_name']))
        assert picture.shape == (image['height'], image['width'], 3) == (120, 160, 3)
        points = np.array(person['keypoints']).reshape(-1, 3)
        x, y, w, h = person['bbox']
        inside = points[points[:, 2] > 0]
        # The box is that of what is painted; the tip of a toe or of the head may be just outside of it.
        assert (inside[:, :2] >= np.array([x, y]) - 6).all() and (inside[:, :2] <= np.array([x + w, y + h]) + 6).all()
        assert 0 < person['area'] < w * h
        assert person['num_keypoints'] == len(inside)


def test_pose_has_every_keypoint_and_sides_are_not_swapped():
    for seed in range(20):
        points = pose(np.random.default_rng(seed))
        assert points.keys() == set(skeleton.NAMES)
        spine = np.array([points[skeleton.LEVELS[level]] for level in ('S1', 'T8', 'C1')])
        up = spine[-1] - spine[0]
        right_hand_of_up = np.array([-up[1], up[0]])
        # Seen from the front, the figure's left is on the viewer's right.
        for part in ('shoulder', 'hip', 'clavicle', 'latissimus'):
            assert (points[f'left_{part}'] - points[f'right_{part}']) @ right_hand_of_up > 0


def test_occluded_keypoints_are_marked():
    rng = np.random.default_rng(0)
    found = {visible for _ in range(20) for visible in draw(rng, (160, 120))[1]['keypoints'][2::3]}
    assert found >= {1, 2}
