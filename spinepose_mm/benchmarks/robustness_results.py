"""What a benchmark of robustness found: means, losses, tables and a plot."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping

import numpy as np

from spinepose_mm import skeleton
from spinepose_mm.io.atomic import replacing_path

#: Name of the cell without a corruption, of severity 0.
CLEAN = 'clean'
#: {(corruption, severity): {'body_AP': value, 'body_AR': value, ...}}, 0 to 1, or -1 where nothing is labelled.
Cells = dict[tuple[str, int], dict[str, float]]

_COLUMNS = 4  # of the plot


def title(name: str) -> str:
    """Return the name of a corruption as a text."""
    return dict(jpeg='JPEG', over_exposure='over-exposure').get(name, name.replace('_', ' '))


def subsets_of(cells: Mapping[tuple[str, int], Mapping[str, float]]) -> list[str]:
    """Return the subsets that have labels, in the skeleton's order."""
    return [subset for subset in skeleton.SUBSETS if cells[CLEAN, 0].get(f'{subset}_AP', -1) >= 0]


def scores_of(cells: Cells, subset: str) -> tuple[list[str], list[int], np.ndarray]:
    """Return the corruptions, the severities, and AP under them, (corruptions, severities); NaN where none is left."""
    names = list(dict.fromkeys(name for name, _ in cells if name != CLEAN))
    severities = sorted({severity for name, severity in cells if name != CLEAN})
    values = np.array([[cells[name, severity][f'{subset}_AP'] for severity in severities] for name in names], float)
    return names, severities, np.where(values < 0, np.nan, values).reshape(len(names), len(severities))


def loss(clean: float, corrupted: float) -> float:
    """Return the relative loss 1 - corrupted / clean of an AP; NaN where clean is 0.

    Of the mean over corruptions and severities, mPC, it is 1 - rPC of Michaelis et al. (Benchmarking robustness in
    object detection: autonomous driving when winter is coming, 2019).
    """
    return 1 - corrupted / clean if clean > 0 else float('nan')


def as_markdown(cells: Cells) -> str:
    """Return two tables: AP of all keypoints by severity, and the mean of each subset; in percent, with losses."""
    subsets = subsets_of(cells)
    if not subsets:
        raise ValueError('the test data have no labels of any subset')
    return f'{_by_severity(cells, subsets[-1])}\n\n{_by_subset(cells, subsets)}'


def _by_severity(cells: Cells, subset: str) -> str:
    names, severities, values = scores_of(cells, subset)
    clean = cells[CLEAN, 0][f'{subset}_AP']
    kind = 'all keypoints' if subset == 'all' else f'the {subset}'
    head = [f'AP of {kind}, {100 * clean:.1f} clean', *(f'severity {severity}' for severity in severities)]
    rows = [
        [title(name), *map(_percent, row), _percent(row.mean()), _percent(loss(clean, row.mean()))]
        for name, row in zip(names, values)
    ]
    means = [*values.mean(0), values.mean()]
    losses = [loss(clean, mean) for mean in means]
    rows.append(['**mean**', *map(_percent, means), _percent(losses[-1])])
    rows.append(['**relative loss, %**', *map(_percent, losses), ''])
    return _table([*head, 'mean', 'relative loss, %'], rows)


def _by_subset(cells: Cells, subsets: list[str]) -> str:
    columns = [(cells[CLEAN, 0][f'{subset}_AP'], *scores_of(cells, subset)) for subset in subsets]
    names = columns[0][1]
    rows = [['clean', *(_percent(clean) for clean, *_ in columns)]]
    for number, name in enumerate(names):
        means = [(clean, values[number].mean()) for clean, _, _, values in columns]
        rows.append([title(name), *(_with_loss(clean, mean) for clean, mean in means)])
    rows.append(['**mean**', *(_with_loss(clean, values.mean()) for clean, _, _, values in columns)])
    return _table(['Mean AP over severities (relative loss, %)', *subsets], rows)


def _percent(value: float) -> str:
    return '–' if np.isnan(value) else f'{100 * value:.1f}'


def _with_loss(clean: float, mean: float) -> str:
    return f'{_percent(mean)} ({_percent(loss(clean, mean))})'


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ['---', *['---:'] * (len(head) - 1)], *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def as_csv(cells: Cells) -> str:
    """Return a line for each cell and subset: AP and AR from 0 to 1, empty where nothing is labelled, and the loss."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(['corruption', 'severity', 'subset', 'AP', 'AR', 'relative_loss'])
    for (name, severity), scores in cells.items():
        for subset in subsets_of(cells):
            ap, ar = (scores[f'{subset}_{value}'] for value in ('AP', 'AR'))
            values = [ap, ar, loss(cells[CLEAN, 0][f'{subset}_AP'], ap)] if ap >= 0 else [np.nan] * 3
            writer.writerow([name, severity, subset, *('' if np.isnan(value) else f'{value:.6f}' for value in values)])
    return text.getvalue()


def plot(cells: Cells, path: str | os.PathLike[str], model: str) -> None:
    """Plot AP over severity, a panel for each corruption, and a last one of their mean."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    subsets = subsets_of(cells)
    names, severities, _ = scores_of(cells, subsets[0])
    rows = -(-(len(names) + 1) // _COLUMNS)
    figure = Figure(figsize=(2.6 * _COLUMNS, 2.1 * rows + 0.5), layout='constrained')
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for subset in subsets:
        values = scores_of(cells, subset)[2]
        for panel, row in zip(panels, [*values, values.mean(0)]):
            panel.plot([0, *severities], 100 * np.array([cells[CLEAN, 0][f'{subset}_AP'], *row]), '.-', label=subset)
    for panel, name in zip(panels, [*names, 'mean of all']):
        panel.set_title(title(name), fontsize=9, fontweight='bold' if name not in names else None)
        panel.grid(alpha=0.3)
    for panel in panels[len(names) + 1 :]:
        panel.set_axis_off()
    panels[0].set(ylim=(0, None), xticks=[0, *severities])
    figure.supxlabel('severity (0: clean)', fontsize=9)
    figure.supylabel('AP', fontsize=9)
    figure.suptitle(model, fontsize=10)
    figure.legend(*panels[0].get_legend_handles_labels(), loc='outside upper right', ncols=len(subsets), fontsize=8)
    with replacing_path(path) as part:
        figure.savefig(part, dpi=100, format='png')
