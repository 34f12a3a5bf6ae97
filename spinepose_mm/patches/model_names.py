"""Names and aliases of this package's models for MMPose's inferencers, and its configs as bases of MMEngine's.

MMEngine looks an alias up in the model index of the package that the scope names, and the scope of pose models is
always `mmpose`. Of `_base_ = 'package::path'` it knows OpenMMLab's packages alone, and wants a folder in the path.
"""

from mmengine.config import Config
from mmengine.infer import BaseInferencer

from spinepose_mm.zoo.models import config_file, models, own_config, unknown_name

_stock_models = BaseInferencer._get_models_from_metafile
_stock_lookup = BaseInferencer._load_model_from_metafile
_stock_base = Config._get_cfg_path
_OWN_BASE = 'spinepose_mm::'


def install():
    """Add this package's model index to MMPose's, suggest names for an unknown one, and add its configs to `_base_`."""
    BaseInferencer._get_models_from_metafile = staticmethod(_models)
    BaseInferencer._load_model_from_metafile = _lookup
    Config._get_cfg_path = staticmethod(_base)


def _base(path, filename):
    """Return the path of a config's base, and the scope of its classes where that is not the config's own."""
    if path.startswith(_OWN_BASE):
        return own_config(path.removeprefix(_OWN_BASE))[0], None
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
        if model.endswith('.py') and config_file(model):  # mim takes file names; outside the zoo they have no weights
            return Config.fromfile(config_file(model)), None
        raise unknown_name(model, _models(self._get_repo_or_mim_dir(self.scope))) from error
