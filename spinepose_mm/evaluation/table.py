"""The table that the SpinePose papers print, for any models and checkpoints."""
import contextlib
import io
from pathlib import Path

from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.runner import Runner
from mmpose.registry import MODELS

from spinepose_mm import skeleton
from spinepose_mm.interop.aliases import find_config


def evaluate(model, checkpoint=None, cfg_options=None, work_dir='work_dirs/evaluate'):
    """Evaluate one model on the test data of its config.

    Args:
        model: path or name of a config file, or a name or alias of the zoo.
        checkpoint: path or URL of the weights; those of the zoo by default.
        cfg_options: settings of the config to override, `{'a.b': value}`.
        work_dir: folder of the logs.

    Returns:
        dict: the metrics as `mim test` prints them, and 'params' and 'flops'.

    Raises:
        ValueError: there is no such model, or no weights are given and known.
    """
    config, weights = find_config(model)
    if not (checkpoint or weights):
        raise ValueError(f'{model} has no weights of its own: which checkpoint is to be evaluated? Write '
                         f'{model}=CHECKPOINT')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(cfg_options or {})
    cfg.load_from = str(checkpoint or weights)
    cfg.work_dir = str(Path(work_dir, Path(config).stem))
    cfg.launcher = 'none'
    runner = Runner.from_cfg(cfg)
    return {**runner.test(), **complexity(cfg)}


def complexity(cfg):
    """Return {'params': number of parameters, 'flops': multiply-adds for one picture} of a config's model."""
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    model.forward = model._forward
    w, h = cfg.codec.input_size
    with contextlib.redirect_stdout(io.StringIO()):
        found = get_model_complexity_info(model, (3, h, w), show_table=False, show_arch=False)
    return dict(params=found['params'], flops=found['flops'])


def format_table(rows):
    """Return a Markdown table with a line for each model, AP, AR and AUC in percent.

    Args:
        rows: {name of the model: result of `evaluate`}; what a result lacks is printed as a dash.
    """
    subsets = list(skeleton.SUBSETS)
    extra = {'SIMSPINE AUC': 'simspine/AUC'} if any('simspine/AUC' in result for result in rows.values()) else {}
    head = ['Model', *(f'{subset.capitalize()} {value}' for subset in subsets for value in ('AP', 'AR')),
            *extra, 'Params (M)', 'FLOPs (G)']
    lines = [head, ['---'] + ['---:'] * (len(head) - 1)]
    for name, result in rows.items():
        scores = [result.get(f'spinetrack/{subset}_{value}', -1) for subset in subsets for value in ('AP', 'AR')]
        scores += [result.get(key, -1) for key in extra.values()]
        lines.append([name, *('–' if score < 0 else f'{100 * score:.1f}' for score in scores),
                      f'{result["params"] / 1e6:.2f}', f'{result["flops"] / 1e9:.2f}'])
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
