"""Prefetching: the next items of an iterable are prepared in a thread while one is processed."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_Item = TypeVar('_Item')
_END: Any = object()


def prefetch(items: Iterable[_Item], count: int = 2) -> Iterator[_Item]:
    """Yield the items of an iterable, up to `count` of which are prefetched by one thread.

    An error is raised where it belongs in the order. Where the generator is closed before its end, it waits for the
    item that is being prepared, and closes the iterable.

    Args:
        items: iterable; it is used by one thread at a time.
        count: number of items.
    """
    items = iter(items)
    thread = ThreadPoolExecutor(1, thread_name_prefix='prefetch')
    try:
        pending = deque(thread.submit(next, items, _END) for _ in range(count))
        while (item := pending.popleft().result()) is not _END:
            pending.append(thread.submit(next, items, _END))
            yield item
            del item  # which would stay in memory until the next one is there
    finally:
        thread.shutdown(cancel_futures=True)
        if hasattr(items, 'close'):
            items.close()
