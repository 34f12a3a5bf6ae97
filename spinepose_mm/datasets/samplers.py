"""Samplers over several data sets at once."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import Sampler


@DATA_SAMPLERS.register_module()
class SpineMixedSampler(Sampler):
    """Mix the parts of a combined data set in every batch, whatever its size.

    Each place goes to the part that is furthest behind its share, so that each part has its share of any samples in a
    row, to a sample or two. A part that is used up begins anew, in another order, as does each epoch. An epoch is as
    long as all parts together. MMPose's `MultiSourceSampler` takes the batch size too, and does not mix where that
    differs from the loader's.

    Args:
        dataset: a `CombinedDataset`.
        ratio: shares of its data sets, all over 0, such as [1, 1] or [3, 1].
        seed: of the order; a random one, the same in all processes, by default.

    Raises:
        ValueError: there is not one share over 0 for each data set, or a data set is empty.
    """

    def __init__(self, dataset: Any, ratio: Sequence[float], seed: int | None = None) -> None:
        self.sizes = dataset.lens
        if len(ratio) != len(self.sizes) or min(ratio) <= 0 or min(self.sizes) == 0:
            raise ValueError(
                f'SpineMixedSampler takes a share over 0 of each of {len(self.sizes)} data sets, none of '
                f'which is empty; not {list(ratio)} for {list(self.sizes)} samples'
            )
        self.shares = [share / sum(ratio) for share in ratio]
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.rank, self.processes = get_dist_info()

    def __iter__(self) -> Iterator[int]:
        streams = [self._endless(part) for part in range(len(self.sizes))]
        counts = [0] * len(streams)
        for place in range(1, len(self) + 1):
            behind = [share * place - count for share, count in zip(self.shares, counts)]
            part = behind.index(max(behind))
            counts[part] += 1
            yield next(streams[part])

    def _endless(self, part: int) -> Iterator[int]:
        """Yield this process's numbers of one part, shuffled, for ever."""
        start, size, taken = sum(self.sizes[:part]), self.sizes[part], 0
        generator = torch.Generator().manual_seed(hash((self.seed, self.epoch, part)) % 2**63)
        while True:
            for number in torch.randperm(size, generator=generator).tolist():
                if taken % self.processes == self.rank:
                    yield start + number
                taken += 1

    def __len__(self) -> int:
        return math.ceil(sum(self.sizes) / self.processes)

    def set_epoch(self, epoch: int) -> None:
        """Take another order; MMEngine calls it before each epoch."""
        self.epoch = epoch
