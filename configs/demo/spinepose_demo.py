"""The whole method on the tiny model: it starts from a teacher with Halpe-26's keypoints, whose head is expanded.

The teacher is trained first, with spinepose_demo_teacher.py; its checkpoint is where the variable SPINEPOSE_TEACHER
says. `make demo` does both within minutes on two CPU cores.
"""

_base_ = ['../spinepose_tiny.py']

teacher = '{{$SPINEPOSE_TEACHER:work_dirs/spinepose_demo_teacher/epoch_16.pth}}'
max_epochs = 8

model = dict(
    init_cfg=dict(_delete_=True, type='SpineHeadExpansion', checkpoint=teacher),
    teacher=dict(_delete_=True, config='spinepose_demo_teacher.py', checkpoint=teacher, loss_weight=2.5),
    head=dict(
        calibration=None,
        structure_loss=dict(_delete_=True, type='SpineBoneAngleLoss', loss_weight=0.1),
        spine_loss=dict(_delete_=True, type='SpineSmoothingLoss', loss_weight=0.5),
    ),
)

train_cfg = dict(max_epochs=max_epochs, val_interval=4)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
custom_hooks = [dict(type='SpineLossHook', begin=0.5)]
