# SPDX-License-Identifier: MIT
"""AsyncMonitor: snapshots without holding up the event loop. One thread per monitor, ended by close()."""
import asyncio
import queue
import threading
from concurrent.futures import Future

from actop.api import Monitor


class _Worker:
    """A daemon thread that runs one call after the other: an executor's thread would keep Python from ending while an
    interval goes on."""

    def __init__(self):
        self._calls = queue.SimpleQueue()
        self._thread = None

    def submit(self, function, **options):
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="actop", daemon=True)
            self._thread.start()
        future = Future()
        self._calls.put((future, function, options))
        return future

    def _run(self):
        while True:
            future, function, options = self._calls.get()
            if future is None:
                return
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(**options))
                except BaseException as e:
                    future.set_exception(e)
            del future, function

    def end(self):
        if self._thread is not None:
            self._calls.put((None, None, None))
            self._thread.join()
            self._thread = None


class AsyncMonitor(Monitor):
    """A Monitor whose snapshots are awaited. Close it, or use `async with`; until then a thread may be waiting.

        async with AsyncMonitor(0.5) as monitor:
            async for snap in monitor:
                ...

    Cancelling a wait ends it at once: the interval is cut short, and nothing is left behind."""

    def __init__(self, interval_s=1.0, subsamples=1, *, stop_event=None, **options):
        self._cut = stop_event if stop_event is not None else threading.Event()
        self._own_event = stop_event is None
        super().__init__(interval_s, subsamples, stop_event=self._cut, **options)
        self._worker = _Worker()

    async def get_snapshot_async(self, **options):
        """get_snapshot() in this monitor's thread. Several may be awaited at once: they are taken one after the other."""
        future = self._worker.submit(self.get_snapshot, **options)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            await self._abandon(future)
            raise

    async def _abandon(self, future):
        """Cut the wait short and let the thread come back."""
        if future.cancel() or not self._own_event:
            return
        self._cut.set()
        try:
            await asyncio.shield(asyncio.wrap_future(future))
        except (Exception, asyncio.CancelledError):
            pass
        self._cut.clear()

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.get_snapshot_async()
        except EOFError:
            raise StopAsyncIteration from None

    def close(self):
        """Close the source and end the thread; again is a no-op."""
        if self._own_event:
            self._cut.set()
        self._worker.end()
        super().close()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *unused):
        self.close()
