"""What is left on the disk when a run is killed while it writes a checkpoint."""

import os
import subprocess
import sys
import textwrap
import time

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner, save_checkpoint

from spinepose_mm.engine import SpineCheckpointHook, checkpoint_hook
from spinepose_mm.engine.checkpoint_hook import WholeFiles, newest_checkpoint
from spinepose_mm.io.atomic import locked

TRAIN = '''
    """A small run that is killed at a given call of a function of os: `replace` of a checkpoint, `fsync` before it."""
    import os, signal, sys
    import spinepose_mm
    import torch
    from mmengine.evaluator import Evaluator
    from mmengine.model import BaseModel
    from mmengine.runner import Runner

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, inputs, mode):
            return dict(loss=self.layer(inputs).sum()) if mode == 'loss' else inputs

    class Score(Evaluator):
        """Better from epoch to epoch."""

        def __init__(self):
            super().__init__([])

        def evaluate(self, size):
            return dict(score=run.epoch)

        def process(self, **kwargs):
            pass

    def killing(function, calls=[0]):
        def wrapped(*args):
            calls[0] += 1
            if calls[0] == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args)
        return wrapped

    work_dir, where, count, keep = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if where != 'nowhere':
        setattr(os, where, killing(getattr(os, where)))
    data = dict(dataset=torch.utils.data.TensorDataset(torch.ones(4, 1)), batch_size=2, num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False), collate_fn=lambda batch: dict(
                    inputs=torch.stack([one for one, in batch])))
    run = Runner(Model(), work_dir, train_dataloader=data, train_cfg=dict(by_epoch=True, max_epochs=4),
                 optim_wrapper=dict(optimizer=dict(type='SGD', lr=.1)), resume=True, default_scope='mmengine',
                 val_dataloader=data, val_cfg=dict(), val_evaluator=Score(),
                 default_hooks=dict(checkpoint=dict(type='mmpose.SpineCheckpointHook', interval=1, max_keep_ckpts=keep,
                                                    save_best='score', rule='greater')))
    run.train()
'''


def train(folder, where='nowhere', count=0, keep=1):
    script = folder / 'train.py'
    script.write_text(textwrap.dedent(TRAIN))
    return subprocess.run(
        [sys.executable, '-W', 'ignore', str(script), str(folder / 'work'), where, str(count), str(keep)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


# A checkpoint is written at the end of each epoch, then as the best, and again with the best's name in it.
@pytest.mark.parametrize('where', ['fsync', 'replace'])
@pytest.mark.parametrize('count', [4, 5, 6])
def test_killed_while_a_checkpoint_is_written(tmp_path, where, count):
    """The second epoch's last, best and repeated checkpoint: what was there before is there, and is whole."""
    killed = train(tmp_path, where, count)
    assert killed.returncode == -9, killed.stdout[-2000:]
    left = {path.name for path in (tmp_path / 'work').glob('*.pth')}
    assert (
        left
        == {
            4: {'epoch_1.pth', 'best_score_epoch_1.pth'},
            5: {'epoch_2.pth', 'best_score_epoch_1.pth'},
            6: {'epoch_2.pth', 'best_score_epoch_1.pth', 'best_score_epoch_2.pth'},
        }[count]
    )
    for name in left:
        assert torch.load(tmp_path / 'work' / name)['meta']['epoch'] == int(name[-5])
    resumed = train(tmp_path)
    assert resumed.returncode == 0, resumed.stdout[-2000:]
    epoch = 1 if count == 4 else 2
    assert f'resumed epoch: {epoch}, iter: {2 * epoch}' in resumed.stdout
    names = {path.name for path in (tmp_path / 'work').glob('*.pth*')}
    assert names >= {'epoch_4.pth'} and not any(name.endswith('.part') for name in names)
    assert torch.load(tmp_path / 'work' / 'epoch_4.pth')['meta']['iter'] == 8


@pytest.mark.parametrize('count', [11, 12])
def test_killed_before_the_last_evaluation_was_noted(tmp_path, count):
    """The fourth epoch is trained and saved, but its evaluation is lost with the process: it is repeated."""
    assert train(tmp_path, 'fsync', count).returncode == -9
    resumed = train(tmp_path)
    assert resumed.returncode == 0, resumed.stdout[-2000:]
    assert 'Epoch(train)' not in resumed.stdout and 'Epoch(val) [4]' in resumed.stdout
    assert (tmp_path / 'work' / 'best_score_epoch_4.pth').is_file()
    found = torch.load(tmp_path / 'work' / 'epoch_4.pth')['message_hub']['runtime_info']
    assert found['best_ckpt'].endswith('best_score_epoch_4.pth') and found['best_score'] == 4


def test_old_checkpoints_are_removed_in_the_end(tmp_path):
    done = train(tmp_path, keep=2)
    assert done.returncode == 0, done.stdout[-2000:]
    assert {path.name for path in (tmp_path / 'work').glob('*.pth')} == {
        'epoch_3.pth',
        'epoch_4.pth',
        'best_score_epoch_4.pth',
    }


def test_what_was_not_trained_can_be_validated(tmp_path):
    """The hook has nowhere to write to then."""

    class Model(BaseModel):
        def forward(self, inputs, mode):
            return [inputs]

    class Score(BaseMetric):
        def process(self, data_batch, data_samples):
            self.results.append(1)

        def compute_metrics(self, results):
            return dict(score=len(results))

    run = Runner(
        Model(),
        str(tmp_path),
        val_dataloader=dict(
            dataset=[1, 2],
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=lambda batch: dict(inputs=batch),
        ),
        val_cfg=dict(),
        val_evaluator=[Score()],
        default_hooks=dict(checkpoint=dict(type='mmpose.SpineCheckpointHook')),
        experiment_name='validated',
    )
    assert run.val() == dict(score=2)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path, backend = tmp_path / 'a.pth', dict(backend=checkpoint_hook._BACKEND)
    save_checkpoint(dict(state_dict=dict(a=torch.ones(1))), str(path), backend_args=backend)
    monkeypatch.setattr(os, 'fsync', lambda file: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_checkpoint(dict(state_dict=dict(a=torch.zeros(9))), str(path), backend_args=backend)
    assert torch.load(path)['state_dict']['a'] == 1
    assert [path] == list(tmp_path.iterdir())
    monkeypatch.undo()
    WholeFiles().put(b'new', path)
    assert path.read_bytes() == b'new' and [path] == list(tmp_path.iterdir())


def test_the_newest_checkpoint_is_taken_whatever_last_checkpoint_says(tmp_path):
    find = newest_checkpoint
    assert find(str(tmp_path)) is None
    (tmp_path / 'last_checkpoint').write_text('')
    assert find(str(tmp_path)) is None
    for epoch, seconds in ((2, 200), (1, 100)):
        (tmp_path / f'epoch_{epoch}.pth').write_bytes(b'')
        os.utime(tmp_path / f'epoch_{epoch}.pth', (seconds, seconds))
    (tmp_path / 'best_epoch_9.pth').write_bytes(b'')
    newest = str(tmp_path / 'epoch_2.pth')
    for note in ('', str(tmp_path / 'epoch_1.pth'), str(tmp_path / 'epoch_7.pth')):
        (tmp_path / 'last_checkpoint').write_text(note)
        assert find(str(tmp_path)) == newest
    os.utime(newest, (50, 50))  # of an earlier training that came further
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_1.pth'))
    assert find(str(tmp_path)) == str(tmp_path / 'epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text(newest)  # copied with the times of the copy
    assert find(str(tmp_path)) == newest
    elsewhere = tmp_path / 'elsewhere.pth'
    elsewhere.write_bytes(b'')
    (tmp_path / 'last_checkpoint').write_text(str(elsewhere))
    assert find(str(tmp_path)) == str(elsewhere)


@pytest.mark.parametrize(
    'options, backend',
    [
        ({}, dict(backend=checkpoint_hook._BACKEND)),
        (dict(backend_args=dict(backend='local')), dict(backend=checkpoint_hook._BACKEND)),
        (dict(backend_args=dict(backend='http')), dict(backend='http')),
    ],
)
def test_other_file_systems_keep_their_backend(tmp_path, options, backend):
    hook = SpineCheckpointHook(**options)
    hook.before_train(small_run(tmp_path))
    assert hook.backend_args == backend


class Small(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs, mode):
        return dict(loss=self.layer(inputs).sum())


def small_run(work_dir, hook='mmpose.SpineCheckpointHook', epochs=1, resume=False):
    data = dict(
        dataset=torch.utils.data.TensorDataset(torch.ones(2, 1)),
        batch_size=2,
        num_workers=0,
        sampler=dict(type='DefaultSampler'),
        collate_fn=lambda batch: dict(inputs=torch.stack([one for (one,) in batch])),
    )
    return Runner(
        Small(),
        str(work_dir),
        train_dataloader=data,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type=hook, interval=1)),
        resume=resume,
        default_scope='mmengine',
        experiment_name=f'small{time.time_ns()}',
    )


def test_a_run_that_was_begun_with_mmengines_hook_is_resumed(tmp_path):
    """As runs of earlier releases were; and one that was begun with this hook by MMEngine's."""
    small_run(tmp_path, 'CheckpointHook').train()
    second = small_run(tmp_path, epochs=2, resume=True)
    second.train()
    third = small_run(tmp_path, 'CheckpointHook', epochs=3, resume=True)
    third.train()
    assert (second.iter, third.iter) == (2, 3)
    assert {path.name for path in tmp_path.glob('*.pth')} == {f'epoch_{epoch}.pth' for epoch in (1, 2, 3)}
    assert torch.load(tmp_path / 'epoch_3.pth')['meta']['iter'] == 3


def test_a_work_folder_in_which_another_process_trains(tmp_path, monkeypatch):
    """It is refused, without touching what that has begun to write; of several processes of a run the first asks."""
    (tmp_path / 'work').mkdir()
    begun = tmp_path / 'work' / 'epoch_1.pth.123.part'
    begun.touch()
    with locked(tmp_path / 'work' / 'training'):
        with pytest.raises(BlockingIOError, match=f'the work folder {tmp_path}/work is being written by another run'):
            small_run(tmp_path / 'work').train()
        small_run(tmp_path / 'elsewhere').train()
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint_hook, 'is_main_process', lambda: False)
            small_run(tmp_path / 'work').train()
        assert begun.exists()
    small_run(tmp_path / 'work').train()
    assert not list(tmp_path.rglob('*lock*')) and not begun.exists()


def test_a_training_that_failed_can_be_repeated_in_its_process(tmp_path, monkeypatch):
    """As in a notebook, where what was raised keeps the runner alive."""
    failing = small_run(tmp_path)
    monkeypatch.setattr(failing.model, 'train_step', lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failing.train()
    assert (tmp_path / 'training.lock').exists()
    small_run(tmp_path).train()
    assert (tmp_path / 'epoch_1.pth').exists() and not list(tmp_path.glob('*lock*'))


@pytest.mark.slow
def test_killed_in_a_fork_of_a_data_loader_and_resumed_at_once(tmp_path):
    """A second real training is refused while the first one runs, and goes on as soon as that one is killed."""
    script = tmp_path / 'train.py'
    script.write_text(
        textwrap.dedent(TRAIN)
        .replace('num_workers=0', 'num_workers=2, persistent_workers=True')
        .replace('import torch\n', 'import torch, time\n')
        .replace(
            'def forward(self, inputs, mode):',
            'def forward(self, inputs, mode):\n        where == "stall" and time.sleep(600)',
        )
        .replace("where != 'nowhere'", "where not in ('nowhere', 'stall')")
    )

    def start(where):
        return subprocess.Popen(
            [sys.executable, '-W', 'ignore', str(script), str(tmp_path / 'work'), where, '0', '1'],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    first = start('stall')
    while not (tmp_path / 'work/training.lock').exists():
        assert first.poll() is None, first.stdout.read()
        time.sleep(0.1)
    time.sleep(2)  # until it has its workers
    second = start('nowhere').communicate(timeout=120)[0]
    assert 'BlockingIOError: the work folder' in second and 'Epoch(train)' not in second
    first.kill()
    first.wait()
    third = start('nowhere')
    assert 'Saving checkpoint at 4 epochs' in third.communicate(timeout=120)[0] and third.returncode == 0
    assert not (tmp_path / 'work/training.lock').exists()
