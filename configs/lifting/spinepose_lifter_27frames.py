"""The lifter over a window of 27 frames, of which it lifts the middle one."""

_base_ = ['spinepose_lifter.py']

seq_len = 27

model = dict(backbone=dict(kernel_sizes=(3, 3, 3)))
train_dataloader = dict(dataset=dict(seq_len=seq_len))
val_dataloader = dict(dataset=dict(seq_len=seq_len))
test_dataloader = val_dataloader
