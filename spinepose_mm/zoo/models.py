"""The models that the package knows: names, aliases, configs and weights."""

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine.fileio import load

from .folder import index_folder

#: Config that a lifter which comes as an ONNX file runs by, below `index_folder`.
ONNX_LIFTER = 'configs/lifting/spinepose_lifter_official.py'


def models() -> Iterator[dict[str, Any]]:
    """Yield the entries of this package's model index, with absolute paths; Weights is '' where none are published."""
    folder = index_folder()
    for name in load(folder / 'model-index.yml')['Import']:
        for model in load(folder / name)['Models']:
            weights = model.get('Weights', '')
            if weights and '://' not in weights:  # shipped in the package
                weights = str(Path(__file__).parents[1] / weights)
            yield {**model, 'Config': str(folder / model['Config']), 'Weights': weights}


def find_config(name: str | os.PathLike[str]) -> tuple[str, str | None]:
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
        return str(name), None
    return own_config(str(name))


def find_model(name: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Return the entry of the model index that a model's name or alias means, or None."""
    wanted = str(name).lower().removesuffix('.py')
    return next((model for model in models() if wanted in names_of(model)), None)


def find_weights(name: str | os.PathLike[str]) -> str:
    """Return the path or URL of the weights that `name` means: a model's, or `name` itself where it is a file."""
    model = None if Path(name).is_file() else find_model(name)
    return model['Weights'] if model and model['Weights'] else str(name)


def own_config(name: str) -> tuple[str, str | None]:
    model = find_model(name)
    if model:
        return model['Config'], model['Weights'] or None
    if path := config_file(name):
        return path, None
    raise unknown_name(name, models())


def config_file(name: str | os.PathLike[str]) -> str | None:
    """Return the path of this package's config file of a name, or None."""
    return next(map(str, (index_folder() / 'configs').rglob(Path(name).name)), None)


def names_of(model: dict[str, Any]) -> list[str]:
    aliases = model.get('Alias', [])
    return [name.lower() for name in (model['Name'], *([aliases] if isinstance(aliases, str) else aliases))]


def unknown_name(name: str, candidates: Iterable[dict[str, Any]]) -> ValueError:
    """Return the error for a name that none of the models `candidates` has."""
    near = difflib.get_close_matches(name.lower(), {known for model in candidates for known in names_of(model)}, 5, 0.5)
    own = sorted(known for model in models() for known in names_of(model))
    return ValueError(
        f'there is no config file and no model named {name!r}; '
        + (f'near: {", ".join(near)}; ' if near else '')
        + f'models of spinepose_mm: {", ".join(own)}'
    )
