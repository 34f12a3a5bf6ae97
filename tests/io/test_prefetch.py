import threading
import time
import weakref

import pytest

from spinepose_mm.io.prefetch import prefetch


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith('prefetch')]


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


class Item:
    def __init__(self, number):
        self.number = number


class Maker:
    """Makes items, and keeps account of what was made, which is alive, and whether it was closed."""

    def __init__(self, count, error=None):
        self.made, self.most, self.closed, self.alive = 0, 0, False, weakref.WeakSet()
        self.count, self.error = count, error

    def __iter__(self):
        try:
            for number in range(self.count):
                item = Item(number)
                self.alive.add(item)
                self.made, self.most = self.made + 1, max(self.most, len(self.alive))
                yield item
                del item
            if self.error:
                raise self.error
        finally:
            self.closed = True


def test_all_in_order_and_no_more_than_two_prefetched():
    maker, main = Maker(20), threading.get_ident()
    items = prefetch(maker)
    assert [next(items).number for _ in range(3)] == [0, 1, 2]
    wait_for(lambda: maker.made == 5)  # while none of them is requested
    time.sleep(0.02)
    assert maker.made == 5
    assert [item.number for item in items] == list(range(3, 20))
    # One that is worked on, two that wait, and one each that the maker and the loop have not let go of yet.
    assert maker.most <= 5 and maker.closed and not threads()
    assert set(prefetch(threading.get_ident() for _ in range(3))).isdisjoint([main])
    assert list(prefetch([])) == [] and list(prefetch([1, None, 2], 5)) == [1, None, 2]


def test_an_error_at_its_place():
    items = prefetch(Maker(2, OSError('broken')))
    assert next(items).number == 0
    wait_for(lambda: not threads() or len(threads()) == 1)
    assert next(items).number == 1
    with pytest.raises(OSError, match='broken'):
        next(items)
    assert not threads() and list(items) == []


@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError])
def test_stopping_early_leaves_no_thread_and_nothing_open(error):
    maker = Maker(20)

    def work():
        for item in prefetch(maker):
            if item.number == 2:
                raise error

    with pytest.raises(error):
        work()
    assert maker.closed and maker.made <= 6 and not threads()
    items = prefetch(Maker(20))
    next(items)
    items.close()
    assert not threads()
