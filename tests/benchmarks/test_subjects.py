import argparse
import runpy
from importlib import import_module

import builders


def test_every_subject_has_options_and_can_be_run():
    for module, _ in runpy.run_path(builders.tool('benchmark'))['SUBJECTS'].values():
        subject = import_module(f'spinepose_mm.benchmarks.{module}')
        subject.add_arguments(argparse.ArgumentParser())
        assert callable(subject.run)
