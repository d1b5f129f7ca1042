from typing import Any

from actop._actop import ActopError as ActopError
from actop._actop import __version__ as __version__
from actop._actop import features as features
from actop._aio import AsyncMonitor as AsyncMonitor
from actop.analytics import AlertEngine as AlertEngine
from actop.analytics import AlertFrame as AlertFrame
from actop.api import Monitor as Monitor
from actop.api import Profiler as Profiler
from actop.api import profiled as profiled
from actop.api import read_recording as read_recording
from actop.api import section as section
from actop.models import CoreSample as CoreSample
from actop.models import FanReading as FanReading
from actop.models import ProcessSample as ProcessSample
from actop.models import SystemSnapshot as SystemSnapshot

__all__ = [
    "ActopError", "AlertEngine", "AlertFrame", "AsyncMonitor", "CoreSample", "FanReading", "Monitor", "ProcessSample",
    "Profiler", "SystemSnapshot", "__version__", "features", "profiled", "read_recording", "section",
]

def load_ipython_extension(shell: Any) -> None: ...
