"""What is to come, got ready while what is there is worked on."""
from collections import deque
from concurrent.futures import ThreadPoolExecutor

_END = object()


def prefetch(items, count=2):
    """Yield what an iterable gives, of which up to `count` items are made ahead, by one thread.

    An error is raised where it belongs in the order. Where the generator is closed before its end, the item that is in
    the making is waited for, and the iterable closed.

    Args:
        items: iterable; it is used by one thread at a time.
        count: number of items.
    """
    items = iter(items)
    thread = ThreadPoolExecutor(1, thread_name_prefix='prefetch')
    try:
        coming = deque(thread.submit(next, items, _END) for _ in range(count))
        while (item := coming.popleft().result()) is not _END:
            coming.append(thread.submit(next, items, _END))
            yield item
            del item  # which would stay in memory until the next one is there
    finally:
        thread.shutdown(cancel_futures=True)
        if hasattr(items, 'close'):
            items.close()
