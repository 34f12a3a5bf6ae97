"""Calls of one inferencer at the same time: each gives the results and files that it gives alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from interrupting import contents
from spinepose_mm.inference import open_source


@pytest.fixture(scope='module')
def images(video):
    return [np.ascontiguousarray(frame.image[:, ::-1]) for frame in open_source(video)]


def people(results):
    return [result['predictions'][0] for result in results]


def calls(video, images, out):
    """Return the inputs and options of two calls that differ in all that a call has."""
    return (
        (str(video), dict(out_dir=str(out / 'video'), smooth=True, flip_test=False, score='mean', v1_postprocess=True)),
        (images, dict(out_dir=str(out / 'images'), measure=True, thickness=3, radius=6, black_background=True)),
    )


def test_generators_in_turns(inferencer, video, images, tmp_path):
    expected = [people(inferencer(given, **options)) for given, options in calls(video, images, tmp_path / 'alone')]
    generators = [inferencer(given, **options) for given, options in calls(video, images, tmp_path / 'both')]
    found = list(zip(*generators))
    assert [people(each) for each in zip(*found)] == expected
    for generator in generators:
        generator.close()
    alone, both = contents(tmp_path / 'alone'), contents(tmp_path / 'both')
    assert len(alone) == 2 + 2 * len(images)
    assert alone.keys() == both.keys() and [name for name in alone if alone[name] != both[name]] == []


def test_generators_in_turns_in_3d(lifting, video, images, tmp_path):
    options = dict(coordinates='world', warm_up=4), dict(field_of_view=50, height=1.5, flip_test=False)
    given = [
        (str(video), dict(options[0], out_dir=str(tmp_path / 'a'))),
        (images, dict(options[1], out_dir=str(tmp_path / 'b'))),
    ]
    expected = [people(lifting(inputs, **chosen)) for inputs, chosen in given]
    found = list(zip(*(lifting(inputs, **chosen) for inputs, chosen in given)))
    assert [people(each) for each in zip(*found)] == expected


def test_two_threads(inferencer, images, monkeypatch):
    """Both are in the network at the same time, with other settings."""
    options = dict(flip_test=False, score='mean'), dict(v1_postprocess=True, smooth=True)
    expected = [people(inferencer(images, frame_rate=10, **chosen)) for chosen in options]
    preprocessor, meeting = inferencer.model.data_preprocessor, threading.Barrier(2, timeout=60)
    stock = preprocessor.forward

    def forward(*args, **kwargs):
        meeting.wait()
        return stock(*args, **kwargs)

    monkeypatch.setattr(preprocessor, 'forward', forward)
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(lambda chosen: people(inferencer(images, frame_rate=10, **chosen)), o) for o in options]
        found = [run.result() for run in runs]
    for one, other in zip(found, expected):
        for name in ('keypoints', 'keypoint_scores'):
            np.testing.assert_allclose([person[name] for (person,) in one], [person[name] for (person,) in other])


def test_the_inferencer_is_as_before(inferencer, video, tmp_path):
    """Nothing of a call is left on it, nor on its model."""
    head, before = inferencer.model.head, {name: id(value) for name, value in vars(inferencer).items()}
    settings = dict(inferencer.model.test_cfg), head.score, head.v1_postprocess
    results = inferencer(str(video), flip_test=False, score='mean', v1_postprocess=True, out_dir=str(tmp_path))
    next(results)
    assert {name: id(value) for name, value in vars(inferencer).items()} == before
    assert (dict(inferencer.model.test_cfg), head.score, head.v1_postprocess) == settings
    results.close()
