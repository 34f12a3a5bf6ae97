import numpy as np
from mmengine.config import Config
from mmpose.registry import DATASETS

import builders

PIPELINE = Config.fromfile(builders.config('spinepose_v1_small')).train_pipeline


def converted(type, path, count, **kwargs):
    return dict(
        type=type,
        ann_file=str(path),
        data_prefix=dict(img=str(path.parent)),
        pipeline=[dict(type='KeypointConverter', num_keypoints=37, mapping=[(i, i) for i in range(count)])],
        **kwargs,
    )


def test_mixes_spinetrack_coco_and_halpe26(tmp_path):
    files = {}
    for name, count in (('spine', 37), ('coco', 17), ('halpe', 136)):
        (tmp_path / name).mkdir()
        files[name] = builders.write_annotations(
            tmp_path / name / 'a.json', [builders.person(keypoints=builders.keypoints(count), num_keypoints=count)]
        )
    dataset = DATASETS.build(
        dict(
            type='SpineTrackCombinedDataset',
            datasets=[
                dict(
                    type='SpineTrackDataset',
                    ann_file=str(files['spine']),
                    data_prefix=dict(img=str(tmp_path / 'spine')),
                ),
                converted('CocoDataset', files['coco'], 17),
                converted('HalpeDataset', files['halpe'], 26),
            ],
            # Without the steps that may move a keypoint out of the image.
            pipeline=[step for step in PIPELINE if step.type not in ('RandomHalfBody', 'SpineBBoxTransform')],
        )
    )
    assert dataset.metainfo['num_keypoints'] == 37
    for i, labelled in enumerate((37, 17, 26)):
        for _ in range(4):  # flipped or not
            sample = dataset[i]['data_samples']
            weights = sample.gt_instance_labels.keypoint_weights.numpy()[0]
            assert weights.shape == (37,)
            np.testing.assert_allclose(
                weights, np.where(np.arange(37) < labelled, dataset.metainfo['dataset_keypoint_weights'], 0)
            )
