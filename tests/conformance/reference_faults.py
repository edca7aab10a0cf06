"""Where onnx's reference evaluator departs from the specification. It has most operators in their newest version alone
and computes in whatever type numpy comes to. Where a row speaks of older versions, onnxruntime agrees with cpu_ref on
the like in float.
"""
import numpy as np

# Operators whose second input was, before opset 7, placed at an axis and stretched on demand alone.
PLACED = ("Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "PRelu", "Sub", "Xor")

FAULTS = [
    (
        lambda f: f.opset < 7
        and f.op in PLACED
        and f.refuses("before opset 7", "may be stretched", "reaches past", "do not broadcast"),
        "before opset 7 shapes are equal, or the second fits at its axis; the evaluator broadcasts as of opset 7",
    ),
    (
        lambda f: f.opset < 8 and f.op in ("Max", "Mean", "Min", "Sum") and f.refuses("before opset 8"),
        "before opset 8 shapes are equal; the evaluator broadcasts as of opset 8",
    ),
    (
        lambda f: f.opset < 7 and f.op in PLACED and f.attributes.get("broadcast") and "axis" in f.attributes,
        "before opset 7 the second input is placed at axis; the evaluator places it at the end",
    ),
    (
        lambda f: f.op == "PRelu" and f.refuses("may be stretched"),
        "a slope broadcasts to the input, never the input to it",
    ),
    (
        lambda f: f.op == "AveragePool" and f.opset < 7 and (f.is_same_padded() or any(f.attributes.get("pads", ()))),
        "before opset 7 padding does not count; the evaluator takes zeros into the mean",
    ),
    (
        lambda f: f.op in ("GRU", "LSTM", "RNN") and "clip" in f.attributes,
        "clip bounds the input of activations; the evaluator does not clip",
    ),
    (
        lambda f: f.op == "BatchNormalization"
        and f.attributes.get("training_mode")
        and f.type_of(0) in ("float16", "bfloat16"),
        "the variance of a batch is taken in float at least; the evaluator takes it in the type of X",
    ),
    (
        lambda f: f.op == "QLinearMatMul" and f.inputs[1].size > 1,
        "scales of a are those of its rows; the evaluator multiplies columns by them",
    ),
    (
        lambda f: f.op == "GlobalMaxPool" and f.inputs[0].ndim != 4,
        "every spatial axis is pooled; the evaluator pools two, and from the wrong one on",
    ),
    (
        lambda f: f.op in ("Hardmax", "LogSoftmax", "Softmax")
        and f.opset < 13
        and f.attributes.get("axis", 1) not in (-1, f.inputs[0].ndim - 1),
        "before opset 13 the input is taken as a matrix whose rows begin at axis; the evaluator has opset 13 alone",
    ),
    (
        lambda f: f.op in ("CenterCropPad", "GridSample", "Pad", "Trilu") and f.inputs[0].dtype.kind == "O",
        "of text the padding is empty; the evaluator pads it with numbers",
    ),
    (
        lambda f: f.op in ("DequantizeLinear", "QuantizeLinear")
        and f.type_of(2).startswith(("float4", "float8"))
        and f.inputs[2].astype(np.float32).any(),
        "the formula with the zero point holds for small floats too; the evaluator leaves it out",
    ),
    (
        lambda f: f.op == "QuantizeLinear" and f.largest_quotient() >= 2**31,
        "quotients saturate; the evaluator's wrap around in int32",
    ),
    (
        lambda f: f.op in ("QLinearConv", "QLinearMatMul") and f.why.endswith("by 1"),
        "a quotient at a half goes to even, and then comes the zero point; the evaluator rounds the sum, in float",
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
        lambda f: f.is_mean_of_integers() and f.integers_reach(2**15),
        "means of integers are exact; the evaluator's sums wrap around or are taken in float",
    ),
    (
        lambda f: f.op == "GridSample" and f.inputs[0].dtype.kind in "ui",
        "weights are fractions; the evaluator rounds them to integers as it does the values",
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
        lambda f: f.op == "SVMRegressor" and f.inputs[0].ndim == 1,
        "a vector is one row of features; the evaluator takes each number as a row",
    ),
    (
        lambda f: f.op == "Imputer" and f.inputs[0].dtype.kind in "ui" and "imputed_value_floats" in f.attributes,
        "integers give way to imputed_value_int64s; the evaluator takes the floats where both are given",
    ),
    (
        lambda f: f.op == "Attention" and f.attributes.get("scale", 1) < 0,
        "scores are multiplied by the scale; the evaluator takes the root of a negative one",
    ),
    (
        lambda f: f.op == "Attention" and f.opset == 23 and f.has_input(3) and f.inputs[3].shape[-1] == 1,
        "a mask broadcasts in opset 23; the evaluator fills it up as from opset 24 on",
    ),
    (
        lambda f: f.op == "Attention" and f.why.startswith("output 3") and f.attributes.get("softcap"),
        "in mode 0 the scores are those before softcap; the evaluator gives those after it",
    ),
    (
        lambda f: f.op in ("AveragePool", "LpPool")
        and f.is_same_padded()
        and max(f.attributes.get("dilations", [1])) > 1,
        "padding of SAME_UPPER and SAME_LOWER is of the dilated kernel; the evaluator's is of the plain one",
    ),
    (
        lambda f: f.op in ("AveragePool", "LpPool") and f.attributes.get("ceil_mode") and "evaluator has" in f.why,
        "no window starts in the padding at the end; the evaluator leaves out one such",
    ),
    (
        lambda f: f.op == "CausalConvWithState" and "NaN in one alone" in f.why and "activation" in f.attributes,
        "x times sigmoid(x) goes to 0 with x to minus infinity; the evaluator multiplies infinity by 0",
    ),
    (
        lambda f: f.op == "Clip" and any(f.has_input(i) and f.inputs[i].ndim for i in (1, 2)),
        "the result has the shape of the input; the evaluator broadcasts bounds that are no scalars",
    ),
    (
        lambda f: f.op == "Conv" and f.has_nan_or_infinity() and max(f.attributes.get("dilations", [1])) > 1,
        "between the taps of a dilated kernel is nothing; the evaluator multiplies by zeros there",
    ),
    (
        lambda f: f.op == "LpPool"
        and f.attributes.get("auto_pad") != b"VALID"
        and (f.is_same_padded() or f.attributes.get("ceil_mode") or any(f.attributes.get("pads", ()))),
        "padding adds 0 to a sum; the evaluator's sum is the mean without padding, as often as the kernel has elements",
    ),
    (
        lambda f: f.op in ("AveragePool", "ConvTranspose", "LpPool", "MaxPool")
        and f.is_same_padded()
        and f.strides_over(),
        "windows shorter than their steps need no padding; the evaluator's is negative, and the first begins elsewhere",
    ),
    (
        lambda f: f.op == "ConvTranspose" and f.attributes.get("group", 1) > 1 and f.has_input(2),
        "each filter has its own bias; the evaluator begins anew with it in each group",
    ),
    (
        lambda f: f.op == "GridSample" and f.has_nan_or_infinity() and "NaN in one alone" in f.why,
        "what has no weight does not count; the evaluator multiplies it, which of infinity and NaN is NaN",
    ),
    (
        lambda f: f.op == "LpPool" and f.opset < 2 and abs(f.attributes.get("p", 2)) < 0.1,
        "powers and their roots are taken in double; in float a root of a small p loses what it is asked for",
    ),
    (
        lambda f: f.op in ("AveragePool", "LpPool", "MaxPool") and f.is_same_padded() and "evaluator has" in f.why,
        "the sizes of SAME_UPPER and SAME_LOWER are those of the input by the strides, rounded up",
    ),
    (
        lambda f: f.op in ("ConvTranspose", "LpPool")
        and f.attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"")
        and any(f.attributes.get("pads", ())),
        "pads do not count beside auto_pad",
    ),
    (
        lambda f: f.op == "Gemm" and f.opset < 7 and f.attributes.get("beta", 1) != 1,
        "C is multiplied by beta; the evaluator leaves it out before opset 7",
    ),
    (
        lambda f: f.op == "LRN" and f.inputs[0].shape[0] < f.inputs[0].shape[1],
        "every channel has its sum of squares; the evaluator counts channels up to the batch",
    ),
    (
        lambda f: f.op == "LSTM" and f.attributes.get("input_forget"),
        "input_forget couples the gates; the evaluator does not know it",
    ),
    (
        lambda f: f.op in ("GRU", "LSTM", "RNN") and f.has_input(4) and (f.inputs[4] < f.inputs[0].shape[0]).any(),
        "sequences end at sequence_lens; the evaluator goes on",
    ),
    (
        lambda f: f.op == "LogSoftmax" and "inf apart" in f.why,
        "the logarithm of a small weight is finite; the evaluator's weights are 0 before",
    ),
    (
        lambda f: f.op == "LpNormalization" and f.attributes.get("p") == 1,
        "the norm is a sum of magnitudes; the evaluator adds with signs",
    ),
    (
        lambda f: f.op == "LpNormalization" and f.has_large(),
        "squares beyond float: they are taken in double here, in the input's type there",
    ),
    (
        lambda f: f.op == "LpNormalization" and f.inputs[0].ndim == 0,
        "the result has the shape of the input; the evaluator makes a vector of a scalar",
    ),
    (
        lambda f: f.op == "PRelu" and "NaN in one alone" in f.why and f.has_nan_or_infinity(),
        "of 0 the slope is not asked; the evaluator multiplies it by infinity",
    ),
    (
        lambda f: f.op == "Pad" and f.type_of(0).startswith("float8_e8m0"),
        "a type without 0 is padded with its least number here, with NaN by the evaluator",
    ),
    (
        lambda f: f.op == "Pow" and f.type_of(0).startswith("int") and f.type_of(1) == "uint64",
        "integers are multiplied as such; numpy takes signed ones with uint64 as doubles",
    ),
    (
        lambda f: f.op == "ReduceL2" and f.inputs[0].dtype.kind in "ui" and f.integers_reach(2**15),
        "norms of integers are exact, and end with the type; the evaluator's squares wrap around",
    ),
    (
        lambda f: f.op.startswith("Reduce") and f.type_of(0) == "bfloat16" and f.inputs[0].size > 256,
        "a sum is rounded once; numpy's of bfloat16 after every addition, so that it stops growing",
    ),
    (
        lambda f: f.op == "Resize" and f.integers_reach(2**24),
        "weights are double; the evaluator's coefficients are floats",
    ),
    (
        lambda f: f.op == "Resize"
        and f.attributes.get("exclude_outside")
        and f.attributes.get("mode", b"nearest") == b"nearest",
        "exclude_outside is about weights, which the nearest element has none of",
    ),
    (
        lambda f: f.op == "Shape" and f.attributes.get("end", 0) < -f.inputs[0].ndim,
        "ends are clamped to the rank; the evaluator slices as Python does",
    ),
    (
        lambda f: f.op == "Unique" and f.attributes.get("sorted") == 0,
        "without sorting elements stand where they came first; the evaluator takes other places",
    ),
    (
        lambda f: f.op == "PRelu" and f.opset < 7 and f.inputs[1].ndim == 1,
        "before opset 7 a slope is one for each channel; the evaluator broadcasts it to the last axis",
    ),
    (
        lambda f: f.op == "OneHot" and not np.isfinite(f.inputs[2].astype(np.float64)).all(),
        "each element is one of the two values; the evaluator computes them, with infinity times 0",
    ),
    (
        lambda f: f.op == "OneHot" and f.opset < 11 and np.asarray(f.inputs[0], np.float64).min(initial=0) < 0,
        "before opset 11 indices below 0 are off; the evaluator has opset 11 alone",
    ),
    (
        lambda f: f.op == "OneHot" and f.inputs[0].dtype.kind == "f" and (f.inputs[0] % 1).any(),
        "indices that are no integers are cast to int64; the evaluator finds no class for them",
    ),
]
