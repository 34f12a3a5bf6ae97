"""COCO's 17 keypoints, the first of SpineTrack's 37: data sets to train on and to evaluate, and the evaluator.

A config takes what it needs. The data lie below data/coco, or in the folder that the variable COCO_ROOT names:
annotations/person_keypoints_{train2017,val2017}.json, train2017/ and val2017/. The person detections of 56.4 AP that
MMPose's configs use are person_detection_results/COCO_val2017_detections_AP_H_56_person.json.
"""

coco_root = '{{$COCO_ROOT:data/coco}}'
coco_mapping = [(i, i) for i in range(17)]
coco_detections = f'{coco_root}/person_detection_results/COCO_val2017_detections_AP_H_56_person.json'


def coco(split, **kwargs):
    return dict(
        type='CocoDataset',
        data_root=coco_root,
        ann_file=f'annotations/person_keypoints_{split}.json',
        data_prefix=dict(img=f'{split}/'),
        pipeline=[dict(type='KeypointConverter', num_keypoints=37, mapping=coco_mapping)],
        **kwargs,
    )


coco_train = coco('train2017')
coco_val = coco('val2017', test_mode=True)
coco_metric = dict(type='CocoMetric', pred_converter=dict(num_keypoints=17, mapping=coco_mapping))
coco_evaluator = dict(type='MultiDatasetEvaluator', datasets=[coco_val], metrics=[coco_metric])
