"""The tiny model with a shorter schedule, on less data; `make demo` trains it within minutes on two CPU cores."""
_base_ = ['../spinepose_tiny.py']

max_epochs = 20

train_cfg = dict(max_epochs=max_epochs, val_interval=4)
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], begin=max_epochs // 2, end=max_epochs, T_max=max_epochs // 2),
]
