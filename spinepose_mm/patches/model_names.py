"""Names and aliases of this package's models for MMPose's inferencers, and its configs as bases of MMEngine's.

MMEngine looks an alias up in the model index of the package that the scope names, and the scope of pose models is
always `mmpose`. Of `_base_ = 'package::path'` it knows OpenMMLab's packages alone, and wants a folder in the path.
"""

from collections.abc import Callable, Iterator
from typing import Any

from mmengine.config import Config
from mmengine.infer import BaseInferencer

from spinepose_mm.zoo.models import config_file, models, own_config, unknown_name

from .patch import MMENGINE, MMPOSE, Change, patch

_OWN_BASE = 'spinepose_mm::'


@patch(mmengine=MMENGINE, mmpose=MMPOSE)
def model_names() -> Iterator[Change]:
    """MMPose's inferencers take the names of this package's models, and suggest names for an unknown one."""
    yield BaseInferencer, '_get_models_from_metafile', _with_own_models
    yield BaseInferencer, '_load_model_from_metafile', _with_suggestions


def _with_own_models(stock: Callable[..., Any]) -> staticmethod:
    def _get_models_from_metafile(dir: str) -> Iterator[dict[str, Any]]:
        yield from stock(dir)
        if str(dir) == str(BaseInferencer._get_repo_or_mim_dir('mmpose')):
            yield from (model for model in models() if model['Weights'])

    return staticmethod(_get_models_from_metafile)


def _with_suggestions(stock: Callable[..., Any]) -> Callable[..., Any]:
    def _load_model_from_metafile(self: Any, model: str) -> tuple[Config, str | None]:
        try:
            return stock(self, model.removesuffix('.py'))
        except ValueError as error:
            if 'Cannot find model' not in str(error):
                raise
            # mim takes file names; outside the zoo they have no weights
            if model.endswith('.py') and config_file(model):
                return Config.fromfile(config_file(model)), None
            candidates = self._get_models_from_metafile(self._get_repo_or_mim_dir(self.scope))
            raise unknown_name(model, candidates) from error

    return _load_model_from_metafile


@patch(mmengine=MMENGINE)
def config_bases() -> Iterator[Change]:
    """A config anywhere inherits from this package's: `_base_ = 'spinepose_mm::NAME'`."""
    yield Config, '_get_cfg_path', _with_own_bases


def _with_own_bases(stock: Callable[..., Any]) -> staticmethod:
    def _get_cfg_path(path: str, filename: str) -> tuple[str, str | None]:
        """Return the path of a config's base, and the scope of its classes where that is not the config's own."""
        if path.startswith(_OWN_BASE):
            return own_config(path.removeprefix(_OWN_BASE))[0], None
        return stock(path, filename)

    return staticmethod(_get_cfg_path)
