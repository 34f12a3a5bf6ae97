import json

import numpy as np
import pytest
from mmpose.registry import DATASETS

import builders


def build(path, **kwargs):
    return DATASETS.build(
        dict(type='SpineTrackDataset', ann_file=str(path), data_prefix=dict(img=str(path.parent)), **kwargs)
    )


def test_reads_people(tmp_path):
    flat = builders.keypoints()
    flat[3 * 27 + 2] = 0
    flat[3 * 26 + 2] = 1
    path = builders.write_annotations(
        tmp_path / 'a.json', [builders.person(1, keypoints=flat), builders.person(2, image_id=2)]
    )
    dataset = build(path)
    assert len(dataset) == 2
    first = dataset[0]
    assert first['keypoints'].shape == (1, 37, 2) and first['keypoints_visible'].shape == (1, 37)
    np.testing.assert_allclose(first['keypoints'][0, 1], flat[3:5])
    assert first['keypoints_visible'][0, 27] == 0 and first['keypoints_visible'].sum() == 36
    assert first['num_keypoints'] == 36
    np.testing.assert_allclose(first['bbox'], [[10, 20, 90, 80]])
    assert first['dataset_keypoint_weights'][18] == 1.5


def test_a_stale_count_of_keypoints_does_not_drop_a_person(tmp_path):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(num_keypoints=0)])
    assert build(path)[0]['num_keypoints'] == 37


def test_unlabelled_people_and_crowds_are_left_out_silently(tmp_path, warnings):
    path = builders.write_annotations(
        tmp_path / 'a.json',
        [
            builders.person(1),
            builders.person(2, keypoints=builders.keypoints(visible=0), bbox=[0, 0, 0, 0]),
            builders.person(3, iscrowd=1),
        ],
    )
    assert len(build(path, test_mode=True)) == 1
    assert not warnings()


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.json does not exist'):
        build(tmp_path / 'none.json')


@pytest.mark.parametrize(
    'text, message',
    [
        ('{"images": [', 'is not JSON'),
        ('', 'is not JSON'),
        ('[1, 2]', 'is not in COCO format'),
        ('{"images": [{"id": 1}], "annotations": [{"id": 1}]}', 'is not in COCO format'),
    ],
)
def test_file_that_is_no_annotation_file(tmp_path, text, message):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        build(path)
    assert 'a.json' in str(error.value)


@pytest.mark.parametrize('count, name', [(17, 'COCO'), (26, 'Halpe-26'), (5, '')])
def test_other_numbers_of_keypoints(tmp_path, count, name):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(7, keypoints=builders.keypoints(count))])
    with pytest.raises(ValueError, match=f'annotation 7 of image 1.jpg has {count} keypoints.*37.*{name}') as error:
        build(path)
    assert 'a.json' in str(error.value)


def nan_person(id):
    flat = builders.keypoints()
    flat[3 * 26] = float('nan')
    return builders.person(id, keypoints=flat)


def with_visibility(id, value):
    flat = builders.keypoints()
    flat[2] = value
    return builders.person(id, keypoints=flat)


BROKEN = {
    'visibility that is not 0, 1 or 2': with_visibility(5, 7),
    'visibility that is not 0, 1 or 2 ': with_visibility(5, -1),
    'coordinates that are not numbers': builders.person(5, keypoints=['x'] * 111),
    'coordinates that are not numbers ': builders.person(5, bbox=['x', 2, 3, 4]),
    'bbox without area in the image ': builders.person(5, bbox=[119, 20, 1, 60]),
    "coordinates that are not finite.*'spine_01'": nan_person(5),
    'bbox without area': builders.person(5, bbox=[10, 20, 0, 60]),
    'bbox without area in the image': builders.person(5, bbox=[500, 20, 30, 60]),
    'no bbox of four finite numbers': builders.person(5, bbox=[1, 2, float('nan'), 3]),
}


@pytest.mark.parametrize('message', BROKEN)
def test_one_broken_person_is_left_out_of_training_and_counted(tmp_path, message, warnings):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(1), BROKEN[message], builders.person(2)])
    assert len(build(path)) == 2
    assert 'left out 1 of 3 people' in warnings()
    assert 'annotation 5 of image 1.jpg' in warnings() and 'a.json' in warnings()


@pytest.mark.parametrize('message', BROKEN)
def test_one_broken_person_is_an_error_in_tests(tmp_path, message):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(1), BROKEN[message]])
    with pytest.raises(ValueError, match=f'annotation 5 of image 1.jpg has .*{message.strip()}'):
        build(path, test_mode=True)


@pytest.mark.parametrize(
    'people',
    [[], [builders.person(1, keypoints=builders.keypoints(visible=0))], [builders.person(1, bbox=[10, 20, 0, 60])]],
)
def test_empty(tmp_path, people):
    path = builders.write_annotations(tmp_path / 'a.json', people)
    with pytest.raises(ValueError, match=r'a\.json has no person to use'):
        build(path)


def test_missing_images(tmp_path, warnings):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(1), builders.person(2, image_id=2)])
    (tmp_path / '2.jpg').unlink()
    assert len(build(path)) == 1
    assert 'left out 1 of 2 people: no image file' in warnings() and '2.jpg' in warnings()
    with pytest.raises(FileNotFoundError, match=r'1 of 2 images of .*a\.json do not exist.*2\.jpg'):
        build(path, test_mode=True)
    (tmp_path / '1.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='2 of 2 images.*data_prefix'):
        build(path)


def test_field_missing_in_an_image(tmp_path):
    path = builders.write_annotations(
        tmp_path / 'a.json', [builders.person()], images=[dict(id=1, file_name='1.jpg', height=100)]
    )
    with pytest.raises(ValueError, match="image 1 has no field 'width'"):
        build(path)


def test_a_person_of_no_image(tmp_path, warnings):
    path = builders.write_annotations(
        tmp_path / 'a.json',
        [builders.person(1), builders.person(2, image_id=9)],
        images=[dict(id=1, file_name='1.jpg', width=120, height=100)],
    )
    assert len(build(path)) == 1 and 'annotation 2' in warnings()
    with pytest.raises(ValueError, match='annotation 2 has an image_id that no image has'):
        build(path, test_mode=True)


def test_keypoints_that_are_no_list(tmp_path):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(3, keypoints=7)])
    with pytest.raises(ValueError, match='annotation 3 of image 1.jpg has keypoints = 7, where 37'):
        build(path)


def detections(tmp_path, text):
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person()])
    (tmp_path / 'boxes.json').write_text(text)
    return build(path, bbox_file=str(tmp_path / 'boxes.json'), test_mode=True)


def test_detected_boxes(tmp_path):
    found = dict(image_id=1, category_id=1, bbox=[1, 2, 30, 40], score=0.5)
    np.testing.assert_allclose(detections(tmp_path, json.dumps([found]))[0]['bbox'], [[1, 2, 31, 42]])
    for text, message in (
        ('[', r'boxes\.json is not JSON'),
        ('{}', r'boxes\.json is not in COCO format'),
        (
            json.dumps([{**found, 'image_id': 77}]),
            r'boxes\.json has detections for 1 images that .*a\.json has not, such as image_id 77',
        ),
        (json.dumps([{**found, 'bbox': [float('nan'), 2, 3, 4]}]), r'boxes\.json: a box of image 1'),
    ):
        with pytest.raises(ValueError, match=message):
            detections(tmp_path, text)
    (tmp_path / '1.jpg').unlink()
    with pytest.raises(FileNotFoundError, match='file of boxes .*none.json does not exist'):
        build(tmp_path / 'a.json', bbox_file=str(tmp_path / 'none.json'), test_mode=True)
    (tmp_path / 'boxes.json').write_text(json.dumps([found]))
    with pytest.raises(FileNotFoundError, match='1 of 1 images'):
        build(tmp_path / 'a.json', bbox_file=str(tmp_path / 'boxes.json'), test_mode=True)


def test_lies_where_mmpose_finds_the_person_detector():
    module = DATASETS.get('SpineTrackDataset').__module__
    assert module.split('datasets.')[-1].split('.')[0] == 'body'  # how MMPose's inferencer chooses
