"""MMEngine's own runner builds it, and its optimiser has the learning rates that were worked out by hand."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

import builders


def rates(epoch_length, steps, **fields):
    """Return the learning rate of each of some steps, of 1 after the warm-up."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = PARAM_SCHEDULERS.build(
        dict(type='SpineWarmUpLR', convert_to_iter_based=True, **{**dict(start_factor=0.2, end=5, epochs=1), **fields}),
        default_args=dict(optimizer=optimizer, epoch_length=epoch_length),
    )
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize(
    'epoch_length, fields, expected',
    [
        (100, {}, [0.2, 0.4, 0.6, 0.8, 1, 1, 1]),  # steps bound it
        (3, {}, [0.2, 0.6, 1, 1, 1, 1, 1]),  # an epoch does
        (3, dict(epochs=1.5), [0.2, 0.2 + 0.8 / 3, 0.2 + 1.6 / 3, 1, 1, 1, 1]),
        (1, {}, [0.2, 1, 1, 1, 1, 1, 1]),  # no run stays at its start
        (1, dict(epochs=0.1), [0.2, 1, 1, 1, 1, 1, 1]),
    ],
)
def test_it_ends_with_its_steps_or_its_epochs(epoch_length, fields, expected):
    assert rates(epoch_length, 7, **fields) == pytest.approx(expected)


@pytest.mark.parametrize('name', ['spinepose_tiny', 'examples/spinepose_finetune', 'examples/spinepose_small_coco'])
@pytest.mark.parametrize('epoch_length', [1, 7, 500])
def test_a_tenth_of_a_run_warms_up_at_most(name, epoch_length):
    cfg = Config.fromfile(builders.config(name))
    expected = min(100, max(2, cfg.max_epochs * epoch_length // 10))
    found = rates(
        epoch_length,
        expected,
        **{key: value for key, value in cfg.param_scheduler[0].items() if key in ('start_factor', 'end', 'epochs')},
    )
    assert found[0] == pytest.approx(1e-3) and found[-2] < 0.999 and found[-1] == pytest.approx(1)
