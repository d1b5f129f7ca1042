# SPDX-License-Identifier: MIT
"""All tests of the package with the extension module, and the C core in it, under ASan and UBSan."""
import os
import subprocess
import sys

FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1"
os.environ["ACTOP_PYTHON_KIND"] = "-asan"
os.environ["ACTOP_PYTHON_CFLAGS"] = FLAGS
os.environ["ACTOP_PYTHON_LDFLAGS"] = FLAGS
library = subprocess.run(["gcc", "-print-file-name=libasan.so"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
if not os.path.isabs(library):
    print("1..0 # SKIP there is no libasan.so here")
    sys.exit(0)

import python_package

# Python itself leaves things behind at its end, so that what leaks is test_leaks.py's business, which needs a malloc of
# its own, as the figures need speed.
python_package.main(("-m", "not long and not figure", "-k", "not leaks and not gil"),
                    LD_PRELOAD=os.path.realpath(library), PYTHONMALLOC="malloc",
                    ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1",
                    UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1")
