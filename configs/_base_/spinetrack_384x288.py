"""What an input of 288x384 pixels (w x h) changes."""

_base_ = ['spinetrack_strong.py']

input_size = (288, 384)
codec = dict(_base_.codec, input_size=input_size, sigma=(6.0, 6.93))


def resized(pipeline):
    """Return the pipeline with this input size and codec in place of the base's."""
    own = dict(input_size=input_size, encoder=codec)
    return [dict(step, **{key: own[key] for key in own if key in step}) for step in pipeline]


train_pipeline = resized(_base_.train_pipeline)
val_pipeline = resized(_base_.val_pipeline)

model = dict(head=dict(input_size=input_size, in_featuremap_size=(9, 12), decoder=codec))
train_dataloader = dict(batch_size=128, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader
