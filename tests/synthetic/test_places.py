import cv2
import numpy as np
import pytest

from spinepose_mm.structures.camera import Camera
from spinepose_mm.synthetic.environment import sample_environment
from spinepose_mm.synthetic.indoors import Room, Studio
from spinepose_mm.synthetic.outdoors import Outdoors
from spinepose_mm.synthetic.panorama import Panorama, Photograph, panorama_files
from spinepose_mm.synthetic.rays import place_of, to_ground, view_rays

SIZE = (80, 60)
REACH = np.array([[0.0, 0, 0], [0, 1.8, 0], [3, 1.5, 0]])


@pytest.fixture
def camera():
    return Camera.looking((3, 1.5, 0), (0, 1, 0), 40, SIZE, roll=5)


def _write(path, image):
    assert cv2.imwrite(str(path), image[..., ::-1].astype(np.float32))


def _see(environment, camera):
    return environment.background(place_of(camera), view_rays(camera))


def test_rays_go_through_their_pixels(camera):
    rays = view_rays(camera)
    at = place_of(camera) + 5 * rays[[10, 40], [20, 70]]
    np.testing.assert_allclose(camera.project(at), [[20.5, 10.5], [70.5, 40.5]], atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, atol=1e-6)
    far = to_ground(place_of(camera), rays)
    low = rays[..., 1] < -0.1
    np.testing.assert_allclose((1.5 + rays[..., 1] * far)[low], 0, atol=1e-5)
    assert (far[rays[..., 1] > 0] == 1e4).all()


def test_a_panorama_is_seen_where_it_was_taken(tmp_path, camera):
    image = np.full((64, 128, 3), 0.5, np.float32)
    image[20:23, 40:43] = 4.0, 2.0, 1.0  # around 2 pi 41.5 / 128 from x over z, pi 21.5 / 64 from straight up
    _write(tmp_path / 'a.hdr', image)
    around, down = 2 * np.pi * 41.5 / 128, np.pi * 21.5 / 64
    toward = np.array([np.sin(down) * np.cos(around), np.cos(down), np.sin(down) * np.sin(around)])
    center = np.array([1.0, 1.6, 2.0])
    looking = Camera.looking(center, center + toward, 30, SIZE)
    seen = _see(Panorama(tmp_path / 'a.hdr', 0, center, 10), looking)
    np.testing.assert_allclose(seen[30, 40], [4, 2, 1], rtol=0.02)
    np.testing.assert_allclose(seen[2, 2], 0.5, rtol=0.02)
    turned = _see(Panorama(tmp_path / 'a.hdr', 16, center, 10), looking)  # by a quarter
    np.testing.assert_allclose(turned[30, 40], 0.5, rtol=0.02)


def test_a_panoramas_floor_lies_on_the_ground(tmp_path):
    image = np.full((128, 256, 3), 0.5, np.float32)
    row = 96  # 45 degrees down, along x: on the ground where the height above it is the distance
    image[row - 2 : row + 3, :3] = image[row - 2 : row + 3, -2:] = 9.0
    _write(tmp_path / 'a.hdr', image)
    place = Panorama(tmp_path / 'a.hdr', 0, np.array([0, 1.5, 0]), 20)
    for eye in ((-1, 0.5, 2), (4, 3.0, 1)):
        camera = Camera.looking(eye, (1.5, 0, 0), 40, SIZE)
        seen = _see(place, camera)
        assert seen[30, 40].min() > 4 and seen[5, 5].max() < 1


@pytest.mark.parametrize(
    'content, message', [(np.ones((30, 40, 3)), 'twice as wide as high, but 40x30'), (None, 'is not a panorama')]
)
def test_a_broken_panorama_is_named(tmp_path, content, message):
    path = tmp_path / 'broken.hdr'
    path.write_bytes(b'nothing') if content is None else _write(path, content)
    with pytest.raises(ValueError, match=f'broken.hdr.*{message}'):
        Panorama(path, 0, np.zeros(3), 5)


def test_a_folder_without_panoramas_is_refused(tmp_path):
    with pytest.raises(ValueError, match='has no panoramas'):
        panorama_files(tmp_path)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        panorama_files(tmp_path / 'nowhere')
    for name in ('b.hdr', 'a.HDR', 'c.txt'):
        (tmp_path / name).touch()
    assert [path.name for path in panorama_files(tmp_path)] == ['a.HDR', 'b.hdr']


def test_a_photograph_gives_its_colors_to_the_light(tmp_path, camera):
    image = np.zeros((90, 120, 3), np.uint8)
    image[:45], image[45:] = (200, 60, 60), (30, 120, 30)  # BGR: blue above, green below
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    place = Photograph(np.random.default_rng(0), tmp_path / 'a.png', camera)
    assert _see(place, camera).shape == (60, 80, 3)
    up, down = place.light.irradiance(np.array([[0.0, 1, 0], [0, -1, 0]]))
    assert up.argmax() == 2 and down.argmax() == 1


@pytest.mark.parametrize('seed', range(4))
def test_synthetic_places_are_finite_and_light(camera, seed):
    rng = np.random.default_rng(seed)
    for place in (Outdoors(rng, REACH), Room(rng, REACH), Studio(rng)):
        seen = _see(place, camera)
        assert seen.shape == (60, 80, 3) and np.isfinite(seen).all() and seen.min() >= 0
        up = place.light.irradiance(np.array([[0.0, 1, 0]]))[0] + place.light.sun * place.light.direction[1]
        assert 0.05 < up.mean() < 60
        assert 0.005 < np.median(seen) / (up.mean() / np.pi) < 5  # background and light are in one frame


def test_a_room_is_around_all(camera):
    room = Room(np.random.default_rng(0), REACH)
    assert (room.low <= REACH.min(axis=0)).all() and (room.high > REACH.max(axis=0)).all()


def test_the_same_seed_is_the_same_place(tmp_path, camera):
    _write(tmp_path / 'a.hdr', np.random.default_rng(0).random((32, 64, 3)))
    kinds = set()
    for seed in range(6):
        first, second = (
            sample_environment(np.random.default_rng(seed), camera, REACH, [tmp_path / 'a.hdr']) for _ in range(2)
        )
        kinds.add(type(first))
        np.testing.assert_array_equal(_see(first, camera), _see(second, camera))
    assert Panorama in kinds
    default = {type(sample_environment(np.random.default_rng(seed), camera, REACH)) for seed in range(6)}
    assert default >= {Outdoors, Room}
