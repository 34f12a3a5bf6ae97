import numpy as np
import pytest

from spinepose_mm import skeleton
from spinepose_mm.synthetic import rendering, surface
from spinepose_mm.synthetic.dataset import Settings, render
from spinepose_mm.synthetic.scene import Renderer

SETTINGS = Settings(40, size=(256, 192), people=3, views=2, seed=5)


@pytest.fixture(scope='module')
def renderer():
    renderer = Renderer(SETTINGS.size)
    yield renderer
    renderer.close()


@pytest.fixture(scope='module')
def images(renderer):
    return [render(SETTINGS, number, renderer) for number in range(SETTINGS.images)]


def test_projected_3d_is_2d(images):
    for _, people, camera in images:
        for person in people:
            labelled = person.pixels[:, 2] > 0
            np.testing.assert_allclose(camera.project(person.world)[labelled], person.pixels[labelled, :2], atol=1e-3)
            np.testing.assert_allclose(camera.to_camera(person.world), person.camera, atol=1e-9)


def test_labels_lie_in_the_image_and_others_are_zero(images):
    w, h = SETTINGS.size
    for image, people, _ in images:
        assert image.shape == (h, w, 3) and image.dtype == np.uint8
        for person in people:
            x, y, visible = person.pixels.T
            assert ((0 <= x) & (x < w) & (0 <= y) & (y < h)).all()
            assert (person.pixels[visible == 0] == 0).all()
            assert set(visible) <= {0, 1, 2}


def test_visible_keypoints_lie_on_the_body_and_boxes_are_those_of_its_mask(images, renderer):
    """Each person rendered alone: what is labelled as visible is on it, and the box is not larger than it."""
    for number in range(0, SETTINGS.images, 2):
        _, people, camera = images[number]
        rng = np.random.default_rng([SETTINGS.seed, *b'train', number // 2])
        actors = rendering.make_scene(rng, SETTINGS.people, SETTINGS.motions)
        masks = [np.isfinite(renderer.render(actor.mesh, camera, [])[1]) for actor in actors]
        for person in people:
            mask = next(mask for mask, actor in zip(masks, actors) if np.array_equal(actor.points, person.world))
            for x, y, visible in person.pixels:
                assert visible < 2 or mask[int(y), int(x)]
            rows, columns = np.nonzero(mask)
            x, y, w, h = person.bbox
            assert columns.min() <= x and x + w <= columns.max() + 1
            assert rows.min() <= y and y + h <= rows.max() + 1
            assert rendering.MIN_AREA <= person.area <= mask.sum()


def test_most_of_a_spine_is_visible_and_some_keypoints_are_occluded(images):
    found = np.concatenate([[person.pixels[:, 2] for person in people] for _, people, _ in images if people])
    spine = found[:, list(skeleton.SUBSETS['spine'])]
    assert (spine == 2).mean() > 0.5
    assert 0.03 < (found == 1).mean() < 0.5


def test_what_stands_in_front_occludes(renderer):
    rng = np.random.default_rng(3)
    actors = rendering.make_scene(rng, 1, SETTINGS.motions)
    camera = rendering.make_cameras(rng, actors, SETTINGS.size, 1)[0]
    mask, depth = (lambda d: (np.isfinite(d), d))(renderer.render(actors[0].mesh, camera, [])[1])
    free = rendering.label(actors[0], camera, mask, depth)
    assert (free.pixels[:, 2] == 2).sum() > 10
    nearer = depth.copy()
    nearer[:, :] = 0.5
    assert (rendering.label(actors[0], camera, mask, nearer).pixels[:, 2] != 2).all()
    assert rendering.label(actors[0], camera, np.zeros_like(mask), depth) is None


def test_every_keypoint_has_a_thickness():
    assert all(0.02 < rendering._thickness(name) < 0.15 for name in skeleton.NAMES)
    assert rendering._thickness('hip') == rendering._thickness('left_hip') == 0.125
    assert rendering._thickness('spine_03') == 0.115 and rendering._thickness('left_big_toe') == 0.035


def test_mesh_is_closed_and_colored():
    rng = np.random.default_rng(0)
    mesh = rendering.make_scene(rng, 1, SETTINGS.motions)[0].mesh
    edges = np.sort(np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 2).all()  # each edge between two triangles
    assert mesh.colors.shape == mesh.vertices.shape and np.isfinite(mesh.vertices).all()
    assert isinstance(mesh, surface.Mesh)
