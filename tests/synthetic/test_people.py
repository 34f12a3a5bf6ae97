from dataclasses import replace

import cv2
import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.synthetic.dataset import Settings, open_renderer, render, synthesize
from spinepose_mm.synthetic.settings import recorded

SETTINGS = Settings(8, size=(160, 120), people=3, views=2, seed=5, bodies='people')


@pytest.fixture(scope='module')
def renderer():
    renderer = open_renderer(SETTINGS)
    yield renderer
    renderer.close()


@pytest.fixture(scope='module')
def images(renderer):
    return [render(SETTINGS, number, renderer) for number in range(SETTINGS.images)]


def test_3d_and_labels_agree(images):
    w, h = SETTINGS.size
    assert sum(len(people) for _, people, _ in images) >= SETTINGS.images
    for image, people, camera in images:
        assert image.shape == (h, w, 3) and image.dtype == np.uint8
        for person in people:
            inside = person.pixels[:, 2] > 0
            np.testing.assert_allclose(camera.project(person.world)[inside], person.pixels[inside, :2], atol=1e-3)
            x, y, width, height = person.bbox
            visible = person.pixels[person.pixels[:, 2] == 2]
            assert ((visible[:, 0] >= x) & (visible[:, 0] <= x + width)).all()
            assert ((visible[:, 1] >= y) & (visible[:, 1] <= y + height)).all()
            assert {'pelvis_tx', 'L3_flexion', 'knee_flexion_left'} <= set(person.angles)


def test_both_cameras_of_a_scene_see_the_same_people(images):
    for (first, one, _), (second, other, _) in zip(images[::2], images[1::2]):
        known = {person.world.tobytes() for person in one}
        assert any(person.world.tobytes() in known for person in other)
        assert not np.array_equal(first, second)


def test_the_same_number_gives_the_same_bytes(images, renderer):
    again, people, _ = render(SETTINGS, 3, renderer)
    np.testing.assert_array_equal(again, images[3][0])
    np.testing.assert_array_equal(people[0].pixels, images[3][1][0].pixels)
    assert not np.array_equal(render(replace(SETTINGS, seed=6), 3, renderer)[0], again)


def test_people_stand_on_the_ground(images):
    """What does not jump touches it: the lowest keypoint is no higher than an ankle."""
    for _, people, _ in images:
        for person in people:
            if person.motion not in ('jump', 'run'):
                assert -0.02 < person.world[:, 1].min() < 0.15


def test_left_is_the_persons_own_left(images):
    left, right = (skeleton.index(f'{side}_shoulder') for side in ('left', 'right'))
    for _, people, _ in images:
        for person in people:
            if person.motion in ('stand', 'walk', 'squat'):
                across = person.world[left] - person.world[right]
                ahead = person.world[skeleton.index('nose')] - person.world[skeleton.index('head')]
                assert np.cross([0, 1, 0], ahead) @ across > 0


def test_a_data_set_with_panoramas(tmp_path):
    places = tmp_path / 'places'
    places.mkdir()
    sky = np.full((32, 64, 3), 0.5, np.float32)
    sky[4:7, 10:13] = 500
    cv2.imwrite(str(places / 'sky.hdr'), sky)
    settings = replace(SETTINGS, images=2, environments=str(places))
    first, second = (synthesize(tmp_path / name, settings, workers=1) for name in 'ab')
    assert first.read_bytes() == second.read_bytes()
    for image in sorted((tmp_path / 'a/images/train').iterdir()):
        assert image.read_bytes() == (tmp_path / 'b/images/train' / image.name).read_bytes()
    with pytest.raises(ValueError, match='was made with other settings'):
        synthesize(tmp_path / 'a', replace(settings, bodies='figures', environments=''))


def test_settings_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ValueError, match="bodies are out of people, figures, but it is 'stones'"):
        Settings(1, bodies='stones')
    with pytest.raises(ValueError, match='environments are for bodies of people'):
        Settings(1, environments=str(tmp_path))
    with pytest.raises(FileNotFoundError, match='no folder of environments .*nowhere'):
        Settings(1, bodies='people', environments=str(tmp_path / 'nowhere'))
    with pytest.raises(ValueError, match='has no panoramas'):
        Settings(1, bodies='people', environments=str(tmp_path))


def test_figures_are_recorded_as_before():
    """A split that was made before there were people of flesh is still complete, or resumed."""
    settings = Settings(5)
    assert recorded(settings)['bodies'] == 2 and 'environments' not in recorded(settings)
    assert recorded(replace(settings, bodies='people'))['bodies'] == 'people'
