"""A few hundred people of one's own, on the weights of `spinepose-tiny`: see docs/finetuning.md.

    SPINETRACK_ROOT=mine mim train spinepose_mm spinepose_finetune.py

The data are annotations/person_keypoints_{train,val}.json and images/{train,val}/ below the folder that the variable
SPINETRACK_ROOT names.
"""

_base_ = ['../spinepose_tiny.py']

max_epochs = 20
base_lr = 5e-4

model = dict(
    # Not load_from, which `--resume` drops where there is no checkpoint yet.
    init_cfg=dict(_delete_=True, type='Pretrained', checkpoint='spinepose-tiny'),
    head=dict(calibration=None),
)  # the numbers of spinepose-tiny's weights; `calibrate` fits those of the new ones

train_cfg = dict(max_epochs=max_epochs, val_interval=5)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(_base_.param_scheduler[0], epochs=max_epochs / 10),
    dict(_base_.param_scheduler[1], begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
default_hooks = dict(logger=dict(interval=10))
