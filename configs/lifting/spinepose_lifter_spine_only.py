"""The lifter from the nine keypoints of the spine alone, as the SIMSPINE paper compares it with the full body."""

_base_ = ['spinepose_lifter.py']

only_spine = dict(type='DropKeypoints', keep='spine')
train_dataloader = dict(dataset=dict(pipeline=[*_base_.train_pipeline[:-2], only_spine, *_base_.train_pipeline[-2:]]))
val_dataloader = dict(dataset=dict(pipeline=[only_spine, *_base_.val_pipeline]))
test_dataloader = val_dataloader
