# SPDX-License-Identifier: MIT
"""AsyncMonitor: awaits do not hold up the loop, cancelling is quick, nothing is left behind."""
import asyncio
import subprocess
import sys
import threading
import time

import actop
import pytest


def threads():
    return [t for t in threading.enumerate() if t.name == "actop"]


def test_the_loop_runs_while_a_snapshot_is_awaited():
    async def main():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        async with actop.AsyncMonitor(0.3, source="sim:m1") as monitor:
            snap = await monitor.get_snapshot_async()
        ticking.cancel()
        return ticks, snap

    ticks, snap = asyncio.run(main())
    assert ticks >= 10 and snap.chip == "Apple M1"
    assert threads() == []


def test_async_for_ends_with_the_recording(tmp_path):
    path = tmp_path / "r.actop"
    session = actop._actop.Session("sim:m1", 0.05, 1, False, 0, speed=0.0)
    session.record(str(path))
    for _ in range(5):
        session.sample()
    session.record_stop()
    session.close()

    async def main():
        async with actop.AsyncMonitor(0.05, source=f"replay:{path}") as monitor:
            return [snap.seq async for snap in monitor]

    assert asyncio.run(main()) == [2, 3, 4, 5]


def test_cancelling_is_quick_and_the_monitor_goes_on():
    async def main():
        async with actop.AsyncMonitor(30) as monitor:
            began = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(monitor.get_snapshot_async(), 0.2)
            waiting = asyncio.create_task(monitor.get_snapshot_async())
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert time.monotonic() - began < 5
            monitor.interval_s = 0.05
            assert (await monitor.get_snapshot_async()).timestamp > 0

    asyncio.run(main())
    assert threads() == []


def test_many_tasks_share_a_monitor_in_turn():
    async def main():
        async with actop.AsyncMonitor(0.01, source="sim:m1") as monitor:
            snaps = await asyncio.gather(*(monitor.get_snapshot_async() for _ in range(20)))
            return sorted(s.seq for s in snaps)

    seqs = asyncio.run(main())
    assert len(set(seqs)) == 20


def test_close_again_is_a_no_op_and_leaves_no_thread():
    monitor = actop.AsyncMonitor(1, source="sim:m1")
    monitor.close()
    monitor.close()
    assert threads() == []


def test_forgetting_to_close_does_not_keep_python_from_ending():
    code = ("import actop, asyncio\n"
            "async def main():\n"
            "    global m\n    m = actop.AsyncMonitor(3600)\n"
            "    asyncio.create_task(m.get_snapshot_async())\n    await asyncio.sleep(0.2)\n    import os; print('done', flush=True)\n"
            "loop = asyncio.new_event_loop()\nloop.run_until_complete(main())\n")
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], timeout=60, capture_output=True, text=True, check=False)
    assert done.stdout == "done\n" and done.returncode == 0, done.stderr
    assert time.monotonic() - began < 30
