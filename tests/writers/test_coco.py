import json
import re
from dataclasses import replace

import numpy as np
import pytest
from mmpose.evaluation import CocoMetric
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

import builders
from result_video import LIFTED, make_people, make_video, walk, write
from spinepose_mm import skeleton
from spinepose_mm.structures.frame import Frame, no_people
from spinepose_mm.writers import CocoWriter

SPINE = list(skeleton.SUBSETS['spine'])


def write_truth(path, people, labelled=range(37), image_id=139):
    """Write COCO labels of People in an image."""
    persons = []
    for i, (points, box) in enumerate(zip(people.keypoints, people.boxes)):
        seen = np.isin(np.arange(37), labelled)
        flat = np.concatenate([points, 2.0 * seen[:, None]], axis=1).ravel().tolist()
        w, h = (box[2:] - box[:2]).tolist()
        persons.append(
            builders.person(
                i + 1,
                image_id,
                keypoints=flat,
                num_keypoints=int(seen.sum()),
                area=w * h,
                bbox=[*box[:2].tolist(), w, h],
            )
        )
    path.write_text(
        json.dumps(
            dict(
                images=[dict(id=image_id, width=640, height=480, file_name='139.jpg')],
                annotations=persons,
                categories=[dict(id=1, name='person')],
            )
        )
    )
    return path


def average_precision(truth, results):
    """Return COCO's AP of a file of results, by xtcocotools."""
    truth = COCO(str(truth))
    evaluator = COCOeval(truth, truth.loadRes(str(results)), 'keypoints', np.array(skeleton.SIGMAS))
    evaluator.evaluate()
    evaluator.accumulate()
    evaluator.summarize()
    return evaluator.stats[0]


@pytest.fixture
def pair():
    """Two People in an image, well apart, in all of their keypoints."""
    people = make_people([3, 7], np.stack([walk(3)[0], walk(7)[0] + [1, 0, 0]]))
    people.scores[:], people.box_scores[:] = 0.9, 0.8
    return people


def image(people, name='000000000139'):
    return Frame(0, np.nan, f'val2017/{name}.jpg', people=people)


def test_exact_keypoints_have_an_ap_of_one(pair, tmp_path):
    results = write(CocoWriter, tmp_path / 'results.json', [image(pair)], frame_rate=None)
    assert average_precision(write_truth(tmp_path / 'truth.json', pair), results) == pytest.approx(1)


@pytest.mark.parametrize('of_boxes', [True, False])
@pytest.mark.parametrize('wrong, precision', [(0, 0.5), (1, 1.0)])
def test_the_score_puts_people_in_order(pair, tmp_path, wrong, precision, of_boxes):
    """One of two people is wrong: half match, 51 of COCO's 101 recalls, at 1 where it comes last, and else 1/2."""
    truth = write_truth(tmp_path / 'truth.json', pair)
    pair.keypoints[wrong] += 300
    if of_boxes:
        pair.box_scores[1] = 0.7
    else:
        pair.scores[1] = 0.7
    results = write(CocoWriter, tmp_path / 'results.json', [image(pair)], frame_rate=None)
    assert average_precision(truth, results) == pytest.approx(precision * 51 / 101)


def test_scores_are_those_of_mmpose(tmp_path):
    video = make_video()
    metric = CocoMetric(format_only=True, outfile_prefix=str(tmp_path / 'mmpose'), nms_mode='none')
    metric.dataset_meta = dict(dataset_name='spinetrack', num_keypoints=37, sigmas=np.array(skeleton.SIGMAS))
    metric.coco = True  # for it asks for labels where it has none
    for frame in video:
        people = frame.people
        if len(people):
            metric.process(
                {},
                [
                    dict(
                        id=[frame.index],
                        img_id=frame.index,
                        gt_instances={},
                        pred_instances=dict(
                            keypoints=people.keypoints,
                            keypoint_scores=people.scores,
                            bboxes=people.boxes,
                            bbox_scores=people.box_scores,
                        ),
                    )
                ],
            )
    metric.evaluate(len(video))
    expected = json.loads((tmp_path / 'mmpose.keypoints.json').read_text())
    found = json.loads(write(CocoWriter, tmp_path / 'results.json', video).read_text())
    assert len(found) == len(expected) == 11
    for ours, theirs in zip(found, expected):
        assert ours['image_id'] == theirs['image_id'] and ours['category_id'] == theirs['category_id'] == 1
        assert ours['score'] == pytest.approx(theirs['score'], abs=1e-6)
        np.testing.assert_allclose(ours['bbox'], theirs['bbox'], atol=0.00501)
        np.testing.assert_allclose(ours['keypoints'], theirs['keypoints'], atol=0.00501)
        np.testing.assert_allclose(ours['keypoints'][2::3], theirs['keypoints'][2::3], atol=0.0000501)
    assert [person['track_id'] for person in found] == [3, 3, 3, 7, 3, 7, 3, 3, 7, 3, 7]


def test_the_spine_alone(pair, tmp_path):
    results = write(CocoWriter, tmp_path / 'results.json', [image(pair)], frame_rate=None, spine_only=True)
    flat = np.reshape([person['keypoints'] for person in json.loads(results.read_text())], (2, 37, 3))
    np.testing.assert_allclose(flat[:, SPINE, :2], pair.keypoints[:, SPINE], atol=0.00501)
    assert not np.delete(flat, SPINE, axis=1).any()
    assert average_precision(write_truth(tmp_path / 'truth.json', pair, SPINE), results) == pytest.approx(1)


def test_the_score_is_of_what_is_written_and_counts(pair, tmp_path):
    pair.scores[0, SPINE] = [0.2, 0.1, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]
    pair.scores[1] = 0
    results = write(CocoWriter, tmp_path / 'results.json', [image(pair)], frame_rate=None, spine_only=True)
    assert [person['score'] for person in json.loads(results.read_text())] == [0.32, 0]  # .8 x .4


@pytest.mark.parametrize(
    'frame_rate, names, ids',
    [(None, ['000000000139', '285'], [139, 285]), (None, ['b', '285'], [0, 1]), (25.0, ['139', '139'], [0, 1])],
)
def test_image_ids(pair, tmp_path, frame_rate, names, ids):
    frames = [replace(image(pair[[0]], name), index=i) for i, name in enumerate(names)]
    results = json.loads(write(CocoWriter, tmp_path / 'results.json', frames, frame_rate).read_text())
    assert [person['image_id'] for person in results] == ids


def test_a_name_among_numbers(pair, tmp_path):
    frames = [image(pair), image(pair, 'cover')]
    with pytest.raises(ValueError, match=re.escape('val2017/cover.jpg: the image is not named by a number')):
        write(CocoWriter, tmp_path / 'results.json', frames, None)
    assert len(json.loads((tmp_path / 'results.json').read_text())) == 2


def test_people_without_ids_and_missing_values(pair, tmp_path):
    pair.ids, pair.keypoints[0, 4] = None, np.nan
    first, second = json.loads(write(CocoWriter, tmp_path / 'results.json', [image(pair)], None).read_text())
    assert 'track_id' not in first and first['keypoints'][12:15] == [0, 0, 0] and second['keypoints'][14] == 0.9


@pytest.mark.parametrize('frames', [[], [Frame(0, 0.0, 'a.mp4', people=no_people())]])
def test_no_people(pair, tmp_path, frames):
    results = write(CocoWriter, tmp_path / 'results.json', frames)
    assert json.loads(results.read_text()) == []
    assert COCO(str(write_truth(tmp_path / 'truth.json', pair))).loadRes(str(results)).anns == {}


def test_a_folder_in_the_way(tmp_path):
    with pytest.raises(IsADirectoryError, match='is a folder, where a file is to be written'):
        CocoWriter(tmp_path, 25.0, **LIFTED)
