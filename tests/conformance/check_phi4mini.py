"""Runs phi4mini:2 of benchmarks/make_models.py on Tenon and onnxruntime, a prefill of 8 tokens and a decode of 1 with
the cache that each has made, and compares logits and caches. Exit code 1 if they differ by more than the following.

Compared is the root mean square of the difference against that of onnxruntime's output, and the largest difference
against six times as much: of some million normal errors the largest is below 5.5 deviations.

accuracy_level 0: onnxruntime adds floats. A sum of n terms, each addition rounded by at most half an epsilon, is off by
about sqrt(n) half epsilons; the longest has 8192 terms, and 9 products follow each other.

accuracy_level 4: onnxruntime also rounds the activations of each product, in blocks of 32, to int8: multiples of m /
127 for a block whose largest magnitude is m. That adds an error of deviation m / (127 sqrt(12)) to each element. As m
is at most sqrt(32) times the block's root mean square, whatever its distribution, a product with random weights is off
by at most d = sqrt(32) / (127 sqrt(12)) = 1.29 % of its root mean square. The steps between products keep relative
errors as they are, and residual sums add terms that are less far off, so independent roundings through n products add
up to d sqrt(n): 3.9 % for the logits, which are 9 products deep, 1.3 % and 2.9 % for the caches, 1 and 5 deep. Tenon
does not round: it must also be no further from accuracy_level 4 than onnxruntime's own accuracy_level 0 is.

usage: check_phi4mini.py TENON FOLDER    FOLDER keeps the model, 2.9 GB, made where it is not there yet
"""
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

LAYERS = 2
MAKE_MODELS = pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "make_models.py"
HALF_EPSILON = 2.0**-24
ROUNDING = math.sqrt(32) / (127 * math.sqrt(12))


def models(folder):
    """accuracy_level -> path; both use the same external data."""
    original = folder / f"phi4mini_{LAYERS}.onnx"
    if not original.is_file():
        subprocess.run([sys.executable, MAKE_MODELS, folder, f"phi4mini:{LAYERS}"], check=True)
    exact = folder / f"phi4mini_{LAYERS}_level_0.onnx"
    model = onnx.load(original, load_external_data=False)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "accuracy_level":
                attribute.i = 0
    exact.write_bytes(model.SerializeToString())
    return {0: exact, 4: original}


class OnnxRuntime:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]

    def run(self, inputs):
        return dict(zip(self.names, self.session.run(None, inputs)))


class Tenon:
    def __init__(self, tenon, path):
        self.command = [tenon, "run", path, "--report", "none"]

    def run(self, inputs):
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            command = [*self.command, "--output", scratch / "out"]
            for i, (name, value) in enumerate(inputs.items()):
                np.save(scratch / f"{i}.npy", value)
                command += ["--input", f"{name}={scratch / f'{i}.npy'}"]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"error: tenon run failed: {done.stderr}")
            return {path.stem: np.load(path) for path in (scratch / "out").glob("*.npy")}


def decoder_inputs(tokens, past):
    cached = past["present.0.key"].shape[2] if past else 0
    inputs = {"input_ids": tokens, "attention_mask": np.ones((1, cached + tokens.shape[1]), np.int64)}
    for layer in range(LAYERS):
        for part in ("key", "value"):
            empty = np.zeros((1, 8, 0, 128), np.float32)
            inputs[f"past_key_values.{layer}.{part}"] = past[f"present.{layer}.{part}"] if past else empty
    return inputs


def generate(runtime):
    """The outputs of prefill and decode, by "step output"."""
    tokens = np.random.default_rng(3).integers(0, 200064, (1, 9))
    prefill = runtime.run(decoder_inputs(tokens[:, :8], None))
    decode = runtime.run(decoder_inputs(tokens[:, 8:], prefill))
    return {f"{step} {name}": value for step, outputs in (("prefill", prefill), ("decode", decode))
            for name, value in outputs.items()}


def root_mean_square(values):
    return math.sqrt(np.mean(np.square(values, dtype=np.float64)))


def products_before(name):
    """How many products follow each other up to an output."""
    if name.endswith("logits"):
        return 4 * LAYERS + 1
    return 4 * int(name.split(".")[1]) + 1


def tolerance(level, name):
    error = ROUNDING if level == 4 else HALF_EPSILON * math.sqrt(8192)
    return error * math.sqrt(products_before(name))


def differs(level, name, got, expected):
    if got.shape != expected.shape:
        print(f"FAIL  level {level}  {name} is {got.shape}, expected {expected.shape}")
        return True
    size, difference = root_mean_square(expected), got.astype(np.float64) - expected
    error, largest = root_mean_square(difference) / size, np.abs(difference).max() / size
    allowed = tolerance(level, name)
    failed = not (error <= allowed and largest <= 6 * allowed)
    print(f"{'FAIL' if failed else 'ok  '}  level {level}  {name:<24} off by {error:.2e} (at most {largest:.2e}), "
          f"allowed {allowed:.2e} (at most {6 * allowed:.2e})")
    return failed


def main():
    tenon, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    failures, theirs, ours = 0, {}, {}
    for level, path in models(folder).items():
        theirs[level] = generate(OnnxRuntime(path))
        ours[level] = generate(Tenon(tenon, path))
        if set(ours[level]) != set(theirs[level]):
            sys.exit(f"error: the outputs are {sorted(ours[level])}, expected {sorted(theirs[level])}")
        failures += sum(differs(level, name, ours[level][name], expected) for name, expected in theirs[level].items())
    for name, rounded in theirs[4].items():
        error = root_mean_square(ours[4][name].astype(np.float64) - rounded)
        own = root_mean_square(theirs[0][name].astype(np.float64) - rounded)
        if error > 1.01 * own + 1e-4 * root_mean_square(rounded):
            failures += 1
            print(f"FAIL  {name}: off by {error:.2e} from accuracy_level 4, but onnxruntime's own level 0 by {own:.2e}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
