import json
import subprocess
import sys

import pytest

import builders

pytestmark = pytest.mark.tools


def check(*args, cwd):
    return subprocess.run(
        [sys.executable, '-W', 'ignore', builders.tool('check_dataset'), *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
    )


def test_exit_codes_and_report(tmp_path):
    sound = builders.write_annotations(tmp_path / 'sound.json', [builders.person(1, bbox=[10.0, 20.0, 85.0, 60.0])])
    done = check(sound, '--images', tmp_path, '--out', 'report.json', cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '1 person in 1 image' in done.stdout and '0 errors' in done.stdout
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['people'] == 1 and report['visibility']['spine_01']['visible'] == 1
    person = builders.person(1)
    person['keypoints'][0] = 125.0
    outside = builders.write_annotations(tmp_path / 'outside.json', [person])
    assert check(outside, cwd=tmp_path).returncode == 0
    strict = check(outside, '--strict', cwd=tmp_path)
    assert strict.returncode == 1 and 'suspect       1  label outside the image: 1' in strict.stdout
    (tmp_path / '1.jpg').unlink()
    broken = check(sound, '--images', tmp_path, cwd=tmp_path)
    assert broken.returncode == 1 and 'missing image: 1.jpg' in broken.stdout and '1 error' in broken.stdout
    missing = check(tmp_path / 'nowhere.json', cwd=tmp_path)
    assert missing.returncode == 2 and 'error: ' in missing.stderr and 'nowhere.json does not exist' in missing.stderr
    assert 'Traceback' not in missing.stderr
    through_mim = [
        subprocess.run(
            [sys.executable, '-W', 'ignore', '-m', 'mim', 'run', 'spinepose_mm', 'check_dataset', str(file)],
            cwd=tmp_path,
            capture_output=True,
        ).returncode
        for file in (sound, tmp_path / 'nowhere.json')
    ]
    assert through_mim == [0, 1]
