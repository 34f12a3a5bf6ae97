"""People to evaluate, as labels and as predictions, and how COCO's evaluator and the authors evaluate them."""

import copy
import json

import numpy as np
import pycocotools.coco
import pycocotools.cocoeval
import xtcocotools.coco
import xtcocotools.cocoeval
from mmpose.evaluation.functional import oks_nms

import builders
from spinepose_mm import skeleton

META = dict(dataset_name='spinetrack', num_keypoints=37, sigmas=np.array(skeleton.SIGMAS), CLASSES=[dict(id=1)])
NAMES = ('AP', 'AP .5', 'AP .75', 'AP (M)', 'AP (L)', 'AR', 'AR .5', 'AR .75', 'AR (M)', 'AR (L)')


def predictions(path, noise, seed=0):
    """Return data samples whose keypoints are the ground truth and some pixels of noise."""
    rng = np.random.default_rng(seed)
    samples = []
    for person in json.loads(path.read_text())['annotations']:
        true = np.array(person['keypoints']).reshape(-1, 3)[None, :, :2]
        x, y, w, h = person['bbox']
        samples.append(
            dict(
                id=person['id'],
                img_id=person['image_id'],
                category_id=1,
                raw_ann_info=person,
                ori_shape=(480, 640),
                pred_instances=dict(
                    keypoints=true + rng.normal(0, 1, true.shape) * noise * rng.uniform(0, 2),
                    keypoint_scores=rng.uniform(0.1, 1, (1, 37)).astype(np.float32),
                ),
                gt_instances=dict(bbox_scores=np.ones(1), bbox_scales=1.25 * np.array([[w, h]])),
            )
        )
    return samples


def crowd_of_people(path, seed=0):
    """Write labels of people who stand close together, some as crowds or in the same place, and return samples.

    Keypoints and scores are often equal or differ by how they are rounded, and some people are predicted twice or with
    scores of 0.
    """
    rng = np.random.default_rng(seed)
    same = rng.random(37).astype(np.float32)
    people, samples = [], []
    for i in range(60):
        scale = rng.choice([0.4, 1, 2.5])
        flat = np.array(builders.keypoints()).reshape(-1, 3)
        flat[:, :2] = flat[:, :2] * scale + rng.integers(0, 3, 2) * 10 * scale
        flat[:, 2] = rng.choice([0, 1, 2], 37, p=[0.2, 0.2, 0.6])
        for subset in ('body', 'feet', 'spine'):
            if rng.random() < 0.15:
                flat[list(skeleton.SUBSETS[subset]), 2] = 0
        low, high = flat[:, :2].min(0), flat[:, :2].max(0)
        people.append(
            builders.person(
                i + 1,
                int(rng.integers(1, 16)),
                keypoints=flat.ravel().tolist(),
                iscrowd=int(i % 12 == 5),
                area=float(2400 * scale**2),
                bbox=[*low, *(high - low)],
                num_keypoints=37,
            )
        )
    images = [dict(id=i, file_name=f'{i}.jpg', width=640, height=480, crowdIndex=i % 11 / 10) for i in range(1, 16)]
    path = builders.write_annotations(path, people, images)
    for sample in predictions(path, noise=3, seed=seed):
        found, (w, h) = sample['pred_instances'], sample['raw_ann_info']['bbox'][2:]
        if rng.random() < 0.8:
            found['keypoint_scores'][:] = rng.choice([0, 0.1, 0.5]) if rng.random() < 0.3 else rng.permutation(same)
        found['keypoints'] = found['keypoints'].astype(np.float32)
        sample['gt_instances'] = dict(
            bbox_scores=rng.choice([0.5, 1, 1, 1], 1).astype(np.float32), bbox_scales=np.array([[w, h]], np.float32)
        )
        sample['crowd_index'] = images[sample['img_id'] - 1]['crowdIndex']
        again = copy.deepcopy(sample)
        again['id'] += 100 * (rng.random() < 0.8)  # others are the same, loaded twice
        again['pred_instances']['keypoints'] += rng.choice([0, 1, 40])
        samples += [sample, again] if rng.random() < 0.5 else [sample]
    return path, samples


def with_boxes(samples):
    """Return the samples as top-down estimators leave them, with the boxes of the people."""
    samples = copy.deepcopy(samples)
    for sample in samples:
        left, top, w, h = sample['raw_ann_info']['bbox']
        sample['pred_instances'].update(bboxes=np.array([[left, top, left + w, top + h]], np.float32))
    return samples


def by_image(samples):
    """Return the samples as a bottom-up estimator leaves them, without boxes."""
    images = {}
    for sample in samples:
        images.setdefault(sample['img_id'], []).append(sample)
    return [
        dict(
            people[0],
            id=[person['id'] for person in people],
            category_id=1,
            gt_instances={},
            raw_ann_info=list({person['id']: person for person in (one['raw_ann_info'] for one in people)}.values()),
            pred_instances={
                name: np.concatenate([person['pred_instances'][name] for person in people])
                for name in ('keypoints', 'keypoint_scores')
            },
        )
        for people in images.values()
    ]


def scores(metric, samples, meta=META):
    metric.dataset_meta = copy.deepcopy(meta)
    metric.process([], samples)
    return metric.evaluate(len(samples))


def cut(samples, path, ids, folder):
    """Return the samples and the annotation file of a data set that has the keypoints `ids` alone."""

    def cut_flat(flat):
        return np.array(flat).reshape(-1, 3)[list(ids)].ravel().tolist()

    samples = copy.deepcopy(samples)
    for sample in samples:
        found = sample['pred_instances']
        found.update({name: found[name][:, list(ids)] for name in ('keypoints', 'keypoint_scores')})
    data = json.loads(path.read_text())
    for person in data['annotations']:
        person['keypoints'] = cut_flat(person['keypoints'])
    labels = {person['id']: person for person in data['annotations']}
    for sample in samples:
        whole = sample['raw_ann_info']
        sample['raw_ann_info'] = (
            [labels[person['id']] for person in whole] if isinstance(whole, list) else labels[whole['id']]
        )
    (folder / 'cut.json').write_text(json.dumps(data))
    return samples, folder / 'cut.json'


def labels_of(samples):
    """Return the content of a COCO file of the labels that come with samples, once for each sample."""
    found = [sample['raw_ann_info'] for sample in samples]
    found = sum((one if isinstance(one, list) else [one] for one in found), [])
    return dict(
        images=[dict(id=i) for i in sorted({sample['img_id'] for sample in samples})],
        annotations=found,
        categories=META['CLASSES'],
    )


def mean_over(least):
    """Return the function that gives the mean of the keypoints' scores over the least, times that of the box."""

    def score(seen, box):
        good = [value for value in seen if value > least]
        return box * (sum(good) / len(good)) if good else 0.0

    return score


def authors_way(labels, samples, evaluator=xtcocotools, score=None, nms=oks_nms, threshold=0.9, use_area=True):
    """Return what COCO's evaluator says where people are scored and suppressed once and then cut into subsets.

    Args:
        labels: content of a COCO file.
        score: from (scores of the keypoints, score of the box) to that of the person.
    """
    images = {}
    for sample in samples:
        found, boxes = sample['pred_instances'], sample['gt_instances']
        for i, (points, seen) in enumerate(zip(found['keypoints'], found['keypoint_scores'])):
            area = np.ptp(points[:, 0]) * np.ptp(points[:, 1])
            if 'bbox_scales' in boxes:
                area = boxes['bbox_scales'][i, 0] * boxes['bbox_scales'][i, 1]
            person = dict(
                keypoints=np.column_stack([points, seen]),
                area=area,
                score=(score or mean_over(0.2))(seen, boxes.get('bbox_scores', np.ones(99))[i]),
            )
            key = (sample['id'], 0) if np.ndim(sample['id']) == 0 else (0, i)  # what is loaded twice counts once
            images.setdefault(sample['img_id'], {}).setdefault(key, person)
    kept = []
    for image, people in images.items():
        people = [people[key] for key in sorted(people)]
        rows = nms(people, threshold, sigmas=META['sigmas']) if nms else range(len(people))
        kept += [(image, people[row]) for row in rows]
    values = {}
    for subset, ids in skeleton.SUBSETS.items():
        cut_labels = copy.deepcopy(labels)
        for person in cut_labels['annotations']:
            points = np.reshape(person['keypoints'], (-1, 3))[list(ids)]
            person.update(keypoints=points.ravel().tolist(), num_keypoints=int((points[:, 2] > 0).sum()))
        truth = evaluator.coco.COCO()
        truth.dataset = cut_labels
        truth.createIndex()
        results = [
            dict(
                image_id=image,
                category_id=1,
                score=float(person['score']),
                keypoints=person['keypoints'][list(ids)].ravel().tolist(),
            )
            for image, person in kept
        ]
        if evaluator is pycocotools:  # xtcocotools leaves them out itself
            results = [person for person in results if any(person['keypoints'][2::3])]
        options = (META['sigmas'][list(ids)], use_area) if evaluator is xtcocotools else ()
        one = evaluator.cocoeval.COCOeval(truth, truth.loadRes(results), 'keypoints', *options)
        one.params.kpt_oks_sigmas = META['sigmas'][list(ids)]  # pycocotools' place for them
        one.evaluate()
        one.accumulate()
        one.summarize()
        values.update({f'spinetrack/{subset}_{name}': value for name, value in zip(NAMES, one.stats)})
    return values
