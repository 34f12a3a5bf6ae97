"""What docs/finetuning.md does, as a reader of it would, on less data and for one epoch."""

import json
import re
import runpy

import cv2
import numpy as np
import pytest

from conftest import ROOT
from running import QUICK, errors, metrics, mim

PAGE = (ROOT / 'docs' / 'finetuning.md').read_text(encoding='utf-8')
LABELS, CONFIG = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)


def test_the_labels_of_the_page(tmp_path, monkeypatch, capsys):
    from spinepose_mm.datasets.validation.report import ERROR, SUSPECT, validate

    monkeypatch.chdir(tmp_path)
    for folder in ('mine/images/train', 'mine/annotations'):
        (tmp_path / folder).mkdir(parents=True)
    cv2.imwrite('mine/images/train/p001.jpg', np.zeros((384, 512, 3), np.uint8))
    (tmp_path / 'label.py').write_text(LABELS)
    runpy.run_path('label.py')
    path = tmp_path / 'mine/annotations/person_keypoints_train.json'
    report = validate(path, tmp_path / 'mine/images/train')
    assert report.count(ERROR) == report.count(SUSPECT) == 0
    assert json.loads(path.read_text())['annotations'][0]['num_keypoints'] == 8


@pytest.mark.tools
@pytest.mark.slow
def test_from_data_to_results(rendered, tmp_path):
    """Before, training by the page's own config, after, and results."""

    def run(*args, options=()):
        done = mim(*args, data=rendered, cwd=tmp_path, options=options)
        assert done.returncode == 0, errors(done.stdout)
        return done.stdout

    (tmp_path / 'mine.py').write_text(CONFIG)
    before = run('test', 'spinepose_mm', 'mine.py', '--checkpoint', 'spinepose-tiny', options=QUICK)
    trained = run('train', 'spinepose_mm', 'mine.py', options=[*QUICK, 'load_from=spinepose-tiny'])
    assert re.search(r'Load checkpoint from \S+/spinepose_tiny\.safetensors', trained)
    assert metrics(trained)['spinetrack/all_AP'] > metrics(before)['spinetrack/all_AP'] - 0.1 > 0.1
    (best,) = tmp_path.glob('work_dirs/mine/best_*.pth')
    after = run('test', 'spinepose_mm', 'mine.py', '--checkpoint', best, options=QUICK)
    assert metrics(after) == metrics(trained)
    run(
        'run',
        'spinepose_mm',
        'infer',
        rendered / 'images/val',
        '--out',
        'out.csv',
        '--model',
        'mine.py',
        '--weights',
        best,
        '--det-model',
        'whole_image',
    )
    assert len((tmp_path / 'out.csv').read_text().splitlines()) > 8


@pytest.mark.tools
@pytest.mark.slow
def test_mmposes_demo_as_a_program(rendered, tmp_path):
    image = next((rendered / 'images/val').iterdir())
    done = mim(
        'run',
        'spinepose_mm',
        'inferencer_demo',
        image,
        '--pose2d',
        'spinepose-tiny',
        '--det-model',
        'whole_image',
        '--pred-out-dir',
        'out',
        '--vis-out-dir',
        'drawn',
        data=rendered,
        cwd=tmp_path,
    )
    assert done.returncode == 0 and 'without effect' not in done.stdout, errors(done.stdout)
    (person,) = json.loads((tmp_path / f'out/{image.stem}.json').read_text())
    assert len(person['keypoints']) == 37 and (tmp_path / f'drawn/{image.name}').is_file()
