"""SpinePose's schedule as published: 10 epochs of AdamW at 4e-3 for a batch of 1,024 people, 1,000 iterations warm-up.

SpineTrack's 58,766 people make 57 such batches an epoch, so that with all of them the warm-up is not over when training
is: the learning rate gets to about a third of that. With a batch of 256 and `--auto-scale-lr` it gets to all of 1e-3.
"""

_base_ = ['default_runtime.py']

max_epochs = 10
base_lr = 4e-3

train_cfg = dict(max_epochs=max_epochs, val_interval=1)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=base_lr, weight_decay=0.0),
    clip_grad=dict(max_norm=35, norm_type=2),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-5, by_epoch=False, begin=0, end=1000),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.05,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs // 2,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
# For data of which these epochs are fewer steps.
short_warm_up = dict(
    type='SpineWarmUpLR', start_factor=1e-3, end=100, epochs=max_epochs / 10, convert_to_iter_based=True
)
auto_scale_lr = dict(base_batch_size=1024)

default_hooks = dict(checkpoint=dict(interval=1, save_best='spinetrack/all_AP', rule='greater', max_keep_ckpts=2))
custom_hooks = [
    # RTMPose's second stage is 30 of 700 epochs (20 for x), at a twentieth of the learning rate. The least whole share
    # of 10 epochs is one, at 5 to 10% of it, in which each person is seen once without these augmentations.
    dict(type='SpineStage2Hook', epochs=1),
    # L_spine hurts while predictions still jump: see docs/studies.md, "Readings of L_spine".
    dict(type='SpineLossHook', begin=0.5),
    dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0002, update_buffers=True, priority=49),
]
