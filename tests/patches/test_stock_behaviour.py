"""MMEngine's, MMPose's and MMDetection's own classes work as they do without this package."""

import pytest

import stock_behaviour


@pytest.mark.parametrize(
    'group',
    ['loaders', *(pytest.param(group, marks=pytest.mark.slow) for group in ('runner', 'backbones', 'inferencers'))],
)
def test_what_works_without_the_import_works_alike_with_it(group):
    assert stock_behaviour.compare(group) == {}
