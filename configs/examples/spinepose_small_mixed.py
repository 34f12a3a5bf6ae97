"""The small v1 model trained on SpineTrack, COCO-17 and Halpe-26 together and evaluated on each.

Labels with fewer keypoints take part through MMPose's KeypointConverter; what they do not label weighs nothing.
COCO_ROOT has COCO's annotations/, train2017/ and val2017/, and HALPE_ROOT Halpe's annotations/halpe_{train,val}_v1.json.
"""
_base_ = ['../spinepose_v1_small.py']

coco_root = '{{$COCO_ROOT:data/coco}}'
halpe_root = '{{$HALPE_ROOT:data/halpe}}'
coco17 = [(i, i) for i in range(17)]  # SpineTrack begins with COCO's keypoints
halpe26 = [(i, i) for i in range(26)]  # and with Halpe's first 26


def converted(type, ann_file, images, mapping, **kwargs):
    return dict(
        type=type,
        ann_file=ann_file,
        data_prefix=dict(img=images),
        pipeline=[dict(type='KeypointConverter', num_keypoints=_base_.num_keypoints, mapping=mapping)],
        **kwargs)


train_dataloader = dict(
    dataset=dict(datasets=[
        *_base_.train_dataloader.dataset.datasets,
        converted('CocoDataset', f'{coco_root}/annotations/person_keypoints_train2017.json', f'{coco_root}/train2017/',
                  coco17),
        converted('HalpeDataset', f'{halpe_root}/annotations/halpe_train_v1.json', f'{halpe_root}/hico_20160224_det/'
                  'images/train2015/', halpe26),
    ]))

spinetrack_val = dict(_base_.val_dataloader.dataset, pipeline=[])
coco_val = converted('CocoDataset', f'{coco_root}/annotations/person_keypoints_val2017.json', f'{coco_root}/val2017/',
                     coco17, test_mode=True)
halpe_val = converted('HalpeDataset', f'{halpe_root}/annotations/halpe_val_v1.json', f'{coco_root}/val2017/', halpe26,
                      test_mode=True)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[spinetrack_val, coco_val, halpe_val],
        pipeline=_base_.val_pipeline,
        test_mode=True))
test_dataloader = val_dataloader

val_evaluator = dict(
    _delete_=True,
    type='MultiDatasetEvaluator',
    datasets=[spinetrack_val, coco_val, halpe_val],
    metrics=[
        dict(type='SpineTrackMetric'),
        dict(type='CocoMetric', pred_converter=dict(num_keypoints=17, mapping=coco17)),
        dict(
            type='CocoMetric',
            prefix='halpe26',
            gt_converter=dict(num_keypoints=26, mapping=halpe26),
            pred_converter=dict(num_keypoints=26, mapping=halpe26)),
    ])
test_evaluator = val_evaluator
