"""What spinepose_finetune.py is for the tiny model, for the published medium one, whose weights are CC-BY-NC-4.0.

SPINETRACK_ROOT=mine mim train spinepose_mm spinepose_finetune_medium.py
"""

_base_ = ['../spinepose_v1_medium.py']

max_epochs = 20
base_lr = 1e-4


def own(split, **kwargs):
    return dict(
        type='SpineTrackDataset',
        data_root=_base_.data_root,
        ann_file=f'annotations/person_keypoints_{split}.json',
        data_prefix=dict(img=f'images/{split}/'),
        **kwargs,
    )


# Neither the teacher, which was not trained on these images, nor the losses for training from the beginning.
model = dict(
    init_cfg=dict(_delete_=True, type='Pretrained', checkpoint='spinepose-m'),
    teacher=None,
    head=dict(structure_loss=None, spine_loss=None),
)

train_dataloader = dict(
    batch_size=32, num_workers=4, dataset=own('train', pipeline=_base_.train_pipeline, _delete_=True)
)
val_dataloader = dict(
    batch_size=32, num_workers=4, dataset=own('val', test_mode=True, pipeline=_base_.val_pipeline, _delete_=True)
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(_base_.short_warm_up, epochs=max_epochs / 10),
    dict(_base_.param_scheduler[1], begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
custom_hooks = []
default_hooks = dict(logger=dict(interval=10))
