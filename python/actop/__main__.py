# SPDX-License-Identifier: MIT
"""The program actop: `python -m actop`, and the script of this name. The same main as the C program's."""
import signal
import sys


def main(argv=None):
    """Run the program with sys.argv's arguments, or those given; returns its exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["run"]:
        from actop._run import main as run

        return run(arguments[1:])
    from actop import _actop

    # Python's own handlers, and the signals it ignores, would not be the program's.
    for number, handler in ((signal.SIGINT, signal.SIG_DFL), (signal.SIGPIPE, signal.SIG_DFL)):
        signal.signal(number, handler)
    return _actop.main(["actop", *arguments])


if __name__ == "__main__":
    sys.exit(main())
