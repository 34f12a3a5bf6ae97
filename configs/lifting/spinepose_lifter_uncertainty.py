"""The lifter with the expected error of each point beside it."""

_base_ = ['spinepose_lifter.py']

model = dict(head=dict(type='SpineUncertaintyHead', loss=dict(_delete_=True, type='SpineExpectedErrorLoss')))
