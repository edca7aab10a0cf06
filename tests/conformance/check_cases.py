#!/usr/bin/env python3
"""Has onnxruntime compute the cases that export_cases wrote, and compares its answers with those of cpu_ref.

usage: check_cases.py FILE [--show N] [--only OPERATOR]

What onnxruntime has no kernel for in a form or type is counted apart. What differs for a reason that the specification
gives has a row in case_reasons.py; anything else is a difference, and the exit code 1.
"""
import argparse
import collections
import concurrent.futures
import itertools
import multiprocessing
import os
import struct
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from case_reasons import reason_of

PREFIX = "expected:"
FORK = multiprocessing.get_context("fork")
# Epsilons of a type of so many bytes, relative to the largest of an output: most of what is drawn are multiples of
# halves, whose sums are exact.
EPSILONS = {2: 4, 4: 256, 8: 65536}
# What onnxruntime says of what it has not got.
LACKING = ("NOT_IMPLEMENTED", "Could not find an implementation", "is not a registered function/op", "not supported",
           "unsupported", "Unsupported", "No Op registered", "not implemented", "only supports", "is under development",
           "Only support")


def records(path):
    with open(path, "rb") as file:
        while header := file.read(4):
            yield file.read(struct.unpack("<I", header)[0])


def difference(expected, actual):
    """Why the arrays are not alike; "" when they are."""
    if expected.dtype.itemsize == 1 and expected.dtype.kind not in "biu" and actual.dtype == np.uint8:
        expected = expected.view(np.uint8)  # onnxruntime gives floats of a byte as such
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return f"onnxruntime has {actual.dtype} {list(actual.shape)}, cpu_ref {expected.dtype} {list(expected.shape)}"
    if expected.dtype.kind in "OSUbiu" or expected.size == 0:
        a, b = (v.astype(str) if v.dtype.kind == "O" else v for v in (expected, actual))
        if np.array_equal(a, b):
            return ""
        most = f" by {np.abs(a.astype(np.float64) - b.astype(np.float64)).max():.3g}" if a.dtype.kind in "iu" else ""
        return f"the elements differ{most}"
    width = expected.dtype.itemsize // (2 if expected.dtype.kind == "c" else 1)
    epsilon = np.finfo(expected.dtype).eps if expected.dtype.kind in "fc" else 0.008
    a, b = (v.astype(np.complex128 if expected.dtype.kind == "c" else np.float64) for v in (expected, actual))
    if (np.isnan(a) != np.isnan(b)).any():
        return "NaN in one alone"
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return "infinities differ"
    allowed = EPSILONS.get(width, 4) * float(epsilon) * max(np.abs(a[finite]).max(initial=0), 1)
    worst = np.abs(a[finite] - b[finite]).max(initial=0)
    return "" if worst <= allowed else f"they are {worst:.3g} apart, {allowed:.3g} at most are expected"


class Judged:
    def __init__(self, outcome, operator, text="", case=""):
        self.outcome, self.operator, self.text, self.case = outcome, operator, text, case


def judge(record):
    model = onnx.ModelProto.FromString(record)
    facts = {p.key: p.value for p in model.metadata_props}
    inputs = {port.name for port in model.graph.input}
    node = model.graph.node[0]
    opset = next(o.version for o in model.opset_import if o.domain == node.domain)
    operator = f"{node.domain + '.' if node.domain else ''}{node.op_type}-{opset}"
    held = {t.name: t for t in model.graph.initializer}
    for tensor in list(model.graph.initializer):
        if tensor.name in inputs or tensor.name.startswith(PREFIX):
            model.graph.initializer.remove(tensor)
    del model.metadata_props[:]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    expected = [held[PREFIX + port.name] for port in model.graph.output if PREFIX + port.name in held]
    try:
        feeds = {name: numpy_helper.to_array(held[name]) for name in inputs}
        wanted = [numpy_helper.to_array(t) for t in expected]
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        outputs = session.run(None, feeds)
    except Exception as failure:  # of many classes
        text = str(failure).replace("\n", " ")
        if any(part in text for part in LACKING):
            return Judged("lacking", operator)
        return Judged("refused" if facts["verdict"] == "refused" else "refused by onnxruntime", operator)
    if facts["verdict"] == "refused":
        return classify(model, facts, held, operator, "cpu_ref refuses: " + facts["message"][:300])
    for i, (a, b) in enumerate(zip(wanted, outputs)):
        if why := difference(a, np.asarray(b)):
            return classify(model, facts, held, operator, f"output {i}: {why}")
    return Judged("alike", operator)


def classify(model, facts, held, operator, why):
    reason = reason_of(model, held, why)
    return Judged("explained", operator, reason) if reason else Judged("differs", operator, why, facts["case"])


def judge_all(chunk, results):
    """In a process of its own, whose last words are nobody's."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    onnxruntime.set_default_logger_severity(4)
    for record in chunk:
        results.send(judge(record))
    results.close()


def judged_of(chunk):
    """onnxruntime ends the process at some cases; those behind are left to another one."""
    done = []
    while len(done) < len(chunk):
        receiver, sender = FORK.Pipe(duplex=False)
        process = FORK.Process(target=judge_all, args=(chunk[len(done):], sender))
        process.start()
        sender.close()
        try:
            while len(done) < len(chunk):
                done.append(receiver.recv())
        except EOFError:
            done.append(Judged("crashed", onnx.ModelProto.FromString(chunk[len(done)]).graph.node[0].op_type))
        process.join()
    return done


def batches(path, only, size=400):
    stream = iter(records(path))
    if only:
        stream = (r for r in stream if onnx.ModelProto.FromString(r).graph.node[0].op_type == only)
    while chunk := list(itertools.islice(stream, size)):
        yield chunk


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("file")
    parser.add_argument("--show", type=int, default=2, help="differing cases of an operator to show")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    totals, shown, by_operator = collections.Counter(), collections.Counter(), collections.Counter()
    reasons = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for judged in itertools.chain.from_iterable(pool.map(judged_of, batches(arguments.file, arguments.only))):
            totals[judged.outcome] += 1
            if judged.outcome == "explained":
                reasons[judged.text] += 1
            if judged.outcome != "differs":
                continue
            by_operator[judged.operator] += 1
            if shown[judged.operator] < arguments.show:
                shown[judged.operator] += 1
                print(f"{judged.operator}: {judged.text}\n  {judged.case[:400]}", flush=True)
    for reason, count in reasons.most_common():
        print(f"{count:7}  {reason}")
    for operator, count in by_operator.most_common():
        print(f"{operator}: {count} differ")
    print(f"{sum(totals.values())} cases: {totals['alike']} alike, {totals['refused']} refused by both, "
          f"{totals['refused by onnxruntime']} by onnxruntime alone, {totals['explained']} explained, "
          f"{totals['lacking']} that onnxruntime {onnxruntime.__version__} has no kernel for, "
          f"{totals['crashed']} that end its process, {totals['differs']} differ")
    return 1 if totals["differs"] or not totals["alike"] else 0


if __name__ == "__main__":
    sys.exit(main())
