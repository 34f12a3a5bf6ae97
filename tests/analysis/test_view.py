import numpy as np
import pytest

from figures import UP, mirrored
from spinepose_mm import skeleton
from spinepose_mm.analysis import VIEWS, measure_space, view
from spinepose_mm.synthetic.around import perform, photograph

AZIMUTHS = np.arange(0, 360, 10.0)
STRAIGHT = {0: 'front', 90: 'left side', 180: 'back', 270: 'right side'}


def around(points, **camera):
    """Return azimuths and what people, (N, 37, 3), are said to be seen from, from all of AZIMUTHS, (N x 36,)."""
    azimuths = np.tile(AZIMUTHS, len(points))
    return azimuths, view(photograph(np.repeat(points, len(AZIMUTHS), axis=0), azimuths, **camera))


def off(azimuths, straight):
    return np.abs((azimuths - straight + 180) % 360 - 180)


@pytest.mark.parametrize('camera', [dict(heights=1.0), dict(heights=2.0), dict(distances=2.5), dict(distances=8.0)])
@pytest.mark.parametrize(
    'motions, upright, least',
    [(('stand', 'walk', 'stretch'), True, 0.9), (('squat', 'sit', 'jump'), True, 0.6), (('handstand',), False, 0.95)],
)
def test_views_from_all_around(motions, upright, least, camera):
    azimuths, views = around(perform(np.random.default_rng(0), motions, people=3)[0], **camera)
    if not upright:  # and so faces the other way
        azimuths = (180 - azimuths) % 360
    for straight, name in STRAIGHT.items():
        here = views[off(azimuths, straight) < 5]
        assert np.mean(here == name) > (0.95 if 'side' in name else least) and set(here) <= {name, 'oblique'}, name
        assert not np.any(views[off(azimuths, straight) > 25] == name), name
    assert set(views) == set(VIEWS) - {'unknown'} and np.mean(views == 'oblique') > 0.5


def test_a_trunk_that_leans_towards_the_camera_is_oblique():
    points, _ = perform(np.random.default_rng(0), ['deadlift', 'squat'], people=5)
    inclination = measure_space(points, UP)['trunk_inclination']
    for azimuth in (0, 180):
        views = view(photograph(points, azimuth, heights=1.0))
        assert np.mean(views[inclination < 25] == STRAIGHT[azimuth]) > 0.9 and np.sum(inclination < 25) > 5
        assert (views[inclination > 55] == 'oblique').all() and np.sum(inclination > 55) > 5


def test_views_of_people_who_lie():
    """Seen from the head or the feet, the lean of the trunk is not visible."""
    azimuths, views = around(perform(np.random.default_rng(0), ['lie'], people=4)[0], heights=1.0)
    for straight in (90, 270):
        assert np.mean(views[off(azimuths, straight) < 5] == STRAIGHT[straight]) > 0.8
        assert not np.any(views[off(azimuths, straight) > 35] == STRAIGHT[straight])
    assert np.mean(np.isin(views, ['front', 'back'])) < 0.03


def test_noise_of_a_hundredth_of_the_stature_exchanges_no_sides():
    points = np.repeat(perform(np.random.default_rng(0), ('stand', 'squat', 'walk'))[0], 36, axis=0)
    azimuths = np.tile(AZIMUTHS, len(points) // 36)
    pixels = photograph(points, azimuths)
    views = view(pixels + np.random.default_rng(0).normal(0, 5, pixels.shape))
    for straight, name in STRAIGHT.items():
        assert np.mean(views[off(azimuths, straight) < 5] == name) > 0.6, name
        assert not np.any(views[off(azimuths, straight) > 60] == name), name


def test_a_mirrored_person_shows_the_other_side():
    points, _ = perform(np.random.default_rng(0), ['walk', 'twist', 'sit'])
    exchanged = {'left side': 'right side', 'right side': 'left side'}
    for azimuth in AZIMUTHS[::3]:
        azimuth = azimuth
        views, others = view(photograph(points, azimuth)), view(photograph(mirrored(points), -azimuth))
        assert [exchanged.get(name, name) for name in views] == others.tolist()


@pytest.mark.parametrize('turn', [0, 90, 180, 200])
def test_a_camera_may_be_held_in_any_way_when_it_looks_straight(turn):
    points, _ = perform(np.random.default_rng(0), ['stand'])
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    for azimuth, name in STRAIGHT.items():
        pixels = photograph(points, azimuth) @ np.array([[c, s], [-s, c]])
        assert (view(pixels) == name).all()


def test_one_part_of_the_body_does_not_change_the_view():
    """As in a person who looks back, or where the nose was mistaken for another's."""
    points, _ = perform(np.random.default_rng(0), ['stand'])
    pixels = photograph(points, 78)
    nose, ears = skeleton.index('nose'), [skeleton.index(f'{side}_ear') for side in ('left', 'right')]
    assert (view(pixels) == 'left side').all()
    pixels[:, nose] = 2 * pixels[:, ears].mean(1) - pixels[:, nose]
    assert (view(pixels) == 'left side').all()


def test_people_who_bend_out_of_the_sagittal_plane_are_oblique():
    points, _ = perform(np.random.default_rng(0), ['side_bend'], people=8)
    lean = np.abs(measure_space(points, UP)['trunk_lean'])
    views = view(photograph(points, 90))
    assert (views[lean > 28] == 'oblique').all() and np.sum(lean > 28) > 3
    assert (views[lean < 18] == 'left side').all() and np.sum(lean < 18) > 3


def test_what_the_view_needs():
    points, _ = perform(np.random.default_rng(0), ['stand'], people=1)
    for azimuth, name in STRAIGHT.items():
        whole = photograph(points[:1], [azimuth])
        for missing, expected in (
            (('nose', 'left_knee', 'right_ear', 'left_wrist', 'right_elbow'), name),
            (('left_hip',), 'unknown'),
            (('right_shoulder',), 'unknown'),
            (('S1',), 'unknown'),
            (('C7',), 'unknown'),
            (('nose', 'T3', 'left_heel', 'right_heel'), 'unknown'),
        ):  # one front alone
            pixels = whole.copy()
            pixels[:, [skeleton.index(each) for each in missing]] = np.nan
            assert view(pixels).tolist() == [expected], (name, missing)
    feet = [
        skeleton.index(f'{side}_{point}')
        for side in ('left', 'right')
        for point in ('knee', 'ankle', 'heel', 'big_toe', 'small_toe')
    ]
    pixels = photograph(points[:1], [90])
    pixels[:, feet] = np.nan  # the upper body alone
    assert view(pixels).tolist() == ['left side']


def test_degenerate_people():
    absent = np.full((1, 37, 2), np.nan)
    line = np.zeros((1, 37, 2))
    line[0, :, 1] = np.arange(37)
    assert view(np.concatenate([absent, np.zeros((1, 37, 2)), line])).tolist() == ['unknown'] * 3
    assert view(np.zeros((0, 37, 2))).shape == (0,)
    with pytest.raises(ValueError, match=r'points are \(P, 37, 2\), not \(37, 2\)'):
        view(np.zeros((37, 2)))
