import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from figures import UP, apart, figure, mirrored
from spinepose_mm import skeleton
from spinepose_mm.analysis import MEASURES, measure_image, measure_space
from spinepose_mm.synthetic.around import perform
from spinepose_mm.synthetic.motion import MOTIONS

SAGITTAL, FRONTAL, LENGTHS = (
    [name for name, measure in MEASURES.items() if measure.plane == plane] for plane in ('sagittal', 'frontal', 'any')
)
LEANS = [name for name in FRONTAL if name.endswith('lean')]
CURVED = [name for name in MEASURES if name not in LEANS and not name.endswith('inclination')]


def one(measures):
    return {name: value[0] for name, value in measures.items()}


def test_a_straight_spine_is_upright_and_has_no_angles():
    found = one(measure_space(figure()[None], UP))
    assert list(found) == list(MEASURES)
    for name in SAGITTAL + FRONTAL:
        assert found[name] == pytest.approx(0, abs=1e-9), name
    assert found['spine_length'] == pytest.approx(900) and found['C4_C7'] == pytest.approx(150)
    assert found['L5_S1'] == pytest.approx(100)


def test_a_known_bend_forward():
    """10, 40 and 70 degrees; lumbar and thoracic part are of one length, so that the line between is halfway."""
    found = one(measure_space(figure(10, 40, 70)[None], UP))
    for name, angle in dict(
        lumbar_inclination=10,
        thoracic_inclination=40,
        neck_inclination=70,
        trunk_inclination=25,
        thoracolumbar_flexion=30,
        neck_flexion=30,
    ).items():
        assert found[name] == pytest.approx(angle), name
    assert [found[name] for name in LEANS] == pytest.approx([0] * len(LEANS), abs=1e-9)


def test_a_known_bend_to_the_right_is_negative():
    """The line from S1 to C7 is 0.6 cos 15 degrees long, and L1 in its middle 0.3 sin 15 degrees to the left of it."""
    found = one(measure_space(figure(10, 40, 70, axis=2)[None], UP))
    for name, angle in dict(lumbar_lean=-10, thoracic_lean=-40, neck_lean=-70, trunk_lean=-25).items():
        assert found[name] == pytest.approx(angle), name
    assert found['lateral_deviation'] == pytest.approx(50 * np.tan(np.radians(15)))
    assert found['trunk_inclination'] == pytest.approx(0, abs=1e-9)


def test_the_planes_are_halfway_between_hips_and_shoulders():
    """The shoulders are turned by 40 degrees to the left, and the trunk is inclined by 30 degrees towards 20."""
    person = figure()
    for side in ('left', 'right'):
        person[skeleton.index(f'{side}_shoulder')] = Rotation.from_euler('y', 40, degrees=True).apply(
            person[skeleton.index(f'{side}_shoulder')]
        )
    lower = person[skeleton.index('S1')]
    for i in skeleton.SUBSETS['spine']:
        person[i] = lower + Rotation.from_euler('zy', [-30, 20], degrees=True).apply(person[i] - lower)
    found = one(measure_space(person[None], UP))
    assert found['trunk_inclination'] == pytest.approx(30) and found['trunk_lean'] == pytest.approx(0, abs=1e-9)


def test_angles_are_above_minus_180_and_up_to_180():
    found = one(measure_space(figure(150, 230, 220)[None], UP))
    assert found['thoracic_inclination'] == pytest.approx(-130) and found['thoracolumbar_flexion'] == pytest.approx(80)
    image = figure()[None, :, :2] * [-1, 1]  # straight down
    assert one(measure_image(image, ['left side']))['trunk_inclination'] == 180
    assert one(measure_image(image, ['right side']))['trunk_inclination'] == 180


@pytest.mark.parametrize('angle, deviation', [(44, 50 * np.tan(np.radians(44))), (46, np.nan)])
def test_a_spine_that_turns_back_has_no_deviation(angle, deviation):
    found = one(measure_space(figure(angle, -angle, 0, axis=2)[None], UP))
    assert found['lateral_deviation'] == pytest.approx(-deviation, nan_ok=True)


def test_curves_by_hand():
    """A parabola over the number of vertebrae, which leans by 1 in 20 more at each, so by 0.3 at T12 and 0.7 at T4."""
    person, above = figure(), dict(S1=0, L5=1, L3=3, L1=5, T8=10, T3=15, C7=18)
    for level, height in above.items():
        person[skeleton.index(level)] = height**2 / 40, height, 0
    person[skeleton.index('C4')] = person[skeleton.index('C7')] + [1, 1.5, 0]
    person[skeleton.index('C1')] = person[skeleton.index('C4')] + [1, 1.5, 0]
    found = one(measure_space(person[None], UP))
    assert found['kyphosis'] == pytest.approx(np.degrees(np.arctan(0.7) - np.arctan(0.3)))
    assert found['lordosis'] == pytest.approx(-np.degrees(np.arctan(0.25)))


@pytest.mark.parametrize('view, right', [('right side', 1), ('left side', -1)])
def test_a_known_bend_in_an_image_from_the_side(view, right):
    image = figure(10, 40, 70)[:, :2] * [100 * right, -100]
    found = one(measure_image(image[None], [view]))
    assert found['trunk_inclination'] == pytest.approx(25) and found['neck_inclination'] == pytest.approx(70)
    assert found['neck_flexion'] == pytest.approx(30) and found['spine_length'] == pytest.approx(90)
    assert np.isnan([found[name] for name in FRONTAL]).all()


@pytest.mark.parametrize('view, right', [('back', 1), ('front', -1)])
def test_a_known_bend_in_an_image_from_front_and_back(view, right):
    image = figure(10, 40, 70, axis=2)[:, [2, 1]] * [100 * right, -100]
    found = one(measure_image(image[None], [view]))
    assert found['trunk_lean'] == pytest.approx(-25) and found['neck_lean'] == pytest.approx(-70)
    assert found['lateral_deviation'] == pytest.approx(50 * np.tan(np.radians(15)))
    assert np.isnan([found[name] for name in SAGITTAL]).all()


def test_a_camera_that_is_not_level_turns_what_is_to_the_vertical_alone():
    image, turn = figure(10, 40, 70)[None, :, :2] * [1, -1], np.radians(7)
    turned = image @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])  # to the right
    straight, slanted = (one(measure_image(each, ['right side'])) for each in (image, turned))
    for name in SAGITTAL:
        assert slanted[name] - straight[name] == pytest.approx(7 if MEASURES[name].turns else 0, abs=1e-9), name


def test_other_views_give_lengths_alone():
    found = measure_image(np.stack([figure()[:, :2]] * 2), ['oblique', 'unknown'])
    assert all(np.isnan(found[name]).all() for name in SAGITTAL + FRONTAL)
    assert all(np.isfinite(found[name]).all() for name in LENGTHS)


def test_what_is_not_visible_is_not_measured():
    person = figure(10, 40, 70)
    person[skeleton.index('C1')] = np.nan
    found = one(measure_space(person[None], UP))
    gone = {name for name, value in found.items() if np.isnan(value)}
    assert gone == {'neck_inclination', 'neck_flexion', 'neck_lean', 'spine_length', 'C1_C4'}
    person = figure()
    person[skeleton.index('T8')] = np.nan
    found = one(measure_space(person[None], UP))
    gone = {name for name, value in found.items() if np.isnan(value)}
    assert gone == {'kyphosis', 'lordosis', 'lateral_deviation', 'spine_length', 'T3_T8', 'T8_L1'}
    person = figure()
    person[skeleton.index('left_hip')] = np.nan  # no planes
    found = one(measure_space(person[None], UP))
    assert {name for name, value in found.items() if np.isfinite(value)} == set(LENGTHS)


def test_points_that_coincide_have_no_angles():
    found = one(measure_space(np.zeros((1, 37, 3)), UP))
    assert np.isnan([found[name] for name in SAGITTAL + FRONTAL]).all()
    person = figure()
    person[skeleton.index('C1')] = person[skeleton.index('C7')]
    assert np.isnan(one(measure_space(person[None], UP))['neck_inclination'])


@pytest.mark.parametrize(
    'points, up, message',
    [
        (np.zeros((37, 3)), UP, r'points are \(P, 37, 3\), not \(37, 3\)'),
        (np.zeros((1, 37, 2)), UP, r'not \(1, 37, 2\)'),
        (np.zeros((1, 37, 3)), (0, 0, 0), r'up is a direction \(3,\)'),
        (np.zeros((1, 37, 3)), (0, 1), r'not \[0.0, 1.0\]'),
    ],
)
def test_bad_input_is_refused(points, up, message):
    with pytest.raises(ValueError, match=message):
        measure_space(points, up)


def test_no_people():
    assert all(value.shape == (0,) for value in measure_space(np.zeros((0, 37, 3)), UP).values())
    assert all(value.shape == (0,) for value in measure_image(np.zeros((0, 37, 2)), []).values())


@pytest.mark.parametrize(
    'turn, inclination, lean',
    [
        (None, 0, 0),
        ([0, 0, -90], 90, None),
        ([0, 0, 90], -90, None),
        ([0, 0, 180], 180, 180),
        ([90, 0, 0], None, -90),
        ([-90, 0, 0], None, 90),
    ],
)
def test_people_who_lie_or_are_upside_down(turn, inclination, lean):
    """On the front, the back, the head, the right and the left side; turned about what is forward, up and right."""
    points = figure(10, 40, 70)[None]
    turned = points if turn is None else points @ Rotation.from_euler('xyz', turn, degrees=True).as_matrix().T
    straight, found = one(measure_space(points, UP)), one(measure_space(turned, UP))
    for name in CURVED:  # the same, however the person lies
        assert found[name] == pytest.approx(straight[name], abs=1e-9), name
    if inclination is None:
        assert np.isnan(found['trunk_inclination'])
    else:
        assert apart(found['trunk_inclination'], straight['trunk_inclination'] + inclination) == pytest.approx(0)
    if lean is None:
        assert np.isnan(found['trunk_lean'])
    else:
        assert abs(apart(found['trunk_lean'], lean)) < 1e-6 and -180 < found['trunk_lean'] <= 180


def test_place_size_and_direction_do_not_matter():
    points, _ = perform(np.random.default_rng(0), MOTIONS, people=1)
    first = measure_space(points, UP)
    rng = np.random.default_rng(1)
    yaw = Rotation.from_euler('y', rng.uniform(0, 360), degrees=True).as_matrix()
    second = measure_space(1.7 * points @ yaw.T + rng.normal(0, 5, 3), 3 * UP)
    turn = Rotation.random(random_state=2).as_matrix()  # axes of another camera
    third = measure_space(points @ turn.T, turn @ UP)
    for name in MEASURES:
        assert np.isfinite(first[name]).mean() > 0.6
        np.testing.assert_allclose(second[name], first[name] * (1.7 if name in LENGTHS else 1), atol=1e-6, err_msg=name)
        np.testing.assert_allclose(third[name], first[name], atol=1e-6, err_msg=name)


def test_a_mirrored_person_leans_the_other_way():
    points, _ = perform(np.random.default_rng(0), MOTIONS, people=1)
    first, second = measure_space(points, UP), measure_space(mirrored(points), UP)
    for name in MEASURES:
        if name in LEANS:
            off = apart(first[name], -second[name])
        else:
            off = first[name] - second[name] * (-1 if name in FRONTAL else 1)
        np.testing.assert_allclose(off[np.isfinite(off)], 0, atol=1e-6, err_msg=name)
        assert np.isfinite(off).mean() > 0.6
