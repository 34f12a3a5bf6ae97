"""MMPose's inferencers find this package's models by names and aliases, and MMEngine's configs inherit from theirs.

MMEngine looks an alias up in the model index of the package that the scope names, and the scope of pose models is
always `mmpose`. Of `_base_ = 'package::path'` it knows OpenMMLab's packages alone, and wants a folder in the path.
"""
import difflib
from pathlib import Path

from mmengine.config import Config
from mmengine.fileio import load
from mmengine.infer import BaseInferencer

#: Config that a lifter which comes as an ONNX file runs by, below `index_folder`.
ONNX_LIFTER = 'configs/lifting/spinepose_lifter_official.py'

_stock_models = BaseInferencer._get_models_from_metafile
_stock_lookup = BaseInferencer._load_model_from_metafile
_stock_base = Config._get_cfg_path
_OWN_BASE = 'spinepose_mm::'


def install():
    """Add this package's model index to MMPose's, with the near names of one unknown, and its configs to `_base_`."""
    BaseInferencer._get_models_from_metafile = staticmethod(_models)
    BaseInferencer._load_model_from_metafile = _lookup
    Config._get_cfg_path = staticmethod(_base)


def index_folder():
    """Return the folder of this package's model-index.yml, configs and tools.

    It is `.mim` in an installed package, and the repository's root in a checkout.
    """
    package = Path(__file__).parents[1]
    for folder in (package / '.mim', package.parent):
        if (folder / 'model-index.yml').is_file():
            return folder
    raise FileNotFoundError(f'spinepose_mm is not installed whole: {package} has no .mim/model-index.yml')


def models():
    """Yield the entries of this package's model index, with absolute paths; Weights is '' where none are published."""
    folder = index_folder()
    for name in load(folder / 'model-index.yml')['Import']:
        for model in load(folder / name)['Models']:
            weights = model.get('Weights', '')
            if weights and '://' not in weights:  # shipped in the package
                weights = str(Path(__file__).parents[1] / weights)
            yield {**model, 'Config': str(folder / model['Config']), 'Weights': weights}


def find_config(name):
    """Return (path of the config, path or URL of its weights or None) of a model.

    Args:
        name: path of a config file or of a lifter's ONNX file, name of a file of the package's configs, or a model's
            name or alias, such as 'spinepose_v2_small' or 'spinepose-s'.

    Raises:
        ValueError: there is no such model; the near names are listed.
    """
    if str(name).endswith('.onnx'):
        return str(index_folder() / ONNX_LIFTER), str(name)
    if Path(name).is_file():
        return name, None
    return _own(name)


def find_model(name):
    """Return the entry of the model index that a model's name or alias means, or None."""
    wanted = str(name).lower().removesuffix('.py')
    return next((model for model in models() if wanted in _names(model)), None)


def find_weights(name):
    """Return the path or URL of the weights that `name` stands for: those of a model, or itself where it is a file's."""
    model = None if Path(name).is_file() else find_model(name)
    return model['Weights'] or name if model else name


def _own(name):
    model = find_model(name)
    if model:
        return model['Config'], model['Weights'] or None
    if path := _file(name):
        return path, None
    raise _unknown(name, models())


def _file(name):
    """Return the path of this package's config whose file has a name, None where there is none."""
    return next(map(str, (index_folder() / 'configs').rglob(Path(name).name)), None)


def _base(path, filename):
    """Return the path of a config's base, and the scope of its classes where that is not the config's own."""
    if path.startswith(_OWN_BASE):
        return _own(path.removeprefix(_OWN_BASE))[0], None
    return _stock_base(path, filename)


def _models(dir):
    yield from _stock_models(dir)
    if str(dir) == str(BaseInferencer._get_repo_or_mim_dir('mmpose')):
        yield from (model for model in models() if model['Weights'])


def _lookup(self, model):
    try:
        return _stock_lookup(self, model.removesuffix('.py'))
    except ValueError as error:
        if 'Cannot find model' not in str(error):
            raise
        if model.endswith('.py') and _file(model):  # as mim, by the name of a file; outside the zoo it has no weights
            return Config.fromfile(_file(model)), None
        raise _unknown(model, _models(self._get_repo_or_mim_dir(self.scope))) from error


def _names(model):
    aliases = model.get('Alias', [])
    return [name.lower() for name in (model['Name'], *([aliases] if isinstance(aliases, str) else aliases))]


def _unknown(name, candidates):
    """Return the error for a name that is none of those of the models `candidates`."""
    near = difflib.get_close_matches(name.lower(), {known for model in candidates for known in _names(model)}, 5, .5)
    own = sorted(known for model in models() for known in _names(model))
    return ValueError(f'there is no config file and no model named {name!r}; '
                      + (f'near: {", ".join(near)}; ' if near else '') + f'models of spinepose_mm: {", ".join(own)}')
