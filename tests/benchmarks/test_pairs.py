import time

import numpy as np
import pytest

from spinepose_mm.benchmarks.pairs import Comparison, compare, machine, table


def test_sides_take_turns_and_every_other_round_goes_backwards():
    calls = []
    done = compare('work', dict(a=lambda: calls.append('a'), b=lambda: calls.append('b')), rounds=3, warm_up=1)
    assert ''.join(calls) == 'abbaabba'
    assert {name: seconds.shape for name, seconds in done.seconds.items()} == dict(a=(3,), b=(3,))


def test_seconds_are_of_an_item():
    done = compare('work', dict(a=lambda: time.sleep(0.02)), rounds=2, items=10)
    assert (done.seconds['a'] >= 0.002).all() and (done.seconds['a'] < 0.02).all()


def test_ratios_are_of_each_round():
    # The machine was half as fast in the second round, for both.
    done = Comparison('work', dict(slow=np.array([4.0, 8.0, 4.0]), fast=np.array([2.0, 4.0, 1.0])))
    np.testing.assert_allclose(done.ratios('fast'), [2, 2, 4])
    np.testing.assert_allclose(done.ratios('slow'), 1)


def test_table():
    done = Comparison(
        'work', dict(slow=np.array([0.4, 0.8, 0.4]), fast=np.array([0.2, 0.4, 0.1])), {'MB': dict(slow='12', fast='3')}
    )
    assert table([done], 'person').splitlines() == [
        '|  | Side | ms a person | persons/s | times as fast | middle half | MB |',
        '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
        '| work | slow | 400 | 2.5 | 1.00 |  | 12 |',
        '|  | fast | 200 | 5 | 2.00 | 2.00 to 3.00 | 3 |',
    ]


def test_the_machine_is_named():
    assert 'cores' in machine() and np.__version__ in machine()


def test_a_side_that_fails_is_no_result():
    with pytest.raises(ZeroDivisionError):
        compare('work', dict(a=lambda: 1 / 0), rounds=1)
