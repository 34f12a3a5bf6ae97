import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.datasets.simspine.frames import parse_names
from spinepose_mm.datasets.simspine.npz import read_npz
from spinepose_mm.structures.simspine_layout import LAYOUT
from spinepose_mm.synthetic.poses import PoseSettings, stage, synthesize_poses


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp('poses') / 'annotations' / 'poses.npz'
    synthesize_poses(path, PoseSettings(3, frames=10, views=2, motions=('walk', 'squat')))
    return path


def test_labels_are_of_simspines_layout_and_agree(made):
    arrays, info = read_npz(made, LAYOUT)
    cameras = np.load(made, allow_pickle=False)
    assert len(arrays['imgname']) == 60 and info['joint_names'] == list(skeleton.NAMES)
    pixels = np.einsum('nij,nkj->nki', cameras['K'], arrays['S'][..., :3])
    np.testing.assert_allclose(pixels[..., :2] / pixels[..., 2:], arrays['part'][..., :2], atol=1e-6)
    world = arrays['S_world'][..., :3]
    np.testing.assert_allclose(
        np.einsum('nij,nkj->nki', cameras['R'], world) + cameras['t'][:, None], arrays['S'][..., :3], atol=1e-9
    )
    inside = ((arrays['part'][..., :2] >= 0) & (arrays['part'][..., :2] < 1000)).all(-1)
    np.testing.assert_array_equal(arrays['part'][..., 2] > 0, inside)


def test_sequences_are_of_one_person_before_one_camera(made):
    arrays, _ = read_npz(made, ('imgname', 'S_world'))
    names = arrays['imgname'].astype(str)
    sequences, frames = parse_names(made, names)
    assert len(np.unique(sequences)) == 6 and frames.max() == 9
    moved = np.linalg.norm(np.diff(arrays['S_world'][:10, :, :3], axis=0), axis=-1)
    assert 0 < moved.max() < 0.4  # metres in a fifteenth of a second
    both = [arrays['S_world'][sequences == name][..., :3] for name in np.unique(sequences)[:2]]
    np.testing.assert_array_equal(*both)  # two cameras, one person


def test_one_frame_each(tmp_path):
    synthesize_poses(tmp_path / 'a.npz', PoseSettings(2, frames=1, views=1))
    assert len(np.load(tmp_path / 'a.npz')['S']) == 2


def test_same_settings_give_the_same_and_splits_differ(made, tmp_path):
    again = tmp_path / 'again.npz'
    synthesize_poses(again, PoseSettings(3, frames=10, views=2, motions=('walk', 'squat')))
    with pytest.raises(FileExistsError, match=r'again\.npz is there already'):
        synthesize_poses(again, PoseSettings(1))
    other = tmp_path / 'other.npz'
    synthesize_poses(other, PoseSettings(3, frames=10, views=2, motions=('walk', 'squat'), split='val'))
    first, second, third = (np.load(path)['S'] for path in (made, again, other))
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - third).max() > 0.01


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(people=0), 'people is over 0, not 0'),
        (dict(seed=-1), 'seed is 0 or more'),
        (dict(frames=-1), 'frames is over 0'),
        (dict(motions=('fly',)), 'motions are out of stand, .*not fly'),
    ],
)
def test_settings_out_of_range(change, message):
    with pytest.raises(ValueError, match=message):
        PoseSettings(**{'people': 1, **change})


@pytest.mark.parametrize('motion, people', [('squat', 1), ('walk', 4)])
def test_a_stage_shows_people_whole(motion, people):
    points, heights, camera = stage(np.random.default_rng(0), motion, people, frames=10)
    assert points.shape == (10, people, 37, 3) and heights.shape == (people,) and (1.3 < heights).all()
    pixels = camera.project(points)
    assert (camera.to_camera(points)[..., 2] > 1).all() and (pixels >= 0).all() and (pixels < camera.size).all()
    assert 0 <= points[..., 1].min(-1).min() < 0.02  # one of them touches the ground
    apart = np.linalg.norm(points[:, 0, :, [0, 2]].mean() - points[:, -1, :, [0, 2]].mean())
    assert people == 1 or apart > 0.5


def test_cameras_are_further_away(tmp_path):
    near, far = (np.load(_made(tmp_path / f'{distance}.npz', distance))['S'][..., 2].mean() for distance in (1.0, 4.0))
    assert far > 1.3 * near
    with pytest.raises(ValueError, match='distance is 1 or more, not 0.5'):
        PoseSettings(1, distance=0.5)


def _made(path, distance):
    synthesize_poses(path, PoseSettings(3, frames=2, views=2, distance=distance))
    return path
