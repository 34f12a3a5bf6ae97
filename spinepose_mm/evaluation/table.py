"""The table that the SpinePose papers print, for any models and checkpoints."""

import contextlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import Runner
from mmpose.registry import MODELS

from spinepose_mm import skeleton
from spinepose_mm.zoo.models import find_config

from .mean_pose import evaluate_mean_pose

#: What stands in the place of a checkpoint for the baseline that a model has to beat, and has no parameters.
MEAN_POSE = 'mean_pose'
#: Configs that put any model on other test data than its own, by name of the data.
DATA = {'config': None, 'coco': 'spinepose_on_coco.py', 'halpe26': 'spinepose_on_halpe26.py'}
#: Columns of the table, each shown where a model has it, and the metric of each.
COLUMNS = {
    **{
        f'{subset.capitalize()} {value}': f'spinetrack/{subset}_{value}'
        for subset in skeleton.SUBSETS
        for value in ('AP', 'AR')
    },
    'COCO AP': 'coco/AP',
    'COCO AR': 'coco/AR',
    'Halpe-26 AP': 'halpe26/AP',
    'Halpe-26 AR': 'halpe26/AR',
    'SIMSPINE AUC': 'simspine/AUC',
}


def evaluate(
    model: str | os.PathLike[str],
    checkpoint: str | os.PathLike[str] | None = None,
    cfg_options: dict[str, Any] | None = None,
    work_dir: str | os.PathLike[str] = 'work_dirs/evaluate',
    on: str = 'config',
) -> dict[str, float]:
    """Evaluate one model.

    Args:
        model: path or name of a config file, or a name or alias of the zoo.
        checkpoint: path or URL of the weights; those of the zoo by default. MEAN_POSE evaluates the mean pose of the
            training people in the place of the model.
        cfg_options: settings of the config to override, `{'a.b': value}`.
        work_dir: folder of the logs.
        on: the test data out of DATA; 'config' is those of the model's config.

    Returns:
        dict: the metrics as `mim test` prints them, and a model's 'params' and 'flops'.

    Raises:
        ValueError: there is no such model, or no weights are given and the zoo has none.
    """
    config, weights = find_config(model)
    if not (checkpoint or weights):
        raise ValueError(
            f'{model} has no weights of its own: which checkpoint is to be evaluated? Write {model}=CHECKPOINT'
        )
    cfg = load_config(config, on)
    cfg.merge_from_dict(cfg_options or {})
    if checkpoint == MEAN_POSE:
        metrics = evaluate_mean_pose(cfg)
        print_log('  '.join(f'{name}: {value:.4f}' for name, value in metrics.items()), 'current')
        return metrics
    cfg.load_from = str(checkpoint or weights)
    cfg.work_dir = str(Path(work_dir, Path(config).stem + ('' if on == 'config' else f'_on_{on}')))
    cfg.launcher = 'none'
    runner = Runner.from_cfg(cfg)
    return {**runner.test(), **complexity(cfg)}


def complexity(cfg: Config) -> dict[str, float]:
    """Return {'params': number of parameters, 'flops': multiply-adds for one image} of a config's model."""
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    model.forward = model._forward
    w, h = cfg.codec.input_size
    with contextlib.redirect_stdout(io.StringIO()):
        counts = get_model_complexity_info(model, (3, h, w), show_table=False, show_arch=False)
    return dict(params=counts['params'], flops=counts['flops'])


def load_config(config: str | os.PathLike[str], on: str = 'config') -> Config:
    """Return the Config of a model's config file with the test data `on`, a name out of DATA."""
    data = DATA[on]
    if data is None:
        return Config.fromfile(config)
    own = os.environ.get('SPINEPOSE_MODEL')
    os.environ['SPINEPOSE_MODEL'] = str(Path(config).absolute())
    try:
        return Config.fromfile(find_config(data)[0])
    finally:
        if own is None:
            del os.environ['SPINEPOSE_MODEL']
        else:
            os.environ['SPINEPOSE_MODEL'] = own


def format_table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table with a line for each model, AP, AR and AUC in percent.

    Args:
        rows: {name of the model: results of `evaluate`}; what a result lacks is printed as a dash.
    """
    columns = {label: key for label, key in COLUMNS.items() if any(key in result for result in rows.values())}
    head = ['Model', *columns, 'Params (M)', 'FLOPs (G)']
    lines = [head, ['---'] + ['---:'] * (len(head) - 1)]
    for name, result in rows.items():
        scores = [result.get(key, -1) for key in columns.values()]
        lines.append(
            [
                name,
                *('–' if score < 0 else f'{100 * score:.1f}' for score in scores),
                f'{result["params"] / 1e6:.2f}' if 'params' in result else '–',
                f'{result["flops"] / 1e9:.2f}' if 'flops' in result else '–',
            ]
        )
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
