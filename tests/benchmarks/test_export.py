import argparse

from spinepose_mm.benchmarks import export


def test_all_sides_are_compared():
    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    text = export.run(parser.parse_args(['--config', 'spinepose_tiny.py', '--people', '1', '3', '--rounds', '1']))
    sides = [line.split(' | ')[1] for line in text.splitlines() if line.startswith('| ') and '---' not in line]
    assert sides == ['Side', 'full', 'half', 'Side', *['PyTorch', 'ONNX Runtime, full', 'ONNX Runtime, half'] * 2]
