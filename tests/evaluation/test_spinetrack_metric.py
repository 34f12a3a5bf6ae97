import copy
import json

import numpy as np
import pycocotools
import pytest
from mmpose.evaluation import CocoMetric
from mmpose.evaluation.functional import soft_oks_nms
from mmpose.registry import METRICS

import builders
from evaluated import (
    META,
    NAMES,
    authors_way,
    by_image,
    crowd_of_people,
    cut,
    labels_of,
    mean_over,
    predictions,
    scores,
    with_boxes,
)
from spinepose_mm import skeleton


@pytest.fixture
def people(tmp_path):
    """Annotation file of 30 people of different sizes in 10 images, some without a labelled spine, feet or body."""
    rng = np.random.default_rng(0)
    found = []
    for i in range(30):
        scale = rng.uniform(0.4, 3)
        flat = np.array(builders.keypoints()).reshape(-1, 3)
        flat[:, :2] = flat[:, :2] * scale + rng.uniform(0, 200, 2)
        flat[:, 2] = rng.choice([0, 1, 2], 37, p=[0.2, 0.2, 0.6])
        if i % 5 == 0:
            flat[list(skeleton.SUBSETS[('spine', 'feet', 'body')[i // 5 % 3]])] = 0
        low, high = flat[:, :2].min(0), flat[:, :2].max(0)
        found.append(
            builders.person(
                i + 1, 1 + i % 10, keypoints=flat.ravel().tolist(), area=3600 * scale**2, bbox=[*low, *(high - low)]
            )
        )
    images = [dict(id=i + 1, file_name=f'{i + 1}.jpg', width=640, height=480) for i in range(10)]
    return builders.write_annotations(tmp_path / 'a.json', found, images)


def spinetrack(path, **kwargs):
    return METRICS.build(dict(type='SpineTrackMetric', ann_file=str(path), **kwargs))


@pytest.mark.parametrize(
    'source, options, way',
    [
        ('file', {}, {}),
        ('file', {}, dict(evaluator=pycocotools)),
        ('samples', {}, {}),
        ('bottom-up', {}, {}),
        ('file', dict(nms_thr=0.4), dict(threshold=0.4)),
        ('file', dict(nms_mode='soft_oks_nms'), dict(nms=soft_oks_nms)),
        ('samples', dict(nms_mode='none'), dict(nms=None)),
        ('samples', dict(keypoint_score_thr=0.6), dict(score=mean_over(0.6))),
        ('bottom-up', dict(use_area=False), dict(use_area=False)),
        ('file', dict(score_mode='bbox'), dict(score=lambda seen, box: box)),
        ('samples', dict(score_mode='keypoint'), dict(score=lambda seen, box: seen.mean())),
        ('bottom-up', dict(score_mode='bbox_rle'), dict(score=lambda seen, box: box + seen.mean() + seen.max())),
    ],
    ids=str,
)
def test_is_exactly_cocos_evaluator_in_the_authors_order(tmp_path, source, options, way):
    """All forty figures, to the last bit; the boxes that come with the predictions do not matter."""
    path, samples = crowd_of_people(tmp_path / 'a.json')
    samples = by_image(samples) if source == 'bottom-up' else with_boxes(samples) if source == 'file' else samples
    files = dict(ann_file=str(path)) if source == 'file' else {}
    meta = dict(META, dataset_name='unseen')  # no data set has left the name of its annotation file behind
    found = scores(METRICS.build(dict(type='SpineTrackMetric', **files, **options)), samples, meta)
    expected = authors_way(json.loads(path.read_text()) if files else labels_of(samples), samples, **way)
    assert len(expected) == 40 and found == expected
    assert all(0 < expected[f'spinetrack/{subset}_AP'] < 0.9 for subset in skeleton.SUBSETS)
    apart = scores(METRICS.build(dict(type='SpineTrackMetric', subset_scores=True, **files, **options)), samples, meta)
    assert apart.keys() == found.keys() and apart != found


def test_areas_of_the_feet_are_small(people):
    """Unmatched feet are too small to count among large people, but the boxes of their people are not."""
    samples = with_boxes(predictions(people, noise=0))
    for sample in samples[::3]:  # far away from all people
        sample['pred_instances']['keypoints'] += 2000
        sample['pred_instances']['keypoint_scores'][:] = 1
    found, apart = (scores(spinetrack(people, subset_scores=way), samples) for way in (False, True))
    assert found['spinetrack/feet_AP (L)'] > apart['spinetrack/feet_AP (L)'] + 0.1
    assert found['spinetrack/feet_AP'] < 0.7


@pytest.mark.parametrize('subset', skeleton.SUBSETS)
def test_equals_coco_metric_on_a_data_set_of_the_subset(people, tmp_path, subset):
    samples = predictions(people, noise=4)
    found = scores(spinetrack(people, subset_scores=True), samples)
    ids = skeleton.SUBSETS[subset]
    cut_samples, cut_file = cut(samples, people, ids, tmp_path)
    expected = scores(
        CocoMetric(ann_file=str(cut_file)),
        cut_samples,
        dict(META, num_keypoints=len(ids), sigmas=META['sigmas'][list(ids)]),
    )
    assert 0.1 < expected['coco/AP'] < 0.95
    for name in NAMES:
        assert found[f'spinetrack/{subset}_{name}'] == expected[f'coco/{name}']


def test_one_person_by_hand(tmp_path):
    """OKS = exp(-d^2 / (2 area (2 sigma)^2)) of one keypoint off by d, averaged over the subset's labelled ones."""
    person = builders.person()
    path = builders.write_annotations(tmp_path / 'a.json', [person])
    sample = predictions(path, noise=0)[0]
    levels = [skeleton.index(level) for level in ('C1', 'C4', 'C7', 'T3', 'T8', 'L1', 'L3', 'L5', 'S1')]
    sample['pred_instances']['keypoints'][0, levels, 0] += 6
    oks = np.mean([np.exp(-36 / (2 * 2400 * (2 * skeleton.SIGMAS[i]) ** 2)) for i in levels])
    assert 0.65 < oks < 0.7  # passes the thresholds .5, .55, .6 and .65 of ten
    found = scores(spinetrack(path), [sample])
    assert found['spinetrack/spine_AP'] == pytest.approx(0.4)
    assert found['spinetrack/spine_AP .5'] == pytest.approx(1) and found['spinetrack/spine_AP .75'] == 0
    assert [found['spinetrack/body_AP'], found['spinetrack/feet_AP']] == pytest.approx([1, 1])


def test_people_without_the_subset_do_not_count(tmp_path):
    flat = np.array(builders.keypoints()).reshape(-1, 3)
    flat[list(skeleton.SUBSETS['spine'])] = 0
    path = builders.write_annotations(
        tmp_path / 'a.json', [builders.person(1), builders.person(2, image_id=2, keypoints=flat.ravel().tolist())]
    )
    samples = predictions(path, noise=0)
    samples[1]['pred_instances']['keypoints'][:, list(skeleton.SUBSETS['spine'])] += 25
    found = scores(spinetrack(path), samples)
    assert [found['spinetrack/spine_AP'], found['spinetrack/spine_AR']] == pytest.approx([1, 1])
    alone = builders.write_annotations(tmp_path / 'b.json', [samples[1]['raw_ann_info']])
    assert scores(spinetrack(alone), samples[1:])['spinetrack/spine_AP'] == -1


def test_takes_the_labels_from_the_data_set_too(people):
    samples = predictions(people, noise=4)
    unseen = dict(META, dataset_name='unseen')  # no data set has left the name of its annotation file behind
    found = scores(METRICS.build(dict(type='SpineTrackMetric')), samples, unseen)
    assert found == scores(spinetrack(people), samples)


def test_leaves_its_inputs_alone(people):
    metric, samples = spinetrack(people), predictions(people, noise=2)
    before = copy.deepcopy(samples)
    assert scores(metric, samples) == scores(metric, samples)
    np.testing.assert_array_equal(before[0]['pred_instances']['keypoints'], samples[0]['pred_instances']['keypoints'])


@pytest.mark.parametrize('subsets', [['spine', 'tail'], []])
def test_unknown_subset(subsets):
    with pytest.raises(ValueError, match='subsets are out of body, feet, spine, all'):
        METRICS.build(dict(type='SpineTrackMetric', subsets=subsets))


def test_other_numbers_of_keypoints(people, tmp_path):
    cut_samples, cut_file = cut(predictions(people, 0), people, range(17), tmp_path)
    message = 'takes 37 keypoints a person for .*all, but the prediction for image 1 has 17'
    with pytest.raises(ValueError, match=message):
        scores(spinetrack(people), cut_samples)
    with pytest.raises(ValueError, match='takes 26 keypoints a person for body, feet, but .* has 17'):
        scores(spinetrack(people, subsets=['body', 'feet']), cut_samples)
    exact = scores(spinetrack(people, subsets=['body'], subset_scores=True), predictions(people, noise=2))
    assert (
        scores(
            spinetrack(people, subsets=['body']),
            cut(  # all keypoints are the body's
                predictions(people, noise=2), people, range(17), tmp_path
            )[0],
        )
        == exact
        and exact['spinetrack/body_AP'] < 1
    )
    with pytest.raises(ValueError, match=r'cut\.json: annotation 1 has 17 keypoints, where 37'):
        scores(spinetrack(cut_file), predictions(people, 0))


def test_missing_area(tmp_path):
    person = builders.person()
    del person['area']
    path = builders.write_annotations(tmp_path / 'a.json', [person])
    metric = spinetrack(path)
    with pytest.raises(ValueError, match=r"a\.json: annotation 1 has no field 'area'; set use_area=False"):
        metric.dataset_meta = copy.deepcopy(META)  # before anything is predicted
    assert scores(spinetrack(path, use_area=False), predictions(path, 0))['spinetrack/all_AP'] == pytest.approx(1)


def test_a_crowd_without_keypoints(tmp_path):
    crowd = builders.person(2, iscrowd=1)
    del crowd['keypoints']
    path = builders.write_annotations(tmp_path / 'a.json', [builders.person(1), crowd])
    samples = predictions(builders.write_annotations(tmp_path / 'b.json', [builders.person(1)]), 0)
    assert scores(spinetrack(path), samples)['spinetrack/spine_AP'] == pytest.approx(1)


def test_options_that_do_not_fit():
    with pytest.raises(TypeError, match='takes no outfile_prefix'):
        METRICS.build(dict(type='SpineTrackMetric', outfile_prefix='a'))


@pytest.mark.parametrize(
    'source, options',
    [
        *(
            ('file', dict(nms_mode=nms, score_mode=score))
            for nms in ('oks_nms', 'soft_oks_nms', 'none')
            for score in ('bbox', 'bbox_keypoint', 'bbox_rle', 'keypoint')
        ),
        *(
            (source, options)
            for source in ('samples', 'bottom-up')
            for options in ({}, dict(score_mode='bbox_rle'), dict(use_area=False), dict(iou_type='keypoints_crowd'))
        ),
        ('file', dict(nms_thr=0.4)),
        ('file', dict(keypoint_score_thr=0.6)),
    ],
    ids=str,
)
def test_subset_scores_are_exactly_coco_metrics_with_all_options(tmp_path, source, options):
    path, samples = crowd_of_people(tmp_path / 'a.json')
    samples = by_image(samples) if source == 'bottom-up' else with_boxes(samples) if source == 'file' else samples
    meta = dict(META, dataset_name='unseen', sigmas=META['sigmas'].astype(np.float32))
    files = dict(ann_file=str(path)) if source == 'file' else {}
    found = scores(METRICS.build(dict(type='SpineTrackMetric', subset_scores=True, **files, **options)), samples, meta)
    for subset, ids in skeleton.SUBSETS.items():
        cut_samples, cut_file = cut(samples, path, ids, tmp_path)
        files = dict(ann_file=str(cut_file)) if source == 'file' else {}
        expected = scores(
            CocoMetric(**files, **options),
            cut_samples,
            dict(meta, num_keypoints=len(ids), sigmas=meta['sigmas'][list(ids)]),
        )
        assert {name: found[f'spinetrack/{subset}_{name.removeprefix("coco/")}'] for name in expected} == expected
        assert 0 < expected['coco/AP'] < 0.9
    assert len(found) == 4 * len(expected)


def test_leaves_the_labels_alone(people):
    metric, samples = spinetrack(people), predictions(people, noise=2)
    before = copy.deepcopy(metric.coco.dataset)
    scores(metric, samples)
    assert metric.coco.dataset == before


def test_several_categories(tmp_path):
    """AP is the mean over the categories; predictions of one that the data has not do not count."""
    path = builders.write_annotations(
        tmp_path / 'a.json', [builders.person(1), builders.person(2, image_id=2, category_id=2)]
    )
    data = json.loads(path.read_text())
    path.write_text(json.dumps(dict(data, categories=[dict(id=1), dict(id=2)])))
    samples = predictions(path, noise=0)
    samples[0]['category_id'] = np.array(1)  # as MMPose's data sets have it
    samples[1]['category_id'] = 2
    assert scores(spinetrack(path), samples)['spinetrack/all_AP'] == pytest.approx(1)
    samples[1]['category_id'] = 3
    assert scores(spinetrack(path), samples)['spinetrack/all_AP'] == pytest.approx(0.5)


def test_no_predictions(people):
    sample = predictions(people, noise=0)[0]
    sample['pred_instances'] = dict(keypoints=np.zeros((0, 37, 2)), keypoint_scores=np.zeros((0, 37)))
    found = scores(spinetrack(people), [dict(sample, gt_instances={})])
    assert set(found.values()) == {0.0}


def test_predictions_of_other_images(people):
    samples = predictions(people, noise=0)
    samples[3]['img_id'] = 77
    with pytest.raises(ValueError, match=r'a prediction is for image 77, which .*a\.json has not'):
        scores(spinetrack(people), samples)


def test_other_iou_types():
    with pytest.raises(ValueError, match='iou_type is keypoints or keypoints_crowd, not bbox'):
        METRICS.build(dict(type='SpineTrackMetric', iou_type='bbox'))
