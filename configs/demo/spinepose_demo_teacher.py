"""The tiny model with Halpe-26's keypoints, the teacher of spinepose_demo.py; it learns from the same images."""

_base_ = ['../spinepose_tiny.py']

num_keypoints = 26
inferencer = 'Pose2DInferencer'
halpe26 = dict(from_file='configs/_base_/datasets/halpe26.py')
max_epochs = 16

model = dict(metainfo=halpe26, head=dict(out_channels=num_keypoints, calibration=None))

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CombinedDataset',
        metainfo=halpe26,
        datasets=[
            dict(
                _base_.train_dataloader.dataset,
                pipeline=[
                    dict(
                        type='KeypointConverter',
                        num_keypoints=num_keypoints,
                        mapping=[(i, i) for i in range(num_keypoints)],
                    )
                ],
            )
        ],
        pipeline=_base_.train_pipeline,
    )
)

train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
val_evaluator = dict(subsets=('body', 'feet'))
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='spinetrack/body_AP'))
