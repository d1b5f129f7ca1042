#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keeps the Neural Engine of a Mac busy, so that its gauge can be seen: `python scripts/ane_load.py --duration 20`, and actop
beside it. Needs coremltools and numpy (pip install "actop[ane]"). It has not been run on a Mac yet.

Core ML decides where a model runs: of a stack of convolutions in 16 bits, with compute units CPU_AND_NE, it may still run some
on the CPU. When actop shows 0 W for the ANE meanwhile, the model did not get there."""
import argparse
import sys
import time


def seconds(text):
    value = float(text)
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError("must be more than 0 and at most 86400")
    return value


def arguments(argv):
    parser = argparse.ArgumentParser(description="Keep the Neural Engine busy.")
    parser.add_argument("--duration", type=seconds, default=10.0, metavar="S", help="seconds (default 10)")
    parser.add_argument("--layers", type=int, default=24, metavar="N", help="convolutions in the model (default 24)")
    parser.add_argument("--channels", type=int, default=256, metavar="N", help="channels of each (default 256)")
    return parser.parse_args(argv)


def build(layers, channels):
    """A Core ML model of convolutions, and an input for it."""
    import coremltools as ct
    import numpy as np
    from coremltools.converters.mil import Builder as mb

    weights = (np.random.default_rng(1).standard_normal((channels, channels, 3, 3)) / channels).astype(np.float16)

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, channels, 64, 64))], opset_version=ct.target.iOS16)
    def program(x):
        for _ in range(layers):
            x = mb.relu(x=mb.conv(x=x, weight=weights, pad_type="same"))
        return x

    model = ct.convert(program, convert_to="mlprogram", compute_precision=ct.precision.FLOAT16,
                       compute_units=ct.ComputeUnit.CPU_AND_NE, minimum_deployment_target=ct.target.macOS13)
    name = model.get_spec().description.input[0].name
    return model, {name: np.zeros((1, channels, 64, 64), dtype=np.float32)}


def main(argv=None):
    options = arguments(argv)
    if sys.platform != "darwin":
        print("ane_load.py: only a Mac has a Neural Engine", file=sys.stderr)
        return 1
    try:
        model, data = build(options.layers, options.channels)
    except ImportError as e:
        print(f'ane_load.py: {e}; pip install "actop[ane]"', file=sys.stderr)
        return 1
    runs, end = 0, time.monotonic() + options.duration
    while time.monotonic() < end:
        model.predict(data)
        runs += 1
    print(f"{runs} runs in {options.duration:g} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
