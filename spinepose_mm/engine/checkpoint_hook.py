"""A training run may be killed at any moment: checkpoints are written whole or not at all, and none goes too early.

Nor do two runs train in one work folder at once.

MMEngine 0.10.7 writes a checkpoint into its final place bit by bit, removes the old one before the new one is there,
resumes from the checkpoint that a file beside them names, which it writes later, and skips an epoch's evaluation.
"""

import atexit
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mmengine
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, get_file_backend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import BaseLoop, Runner, find_latest_checkpoint
from mmpose.registry import HOOKS

from spinepose_mm.io.atomic import locked, replacing

_BACKEND = 'spinepose_whole_files'

#: Locks of this process by work folder. One whose training has failed is taken over by the next training there.
_locks: dict[Path, contextlib.ExitStack] = {}


@HOOKS.register_module()
class SpineCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook for runs that may be killed; this package's configs name it in `default_hooks`.

    Checkpoints on local disks are replaced in one go, and old ones are removed once the new one is there. `--resume`
    goes on from the newest checkpoint, whatever `last_checkpoint` says, and evaluates its epoch where that is due. A
    work folder that another process trains in is refused. Its arguments are those of MMEngine's.

    Raises:
        BlockingIOError: another process trains in the work folder.
    """

    backend_args: dict[str, Any] | None
    file_backend: Any

    def before_run(self, runner: Runner) -> None:
        """Lock the work folder of a training, by the first of its processes, and choose what it resumes from."""
        super().before_run(runner)
        if not isinstance(runner._train_loop, BaseLoop):  # to be tested or validated
            return
        folder = Path(runner.work_dir)
        if is_main_process():
            _lock(folder)
            for path in folder.glob('*.pth*.part'):  # of a run that was killed
                path.unlink(missing_ok=True)
        if runner._resume and runner._load_from is None:
            runner._load_from = newest_checkpoint(folder)
            runner.logger.info(f'The newest checkpoint of {folder}: {runner._load_from}')

    def before_train(self, runner: Runner) -> None:
        """Prepare for writing, and evaluate the epoch that training goes on from, where that is due.

        The run may have been killed before it was evaluated.
        """
        place = self.out_dir or runner.work_dir
        if (
            self.file_client_args is None
            and type(get_file_backend(place, backend_args=self.backend_args)) is LocalBackend
        ):
            self.backend_args = dict(backend=_BACKEND)
        super().before_train(runner)
        if not self.by_epoch or not runner._resume or runner.epoch == 0 or runner.val_loop is None:
            return
        loop = runner.train_loop
        is_due = runner.epoch % loop.val_interval == 0 or runner.epoch == loop.max_epochs
        if runner.epoch >= loop.val_begin and is_due:
            self.last_ckpt = runner.message_hub.runtime_info.get('last_ckpt')
            runner.val_loop.run()

    def after_run(self, runner: Runner) -> None:
        """Release the work folder."""
        super().after_run(runner)
        _release(Path(runner.work_dir).resolve())

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        with self._removing_last():
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, Any]) -> None:
        with self._removing_last():
            super()._save_best_checkpoint(runner, metrics)

    @contextlib.contextmanager
    def _removing_last(self) -> Iterator[None]:
        """Put off what the hook removes meanwhile, until all is written."""
        backend = getattr(self, 'file_backend', None)  # it has none where nothing is trained
        later = self.file_backend = _Later(backend)
        try:
            yield
        finally:
            self.file_backend = backend
        later.remove_now()


@register_backend(_BACKEND, force=True)
class WholeFiles(LocalBackend):
    """MMEngine's backend of local files, whose files are the old ones or the new ones whenever this is stopped."""

    def put(self, obj: bytes | memoryview, filepath: str | os.PathLike[str]) -> None:
        """Write bytes to a file, onto the disk."""
        mmengine.mkdir_or_exist(os.path.dirname(filepath))
        # With the process in its name, since tests may write into one folder at once.
        with replacing(filepath, 'wb', f'{filepath}.{os.getpid()}.part') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())


class _Later:
    """A file backend that puts off removing files; those that are written anew in the meantime stay."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.doomed: dict[str, tuple[int, int] | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def remove(self, path: str) -> None:
        self.doomed[path] = self._stamp(path)

    def remove_now(self) -> None:
        for path, stamp in self.doomed.items():
            if self._stamp(path) == stamp:
                self.backend.remove(path)

    @staticmethod
    def _stamp(path: str) -> tuple[int, int] | None:
        with contextlib.suppress(OSError):
            found = os.stat(path)
            return found.st_ino, found.st_mtime_ns
        return None


def newest_checkpoint(folder: str | os.PathLike[str]) -> str | None:
    """Return the newest checkpoint of a work folder, or None.

    Its file `last_checkpoint` need not name it after a kill.
    """
    named = find_latest_checkpoint(str(folder))
    if named and '://' in named:
        return named
    saved = [path for pattern in ('epoch_*.pth', 'iter_*.pth') for path in Path(folder).glob(pattern)]
    if named and Path(named).is_file():
        # Later by number and by time: an earlier training in the same folder may have come further, and copied files
        # may have any time.
        last = Path(named)
        saved = [last] + [path for path in saved if _number(path) > _number(last) and _time(path) >= _time(last)]
    return str(max(saved, key=_time)) if saved else None


def _number(path: Path) -> int:
    return int(''.join(filter(str.isdigit, path.stem)) or 0)


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns


def _lock(folder: Path) -> None:
    if folder.resolve() not in _locks:
        stack = contextlib.ExitStack()
        stack.enter_context(locked(folder / 'training', f'the work folder {folder}'))
        _locks[folder.resolve()] = stack


def _release(folder: Path) -> None:
    if folder in _locks:
        _locks.pop(folder).close()


@atexit.register
def _release_all() -> None:
    """Remove the lock files of trainings that failed."""
    for folder in list(_locks):
        _release(folder)
