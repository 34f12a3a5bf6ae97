"""MMPose's own get_flops in this process, at the input sizes of configs."""

import runpy
import sys

import builders


def counted(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, 'argv', ['get_flops', *arguments])
    runpy.run_path(builders.tool('get_flops'), run_name='__main__')
    return capsys.readouterr().out


def test_at_the_size_of_the_config(monkeypatch, capsys):
    found = counted(monkeypatch, capsys, 'spinepose_tiny.py')
    assert 'Input shape: (1, 3, 128, 96)' in found and 'Flops: 0.178G' in found and 'Params: 2.271M' in found


def test_at_a_stated_size(monkeypatch, capsys):
    assert 'Input shape: (1, 3, 256, 192)' in counted(
        monkeypatch, capsys, 'spinepose_v1_small.py', '--input-shape', '256', '192'
    )
