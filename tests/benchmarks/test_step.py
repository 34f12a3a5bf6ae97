import argparse
import re

import pytest

from spinepose_mm.benchmarks import step


@pytest.mark.parametrize('amp', [False, True])
def test_all_variants_are_compared(amp):
    parser = argparse.ArgumentParser()
    step.add_arguments(parser)
    asked = ['--config', 'spinepose_demo.py', '--batch-size', '2', '--rounds', '2', '--device', 'cpu']
    text = step.run(parser.parse_args(asked + ['--amp'] * amp))
    rows = {line.split(' | ')[1]: line.strip(' |').split(' | ') for line in text.splitlines() if line.startswith('| ')}
    assert rows.keys() >= {'RTMPose (MMPose)', 'plain', 'losses', 'teacher', 'both'}
    memory = {name: float(row[-2]) for name, row in rows.items() if name not in ('Side', '---')}
    assert memory['plain'] == pytest.approx(memory['RTMPose (MMPose)'], rel=0.02)
    # The teacher's weights are 2.3 million numbers.
    assert memory['teacher'] - memory['plain'] == pytest.approx(9, abs=2)
    assert re.search(r'anatomical losses alone take -?[\d.]+% of a plain step', text)


def test_the_side_of_mmpose_is_of_its_own_classes(tmp_path):
    from mmengine.config import Config
    from mmpose.models import RTMCCHead, TopdownPoseEstimator

    from spinepose_mm.zoo.models import find_config

    cfg = Config.fromfile(find_config('spinepose_demo.py')[0])
    model = step._build(cfg, None, tmp_path / 'teacher.pth')
    assert type(model) is TopdownPoseEstimator and type(model.head) is RTMCCHead
