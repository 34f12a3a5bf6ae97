from types import SimpleNamespace

import pytest
from mmpose.registry import DATA_SAMPLERS

from spinepose_mm.datasets import samplers


def build(sizes, ratio, seed=0):
    return DATA_SAMPLERS.build(
        dict(type='SpineMixedSampler', dataset=SimpleNamespace(lens=sizes), ratio=ratio, seed=seed)
    )


@pytest.mark.parametrize('ratio', [[1, 1], [3, 1], [1, 2, 5], [0.02, 0.98]])
@pytest.mark.parametrize('batch', [7, 16, 64])
def test_every_batch_holds_its_shares_to_less_than_two_samples(ratio, batch):
    sizes = [100, 900, 300][: len(ratio)]
    order = list(build(sizes, ratio))
    assert len(order) == sum(sizes)
    part = [0 if i < 100 else 1 if i < 1000 else 2 for i in order]
    for start in range(0, len(order) - batch, batch):
        for number, share in enumerate(ratio):
            assert abs(part[start : start + batch].count(number) - batch * share / sum(ratio)) < 2
    whole = [part.count(number) - len(part) * share / sum(ratio) for number, share in enumerate(ratio)]
    assert max(map(abs, whole)) < 1


def test_a_part_that_is_used_up_begins_anew():
    order = list(build([5, 95], [1, 1]))
    small = [i for i in order if i < 5]
    assert len(small) == 50
    rounds = [tuple(small[i : i + 5]) for i in range(0, 50, 5)]
    assert all(sorted(one) == list(range(5)) for one in rounds) and len(set(rounds)) > 1


def test_epochs_differ_and_can_be_repeated():
    sampler = build([20, 30], [1, 1])
    first = list(sampler)
    assert list(sampler) == first == list(build([20, 30], [1, 1])) != list(build([20, 30], [1, 1], seed=1))
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_processes_share_an_epoch(monkeypatch):
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr(samplers, 'get_dist_info', lambda: (rank, 2))
        parts.append(list(build([40, 40], [1, 1])))
    assert len(parts[0]) == len(parts[1]) == 40
    assert sorted(parts[0] + parts[1]) == list(range(80))
    assert all(sum(i < 40 for i in part[:10]) == 5 for part in parts)


@pytest.mark.parametrize('sizes, ratio', [([5, 5], [1, 0]), ([5, 5], [1]), ([5, 0], [1, 1])])
def test_shares_that_cannot_be_held(sizes, ratio):
    with pytest.raises(ValueError, match='a share over 0 of each of 2 data sets'):
        build(sizes, ratio)
