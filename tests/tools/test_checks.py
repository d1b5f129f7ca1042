# SPDX-License-Identifier: MIT
"""Each tools/check_* finds what it is for, in a little tree made for it, and is content with a tree that is right."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["ACTOP_SOURCE"], "tests", "lib"))
import tap

LICENCE = "/* SPDX-License-Identifier: MIT */\n"
LONG = "int long_one(void)\n{%s\n" + "    next();\n" * 81 + "}\n"
SHORT = "int short_%d(void)\n{\n    return 1;\n}\n"
LISTS = {
    "src/base/status.def": 'STATUS(OK, 0, "no error")\n',
    "src/model/units.def": 'UNIT(NONE, "", "", "", "no unit")\nUNIT(WATT, "w", "watts", "W", "watts")\n',
    "src/model/scopes.def": 'SCOPE(MACHINE, "machine", "machines", FIXED, "the whole machine")\n',
}


def metric(row, **more):
    return {**LISTS, "src/model/metrics.def": f"METRIC({row})\n", **more}


def header(text):
    return {"include/actop/actop.h": text}


def tree(files):
    for name, text in files.items():
        path = os.path.join(tap.tmp, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def check(tool, *more):
    return tap.run([sys.executable, os.path.join(tap.SOURCE, "tools", "check_" + tool), "--root", tap.tmp, *more])


def rejects(tool, files, wanted):
    tree(files)
    ended = check(tool)
    assert ended.returncode == 1, f"status {ended.returncode}: {ended.stdout}{ended.stderr}"
    assert wanted in ended.stdout, ended.stdout + ended.stderr


def accepts(tool, files):
    tree(files)
    ended = check(tool)
    assert ended.returncode == 0, f"status {ended.returncode}: {ended.stdout}{ended.stderr}"


tap.case(
    "a wrong tree is rejected",
    ("a layer includes one above it", "layers",
     {"src/base/a.c": '#include "model/m.h"\n', "src/model/m.h": ""}, "src/base/a.c:1: base may not include model/m.h"),
    ("a header beside is still another layer's through ..", "layers",
     {"src/decode/a.c": '#include "../source/s.h"\n', "src/source/s.h": ""}, "decode may not include"),
    ("decode includes a source", "layers",
     {"src/decode/a.c": '#include "source/source.h"\n', "src/source/source.h": ""}, "decode may not include"),
    ("a source includes another", "layers",
     {"src/source/x/a.c": '#include "source/y/y.h"\n', "src/source/y/y.h": ""}, "one source may not include another's"),
    ("a layer below the session includes actop.h", "layers",
     {"src/export/a.c": "#include <actop/actop.h>\n"}, "export may not include actop/actop.h"),
    ("the screen includes the model", "layers",
     {"src/tui/a.c": '#include "model/m.h"\n', "src/model/m.h": ""}, "tui may not include"),
    ("an example includes an internal header", "layers",
     {"examples/a.c": '#include "base/buf.h"\n', "src/base/buf.h": ""}, "examples may not include"),
    ("a folder nobody knows", "layers", {"src/misc/a.c": ""}, "misc is no folder of the house"),
    ("a collector opens a file by itself", "layers",
     {"src/source/linux/cpu.c": 'f = fopen(path, "r");\n'}, "fopen() outside root.c"),
    ("something else opens a path in /proc", "layers",
     {"src/base/a.c": 'fd = open("/proc/stat", O_RDONLY);\n'}, "only src/source/linux/root.c opens those"),
    ("#if on a platform in an ordinary file", "layers",
     {"src/base/a.c": "#ifdef __APPLE__\n#endif\n"}, "#if on __APPLE__"),
    ("a function of 81 lines", "length", {"src/a/a.c": LONG % ""}, "long_one has 81 lines"),
    ("a test function of 81 lines", "length", {"tests/a.c": LONG % ""}, "long_one has 81 lines"),
    ("functions that are long on the whole", "length",
     {"src/a/a.c": "".join(f"int f{i}(void)\n{{\n" + "    next();\n" * 13 + "}\n" for i in range(20))},
     "the budget is median 12"),
    ("strcpy", "banned", {"src/a.c": "strcpy(a, b);\n"}, "src/a.c:1: strcpy() is banned"),
    ("sprintf in a test", "banned", {"tests/a.c": "\nsprintf (a, b);\n"}, "tests/a.c:2: sprintf() is banned"),
    ("a public function without a comment", "docs", header("ACTOP_API int actop_x(void);\n"), "actop_x: no /** comment"),
    ("a comment without since when", "docs",
     header("/** Does. */\nACTOP_API int actop_x(void);\n"), "actop_x: its comment does not say Since"),
    ("a comment that another item stands between", "docs",
     header("/** Does. Since 2.0. */\nACTOP_API int actop_y(void);\nACTOP_API int actop_x(void);\n"),
     "actop_x: no /** comment"),
    ("a pointer without an owner", "docs",
     header("/** A name. Since 2.0. */\nACTOP_API const char *actop_x(void);\n"), "does not say who owns it"),
    ("an out parameter without an owner", "docs",
     header("/** Opens. Since 2.0. */\nACTOP_API int actop_x(struct thing **out);\n"), "does not say who owns it"),
    ("a field without a comment", "docs",
     header("/** A thing. Since 2.0. */\ntypedef struct actop_x {\n    int a;\n} actop_x;\n"), "field a: no /**<"),
    ("a double without a unit", "docs",
     header("/** A thing. Since 2.0. */\ntypedef struct actop_x {\n    double a; /**< It. */\n} actop_x;\n"),
     "field a: no unit"),
    ("a macro without a comment", "docs", header("#define ACTOP_X 1\n"), "ACTOP_X: no /** comment"),
    ("an enumeration's constant without a comment", "docs",
     header("/** Kinds. Since 2.0. */\ntypedef enum actop_x {\n    ACTOP_X_A,\n} actop_x;\n"), "ACTOP_X_A: no /**<"),
    ("a metric key without a dot", "metrics", metric('A, "power", WATT, GAUGE, MACHINE, NULL, NULL, "Power."'),
     "not thing.what"),
    ("a unit nobody knows", "metrics", metric('A, "a.power", VOLT, GAUGE, MACHINE, NULL, NULL, "Power."'),
     "no such unit: VOLT"),
    ("a help text that is no sentence", "metrics", metric('A, "a.power", WATT, GAUGE, MACHINE, NULL, NULL, "power"'),
     "help is no sentence"),
    ("a counter whose family does not end in _total", "metrics",
     metric('A, "a.power", WATT, COUNTER, MACHINE, NULL, "actop_a_watts", "Power."'), "_total belongs to counters"),
    ("a family without its unit", "metrics",
     metric('A, "a.power", WATT, GAUGE, MACHINE, NULL, "actop_a", "Power."'), "does not name its unit"),
    ("two metrics of one name", "metrics",
     metric('A, "a.power", WATT, GAUGE, MACHINE, NULL, NULL, "Power.")\n'
            'METRIC(B, "b.power", WATT, GAUGE, MACHINE, "a_power_w", NULL, "Power."'), "is A's already"),
    ("a state whose numbers mean nothing", "metrics",
     metric('A, "a.state", NONE, STATE, MACHINE, NULL, NULL, "The state."'), "does not say what its numbers mean"),
    ("docs/metrics.md that is not what the list makes", "metrics",
     metric('A, "a.power", WATT, GAUGE, MACHINE, NULL, NULL, "Power."', **{"docs/metrics.md": "# Metrics\n"}),
     "docs/metrics.md: not what"),
    ("a file without the licence line", "format", {"src/a.c": "int a;\n"}, "src/a.c:1: the first line is not"),
    ("a header of 129 columns", "format", {"src/a.h": LICENCE + "/*" + "x" * 125 + "*/\n"}, "129 columns"),
    ("a path of one machine", "words", {"a.md": "see /ho" + "me/someone/x\n"}, "a.md:1: a path of one machine"),
    ("the address of a registry", "words", {"a.md": "https://py" + "pi.org/x\n"}, "the address of a package registry"),
    ("a mark of unfinished work", "words", {"src/a.c": "/* TO" + "DO: later */\n"}, "a mark of unfinished work"),
    ("a file that is too big", "words", {"a.bin": "x" * 600_001}, "600001 bytes"),
    ("a fixture that does not say where it comes from", "provenance",
     {"tests/fixtures/linux/box/t0/proc/stat": "cpu 1\n"}, "tests/fixtures/linux/box: no file PROVENANCE"),
    ("a fixture that says too little", "provenance",
     {"tests/fixtures/linux/box/PROVENANCE": "made up\n"}, "says too little"),
)(rejects)

tap.case(
    "a right tree is accepted",
    ("layers that go down, and main.c", "layers",
     {"src/decode/a.c": '#include "frame/f.h"\n#include <actop/types.h>\n#include <stdio.h>\n', "src/frame/f.h": "",
      "src/cli/main.c": '#include "tui/tui.h"\n', "src/tui/tui.h": "", "include/actop/types.h": ""}),
    ("an include that is commented out", "layers",
     {"src/base/a.c": '/* #include "model/m.h" */\n', "src/model/m.h": ""}),
    ("root.c opens, methods named open, text about /proc", "layers",
     {"src/source/linux/root.c": "fd = openat(dir, path, 0);\n",
      "src/source/linux/a.c": "st = ops->open(&s);\n", "src/cli/doctor.c": 'puts("/proc/stat");\n'}),
    ("#if on a platform in a file that the build chooses", "layers",
     {"src/base/os_linux.c": "#ifndef __linux__\n#error\n#endif\n"}),
    ("a long function that says why", "length",
     {"src/a/a.c": LONG % " /* long: one table of 90 rows */" + "".join(SHORT % i for i in range(30))}),
    ("functions that are short", "length", {"src/a/a.c": "".join(SHORT % i for i in range(30))}),
    ("banned names in strings, comments, members and longer names", "banned",
     {"src/a.c": '/* strcpy(a) */ puts("gets("); x->system(1); my_strtok(a);\n'}),
    ("documented names", "docs",
     header("/** A name. Static. Since 2.0. */\nACTOP_API const char *actop_x(void);\n"
            "/** A thing. Since 2.0. */\ntypedef struct actop_y {\n    double a_w; /**< Power. */\n} actop_y;\n")),
    ("text without any of the words", "words", {"a.md": "work, home, users, pip\n"}),
    ("a fixture with its provenance", "provenance",
     {"tests/fixtures/linux/box/t0/stat": "", "tests/fixtures/linux/box/PROVENANCE": "Composed by us from proc(5).\n"}),
)(accepts)


@tap.case("check_metrics --fix writes the page that it is then content with")
def _():
    tree(metric('A, "a.power", WATT, GAUGE, MACHINE, NULL, NULL, "Power."', **{"docs/other.md": ""}))
    assert check("metrics", "--fix").returncode == 0
    assert check("metrics").returncode == 0
    with open(os.path.join(tap.tmp, "docs/metrics.md"), encoding="utf-8") as file:
        assert "*`actop_a_power_watts`*" in file.read()


@tap.case("check_format rejects and --fix mends what clang-format would write otherwise")
def _():
    tree({"src/a.c": LICENCE + "int   a( void ){return 1;}\n"})
    with open(os.path.join(tap.SOURCE, ".clang-format"), encoding="utf-8") as file:
        tree({".clang-format": file.read()})
    first = check("format")
    if "left out" in first.stdout:
        tap.skip("clang-format 14 is not installed")
    assert first.returncode == 1 and "src/a.c:2" in first.stdout, first.stdout
    assert check("format", "--fix").returncode == 0
    assert check("format").returncode == 0


@tap.case(
    "check_globals looks into the objects",
    ("a static that can be written", "static int n;\nint f(void);\nint f(void)\n{\n    return n++;\n}\n", 1),
    ("a static inside a function", "int f(void);\nint f(void)\n{\n    static int n;\n    return n++;\n}\n", 1),
    ("a global with a value", "extern int n;\nint n = 3;\n", 1),
    ("one of each thread", "extern _Thread_local int n;\n_Thread_local int n;\n", 1),
    ("constants, also of pointers", 'extern const char *const names[];\nconst char *const names[] = {"a", "b"};\n', 0),
    ("a marked one in base", "extern int n;\nint n; /* writable: set by the signal handler */\n", 0),
)
def _(source, status):
    tree({"src/base/a.c": source})
    os.makedirs(os.path.join(tap.tmp, "out"))
    subprocess.run([*os.environ.get("CC", "cc").split(), "-fPIC", "-c", os.path.join(tap.tmp, "src/base/a.c"),
                    "-o", os.path.join(tap.tmp, "out", "src_base_a.c.o")], check=True)
    ended = check("globals", os.path.join(tap.tmp, "out"))
    assert ended.returncode == status, ended.stdout + ended.stderr


@tap.case("check_globals wants objects to look into")
def _():
    tree({"src/base/a.c": ""})
    assert check("globals", tap.tmp).returncode == 1


tap.main()
