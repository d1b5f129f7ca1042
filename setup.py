# SPDX-License-Identifier: MIT
"""Builds actop._actop: the library, the program and python/src in one extension module against the limited API.

The sources are those of src/sources.txt, which meson reads too; metrics.h and machines_data.c are made by the tools meson
uses; the version is that of VERSION. A library that is missing costs its feature: it is said here, and
actop.features tells it later. ACTOP_PYTHON_CFLAGS and ACTOP_PYTHON_LDFLAGS are added at the end, for sanitizers and coverage.
"""
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
DARWIN = sys.platform == "darwin"
# Free-threaded builds have no stable ABI yet.
LIMITED = not sysconfig.get_config_var("Py_GIL_DISABLED")


def version():
    """VERSION, as Python spells it: 2.0.0-dev is 2.0.0.dev0."""
    text = (ROOT / "VERSION").read_text(encoding="ascii").strip()
    return re.sub(r"-dev$", ".dev0", text)


def words(text):
    return shlex.split(text or "")


def pkg_config(name):
    """(compiler flags, linker flags) of a library, or None when pkg-config does not know it."""
    try:
        run = subprocess.run([os.environ.get("PKG_CONFIG", "pkg-config"), "--cflags", "--libs", name],
                             capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    flags = words(run.stdout)
    return ([f for f in flags if not f.startswith(("-l", "-L", "-Wl"))],
            [f for f in flags if f.startswith(("-l", "-L", "-Wl"))])


class Libraries:
    """What this machine has to link with, by trying it."""

    def __init__(self, compiler):
        self.compiler = compiler
        self.cflags, self.ldflags, self.without = [], [], []

    def links(self, header, call, flags):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "try.c")
            source.write_text(f"#define _XOPEN_SOURCE 700\n#define _XOPEN_SOURCE_EXTENDED 1\n#include <{header}>\n"
                              f"int main(void) {{ {call}; return 0; }}\n")
            try:
                objects = self.compiler.compile([str(source)], output_dir=folder, extra_postargs=flags[0])
                self.compiler.link_executable(objects, str(Path(folder, "try")), extra_postargs=flags[1])
            except Exception:  # whatever the compiler's class raises: it cannot be had
                return False
        return True

    def find(self, package, plain, header, call):
        for flags in (pkg_config(package), ([], plain)):
            if flags is not None and self.links(header, call, flags):
                self.cflags += flags[0]
                self.ldflags += flags[1]
                return True
        return False

    def want(self, feature, *how):
        if not self.find(*how):
            self.without.append(feature)
            print(f"actop: built without {feature}: {how[0]} is missing", file=sys.stderr)


def in_parallel(compiler):
    """Let a compiler's compile() run one compiler per CPU: there are two hundred files."""
    one_by_one = compiler.compile

    def compile_all(sources, **options):
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            made = list(pool.map(lambda source: one_by_one([source], **options), sources))
        return [path for paths in made for path in paths]

    compiler.compile = compile_all


class Build(build_ext):
    """One extension of many parts."""

    def build_extension(self, ext):
        made = Path(self.build_temp, "generated")
        (made / "actop").mkdir(parents=True, exist_ok=True)
        libraries = self.find_libraries()
        self.generate(made, libraries)
        ext.sources = [str(p) for p in self.sources(libraries.without)] + [str(made / "machines_data.c")]
        ext.include_dirs = [str(made), "include", "src", "python/src"]
        ext.define_macros += [("ACTOP_VERSION", f'"{(ROOT / "VERSION").read_text(encoding="ascii").strip()}"'),
                              ("ACTOP_WITHOUT", f'"{" ".join(libraries.without)}"')]
        ext.extra_compile_args = self.compile_flags() + libraries.cflags + words(os.environ.get("ACTOP_PYTHON_CFLAGS"))
        ext.extra_link_args = libraries.ldflags + ["-lm", "-lpthread"] + words(os.environ.get("ACTOP_PYTHON_LDFLAGS"))
        ext.depends = [str(p) for folder in ("include", "src", "python/src")
                       for p in Path(folder).rglob("*") if p.suffix in (".h", ".def")]
        in_parallel(self.compiler)
        super().build_extension(ext)

    def find_libraries(self):
        libraries = Libraries(self.compiler)
        if not libraries.find("libzstd", ["-lzstd"], "zstd.h", "(void)ZSTD_versionNumber()"):
            sys.exit("actop: libzstd and its header are needed (Debian: libzstd-dev, Homebrew: zstd)")
        libraries.want("screen", "ncursesw", ["-lncursesw"], "curses.h", "(void)initscr()")
        libraries.want("gzip", "zlib", ["-lz"], "zlib.h", "(void)zlibVersion()")
        return libraries

    def generate(self, made, libraries):
        """What meson's custom targets make."""
        subprocess.run([sys.executable, "tools/gen_headers.py", "src", str(made / "actop" / "metrics.h")], check=True)
        embed = made / "embed_machines"
        cc = words(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
        subprocess.run([*cc, "-o", str(embed), "tools/embed_machines.c", *libraries.cflags, *libraries.ldflags], check=True)
        machines = sorted(str(p) for p in Path("machines").glob("*.txt"))
        subprocess.run([str(embed), str(made / "machines_data.c"), *machines], check=True)

    def sources(self, without):
        """The rows of src/sources.txt that this system and these libraries want, and the binding's own."""
        have = {"linux": not DARWIN, "darwin": DARWIN, "tui": "screen" not in without, "serve": True,
                "gzip": "gzip" not in without, "lib": True, "cli": True, "main": True}
        for line in Path("src/sources.txt").read_text(encoding="ascii").splitlines():
            row = line.split()
            if not row or row[0].startswith("#"):
                continue
            section = row[0]
            wanted = not have[section[3:]] if section.startswith("no-") else have[section]
            if wanted:
                yield row[1]
        yield from sorted(Path("python/src").glob("*.c"))

    @staticmethod
    def compile_flags():
        flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections",
                 "-Dmain=actop_program", "-Wall", "-Wextra", "-Wno-cast-function-type"]
        return flags + (["-D_DARWIN_C_SOURCE", "-include", "xlocale.h"] if DARWIN else [])


options = {"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED else {}
macros = [("Py_LIMITED_API", "0x030B0000")] if LIMITED else []
setup(version=version(), options=options, cmdclass={"build_ext": Build},
      ext_modules=[Extension("actop._actop", sources=[], define_macros=macros, py_limited_api=LIMITED)])
