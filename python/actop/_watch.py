# SPDX-License-Identifier: MIT
"""Delivers alerts: a daemon thread that waits for rows without the GIL, and calls back outside the sampling thread."""
import sys
import threading
import types


class Watcher:
    """alerts is the profiler's own list of (metric, threshold, callback), which may grow."""

    def __init__(self, recorder, alerts):
        self._recorder = recorder
        self._alerts = alerts
        self._row = recorder.total
        self._reported = set()
        self._done = False
        self._thread = threading.Thread(target=self._run, name="actop alerts", daemon=True)
        self._thread.start()

    def finish(self):
        """After the recorder has stopped: what came before is delivered first. Not from a callback itself."""
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self):
        recorder = self._recorder
        while recorder.wait(self._row, 1.0) or not recorder.ended:
            total = recorder.total
            if total > self._row:
                self._deliver(max(self._row, recorder.first), total)
                self._row = total
            elif recorder.ended:
                return

    def _deliver(self, first, total):
        values = {metric: self._values(metric, first, total) for metric, _, _ in tuple(self._alerts)}
        for i in range(total - first):
            for metric, threshold, callback in tuple(self._alerts):
                value = values[metric][i] if metric in values and i < len(values[metric]) else None
                if isinstance(value, (int, float)) and value >= threshold:
                    self._call(callback, value)

    def _values(self, metric, first, total):
        try:
            return self._recorder.values(metric, first, total)
        except KeyError:  # a list: nothing to compare
            return ()

    def _call(self, callback, value):
        try:
            callback(value)
        except Exception as e:
            if id(callback) not in self._reported:
                self._reported.add(id(callback))
                sys.unraisablehook(types.SimpleNamespace(exc_type=type(e), exc_value=e, exc_traceback=e.__traceback__,
                                                         err_msg="Exception ignored in actop alert callback",
                                                         object=callback))
