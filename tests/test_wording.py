import pytest

from spinepose_mm.wording import counted


@pytest.mark.parametrize(
    'count, words, text',
    [
        (0, ('person',), '0 people'),
        (1, ('person',), '1 person'),
        (2, ('frame',), '2 frames'),
        (1, ('other is', 'others are'), '1 other is'),
        (3, ('other is', 'others are'), '3 others are'),
    ],
)
def test_counts_are_in_the_singular_and_the_plural(count, words, text):
    assert counted(count, *words) == text
