"""Sides of a comparison measured in turns, so that what else runs on the machine hits them alike."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm


@dataclass
class Comparison:
    """The times of several ways to do the same work.

    Attributes:
        case: what the work was.
        seconds: {side: seconds of each round for an item, (R,)}; ratios are to the first side.
        notes: {column: {side: text}}, more columns of the table.
    """

    case: str
    seconds: dict[str, np.ndarray]
    notes: dict[str, dict[str, str]] = field(default_factory=dict)

    def ratios(self, side: str) -> np.ndarray:
        """Return how many times as fast a side is as the first, in each round, (R,).

        Rounds are compared one by one, since the machine's load changes from round to round.
        """
        return next(iter(self.seconds.values())) / self.seconds[side]


def compare(
    case: str,
    sides: Mapping[str, Callable[[], Any]],
    rounds: int,
    items: int = 1,
    warm_up: int = 1,
    notes: dict[str, dict[str, str]] | None = None,
    pause: float = 0.0,
) -> Comparison:
    """Let each side do its work once a round, and return the Comparison.

    Args:
        case: what the work is.
        sides: {name: function without arguments}.
        rounds: number of rounds that count.
        items: number of items that the work is on.
        warm_up: number of rounds before these.
        notes: those of the Comparison.
        pause: seconds before each side, for threads of the side before to come to rest.
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in tqdm(range(warm_up + rounds), case, leave=False, disable=None):
        # Every other round goes backwards: caches and the processor are warmer for the side that comes second.
        for name in list(sides)[:: -1 if number % 2 else 1]:
            time.sleep(pause)
            start = time.perf_counter()
            sides[name]()
            if number >= warm_up:
                seconds[name].append((time.perf_counter() - start) / items)
    return Comparison(case, {name: np.array(values) for name, values in seconds.items()}, notes or {})


def table(comparisons: Sequence[Comparison], unit: str = 'item') -> str:
    """Return Comparisons as a Markdown table: medians, and the interquartile range of the ratios.

    Args:
        comparisons: list of them, with the same columns of notes.
        unit: what an item is.
    """
    more = list(comparisons[0].notes)
    head = ['', 'Side', f'ms a {unit}', f'{unit}s/s', 'times as fast', 'middle half', *more]
    rows = []
    for comparison in comparisons:
        for name, seconds in comparison.seconds.items():
            middle, (low, high) = np.median(seconds), np.quantile(comparison.ratios(name), (0.25, 0.75))
            is_first = name == next(iter(comparison.seconds))
            rows.append(
                [
                    comparison.case if is_first else '',
                    name,
                    f'{1000 * middle:.4g}',
                    f'{1 / middle:.3g}',
                    f'{np.median(comparison.ratios(name)):.2f}',
                    '' if is_first else f'{low:.2f} to {high:.2f}',
                    *(comparison.notes[column].get(name, '') for column in more),
                ]
            )
    rule = ['---', '---', *['---:'] * (len(head) - 2)]
    return '\n'.join(f'| {" | ".join(row)} |' for row in (head, rule, *rows))


def machine() -> str:
    """Return the machine's description: processor, cores, threads, GPU and versions."""
    import cv2
    import torch

    gpu = f', {torch.cuda.get_device_name()}' if torch.cuda.is_available() else ''
    return (
        f'{_processor()}, {os.cpu_count()} cores{gpu}; Python {platform.python_version()}, torch '
        f'{torch.__version__} with {torch.get_num_threads()} threads, OpenCV {cv2.__version__}, numpy '
        f'{np.__version__}'
    )


def _processor() -> str:
    try:
        with open('/proc/cpuinfo') as file:
            return next(line.split(':', 1)[1].strip() for line in file if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
