"""The augmentation of RTMPose's medium and larger models."""

_base_ = ['spinetrack.py']

train_pipeline = [
    dict(step, scale_factor=[0.5, 1.5], rotate_factor=90) if step['type'] == 'SpineBBoxTransform' else step
    for step in _base_.train_pipeline
]

train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
