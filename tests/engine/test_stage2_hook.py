import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.hub import get_config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpose.registry import HOOKS

import builders
from spinepose_mm.engine.stage2_hook import second_stage


@pytest.mark.parametrize(
    'size, stock', [('small', 's_8xb1024'), ('medium', 'm_8xb512'), ('large', 'l_8xb512'), ('xlarge', 'x_8xb256')]
)
def test_it_is_what_mmposes_config_of_the_same_size_states(size, stock):
    own = second_stage(Config.fromfile(builders.config(f'spinepose_v1_{size}')).train_dataloader.dataset.pipeline)
    pixels = '384x288' if size == 'xlarge' else '256x192'
    stock = get_config(f'mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-{stock}-700e_body8-halpe26-{pixels}.py')
    names = dict(
        LoadImage='LoadSpineImage',
        RandomBBoxTransform='SpineBBoxTransform',
        TopdownAffine='SpineTopdownAffine',
        GenerateTarget='SpineTarget',
    )
    steps, dropout = [], None
    for step in stock.train_pipeline_stage2:
        if step.type == 'Albumentation':
            dropout = step.transforms[-1]
            steps += ['RandomBlur', 'RandomCoarseDropout']
        else:
            steps.append(names.get(step.type, step.type))
    assert [step['type'] for step in own] == steps
    (moved,) = (step for step in stock.train_pipeline_stage2 if step.type == 'RandomBBoxTransform')
    found = {step['type']: step for step in own}
    assert {key: found['SpineBBoxTransform'][key] for key in moved if key != 'type'} == {
        key: value for key, value in moved.items() if key != 'type'
    }
    holes = found['RandomCoarseDropout']
    assert holes['prob'] == dropout.p and holes['size'] == (dropout.min_width, dropout.max_width)


class Images(BaseDataset):
    """White images, of which the pipeline says what becomes."""

    def load_data_list(self):
        return [dict(img=np.full((20, 20, 3), 255, np.uint8)) for _ in range(20)]


class Counter(BaseModel):
    """Counts the images with holes in each epoch."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen = []

    def forward(self, img, sample_idx, mode):
        self.seen[-1] += sum(bool((image == 0).any()) for image in img)
        return dict(loss=self.weight.sum())


class Begin(Hook):
    def before_train_epoch(self, runner):
        runner.model.seen.append(0)


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize('epochs', [0, 1, 2])
def test_the_last_epochs_switch(tmp_path, workers, epochs):
    """With a real runner, also where workers persist: with a probability of 1 each image has a hole, then half."""
    model = Counter()
    steps = [dict(type='RandomCoarseDropout')]
    runner = Runner(
        model,
        str(tmp_path),
        default_scope='mmpose',
        experiment_name=f'{workers}{epochs}',
        log_level='ERROR',
        train_cfg=dict(by_epoch=True, max_epochs=3),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(logger=None, checkpoint=None),
        randomness=dict(seed=0),
        custom_hooks=[dict(type='SpineStage2Hook', epochs=epochs)],
        cfg=dict(train_dataloader=dict(dataset=dict(pipeline=steps))),
        train_dataloader=dict(
            batch_size=5,
            num_workers=workers,
            persistent_workers=workers > 0,
            dataset=Images(pipeline=steps),
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='pseudo_collate'),
        ),
    )
    runner.register_hook(Begin())
    runner.train()
    assert model.seen[: 3 - epochs] == [20] * (3 - epochs)
    assert all(3 < count < 17 for count in model.seen[3 - epochs :])


def test_what_it_cannot_change_is_an_error():
    with pytest.raises(ValueError, match='epochs is 0 or more, but -1 was given'):
        HOOKS.build(dict(type='SpineStage2Hook', epochs=-1))
