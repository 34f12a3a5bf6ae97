"""The SIMSPINE authors' lifter, or another ONNX file of its signature, in the network's place.

From keypoints of single frames, zero where their score is under 0.5, to poses relative to S1 in a unit of their own:
the scale comes from a person's height. Their file is under CC-BY-NC-4.0, not for commercial use.
"""

_base_ = ['spinepose_lifter.py']

min_score = 0.5

train_dataloader = dict(dataset=dict(min_score=min_score))
val_dataloader = dict(dataset=dict(min_score=min_score))
test_dataloader = val_dataloader
