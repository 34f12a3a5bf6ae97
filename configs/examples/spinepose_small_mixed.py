"""The small v1 model trained on SpineTrack, COCO-17 and Halpe-26 together and evaluated on each.

Labels with fewer keypoints take part through MMPose's KeypointConverter; what they do not label weighs nothing. Where
the data lie is said in _base_/coco17.py and _base_/halpe26.py.
"""

_base_ = ['../spinepose_v1_small.py', '../_base_/halpe26.py']

train_dataloader = dict(
    dataset=dict(datasets=[*_base_.train_dataloader.dataset.datasets, _base_.coco_train, _base_.halpe_train])
)

spinetrack_val = dict(_base_.val_dataloader.dataset, pipeline=[])
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[spinetrack_val, _base_.coco_val, _base_.halpe_val],
        pipeline=_base_.val_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader

val_evaluator = dict(
    _delete_=True,
    type='MultiDatasetEvaluator',
    datasets=[spinetrack_val, _base_.coco_val, _base_.halpe_val],
    metrics=[dict(type='SpineTrackMetric'), _base_.coco_metric, _base_.halpe_metric],
)
test_evaluator = val_evaluator
