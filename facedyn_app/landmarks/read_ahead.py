"""Read-ahead of an iterator: one thread fetches items while another uses them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Full, Queue
from threading import Event
from typing import Generic, TypeVar

Item = TypeVar("Item")
_WAIT_SECONDS = 0.1


class _Fetcher(Generic[Item]):
    """What the thread does: fetch items into a queue until they end or it is stopped.

    Args:
        items: Where the items come from.
        n_ahead: Most items that wait.
    """

    def __init__(self, items: Iterable[Item], n_ahead: int) -> None:
        self._items = items
        self._stop = Event()
        self.queue: Queue[Item | None] = Queue(n_ahead)

    def stop(self) -> None:
        """Make the thread end soon."""
        self._stop.set()

    def run(self) -> None:
        """Fetch all items, then None as the end's mark."""
        iterator = iter(self._items)
        try:
            for item in iterator:
                self._put(item)
                if self._stop.is_set():
                    break
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()
            self._put(None)

    def _put(self, item: Item | None) -> None:
        while not self._stop.is_set():
            try:
                self.queue.put(item, timeout=_WAIT_SECONDS)
            except Full:
                continue
            return


def read_ahead(items: Iterable[Item], n_ahead: int = 8) -> Generator[Item, None, None]:
    """Pass items on in order while a thread fetches up to `n_ahead` of the next.

    The thread ends with the generator, also when that is closed early. What `items` raises is
    raised here, after the items before it.

    Args:
        items: Where the items come from, none of them None; used in the thread only.
        n_ahead: Most items that wait.
    """
    fetcher = _Fetcher(items, n_ahead)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        fetching = pool.submit(fetcher.run)
        try:
            while (item := fetcher.queue.get()) is not None:
                yield item
            fetching.result()
        finally:
            fetcher.stop()
