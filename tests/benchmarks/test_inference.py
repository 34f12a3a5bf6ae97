import argparse
import os

import numpy as np
import pytest
import torch

from spinepose_mm.benchmarks import inference

OWN = ['MMPose', 'this package, PyTorch', 'this package, ONNX', 'this package, ONNX, flip test']


def parse(*words):
    parser = argparse.ArgumentParser()
    inference.add_arguments(parser)
    return parser.parse_args([*words, '--rounds', '1'])


def sides(text):
    return [line.split(' | ')[1] for line in text.splitlines() if line.startswith('| ') and '---' not in line]


def test_all_sides_are_compared():
    threads, cores = torch.get_num_threads(), os.sched_getaffinity(0)
    found = sides(
        inference.run(parse('--config', 'spinepose_tiny.py', '--people', '1', '3', '--threads', '1', '--frames', '3'))
    )
    images = found[1 : found.index('Side', 1)]
    assert images == 2 * images[: len(images) // 2]
    assert [name for name in images if name not in ('rtmlib', 'official spinepose')] == 2 * OWN
    assert len(found) == len(images) + 2 + 4
    assert torch.get_num_threads() == threads and os.sched_getaffinity(0) == cores


def test_sides_that_find_other_keypoints_are_an_error():
    boxes = np.zeros((2, 4))
    good, off = (lambda boxes: np.zeros((2, 37, 2))), (lambda boxes: np.full((2, 37, 2), 1.0))
    assert inference._compare_images({'a': good, 'b': good, 'b, flip test': off}, boxes, 1).case == '2 people'
    with pytest.raises(ValueError, match='b predicts 100% of the keypoints elsewhere than a'):
        inference._compare_images({'a': good, 'b': off}, boxes, 1)
