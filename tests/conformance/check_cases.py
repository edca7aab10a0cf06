#!/usr/bin/env python3
"""Has onnxruntime compute the cases that export_cases wrote, and compares its answers with those of cpu_ref.

usage: check_cases.py FILE [--show N] [--only OPERATOR] [--refusals]

What onnxruntime has no kernel for in a form or type is asked of onnx's reference evaluator, and counted apart. What
differs for a reason that the specification gives has a row in case_reasons.py, or in reference_reasons.py for the
evaluator, what onnxruntime alone refuses one in refusal_reasons.py; anything else is a difference, and the exit code 1.
"""
import argparse
import collections
import concurrent.futures
import itertools
import multiprocessing
import os
import re
import signal
import struct
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

import reference_runtime
from case_reasons import reason_of
from reference_reasons import reference_reason_of
from refusal_reasons import refusal_reason_of

PREFIX = "expected:"
BY_REFERENCE = "by reference: "
FORK = multiprocessing.get_context("fork")
# Epsilons of a type of so many bytes, relative to the largest of an output: most of what is drawn are multiples of
# halves, whose sums are exact.
EPSILONS = {2: 4, 4: 256, 8: 65536}
# What onnxruntime says of what it has not got.
LACKING = ("NOT_IMPLEMENTED", "Could not find an implementation", "is not a registered function/op", "not supported",
           "unsupported", "Unsupported", "No Op registered", "not implemented", "only supports", "is under development",
           "Only support")


# Element types that onnxruntime's binding neither takes nor gives as numpy arrays.
T = onnx.TensorProto
UNBOUND = {T.BFLOAT16, T.FLOAT8E4M3FN, T.FLOAT8E4M3FNUZ, T.FLOAT8E5M2, T.FLOAT8E5M2FNUZ, T.FLOAT8E8M0, T.FLOAT4E2M1,
           T.FLOAT6E2M3, T.FLOAT6E3M2, T.UINT4, T.INT4, T.UINT2, T.INT2}


def records(path):
    with open(path, "rb") as file:
        while header := file.read(4):
            yield file.read(struct.unpack("<I", header)[0])


def difference(expected, actual, runtime="onnxruntime"):
    """Why the arrays are not alike; "" when they are."""
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        return f"{runtime} has {actual.dtype} {list(actual.shape)}, cpu_ref {expected.dtype} {list(expected.shape)}"
    if expected.dtype.kind in "OSUbiu" or expected.size == 0:
        a, b = (v.astype(str) if v.dtype.kind == "O" else v for v in (expected, actual))
        if np.array_equal(a, b):
            return ""
        most = f" by {np.abs(a.astype(np.float64) - b.astype(np.float64)).max():.3g}" if a.dtype.kind in "iu" else ""
        return f"the elements differ{most}"
    width = expected.dtype.itemsize // (2 if expected.dtype.kind == "c" else 1)
    epsilon = np.finfo(expected.dtype).eps if expected.dtype.isbuiltin == 1 else 0.008
    a, b = (v.astype(np.complex128 if expected.dtype.kind == "c" else np.float64) for v in (expected, actual))
    if (np.isnan(a) != np.isnan(b)).any():
        return "NaN in one alone"
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return "infinities differ"
    allowed = EPSILONS.get(width, 4) * float(epsilon) * max(np.abs(a[finite]).max(initial=0), 1)
    worst = np.abs(a[finite] - b[finite]).max(initial=0)
    return "" if worst <= allowed else f"they are {worst:.3g} apart, {allowed:.3g} at most are expected"


def feeds_of(model, held):
    """The inputs as arrays; those that numpy has no type for become initializers."""
    ports = {port.name for port in model.graph.input}
    model.graph.initializer.extend(held[name] for name in ports if held[name].data_type in UNBOUND)
    return {name: numpy_helper.to_array(held[name]) for name in ports if held[name].data_type not in UNBOUND}


def give_floats(model, expected):
    """Lets outputs that numpy has no type for pass through a Cast to float, which has all of their values. `expected`:
    what cpu_ref computes; none where it refuses."""
    types = [t.data_type for t in expected] or [port.type.tensor_type.elem_type for port in model.graph.output]
    standard = next((o for o in model.opset_import if not o.domain), None) or model.opset_import.add(version=21)
    if model.graph.node[0].domain:
        standard.version = max(standard.version, 21)
    if standard.version < 13:
        return  # whose Cast has only types that numpy has
    for port, dtype in zip(model.graph.output, types):
        if dtype in UNBOUND:
            model.graph.node.append(onnx.helper.make_node("Cast", [port.name], [port.name + ":float"], to=T.FLOAT))
            port.CopyFrom(onnx.helper.make_tensor_value_info(port.name + ":float", T.FLOAT, None))


class Judged:
    """`refusal` is what onnxruntime says where it refuses the case alone."""

    def __init__(self, outcome, operator, text="", case="", refusal=""):
        self.outcome, self.operator, self.text, self.case, self.refusal = outcome, operator, text, case, refusal


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
    plain = onnx.ModelProto.FromString(model.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    expected = [held[PREFIX + port.name] for port in model.graph.output if PREFIX + port.name in held]
    try:
        feeds = feeds_of(model, held)
        wanted = [numpy_helper.to_array(t) for t in expected]
        give_floats(model, expected)
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        outputs = session.run(None, feeds)
    except Exception as failure:  # of many classes
        text = str(failure).replace("\n", " ")
        if any(part in text for part in LACKING):
            return judge_by_reference(plain, facts, held, operator)
        if facts["verdict"] == "refused":
            return Judged("refused", operator)
        reason = refusal_reason_of(model, held, text)
        return Judged("refused by onnxruntime" if reason else "differs", operator,
                      reason or "onnxruntime refuses: " + text[:300], facts["case"], text)
    if facts["verdict"] == "refused":
        return classify(model, facts, held, operator, "cpu_ref refuses: " + facts["message"][:300])
    for i, (t, a, b) in enumerate(zip(expected, wanted, outputs)):
        if why := difference(a, np.asarray(b).astype(a.dtype) if t.data_type in UNBOUND else np.asarray(b)):
            return classify(model, facts, held, operator, f"output {i}: {why}")
    return Judged("alike", operator)


def judge_by_reference(model, facts, held, operator):
    """What onnx's reference evaluator makes of a case; its outcomes begin with BY_REFERENCE."""

    def judged(outcome, text=""):
        return Judged(BY_REFERENCE + outcome, operator, text, facts["case"])

    def classified(why):
        reason = reference_reason_of(model, held, why)
        return judged("explained", reason) if reason else judged("differs", why)

    is_refused = facts["verdict"] == "refused"
    try:
        feeds = {port.name: numpy_helper.to_array(held[port.name]) for port in model.graph.input}
        wanted = [numpy_helper.to_array(held[PREFIX + port.name]) for port in model.graph.output if not is_refused]
        outputs = reference_runtime.compute(model, feeds)
    except reference_runtime.Lacking as failure:
        return judged("lacking", str(failure))
    except TimeoutError:
        return judged("out of time")
    except Exception as failure:  # of many classes
        return judged("refused by both" if is_refused else "refused", f"{type(failure).__name__}: {failure}")
    if is_refused:
        return classified("cpu_ref refuses: " + facts["message"][:300])
    for i, (a, b) in enumerate(zip(wanted, outputs)):
        if why := difference(a, np.asarray(b), "the evaluator"):
            return classified(f"output {i}: {why}")
    return judged("alike")


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
            process.join()
            outcome = BY_REFERENCE + "out of time" if process.exitcode == -signal.SIGXCPU else "crashed"
            done.append(Judged(outcome, onnx.ModelProto.FromString(chunk[len(done)]).graph.node[0].op_type))
        process.join()
    return done


def batches(path, only, size=400):
    stream = iter(records(path))
    if only:
        stream = (r for r in stream if onnx.ModelProto.FromString(r).graph.node[0].op_type == only)
    while chunk := list(itertools.islice(stream, size)):
        yield chunk


def masked(text):
    """A message without its numbers and names of this machine's paths, by which messages of one kind are alike."""
    text = re.sub(r"\S*/onnxruntime/|/\S+/", "", text)
    return re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "#", text)[:240]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("file")
    parser.add_argument("--show", type=int, default=2, help="differing cases of an operator to show")
    parser.add_argument("--only", default="")
    parser.add_argument("--refusals", action="store_true", help="list what onnxruntime alone refuses, and how it says so")
    arguments = parser.parse_args()
    totals, shown, by_operator = collections.Counter(), collections.Counter(), collections.Counter()
    reasons, refusals = collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for judged in itertools.chain.from_iterable(pool.map(judged_of, batches(arguments.file, arguments.only))):
            totals[judged.outcome] += 1
            if judged.refusal:
                refusals[judged.operator, masked(judged.refusal)] += 1
            if judged.outcome == "refused by onnxruntime" or judged.outcome.endswith("explained"):
                reasons[judged.text] += 1
            if not judged.outcome.endswith("differs"):
                continue
            by_operator[judged.operator] += 1
            if shown[judged.operator] < arguments.show:
                shown[judged.operator] += 1
                print(f"{judged.operator}: {judged.text}\n  {judged.case[:400]}", flush=True)
    for reason, count in reasons.most_common():
        print(f"{count:7}  {reason}")
    for (operator, text), count in sorted(refusals.items()) if arguments.refusals else ():
        print(f"{count:7}  {operator}: {text}")
    for operator, count in by_operator.most_common():
        print(f"{operator}: {count} differ")
    print(f"{sum(totals.values())} cases: {totals['alike']} alike, {totals['refused']} refused by both, "
          f"{totals['refused by onnxruntime']} by onnxruntime alone, {totals['explained']} explained, "
          f"{totals['crashed']} that end its process, {totals['differs']} differ")
    by_reference = {o.removeprefix(BY_REFERENCE): n for o, n in totals.items() if o.startswith(BY_REFERENCE)}
    print(f"{sum(by_reference.values())} that onnxruntime {onnxruntime.__version__} has no kernel for, by the evaluator "
          f"of onnx {onnx.__version__}: " + ", ".join(f"{n} {o}" for o, n in sorted(by_reference.items())))
    return 1 if totals["differs"] or by_reference.get("differs") or not totals["alike"] else 0


if __name__ == "__main__":
    sys.exit(main())
