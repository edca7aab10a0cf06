"""Why onnx's reference evaluator may answer otherwise than cpu_ref, by the specification: what check_cases.py asks.

The evaluator has most operators in their newest version alone, checks little, and computes in whatever type numpy
comes to. Where a row speaks of older versions or of doubles, onnxruntime agrees with cpu_ref on the same case in float.
"""
import re

import numpy as np
from case_reasons import NOT_ALLOWED, SWITCHES, Facts

# Operators whose second input was, before opset 7, placed at an axis and stretched on demand alone.
PLACED = ("Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "PRelu", "Sub", "Xor")
# What cpu_ref says where it refuses what the specification does not allow, and the evaluator does not look.
ALSO_NOT_ALLOWED = (
    "attribute 'auto_pad' is",
    "expected 0 or more",
    "attribute padding_mode is",
    "does not broadcast to",
    "expected 1 or more",
    "an integer divided by 0 has no value",
    "divided by the block size",
    "expected one element or",
    "the new tensors and their new states",
    "are both given, expected exactly one",
    "entries, expected",
    "elements, expected 1",
    "for rank",
)
IN_FLOAT = ("BatchNormalization", "Erf", "HardSwish")


class ReferenceFacts(Facts):
    def refuses(self, *parts):
        return self.why.startswith("cpu_ref refuses") and any(part in self.why for part in parts)

    def apart(self):
        """How far results are apart, in float's epsilons of the largest; infinite where they are otherwise unlike."""
        found = re.search(r"they are (\S+) apart", self.why)
        largest = max((np.abs(v[np.isfinite(v)]).max(initial=1) for v in map(np.asarray, self.results)), default=1)
        return float(found[1]) / (np.finfo(np.float32).eps * float(largest)) if found else np.inf

    def type_of(self, position):
        there = position < len(self.inputs) and self.inputs[position] is not None
        return self.inputs[position].dtype.name if there else ""

    def has_nan_or_infinity(self):
        return any(not np.isfinite(v).all() for v in self.floats())

    def is_mean_of_integers(self):
        return self.op == "ReduceMean" and self.inputs[0].dtype.kind in "ui"

    def largest_quotient(self):
        """Of the first input by the second, as quantization takes it."""
        return np.abs(self.inputs[0].astype(np.float64)).max(initial=0) / np.abs(self.inputs[1].astype(np.float64)).min()


REASONS = [
    (
        lambda f: any(f.attributes.get(name) not in (None, 0, 1) for name in SWITCHES),
        "an attribute that is a switch is neither 0 nor 1, which the specification does not know",
    ),
    (
        lambda f: f.opset < 7 and f.op in PLACED and f.refuses("before opset 7", "may be stretched", "reaches past", "do not broadcast"),
        "before opset 7 shapes must be equal, or the second input fit at its axis; the evaluator broadcasts as of opset 7",
    ),
    (
        lambda f: f.op == "PRelu" and f.refuses("may be stretched"),
        "a slope broadcasts to the input, never the input to it",
    ),
    (
        lambda f: f.refuses(*NOT_ALLOWED, *ALSO_NOT_ALLOWED),
        "the specification does not allow it, and cpu_ref says why; the evaluator does not look",
    ),
    (
        lambda f: f.op in IN_FLOAT and "float64" in (f.type_of(0), f.type_of(1)) and f.apart() < 16,
        "doubles are computed as such; the evaluator, or a constant of the function's body, has floats",
    ),
    (
        lambda f: f.op == "Erf" and f.inputs[0].dtype.kind in "ui" and f.why.endswith("by 1"),
        "of integers erf is rounded towards 0, which is left open; the evaluator rounds to float before",
    ),
    (
        lambda f: f.op == "AveragePool" and "NaN in one alone" in f.why,
        "a mean over nothing but padding is left open",
    ),
    (
        lambda f: f.op == "AveragePool" and f.opset < 7 and (f.is_same_padded() or any(f.attributes.get("pads", ()))),
        "before opset 7 padding does not count; the evaluator takes zeros into the mean",
    ),
    (
        lambda f: f.op in ("GRU", "LSTM", "RNN") and f.attributes.get("clip"),
        "clip bounds the input of activations; the evaluator does not clip",
    ),
    (
        lambda f: f.op == "GlobalMaxPool" and f.inputs[0].ndim != 4,
        "every spatial axis is pooled; the evaluator pools two, and from the wrong one on",
    ),
    (
        lambda f: f.op in ("Hardmax", "LogSoftmax", "Softmax") and f.opset < 13,
        "before opset 13 the input is taken as a matrix whose rows begin at axis; the evaluator has opset 13 alone",
    ),
    (
        lambda f: f.op == "CenterCropPad" and f.inputs[0].dtype.kind == "O",
        "of text the padding is empty; the evaluator pads it with numbers",
    ),
    (
        lambda f: f.op in ("DequantizeLinear", "QuantizeLinear") and "float8" in f.type_of(2) and f.inputs[2].astype(np.float32).any(),
        "the formula with the zero point holds for float8 too; the evaluator leaves it out",
    ),
    (
        lambda f: f.op == "QuantizeLinear" and f.largest_quotient() >= 2**31 and "elements differ" in f.why,
        "quotients saturate; the evaluator's wrap around in int32",
    ),
    (
        lambda f: f.op in ("QLinearConv", "QLinearMatMul")
        and f.why.endswith("by 1")
        and (f.inputs[7].astype(int) % 2).any(),
        "the quotient is rounded to even before the zero point is added; the evaluator rounds the sum",
    ),
    (
        lambda f: f.op == "MelWeightMatrix" and "float16" in f.type_of(3),
        "the type that bins are computed in is left open; the evaluator takes that of the edges",
    ),
    (
        lambda f: f.op in ("AveragePool", "LpPool", "MaxPool") and f.has_nan(),
        "what is no number stays so; the evaluator marks padding by NaN and leaves out all of them",
    ),
    (
        lambda f: f.op == "MaxPool" and f.why.startswith("output 1") and np.prod(f.inputs[0].shape[:2]) > 1,
        "indices count through the whole tensor; the evaluator's begin anew in each plane",
    ),
    (
        lambda f: f.op == "MaxPool" and any(f.attributes.get("pads", ())),
        "pads are all begins, then all ends; the evaluator takes them in pairs, and none but of two axes",
    ),
    (
        lambda f: f.is_mean_of_integers() and f.inputs[0].size == 0,
        "a mean of nothing is left open for integers",
    ),
    (
        lambda f: f.is_mean_of_integers() and f.integers_reach(2**15),
        "means of integers are exact; the evaluator's sums wrap around or are taken in float",
    ),
    (
        lambda f: f.op == "GridSample" and f.inputs[0].dtype.kind in "ui",
        "weights are fractions; the evaluator rounds them to integers as it does the values",
    ),
    (
        lambda f: f.op in ("DFT", "STFT") and f.has_nan_or_infinity(),
        "what a fast transform makes of infinity and NaN is left open",
    ),
    (
        lambda f: f.op == "LinearRegressor" and "intercepts" not in f.attributes,
        "without intercepts there are none; the evaluator adds NaN",
    ),
    (
        lambda f: f.op == "SVMRegressor" and f.inputs[0].dtype.kind in "ui",
        "integers are taken as floats; the evaluator takes the model's floats as integers",
    ),
    (
        lambda f: f.op == "Resize" and f.inputs[0].dtype.kind in "ui" and f.why.endswith("by 1"),
        "how an interpolated value becomes an integer is left open: here and in onnxruntime towards 0, there to the nearest",
    ),
    (
        lambda f: f.op == "OneHot" and f.inputs[0].dtype.kind == "f" and (f.inputs[0] % 1).any(),
        "indices that are no integers are cast to int64; the evaluator finds no class for them",
    ),
]


def reference_reason_of(model, held, why):
    """The first reason that holds for this case; "" where none does."""
    facts = ReferenceFacts(model, held, why)
    return next((reason for holds, reason in REASONS if holds(facts)), "")
