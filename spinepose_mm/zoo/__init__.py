"""The models of this package: names, configs and weights.

models: the model index: names, aliases, configs and weights.
checkpoints: checkpoint files, read as data.
safe_globals: what torch may read from a checkpoint beside tensors.
downloads: files from the network, compared with their published hashes.
"""

from importlib import import_module
from typing import Any

#: Module of each public name; it is imported when the name is first asked for.
_MODULES = {
    'config_file': 'models',
    'find_config': 'models',
    'find_model': 'models',
    'find_weights': 'models',
    'index_folder': 'models',
    'CheckpointError': 'checkpoints',
    'load_from_http': 'checkpoints',
    'load_from_local': 'checkpoints',
    'write_safetensors': 'checkpoints',
    'fetch': 'downloads',
}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'.{_MODULES[name]}', __name__), name)


def __dir__() -> list[str]:
    return __all__
