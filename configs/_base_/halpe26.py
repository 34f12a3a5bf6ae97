"""Halpe's 26 keypoints of body and feet, the first of SpineTrack's 37: data sets, and the evaluator; and coco17.py.

A config takes what it needs. annotations/halpe_{train,val}_v1.json and hico_20160224_det/ lie below data/halpe, or in
the folder that the variable HALPE_ROOT names; the validation images are COCO's.
"""

_base_ = ['coco17.py']

halpe_root = '{{$HALPE_ROOT:data/halpe}}'
halpe_mapping = [(i, i) for i in range(26)]


def halpe(split, images, **kwargs):
    return dict(
        type='HalpeDataset',
        ann_file=f'{halpe_root}/annotations/halpe_{split}_v1.json',
        data_prefix=dict(img=images),
        pipeline=[dict(type='KeypointConverter', num_keypoints=37, mapping=halpe_mapping)],
        **kwargs,
    )


halpe_train = halpe('train', f'{halpe_root}/hico_20160224_det/images/train2015/')
halpe_val = halpe('val', f'{_base_.coco_root}/val2017/', test_mode=True)
# The sigmas are the first 26 of HalpeDataset's 136.
halpe_metric = dict(
    type='CocoMetric',
    prefix='halpe26',
    gt_converter=dict(num_keypoints=26, mapping=halpe_mapping),
    pred_converter=dict(num_keypoints=26, mapping=halpe_mapping),
)
halpe_evaluator = dict(type='MultiDatasetEvaluator', datasets=[halpe_val], metrics=[halpe_metric])
