"""A training run may be killed at any moment: files are written whole or not at all, and none goes too early.

Nor do two runs train in one work folder at once.

MMEngine 0.10.7 writes a checkpoint into its final place bit by bit, removes the old one before the new one is there,
resumes from the checkpoint that a file beside them names, which it writes later, and skips an epoch's evaluation.
"""

import contextlib
import os
from pathlib import Path

import mmengine
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner, runner

from spinepose_mm.io.atomic import locked

_stock_save = CheckpointHook._save_checkpoint_with_step
_stock_save_best = CheckpointHook._save_best_checkpoint
_stock_before_train = CheckpointHook.before_train
_stock_find = runner.find_latest_checkpoint
_stock_train = Runner.train


def install():
    """Make MMEngine write files in one go, remove old checkpoints last, resume from the newest and evaluate it, and
    refuse a work folder that another run trains in."""
    Runner.train = _train
    LocalBackend.put = _put
    CheckpointHook._save_checkpoint_with_step = _removing_last(_stock_save)
    CheckpointHook._save_best_checkpoint = _removing_last(_stock_save_best)
    CheckpointHook.before_train = _before_train
    runner.find_latest_checkpoint = _newest


def _train(self):
    """Train, in a work folder that no other run trains in; of several processes of one run, the first sees to that."""
    if not is_main_process():
        return _stock_train(self)
    with locked(Path(self.work_dir, 'training'), f'the work folder {self.work_dir}'):
        return _stock_train(self)


def _put(self, obj, filepath):
    """Write bytes to a file that is either the old one or the new one, whenever this is stopped."""
    mmengine.mkdir_or_exist(os.path.dirname(filepath))
    partial = f'{filepath}.{os.getpid()}.part'  # tests may write into one folder at once
    try:
        with open(partial, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, filepath)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _removing_last(save):
    """Return a method of CheckpointHook that removes what it removes when it is through."""

    def method(self, *args, **kwargs):
        backend = getattr(self, 'file_backend', None)  # it has none where nothing is trained
        later = self.file_backend = _Later(backend)
        try:
            save(self, *args, **kwargs)
        finally:
            self.file_backend = backend
        later.remove_now()

    return method


class _Later:
    """A file backend that puts off removing files; those that are written anew in the meantime stay."""

    def __init__(self, backend):
        self.backend = backend
        self.doomed = {}

    def __getattr__(self, name):
        return getattr(self.backend, name)

    def remove(self, path):
        self.doomed[path] = self._stamp(path)

    def remove_now(self):
        for path, stamp in self.doomed.items():
            if self._stamp(path) == stamp:
                self.backend.remove(path)

    @staticmethod
    def _stamp(path):
        with contextlib.suppress(OSError):
            found = os.stat(path)
            return found.st_ino, found.st_mtime_ns


def _before_train(self, runner):
    """Evaluate the epoch that training goes on from where that is due, since the run may have been killed before it."""
    _stock_before_train(self, runner)
    if not self.by_epoch or not runner._resume or runner.epoch == 0 or runner.val_loop is None:
        return
    loop = runner.train_loop
    if runner.epoch >= loop.val_begin and (runner.epoch % loop.val_interval == 0 or runner.epoch == loop.max_epochs):
        self.last_ckpt = runner.message_hub.runtime_info.get('last_ckpt')
        runner.val_loop.run()


def _newest(work_dir):
    """Return the newest checkpoint of a work folder, which `last_checkpoint` need not name after a kill, or None.

    What that run had begun to write is removed.
    """
    for path in Path(work_dir).glob('*.pth*.part'):
        path.unlink(missing_ok=True)
    named = _stock_find(work_dir)
    if named and '://' in named:
        return named
    saved = [path for pattern in ('epoch_*.pth', 'iter_*.pth') for path in Path(work_dir).glob(pattern)]
    if named and Path(named).is_file():
        # Later by number and by time: an earlier training in the same folder may have come further, and copied files
        # may have any time.
        last = Path(named)
        saved = [last] + [path for path in saved if _number(path) > _number(last) and _time(path) >= _time(last)]
    return str(max(saved, key=_time)) if saved else None


def _number(path):
    return int(''.join(filter(str.isdigit, path.stem)) or 0)


def _time(path):
    return path.stat().st_mtime_ns
