"""Names of earlier releases: each still works in this one, with a DeprecationWarning that names the new one.

To drop them, delete this file and what imports it.
"""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

_Function = TypeVar('_Function', bound=Callable[..., Any])
_PACKAGE = __name__.rpartition('.')[0]
_SHOWN: dict[Any, Any] = {}  # settings that were warned of, as the `warnings` module keeps them


def _whole(*names: str) -> tuple[str, ...]:
    return tuple(f'{_PACKAGE}.{name}' for name in names)


#: {module: those that its contents are in now}
MODULES = {
    _whole(old)[0]: _whole(*new.split())
    for old, new in {
        'benchmarks.measures': 'benchmarks.spine_measures',
        'datasets.annotation': 'datasets.validation.annotation',
        'datasets.checks': 'datasets.validation.checks',
        'datasets.doctor': 'datasets.validation.report',
        'datasets.simspine_cameras': 'datasets.simspine.cameras',
        'datasets.simspine_checks': 'datasets.simspine.checks',
        'datasets.simspine_conversion': 'datasets.simspine.conversion',
        'datasets.simspine_frames': 'datasets.simspine.frames structures.simspine_layout',
        'datasets.simspine_h5': 'datasets.simspine.h5',
        'datasets.simspine_hub': 'datasets.simspine.hub',
        'datasets.simspine_writing': 'datasets.simspine.writing',
        'datasets.transforms.coded_picture': 'datasets.transforms.coded_image',
        'datasets.transforms.image_file': 'io.image',
        'inference.ahead': 'io.prefetch',
        'inference.between': 'tracking.propagation',
        'inference.drawing': 'visualization.drawing',
        'inference.ids': 'tracking.tracker',
        'inference.journal': 'inference.cache io.identity',
        'inference.people': 'structures.frame',
        'inference.run': 'inference.pipeline',
        'inference.smoothing': 'tracking.one_euro',
        'inference.sources': 'io.sources',
        'inference.subject': 'tracking.subject',
        'inference.writers': 'writers',
        'inference.writers.base': 'writers.base',
        'inference.writers.coco': 'writers.coco',
        'inference.writers.openpose': 'writers.openpose',
        'inference.writers.pictures': 'writers.images',
        'inference.writers.recording': 'writers.report.history',
        'inference.writers.report': 'writers.report.writer',
        'inference.writers.report_figures': 'writers.report.figures',
        'inference.writers.report_page': 'writers.report.page',
        'inference.writers.report_style': 'writers.report.style',
        'inference.writers.table': 'writers.table',
        'inference.writers.trc': 'writers.trc',
        'interop': 'patches',
        'interop.aliases': 'zoo.models patches.model_names',
        'interop.checkpoints': 'zoo.checkpoints patches.checkpoints',
        'interop.detector': 'inference.loading',
        'interop.distributed': 'patches.distributed',
        'interop.downloads': 'zoo.downloads',
        'interop.inferencers': 'patches.inferencers',
        'interop.noise': 'patches.warnings',
        'interop.registries': 'patches.registries',
        'interop.saving': 'engine.checkpoint_hook',
        'interop.threads': 'deployment.threads',
        'interop.tools': 'patches.tools',
        'lifting.camera': 'structures.camera io.cameras',
        'models.growth': 'models.head_expansion',
        'synthetic.crossing': 'synthetic.tracking_scenes',
        'synthetic.picture': 'synthetic.rendering',
    }.items()
}

#: {name in its module: what it is now}; names of `MODULES` that are the same in the new module need no entry.
NAMES = {
    _whole(old)[0]: _whole(new)[0]
    for old, new in {
        'analysis.measure_picture': 'analysis.measure_image',
        'analysis.spine.measure_picture': 'analysis.spine.measure_image',
        'datasets.doctor.examine': 'datasets.validation.report.validate',
        **{
            f'datasets.simspine.{name}': f'datasets.simspine.npz.{name}'
            for name in (
                'check_shapes',
                'joint_keypoints',
                'make_metadata',
                'read_detections',
                'read_npz',
                'spine_lengths',
            )
        },
        **{
            f'datasets.simspine.{name}': f'structures.simspine_layout.{name}'
            for name in ('CAMERA_LAYOUT', 'LAYOUT', 'NAMES')
        },
        'datasets.transforms.image_file.examine': 'io.image.read_header',
        'datasets.transforms.coded_picture.CodedPicture': 'datasets.transforms.coded_image.CodedImage',
        'datasets.simspine.is_seen': 'datasets.simspine.npz.is_valid',
        'evaluation.batched_cocoeval.Found': 'evaluation.batched_cocoeval.Predictions',
        'inference.ahead.ahead': 'io.prefetch.prefetch',
        'inference.between.boxes_between': 'tracking.propagation.propagate_boxes',
        'inference.ids.Ids': 'tracking.tracker.PoseTracker',
        'inference.journal.Journal': 'inference.cache.EstimateCache',
        'inference.people.nobody': 'structures.frame.no_people',
        'inference.sources.Pictures': 'io.sources.Images',
        'inference.writers.PicturesWriter': 'writers.ImagesWriter',
        'inference.writers.pictures.PicturesWriter': 'writers.images.ImagesWriter',
        'inference.writers.recording.Seen': 'writers.report.history.PersonCounts',
        'inference.writers.report.MOST_PICTURES': 'writers.report.writer.MOST_IMAGES',
        'inference.writers.report_page.image': 'writers.report.page.element',
        'inference.writers.report_page.picture': 'writers.report.page.image_section',
        'inference.writers.report_page.unseen': 'writers.report.page.rarely_visible',
        'lifting.space.LEAST_SCORE': 'confidence.MIN_SCORE',
        'models.SpineGrowth': 'models.SpineHeadExpansion',
        'models.growth.SpineGrowth': 'models.head_expansion.SpineHeadExpansion',
        'synthetic.anatomy.MOST_DEVIATIONS': 'synthetic.anatomy.MAX_DEVIATIONS',
        'synthetic.dataset.MOST_PEOPLE': 'synthetic.settings.MAX_PEOPLE',
        'synthetic.picture.LEAST_AREA': 'synthetic.rendering.MIN_AREA',
        'synthetic.picture.film': 'synthetic.rendering.video',
    }.items()
}

#: {format of results: its name now}
FORMATS = {'pictures': 'images'}


def _message(old: str, new: str) -> str:
    return f'{old} is now {new}: the old name works in this release for the last time'


def _warn(old: str, new: str, above: int = 1) -> None:
    """Warn the caller of the function that calls this one, or one that is further above."""
    warnings.warn(_message(old, new), DeprecationWarning, stacklevel=2 + above)


def _warn_of_setting(old: str, new: str) -> None:
    """Warn of what a config or an option says. Python shows such warnings where they are the main program's alone."""
    warnings.warn_explicit(_message(old, new), DeprecationWarning, '<settings>', 1, '__main__', _SHOWN)


class _OldModule(ModuleType):
    """A module of an old name, with the contents of the new ones."""

    def __getattr__(self, name: str) -> Any:
        old = f'{self.__name__}.{name}'
        if old in MODULES or old in NAMES:
            return _renamed(old)
        if name == '__all__':
            return [name for name in dir(self) if not name.startswith('_')]
        if not name.startswith('__'):
            for module in map(import_module, MODULES[self.__name__]):
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(f'module {self.__name__!r} has no attribute {name!r}')

    def __dir__(self) -> list[str]:
        old = [name.rpartition('.')[2] for name in NAMES if name.rpartition('.')[0] == self.__name__]
        return sorted({*old, *(name for module in MODULES[self.__name__] for name in dir(import_module(module)))})


def _spec(name: str) -> ModuleSpec:
    # A class serves as a loader, though typeshed asks for an instance.
    loader: Any = _Finder
    return ModuleSpec(name, loader, is_package=any(other.startswith(f'{name}.') for other in MODULES))


class _Finder:
    """What `import` asks for modules of old names: it is their loader too."""

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return _spec(name) if name in MODULES else None

    @staticmethod
    def create_module(spec: ModuleSpec) -> ModuleType:
        return _OldModule(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        _warn(module.__name__, ' and '.join(MODULES[module.__name__]))
        for new in MODULES[module.__name__]:
            import_module(new)


def install() -> None:
    """Let modules be imported by their old names. Their folders may still be there, and empty: the finder is first."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def getter(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module, which finds what used to be in it."""

    def __getattr__(name: str) -> Any:
        old = f'{module}.{name}'
        if old in MODULES or old in NAMES:
            return _renamed(old)
        raise AttributeError(f'module {module!r} has no attribute {name!r}')

    return __getattr__


def _renamed(old: str) -> Any:
    """Return the module or what else is meant by an old name, for a `__getattr__`."""
    if old in NAMES:
        _warn(old, NAMES[old], above=2)
        place, _, name = NAMES[old].rpartition('.')
        return getattr(import_module(place), name)
    _warn(old, ' and '.join(MODULES[old]), above=2)
    parent, _, name = old.rpartition('.')
    sys.modules[old] = module = module_from_spec(_spec(old))
    setattr(sys.modules[parent], name, module)
    return module


class attribute:
    """An attribute of an old name.

    Args:
        old: name of the attribute.
        new: name of the one that it is now.
    """

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new

    def __get__(self, instance: object, owner: type) -> Any:
        _warn(f'{owner.__name__}.{self._old}', f'{owner.__name__}.{self._new}')
        return getattr(owner if instance is None else instance, self._new)

    def __set__(self, instance: object, value: Any) -> None:
        _warn(f'{type(instance).__name__}.{self._old}', f'{type(instance).__name__}.{self._new}')
        setattr(instance, self._new, value)


def arguments(**names: str) -> Callable[[_Function], _Function]:
    """Return a decorator for a function with renamed arguments.

    Where both names are given, the old one counts: a config says it beside the new one, which it inherits.

    Args:
        **names: {old: new}.
    """

    def decorate(function: _Function) -> _Function:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for old in names.keys() & kwargs.keys():
                _warn_of_setting(f'{old} of {function.__qualname__}', names[old])
                kwargs[names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return cast(_Function, call)

    return decorate


def setting(config: Mapping[str, Any], old: str, new: str, default: Any = None) -> Any:
    """Return the value of a renamed key of a mapping; where both are there, that of the old one, as in `arguments`."""
    if old in config:
        _warn_of_setting(old, new)
        return config[old]
    return config.get(new, default)


def register(registry: Any, old: str, new: type) -> None:
    """Register the builder of a class by its old name."""

    def build(*args: Any, **kwargs: Any) -> Any:
        _warn_of_setting(old, new.__name__)
        return new(*args, **kwargs)

    registry.register_module(name=old, module=build)


def run_tool(script: str, new: str, arguments: list[str]) -> None:
    """Run the tool that one of an old name is now.

    Args:
        script: file of the old name, in a folder of the folder of tools.
        new: the command that it is now, which begins with the name of a tool.
        arguments: what follows that name.
    """
    from spinepose_mm_cli import run, tools

    _warn_of_setting(f'the tool {Path(script).stem}', f'`{_PACKAGE} {new}`')
    name = new.split()[0]
    run(name, tools(Path(script).parents[1])[name], arguments)


def format_name(name: str) -> str:
    """Return the name of a format of results."""
    if name in FORMATS:
        _warn_of_setting(f'the format {name!r}', repr(FORMATS[name]))
    return FORMATS.get(name, name)
