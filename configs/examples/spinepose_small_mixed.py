"""The small v1 model trained on SpineTrack, COCO-17 and Halpe-26 together and evaluated on each.

Labels with fewer keypoints take part through MMPose's KeypointConverter; what they do not label weighs nothing. Halpe's
annotations/halpe_{train,val}_v1.json and hico_20160224_det/ lie below data/halpe, or in the folder that the variable
HALPE_ROOT names; its validation pictures are COCO's.
"""
_base_ = ['../spinepose_v1_small.py', '../_base_/coco17.py']

halpe_root = '{{$HALPE_ROOT:data/halpe}}'
halpe_mapping = [(i, i) for i in range(26)]  # SpineTrack's first keypoints are Halpe's


def halpe(split, images, **kwargs):
    return dict(
        type='HalpeDataset',
        ann_file=f'{halpe_root}/annotations/halpe_{split}_v1.json',
        data_prefix=dict(img=images),
        pipeline=[dict(type='KeypointConverter', num_keypoints=_base_.num_keypoints, mapping=halpe_mapping)],
        **kwargs)


train_dataloader = dict(
    dataset=dict(datasets=[
        *_base_.train_dataloader.dataset.datasets,
        _base_.coco_train,
        halpe('train', f'{halpe_root}/hico_20160224_det/images/train2015/'),
    ]))

spinetrack_val = dict(_base_.val_dataloader.dataset, pipeline=[])
halpe_val = halpe('val', f'{_base_.coco_root}/val2017/', test_mode=True)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[spinetrack_val, _base_.coco_val, halpe_val],
        pipeline=_base_.val_pipeline,
        test_mode=True))
test_dataloader = val_dataloader

val_evaluator = dict(
    _delete_=True,
    type='MultiDatasetEvaluator',
    datasets=[spinetrack_val, _base_.coco_val, halpe_val],
    metrics=[
        dict(type='SpineTrackMetric'),
        _base_.coco_metric,
        dict(
            type='CocoMetric',
            prefix='halpe26',
            gt_converter=dict(num_keypoints=26, mapping=halpe_mapping),
            pred_converter=dict(num_keypoints=26, mapping=halpe_mapping)),
    ])
test_evaluator = val_evaluator
