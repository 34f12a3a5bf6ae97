import json

import cv2
import pytest
from mmpose.registry import DATASETS

import builders
from spinepose_mm import skeleton
from spinepose_mm.datasets.validation.report import ERROR, NOTE, SUSPECT, validate
from spinepose_mm.wording import counted


def found(report, severity=None):
    """Return {problem: entries} of a report."""
    return {problem: entries for (kind, problem), entries in report.findings.items() if severity in (None, kind)}


def load(rendered, split='val'):
    return json.loads((rendered / f'annotations/person_keypoints_{split}.json').read_text())


def validate_changed(tmp_path, content, **kwargs):
    path = tmp_path / 'changed.json'
    path.write_text(json.dumps(content))
    return validate(path, **kwargs)


def test_rendered_people_are_sound(rendered):
    report = validate(rendered / 'annotations/person_keypoints_train.json', rendered / 'images/train')
    assert report.images == report.people == 24 and not report.count(ERROR)
    assert set(found(report)) <= {'eyes on the wrong sides of a face'}
    assert report.visibility.shape == (37, 3) and (report.visibility.sum(1) == 24).all()
    text = report.text()
    assert '24 people in 24 images' in text and counted(report.count(SUSPECT), 'suspect') in text


def test_counts_by_keypoint(tmp_path):
    people = [builders.person(1), builders.person(2, 2)]
    people[0]['keypoints'][3 * skeleton.index('L3') + 2] = 0
    people[1]['keypoints'][3 * skeleton.index('L3') + 2] = 1
    report = validate(builders.write_annotations(tmp_path / 'a.json', people))
    assert report.visibility[skeleton.index('L3')].tolist() == [1, 1, 0]
    assert report.visibility[skeleton.index('L5')].tolist() == [0, 0, 2]
    assert report.as_dict()['visibility']['spine_02'] == dict(unlabelled=1, occluded=1, visible=0)


def test_every_problem_of_a_person_is_named(tmp_path):
    nan = builders.keypoints()
    nan[4] = float('nan')
    people = [
        builders.person(1),
        builders.person(1),
        builders.person(3, image_id=9),
        builders.person(4, keypoints=[1, 2, 2]),
        builders.person(5, keypoints=['a'] * 111),
        builders.person(6, keypoints=nan),
        builders.person(7, keypoints=builders.keypoints(visible=3)),
        builders.person(8, keypoints=builders.keypoints(visible=0)),
        builders.person(9, bbox=[0, 0, 5]),
        builders.person(10, bbox=[10, 20, 0, 60]),
        builders.person(11, bbox=[500, 20, 10, 60]),
        builders.person(12, iscrowd=1),
    ]
    images = [dict(id=1, file_name='1.jpg', width=120, height=100), dict(id=2, file_name='2.jpg', width=120)]
    builders.write_annotations(tmp_path / 'a.json', people, images)
    report = validate(tmp_path / 'a.json')
    assert found(report, ERROR) == {
        'annotation id used twice': [1],
        'image without id, file_name, width or height': [2],
        'person in an image that there is not': [3],
        'person without 37 keypoints': [4],
        'coordinates that are not numbers': [5],
        'coordinates that are not finite numbers': [6],
        'a visibility that is not 0, 1 or 2': [7],
        'no bbox of four finite numbers': [9],
        'bbox without area in the image': [10, 11],
    }
    assert found(report, NOTE) == {'person without labels': [8], 'crowd, not trained on': [12]}
    assert found(report)['person labelled twice'] == [1]


def test_odd_fields_are_findings_too(tmp_path):
    nested = [[1.0, 2.0, 2.0]] * 111
    people = [
        builders.person([1]),
        builders.person(2, image_id=[1]),
        builders.person(3, image_id=2),
        builders.person(4, keypoints=nested),
        builders.person(5, bbox=['1', '2', '30', '40']),
        builders.person(6, bbox=[119.2, 20.0, 0.8, 30.0]),
        builders.person(7, keypoints=[10**400] * 111),
        builders.person(8),
        builders.person(9, keypoints=[float('nan'), 0, 0] * 37),
    ]
    del people[7]['category_id']
    images = [
        dict(id=1, file_name='1.jpg', width=120, height=100),
        dict(id=2, file_name=3, width=120, height=100),
        dict(id=3, file_name='a', width='120', height=100),
        dict(id=[4], file_name='b', width=1, height=1),
        dict(id=5, file_name='c\0', width=1, height=1),
        dict(id=6, file_name='1.jpg', width=120, height=100),
    ]
    (tmp_path / 'a.json').write_text(json.dumps(dict(images=images, annotations=people)))
    builders.write_image(tmp_path / '1.jpg')
    report = validate(tmp_path / 'a.json', tmp_path)
    assert found(report, ERROR) == {
        'image without id, file_name, width or height': [2, 3, [4]],
        'annotation without id, image_id or category_id': [[1], 2, 8],
        'person in an image that there is not': [3],
        'coordinates that are not numbers': [4, 5, 7],
        'bbox without area in the image': [6],
        'missing image': ['c\0'],
        'no person to train on': [str(tmp_path / 'a.json')],
    }
    assert found(report, NOTE) == {'image without people': [5, 6], 'person without labels': [9]}
    assert found(report, SUSPECT) == {'file name used twice': ['1.jpg']}


@pytest.mark.parametrize(
    'fields',
    [
        dict(bbox=[119.2, 20, 0.8, 30]),
        dict(bbox=['1', '2', '30', '40']),
        dict(keypoints=['a'] * 111),
        dict(category_id=None),
    ],
)
def test_training_leaves_out_errors(tmp_path, fields):
    """The errors of the validation are those of the data set class."""
    wrong = {key: value for key, value in builders.person(2, 2, **fields).items() if value is not None}
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(1), wrong])
    assert validate(path).count(ERROR) == 1
    with pytest.raises((ValueError, KeyError)):
        DATASETS.build(
            dict(type='SpineTrackDataset', ann_file=str(path), data_prefix=dict(img=str(tmp_path)), test_mode=True)
        )


def test_labels_outside_are_reported(tmp_path):
    beyond, off = builders.person(1), builders.person(2, 2, bbox=[10.0, 20.0, 20.0, 20.0])
    beyond['keypoints'][0:2] = [125.0, 50.0]
    report = validate(builders.write_annotations(tmp_path / 'a.json', [beyond, off]))
    assert found(report)['label outside the image'] == [1]
    assert found(report)['label outside the bbox by more than a quarter of it'] == [1, 2]


def test_exchanged_sides_and_another_order(rendered, tmp_path):
    content = load(rendered, 'train')
    first = content['annotations'][0]['keypoints']
    left, right = (3 * skeleton.index(f'{side}_ankle') for side in ('left', 'right'))
    first[left : left + 3], first[right : right + 3] = first[right : right + 3], first[left : left + 3]
    problems = found(validate_changed(tmp_path, content), SUSPECT)
    named = {entry for problem, entries in problems.items() if 'look exchanged' in problem for entry in entries}
    assert named == {content['annotations'][0]['id']}
    content = load(rendered, 'train')
    for person in content['annotations']:
        points = [person['keypoints'][i : i + 3] for i in range(0, 111, 3)]
        for a, b in zip(skeleton.SUBSETS['spine'], skeleton.SUBSETS['spine'][::-1]):
            person['keypoints'][3 * a : 3 * a + 3] = points[b]
    (order,) = (
        entries for problem, entries in found(validate_changed(tmp_path, content)).items() if 'order' in problem
    )
    assert 'head - neck_03' in order


def test_a_file_with_left_and_right_exchanged(rendered, tmp_path):
    content = load(rendered, 'train')
    content['annotations'] = [
        dict(person, id=1000 * copy + person['id']) for person in content['annotations'] for copy in range(9)
    ]
    for person in content['annotations']:
        points = [person['keypoints'][i : i + 3] for i in range(0, 111, 3)]
        person['keypoints'] = [value for twin in skeleton.FLIP_INDICES for value in points[twin]]
    problems = found(validate_changed(tmp_path, content))
    assert any('left and right are exchanged in the whole file' in problem for problem in problems)


def test_images(rendered, tmp_path):
    content = load(rendered)
    for image in content['images']:
        (tmp_path / image['file_name']).write_bytes((rendered / 'images/val' / image['file_name']).read_bytes())
    names = [image['file_name'] for image in content['images']]
    (tmp_path / names[0]).unlink()
    (tmp_path / names[1]).write_bytes((tmp_path / names[1]).read_bytes()[:-400])
    (tmp_path / names[2]).write_text('<html>')
    (tmp_path / names[3]).write_bytes(b'')
    cv2.imwrite(str(tmp_path / names[4]), cv2.imread(str(tmp_path / names[4]))[:-1])
    (tmp_path / names[6]).write_bytes((tmp_path / names[5]).read_bytes())
    assert found(validate_changed(tmp_path, content, image_folder=tmp_path), ERROR) == {
        'missing image': [names[0]],
        'truncated image': [names[1]],
        'file that is no image, or too large a one': names[2:4],
        'image of another size than the file says': [names[4]],
    }
    again = found(validate(tmp_path / 'changed.json', tmp_path))
    assert again['image that is there under another name too'] == [names[6]]


def test_real_labels_of_other_layouts(coco_mini, halpe_mini):
    report = validate(coco_mini / 'annotations/person_keypoints_train2017.json', coco_mini / 'train2017')
    assert report.keypoints == 17 and report.people and not report.count(ERROR)
    assert not any('order' in problem or 'whole file' in problem for problem in found(report))
    assert 'left_ankle' in report.text() and 'spine_01' not in report.text()
    assert 'person without 37 keypoints' in found(validate(halpe_mini / 'halpe136.json'))


@pytest.mark.parametrize(
    'text, message',
    [
        ('{', 'is not JSON'),
        ('[]', "is not in COCO format: 'images'"),
        ('{"images": []}', "'annotations' is not a list"),
        ('{"images": [], "annotations": [3]}', "'annotations' is not a list of objects"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, text, message):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(ValueError, match=message):
        validate(tmp_path / 'a.json')
    with pytest.raises(FileNotFoundError, match=r'b\.json does not exist'):
        validate(tmp_path / 'b.json')


def test_a_missing_folder_and_an_empty_file(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{"images": [], "annotations": []}')
    report = validate(path)
    assert report.visibility is None and '0 people in 0 images' in report.text()
    assert found(report, ERROR) == {'no person to train on': [str(path)]}
    with pytest.raises(FileNotFoundError, match='folder of images .*nowhere does not exist'):
        validate(path, tmp_path / 'nowhere')
