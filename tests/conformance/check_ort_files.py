"""Converts exported node tests with `tenon convert` and runs the .ort files in PyPI onnxruntime: they must open there and
compute what onnxruntime computes from the .onnx, bit by bit. Exit code 1 if one does not.

usage: check_ort_files.py TENON NODES LIST

A case that onnxruntime cannot run from .onnx either is left out. NO_KERNEL lists the operators that it runs from .onnx
only: it inlines their functions or puts casts around them, which it does not do for .ort files. An operator of
the list that no case needs is a failure too.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from export_ort_models import listed

NO_KERNEL = {
    "Attention", "CausalConvWithState", "CenterCropPad", "Conv", "Div", "GroupNormalization", "HardSwish",
    "LinearAttention", "Mish", "Mul", "NegativeLogLikelihoodLoss", "Pad", "QLinearMatMul", "Range", "ReduceLogSum",
    "ReduceLogSumExp", "SequenceMap", "SoftmaxCrossEntropyLoss", "Swish"
}
# Of types that the schema of .ort files has no words for; `tenon convert` says so.
UNSAID = "is of type optional(sequence(float)), which an .ort file cannot say"


# By what onnxruntime calls the type of an input.
READERS = {
    "seq(": (onnx.SequenceProto, numpy_helper.to_list),
    "optional(": (onnx.OptionalProto, numpy_helper.to_optional),
    "": (onnx.TensorProto, numpy_helper.to_array),
}


def open_session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def read_inputs(folder, session):
    feeds = {}
    for i, port in enumerate(session.get_inputs()):
        message, convert = next(entry for kind, entry in READERS.items() if port.type.startswith(kind))
        proto = message()
        proto.ParseFromString((folder / "test_data_set_0" / f"input_{i}.pb").read_bytes())
        feeds[port.name] = convert(proto)
    return feeds


def is_equal(a, b):
    if a is None or b is None:
        return a is b
    if isinstance(a, list) or isinstance(b, list):
        return type(a) is type(b) and len(a) == len(b) and all(map(is_equal, a, b))
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return bool(np.array_equal(a, b, equal_nan=np.issubdtype(a.dtype, np.inexact)))


def run_original(folder):
    """Inputs and outputs of the .onnx; None when onnxruntime cannot run it."""
    try:
        session = open_session(folder / "model.onnx")
        feeds = read_inputs(folder, session)
        return feeds, session.run(None, feeds)
    except Exception:  # onnxruntime has no common class for its errors
        return None


def check(folder, target, conversion):
    """None when the case cannot be compared, "" when it is well, or what is wrong."""
    original = run_original(folder)
    if original is None:
        return None
    if conversion.returncode != 0:
        return conversion.stderr.strip()
    feeds, expected = original
    try:
        found = open_session(target).run(None, feeds)
    except Exception as failure:
        return str(failure)
    different = [i for i, (a, b) in enumerate(zip(expected, found)) if not is_equal(a, b)]
    return f"outputs {different} differ" if different or len(found) != len(expected) else ""


def missing_kernel(problem):
    """The operator of NO_KERNEL that the message names, or None."""
    found = re.search(r"Could not find an implementation for (\w+)\(", problem)
    return found[1] if found and found[1] in NO_KERNEL else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("nodes", type=pathlib.Path)
    parser.add_argument("list")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")

    names = listed(arguments.list)
    passed, unsaid, excepted, failures = 0, 0, [], []
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        def convert(name):
            command = [arguments.tenon, "convert", arguments.nodes / name / "model.onnx", f"{scratch}/{name}.ort"]
            return subprocess.run(command, capture_output=True, text=True)

        for name, conversion in zip(names, pool.map(convert, names)):
            problem = check(arguments.nodes / name, f"{scratch}/{name}.ort", conversion)
            if problem is None:
                continue
            if missing_kernel(problem):
                excepted.append(missing_kernel(problem))
            elif UNSAID in problem:
                unsaid += 1
            elif problem:
                failures.append(f"{name}: {problem}")
            else:
                passed += 1
    failures += [f"{op} is in NO_KERNEL, but no case needs it there" for op in sorted(NO_KERNEL - set(excepted))]
    if not unsaid:
        failures.append(f"no case '{UNSAID}' any more")
    for failure in failures:
        print("FAIL ", failure)
    print(f"{passed} of {passed + len(failures)} .ort files of Tenon compute in onnxruntime {onnxruntime.__version__} what "
          f"the .onnx does (of {len(names)}; {len(excepted)} need operators that it runs from .onnx only, {unsaid} have types that .ort "
          "cannot say, the rest does not run there at all)")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
