# SPDX-License-Identifier: MIT
"""`python -m actop.actop`, as the Python actop had it."""
import sys

from actop.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
