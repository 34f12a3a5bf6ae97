import pickle

import numpy as np
import pytest
from mmpose.registry import DATASETS, TRANSFORMS

from spinepose_mm.datasets.corruptions import CORRUPTIONS
from spinepose_mm.datasets.transforms import ImageCorruption, RandomCorruption
from spinepose_mm.io.image import read_image


def dataset(root, pipeline=()):
    return dict(
        type='SpineTrackDataset',
        data_root=str(root),
        ann_file='annotations/person_keypoints_val.json',
        data_prefix=dict(img='images/val/'),
        test_mode=True,
        pipeline=list(pipeline),
    )


@pytest.fixture
def person(rendered):
    """A function that returns a person of an image, as the loader leaves it."""
    people = DATASETS.build(dataset(rendered))

    def load(row=0):
        sample = people[row]
        return dict(sample, img=read_image(sample['img_path']))

    return load


@pytest.mark.parametrize('name', CORRUPTIONS)
def test_a_corruption_is_the_same_in_each_run_and_differs_by_image_and_seed(name, person, rendered):
    people = dataset(rendered)
    sample = person()
    before = sample['img'].copy()
    first = ImageCorruption(name, 3, people=people)(sample)
    np.testing.assert_array_equal(before, person()['img'])
    assert first['img'].dtype == np.uint8 and first['img'].shape == before.shape
    assert (first['img'] != before).any()
    transform = pickle.loads(pickle.dumps(ImageCorruption(name, 1, people=people)))  # for workers
    transform(person(1))
    transform.choose(name, 3)
    np.testing.assert_array_equal(transform(person())['img'], first['img'])
    same = [transform(dict(person(), img_id=image))['img'] for image in range(100, 104)]
    other = [ImageCorruption(name, 3, seed, people)(person())['img'] for seed in range(1, 4)]
    if name in ('darkness', 'over_exposure', 'jpeg', 'low_resolution', 'defocus_blur'):
        assert all((image == first['img']).all() for image in same + other)
    else:
        assert any((image != first['img']).any() for image in same)
        assert any((image != first['img']).any() for image in other)


def test_severity_0_changes_nothing(person, rendered):
    for name in CORRUPTIONS:
        sample = person()
        done = ImageCorruption(name, 0, people=dataset(rendered))(dict(sample))
        assert done.keys() == sample.keys()
        assert all(done[key] is sample[key] for key in sample)


def test_what_is_far_from_a_small_person_stays(person):
    sample = dict(person(), bbox=np.array([[10.0, 10, 20, 30]], np.float32))  # 20 high: up to 34 around its middle
    done = ImageCorruption('noise', 5)(dict(sample))['img']
    changed = np.flatnonzero((done != sample['img']).any((0, 2)))
    assert changed.max() in range(40, 50)
    np.testing.assert_array_equal(done[54:], sample['img'][54:])


def test_truncation_cuts_labels_and_nothing_else_does(person, rendered):
    for name in CORRUPTIONS:
        sample = person()
        done = ImageCorruption(name, 5, people=dataset(rendered))(dict(sample))
        if name != 'truncation':
            assert done['keypoints_visible'] is sample['keypoints_visible'] and done['bbox'] is sample['bbox']
            continue
        box, left = sample['bbox'][0], done['bbox'][0]
        side = int(np.flatnonzero(box != left)[0])
        place = sample['keypoints'][..., side % 2]
        lost = place < left[side] if side < 2 else place > left[side]
        np.testing.assert_array_equal(done['keypoints_visible'] > 0, (sample['keypoints_visible'] > 0) & ~lost)
        assert lost.any() and not lost.all()
        assert (sample['keypoints_visible'] > 0).sum() > (done['keypoints_visible'] > 0).sum()


def test_random_corruption_draws_by_the_global_seed(person, rendered):
    transform = RandomCorruption(prob=0.5, people=dataset(rendered))
    assert transform.names == CORRUPTIONS
    images = []
    for _ in range(2):
        np.random.seed(4)
        images.append([transform(person())['img'] for _ in range(30)])
    np.testing.assert_array_equal(*images)
    changed = [(image != person()['img']).any() for image in images[0]]
    assert 8 < sum(changed) < 22
    assert len({image.tobytes() for image in images[0]}) > 8
    never = RandomCorruption(prob=0)
    assert (never(person())['img'] == person()['img']).all()


def test_random_corruption_in_a_training_pipeline_with_coded_images(rendered):
    crop = [
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', prob=1.0),
        dict(type='SpineTopdownAffine', input_size=(96, 128)),
    ]
    corruption = dict(type='RandomCorruption', prob=1.0, names=['over_exposure'], severities=[5])
    plain, lazy, eager = (
        DATASETS.build(dataset(rendered, [dict(type='LoadSpineImage', lazy=lazy), *steps, *crop]))[0]['img']
        for lazy, steps in ((True, []), (True, [corruption]), (False, [corruption]))
    )
    np.testing.assert_array_equal(lazy, eager)
    assert lazy.mean() > 1.2 * plain.mean()


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(type='ImageCorruption', name='rain', severity=1), 'out of darkness, .* was given'),
        (dict(type='ImageCorruption', name='fog', severity=6), 'from 0 to 5, but 6'),
        (dict(type='ImageCorruption', name='person_occlusion', severity=1), 'needs `people`'),
        (dict(type='RandomCorruption', prob=1.1), 'but 1.1 was given'),
        (dict(type='RandomCorruption', names=[]), 'none was given'),
        (dict(type='RandomCorruption', severities=[0]), 'out of 1 to 5'),
        (dict(type='RandomCorruption', names=['person_occlusion']), 'needs `people`'),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(options)


def test_the_place_in_the_pipeline_is_checked(person):
    sample = TRANSFORMS.build(dict(type='GetBBoxCenterScale'))(person())
    with pytest.raises(ValueError, match='between the loader of a pipeline and GetBBoxCenterScale'):
        ImageCorruption('fog', 1)(sample)


def test_people_are_hidden_by_people_of_other_images(person, rendered):
    sample = person()
    others = [one for one in (person(row) for row in range(8)) if one['img_path'] == sample['img_path']]
    single = DATASETS.build(dataset(rendered))
    single.get_subset_(len(others))  # the people of the first image
    transform = ImageCorruption('person_occlusion', 3, people=dataset(rendered))
    transform._dataset = single
    with pytest.raises(ValueError, match='no other image has a person'):
        transform(sample)
