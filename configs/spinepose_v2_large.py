_base_ = ['spinepose_v1_large.py', '_base_/simspine.py']

model = dict(
    # Not load_from, which `--resume` drops where there is no checkpoint yet.
    init_cfg=dict(
        type='Pretrained',
        checkpoint='https://huggingface.co/dfki-av/spinepose/resolve/main/spinetrack/pytorch/'
        'spinepose-l_32xb256-10e_spinetrack-256x192.pth',
    )
)

train_dataloader = dict(
    sampler=dict(_delete_=True, **_base_.mixed_sampler),
    dataset=dict(datasets=[dict(_base_.train_dataloader.dataset, pipeline=[]), _base_.simspine_train]),
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SpineTrackCombinedDataset',
        datasets=[dict(_base_.val_dataloader.dataset, pipeline=[]), _base_.simspine_val],
        pipeline=_base_.val_pipeline,
        test_mode=True,
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, **_base_.mixed_evaluator)
test_evaluator = val_evaluator
