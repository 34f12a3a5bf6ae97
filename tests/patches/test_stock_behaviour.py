"""MMEngine's, MMPose's and MMDetection's own classes work as they do without this package."""

import pytest

import stock_behaviour


@pytest.mark.parametrize(
    'group',
    ['loaders', pytest.param('runner', marks=pytest.mark.slow), pytest.param('backbones', marks=pytest.mark.slow)],
)
def test_what_works_without_the_import_works_alike_with_it(group):
    assert stock_behaviour.compare(group) == {}
