import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from mmpose.registry import DATASETS

import builders
from spinepose_mm import skeleton
from spinepose_mm.io.atomic import locked
from spinepose_mm.synthetic import MOTIONS, Settings, dataset, synthesize
from spinepose_mm.synthetic.look import contact_sheet, plot_spine

SMALL = Settings(45, size=(96, 72), people=2, seed=3)


def contents(folder):
    """Return {path: bytes} of all files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()}


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp('made')
    synthesize(folder, SMALL, workers=1)
    return folder


def test_killed_and_resumed_in_several_processes_gives_the_same_bytes(made, tmp_path):
    code = (
        'from spinepose_mm.synthetic import Settings, synthesize\nif __name__ == "__main__":\n'
        f'    synthesize({str(tmp_path)!r}, {SMALL!r}, workers=2)\n'
    )
    script = tmp_path.parent / 'run.py'
    script.write_text(code)
    running = subprocess.Popen(
        [sys.executable, '-W', 'ignore', script], start_new_session=True, stderr=subprocess.DEVNULL
    )
    parts = tmp_path / '.parts-train'
    while running.poll() is None and len(list(parts.glob('0*.json'))) < 1:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert parts.is_dir() and not list((tmp_path / 'annotations').glob('*.json'))
    synthesize(tmp_path, SMALL, workers=1)
    assert contents(tmp_path) == contents(made)
    before = contents(tmp_path)
    synthesize(tmp_path, SMALL, workers=1)  # complete: nothing to do
    assert contents(tmp_path) == before


def test_two_runs_at_once(made, tmp_path, monkeypatch):
    """The second says so; a worker of a run that was killed, which is still at work, harms nothing."""
    stock = dataset.render
    settings = Settings(3, size=(96, 72), seed=3)
    synthesize(tmp_path / 'alone', settings, workers=1)

    def render(*args):
        monkeypatch.setattr(dataset, 'render', stock)
        with pytest.raises(BlockingIOError, match="the split 'train' of .*out is being written by another run"):
            synthesize(tmp_path / 'out', settings, workers=1)
        with locked(tmp_path / 'out/.parts-val'):
            pass
        (tmp_path / 'out/images/train/00000000.jpg.part').mkdir()  # it has that file open
        return stock(*args)

    monkeypatch.setattr(dataset, 'render', render)
    synthesize(tmp_path / 'out', settings, workers=1)
    (tmp_path / 'out/images/train/00000000.jpg.part').rmdir()
    for name, content in contents(tmp_path / 'alone').items():
        assert (tmp_path / 'out' / name).read_bytes() == content
    assert not list((tmp_path / 'out').glob('.*'))


def test_workers_that_cannot_start_are_an_error(tmp_path):
    """A script without a main guard, whose workers would run it again."""
    script = f'from spinepose_mm.synthetic import *; synthesize({str(tmp_path / "data")!r}, Settings(40), workers=2)'
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-'], input=script, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0 and 'BrokenProcessPool' in done.stderr


def test_splits_and_seeds_differ(made, tmp_path):
    for name, settings in (('val', Settings(3, 'val', 3, (96, 72), 2)), ('seed', Settings(3, 'train', 4, (96, 72), 2))):
        synthesize(tmp_path / name, settings, workers=1)
        other = contents(tmp_path / name / 'images').values()
        assert len(other) == 3 and not set(other) & set(contents(made / 'images').values())


def test_spinetrack_data_set_reads_it(made):
    data = DATASETS.build(
        dict(
            type='SpineTrackDataset',
            data_root=str(made),
            data_prefix=dict(img='images/train/'),
            ann_file='annotations/person_keypoints_train.json',
            test_mode=True,
        )
    )
    labels = json.loads((made / 'annotations/person_keypoints_train.json').read_text())
    assert len(labels['images']) == 45 <= len(data) == len(labels['annotations']) <= 90
    assert labels['categories'][0]['keypoints'] == list(skeleton.NAMES)
    assert cv2.imread(data[0]['img_path']).shape == (72, 96, 3)
    assert len({person['motion'] for person in labels['annotations']} & set(MOTIONS)) > 5


def test_3d_labels_in_simspines_layout(made):
    labels = json.loads((made / 'annotations/person_keypoints_train.json').read_text())['annotations']
    data = np.load(made / 'annotations/synthetic_train.npz', allow_pickle=True)
    meta, n = data['metadata'].item(), len(labels)
    assert meta['root_name'] == 'hip' and meta['root_index'] == skeleton.index('S1')
    assert meta['parent_ids'][meta['root_index']] == -1 and len(meta['parent_ids']) == 37
    assert {name: data[name].shape for name in data.files if name != 'metadata'} == dict(
        imgname=(n,),
        center=(n, 2),
        scale=(n,),
        part=(n, 37, 3),
        S=(n, 37, 4),
        S_world=(n, 37, 4),
        angles=(n, len(meta['param_names'])),
        K=(n, 3, 3),
        dist=(n, 5),
        R=(n, 3, 3),
        t=(n, 3),
    )
    for i, person in enumerate(labels):
        x, y, w, h = person['bbox']
        np.testing.assert_allclose(data['center'][i], [x + w / 2, y + h / 2])
        assert data['scale'][i] == pytest.approx(1.2 * max(w, h) / 200)
        camera = data['S_world'][i, :, :3] @ data['R'][i].T + data['t'][i]
        np.testing.assert_allclose(camera, data['S'][i, :, :3], atol=1e-5)
        pixels = camera @ data['K'][i].T
        visible = data['part'][i, :, 2] > 0
        np.testing.assert_allclose((pixels[:, :2] / pixels[:, 2:])[visible], data['part'][i, visible, :2], atol=1e-3)
        flat = np.array(person['keypoints']).reshape(37, 3)
        np.testing.assert_allclose(flat[:, :2], data['part'][i, :, :2])


def test_views_are_of_one_scene(tmp_path):
    synthesize(tmp_path, Settings(4, views=4, size=(96, 72)), workers=1)
    data = np.load(tmp_path / 'annotations/synthetic_train.npz', allow_pickle=True)
    assert len(data['S_world']) == 4 and np.ptp(data['S_world'], axis=0)[:, :3].max() == 0
    assert len(np.unique(data['t'], axis=0)) == 4


def test_chosen_motions(tmp_path):
    ann_file = synthesize(tmp_path, Settings(6, size=(96, 72), motions=('squat', 'sit')), workers=1)
    assert {person['motion'] for person in json.loads(ann_file.read_text())['annotations']} == {'squat', 'sit'}


def test_own_backgrounds(tmp_path):
    (tmp_path / 'behind').mkdir()
    cv2.imwrite(str(tmp_path / 'behind' / 'a.png'), np.full((50, 300, 3), (0, 0, 255), np.uint8))
    synthesize(tmp_path / 'out', Settings(2, size=(96, 72), backgrounds=str(tmp_path / 'behind')), workers=1)
    image = cv2.imread(str(tmp_path / 'out/images/train/00000000.jpg')).astype(int)
    corner = image[:5, :5].reshape(-1, 3).mean(0)
    assert corner[2] > corner[:2].max() + 100  # red


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(images=0), 'images must be from 1'),
        (dict(people=7), 'people must be from 1 to 6'),
        (dict(views=0), 'views must be'),
        (dict(quality=101), 'quality must be'),
        (dict(size=(10, 10)), 'size must be'),
        (dict(motions=('fly',)), 'motions are out of stand, walk.* but it is fly'),
        (dict(motions=()), 'but it is none'),
    ],
)
def test_settings_out_of_range(change, message):
    with pytest.raises(ValueError, match=message):
        Settings(**{'images': 1, **change})


def test_bad_backgrounds(tmp_path):
    with pytest.raises(FileNotFoundError, match='no folder of backgrounds .*none'):
        Settings(1, backgrounds=str(tmp_path / 'none'))
    with pytest.raises(ValueError, match='has no images'):
        Settings(1, backgrounds=str(tmp_path))
    (tmp_path / 'a.jpg').write_bytes(b'no image')
    with pytest.raises(ValueError, match=r'a\.jpg is not an image'):
        synthesize(tmp_path / 'out', Settings(1, size=(96, 72), backgrounds=str(tmp_path)), workers=1)
    assert not list((tmp_path / 'out').rglob('*.part'))


def test_another_data_set_in_the_folder_is_left_alone(made):
    before = contents(made)
    with pytest.raises(ValueError, match="has a split 'train' that was made with other settings"):
        synthesize(made, Settings(45, size=(96, 72), people=2, seed=9), workers=1)
    assert contents(made) == before


def test_images_of_older_bodies_are_not_taken_for_those_of_today(tmp_path):
    settings = Settings(2, size=(96, 72))
    ann_file = synthesize(tmp_path, settings, workers=1)
    labels = json.loads(ann_file.read_text())
    del labels['info']['settings']['bodies']  # as of a version that did not count them
    ann_file.write_text(json.dumps(labels))
    with pytest.raises(ValueError, match="has a split 'train' that was made with other settings"):
        synthesize(tmp_path, settings, workers=1)


def test_full_disk_leaves_nothing_half_written(tmp_path):
    parts = tmp_path / 'out' / '.parts-train'
    parts.mkdir(parents=True)
    (parts / f'{os.getpid()}.part').symlink_to('/dev/full')
    with pytest.raises(OSError, match='No space left on device'):
        synthesize(tmp_path / 'out', Settings(1, size=(96, 72)), workers=1)
    assert not list((tmp_path / 'out').rglob('*.part')) and not list((tmp_path / 'out').rglob('*.jpg'))


def test_images_to_look_at(made, tmp_path):
    contact_sheet(made / 'annotations/person_keypoints_train.json', tmp_path / 'sheet.jpg', count=6, columns=4)
    assert cv2.imread(str(tmp_path / 'sheet.jpg')).shape == (2 * 72, 4 * 96, 3)
    plot_spine(tmp_path / 'spine.png')
    assert cv2.imread(str(tmp_path / 'spine.png')).std() > 5


@pytest.mark.tools
@pytest.mark.parametrize(
    'args, message',
    [
        (['--images', '0'], 'images must be from 1'),
        (['--backgrounds', 'nowhere'], 'no folder of backgrounds nowhere'),
        (['--people', '9'], 'people must be from 1 to 6'),
        (['--size', '5by5'], 'WIDTHxHEIGHT'),
    ],
)
def test_command_says_in_one_line_what_is_wrong(tmp_path, args, message):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', builders.tool('synthesize'), '--out', 'data', *args],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 and message in done.stderr.splitlines()[-1] and 'Traceback' not in done.stderr
    assert not (tmp_path / 'data').exists()
