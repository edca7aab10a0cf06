"""Why onnxruntime may answer otherwise than cpu_ref, by the specification: what check_cases.py asks."""
import numpy as np

from case_facts import Facts
from contrib_reasons import BLOCKED, CONTRIB_REASONS

ORDERED = (
    "ArgMax",
    "ArgMin",
    "Hardmax",
    "TopK",
    "Max",
    "Min",
    "ReduceMax",
    "ReduceMin",
    "MaxPool",
    "GlobalMaxPool",
    "MaxRoiPool",
    "Softmax",
    "LogSoftmax",
    "Unique",
)
# What cpu_ref says where it refuses what the specification does not allow.
NOT_ALLOWED = (
    "is given twice",
    "the kernel is",
    "attribute reduction is",
    "stash_type' is",
    "only the other inputs may be stretched",
    "both must have the same number",
    "expected 0 and 1 or 1 and 0",
    "coordinate_transformation_mode is",
    "attribute approximate is",
    "expected more than 0",
    "expected a 1-D tensor",
    "expected one number",
    "expected one float",
    "this opset does not allow",
    "expected a scalar",
    "expected one element or",
    "along batch axis",
    "give both or neither",
    "which its",
    "do not fit",
    "for rank",
    "expected 3 elements",
    "the pool has",
    "is empty, expected",
    "entries, expected",
    "they must be as many",
    "expected 1 to",
    "expected 0 to",
    "selects index",
    "numbers, expected",
    "expected N x 2 x 3",
    "names no element type",
    "do not divide",
    "expected either",
    "expected square matrices",
    "input weight has shape",
    "inputs B and absmax have shapes",
    "where heads are a dimension",
    "input skip has shape",
    "input sequence_lens has shape",
    "expected the number of a floating-point type",
    "columns, expected half of the",
    "expected one of them",
    "one number per column of B",
    "attribute size is 0, expected 1 or more",
    "at least 1 of each",
    "values, expected",
    "has shape scalar, expected",
    "qk_matmul_output_mode is",
    "expected N x C x D1",
    "expected both or neither",
    "lengths, expected",
    "expected characters x",
    "do not fill with queries",
    "a channel for each number of attribute bias",
    "attribute clip is",
    "expected the cache in one place",
    "elements in one dimension",
    "expected the number of an element type",
)
IN_DOUBLE = ("Attention", "DFT", "FastGelu", "Gelu", "GroupNormalization", "Shrink")
LEFT_OPEN = (
    "Attention",
    "CDist",
    "CropAndResize",
    "CumProd",
    "DecoderMaskedMultiHeadAttention",
    "Det",
    "InstanceNormalization",
    "LRN",
    "LinearAttention",
    "MoE",
    "MultiHeadAttention",
    "NonMaxSuppression",
    "QAttention",
    "QMoE",
    "QuantizeLinear",
    "ReduceProd",
    "Resize",
    "RoiAlign",
    "ScatterElements",
    "ScatterND",
    "Sign",
    "SkipLayerNormalization",
    "SoftmaxCrossEntropyLoss",
    "Upsample",
    "WordConvEmbedding",
)
SUMS_AND_SQUARES = (
    "BranchwiseRMSNorm",
    "EngramGate",
    "GatedRMSNorm",
    "DFT",
    "STFT",
    "DynamicQuantizeLSTM",
    "GatedDeltaNet",
    "GridSample",
    "DeformConv",
    "ConvTransposeWithDynamicPads",
    "MatMulBnb4",
    "DynamicQuantizeMatMul",
    "LSTM",
    "GRU",
    "RNN",
    "LpNormalization",
    "InstanceNormalization",
    "MeanVarianceNormalization",
    "Normalizer",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceMean",
    "ReduceSum",
)
NARROW = ("int4", "uint4", "int2", "uint2")


REASONS = [
    (
        lambda f: f.op == "BatchNormalization" and f.opset < 14 and f.why.startswith("output 4"),
        "the saved variance is the variance of the batch; onnxruntime saves one over its root, as cuDNN has it",
    ),
    (
        lambda f: f.op == "BatchNormalization" and "expected some to train on" in f.why,
        "the mean of no elements is undefined, as ReduceMean says",
    ),
    (
        lambda f: f.op == "GatherND" and "expected batch_dims from 0 to less than the rank of the indices" in f.why,
        "batch_dims is less than the rank of the indices",
    ),
    (
        lambda f: f.op == "MaxPool" and any(np.isneginf(v).any() for v in f.floats()),
        "the greatest of minus infinity is minus infinity; onnxruntime begins with the least float",
    ),
    (
        lambda f: f.op in ("AveragePool", "LpPool", "MaxPool") and f.is_same_padded() and f.strides_over(),
        "windows shorter than their steps need no padding; onnxruntime's is negative, and the first begins later",
    ),
    (
        lambda f: f.op == "ConvTranspose" and f.opset < 11 and f.attributes.get("output_shape"),
        "before opset 11 the odd element of generated padding lies at the end, as of opset 11 at the begin",
    ),
    (
        lambda f: f.op == "Resize" and f.inputs[0].dtype.kind in "iu" and f.integers_reach(2**24),
        "weights are double; onnxruntime computes integers in float, which rounds them beyond their type",
    ),
    (
        Facts.has_odd_switch,
        "an attribute that is a switch is neither 0 nor 1, which the specification does not know",
    ),
    (
        lambda f: f.op in ORDERED and f.has_nan(),
        "NaN is the greatest and the least here, as in numpy; onnxruntime loses sight of it",
    ),
    (
        lambda f: (f.op in SUMS_AND_SQUARES or (f.domain, f.op) == (BLOCKED, "Conv")) and f.has_large(),
        "infinities and sums or squares beyond float: they are taken in double here, in float there",
    ),
    (
        lambda f: f.why.startswith("cpu_ref refuses") and any(part in f.why for part in NOT_ALLOWED),
        "the specification does not allow it, and cpu_ref says why",
    ),
    (
        lambda f: f.op.startswith("Reduce")
        and f.inputs[0].dtype.kind in "ui"
        and (
            f.op in ("ReduceLogSum", "ReduceLogSumExp", "ReduceL2", "ReduceMean", "ReduceProd")
            or f.integers_reach(2**15)
        ),
        "integers wrap around and their logarithms are truncated; onnxruntime takes floats, or stops at the end",
    ),
    (
        lambda f: f.op in ("DynamicQuantizeLSTM", "LSTM") and "clip" in f.attributes,
        "clip bounds the input of every activation, as the specification says; onnxruntime leaves out the cell's",
    ),
    (
        lambda f: f.op == "Attention" and f.attributes.get("softcap", 0) < 0,
        "a softcap below 0 is none here and in onnxruntime's kernel; its function, of other masks, has it as one",
    ),
    (
        lambda f: f.op == "Attention" and f.opset >= 24 and f.has_input(3) and f.inputs[3].dtype.kind in "ui",
        "a mask of integers has no minus infinity to be filled up with; here its missing keys are masked all the same",
    ),
    (
        lambda f: f.op == "Resize" and f.attributes.get("axes") == [] and "expected 0 elements" in f.why,
        "scales are as many as axes, which are none",
    ),
    (
        lambda f: f.op == "Attention" and f.attributes.get("scale", 1) < 0,
        "onnxruntime takes the root of a negative scale",
    ),
    (
        lambda f: f.op in ("DequantizeLinear", "QuantizeLinear")
        and f.inputs[1].size > 1
        and "axis" not in f.attributes,
        "before opset 13 scales of channels are not specified",
    ),
    (
        lambda f: f.op == "LogSoftmax" and any(np.isposinf(v).any() for v in f.floats()),
        "infinity less the largest, infinity, is NaN, and so is their sum, as in the operator's function",
    ),
    (
        lambda f: f.op == "OneHot" and any((~(np.abs(v) < 2**63)).any() for v in f.floats()[:1]),
        "indices that no int64 is are off",
    ),
    (
        lambda f: f.op == "InstanceNormalization"
        and f.has_flat_plane()
        and max(np.abs(v).max(initial=0) for v in f.floats()) > 2**12,
        "the variance of equal elements is 0; onnxruntime's is what rounding leaves of a large square",
    ),
    (
        lambda f: f.op == "QuantizeLinear" and not np.asarray(f.inputs[1], np.float64).all(),
        "what a scale of 0 makes of 0 is left open",
    ),
    (
        lambda f: f.op == "QuantizeLinear" and len(f.inputs) > 2 and str(f.inputs[2].dtype).startswith("float8"),
        "a zero point is added, whatever its type; onnxruntime leaves out those of 8-bit floats",
    ),
    (
        lambda f: f.op in ("Cast", "CastLike")
        and "float" in str(f.inputs[0].dtype)
        and str(f.results[0].dtype) in NARROW,
        "floats become the nearest 4-bit integers, halves even ones, as in the package's tests; onnxruntime's go up",
    ),
    (
        lambda f: f.op in ("Cast", "CastLike")
        and str(f.results[0].dtype) == "float8_e8m0fnu"
        and ((f.inputs[0].astype(np.float64) < 0).any() or f.op == "CastLike" and "round_mode" in f.attributes),
        "float8e8m0 of numbers below 0 is undefined; round_mode counts, which onnxruntime's CastLike does not pass on",
    ),
    (
        lambda f: f.masks_all_keys(),
        "where all keys are hidden, what is left of scores beside -10000 depends on rounding, which is of doubles here",
    ),
    (
        lambda f: f.op == "RoiAlign" and "expected at least 1" in f.why,
        "an output without rows or columns has no bins",
    ),
    (lambda f: f.op in IN_DOUBLE and f.inputs[0].dtype == np.float64, "doubles are computed as such"),
    (
        lambda f: f.op in LEFT_OPEN and f.has_large(),
        "what NaN, infinities and numbers beyond float's squares come to is left open",
    ),
    (
        lambda f: f.op == "OneHot" and f.opset < 11 and np.asarray(f.inputs[0], np.float64).min(initial=0) < 0,
        "before opset 11 indices below 0 are off",
    ),
    (
        lambda f: f.op in ("ConvInteger", "MatMulInteger") and f.inputs[0].size == 0,
        "a sum of nothing is 0; onnxruntime leaves what was there",
    ),
    (lambda f: f.op == "Squeeze" and f.attributes.get("axes") == [], "an empty list of axes squeezes none"),
    (
        lambda f: f.op == "ReduceLogSumExp" and (f.has_large() or "inf" in f.why),
        "exponents beyond float, which the largest is taken out of as opset 28 says",
    ),
    (
        lambda f: f.op == "Attention" and f.attributes.get("is_causal") == 1,
        "the causal order counts from the length of the past, in onnxruntime from the last key",
    ),
    (
        lambda f: f.op == "Slice"
        and any(v.size and np.abs(v.astype(np.float64)).max() > 2**30 for v in f.inputs[1:] if v is not None),
        "ends beyond the axis are clamped as numpy does, whatever the step",
    ),
    (lambda f: f.op == "TopK" and f.attributes.get("sorted") == 0, "without sorting any order will do"),
    (
        lambda f: f.op == "Gather" and f.inputs[0].dtype.kind == "O" and "elements" in f.why,
        "onnxruntime copies one string of each slice that Gather picks",
    ),
    (
        lambda f: f.op == "Clip" and f.has_large(),
        "without a minimum, minus infinity stays; onnxruntime clips it to the least float",
    ),
    (
        lambda f: f.op in ("Cast", "CastLike")
        and (f.attributes.get("to") == 8 or f.op == "CastLike" and f.inputs[1].dtype.kind == "O"),
        "whole floats as text are 1.0 as in the package's tests; onnxruntime writes 1",
    ),
    (
        lambda f: f.op in ("Cast", "CastLike") and f.floats_beyond_result(),
        "floats that the integer type does not hold: the nearest here, undefined by the specification",
    ),
    (
        lambda f: f.op == "StringSplit" and "" in f.inputs[0].astype(str),
        "of an empty text a delimiter leaves one empty part, as in Python; onnxruntime counts none",
    ),
    (
        lambda f: f.is_same_padded() and ("onnxruntime has" in f.why or f.op == "ConvTranspose"),
        "sizes and padding of SAME_UPPER and SAME_LOWER follow the specification's formulas",
    ),
    (
        lambda f: f.op == "NonZero" and f.inputs[0].ndim == 0,
        "of a scalar NonZero has no row of indices, as the specification says",
    ),
    (
        lambda f: f.op == "Squeeze" and len(f.inputs) > 1 and f.inputs[1] is not None and f.inputs[1].size == 0,
        "an empty list of axes squeezes none; onnxruntime takes it as left out",
    ),
    (
        lambda f: f.op == "Shrink" and f.inputs[0].dtype.kind in "ui",
        "integers are kept exactly; onnxruntime computes them in float",
    ),
    (
        lambda f: f.op.startswith("Reduce") and f.inputs[0].size == 0,
        "a mean of nothing is NaN, which the specification leaves open",
    ),
    (
        lambda f: f.op.startswith("QLinear") and any(not ((v > 0) & np.isfinite(v)).all() for v in f.floats()),
        "scales are positive numbers; of others onnxruntime's float and the double here may take another byte",
    ),
    (
        lambda f: f.op == "MeanVarianceNormalization" and "NaN" in f.why,
        "of one value both mean and root may be off: 0 / 0 in float",
    ),
    (lambda f: f.op == "Celu" and f.attributes.get("alpha") == 0, "x / alpha of 0 / 0"),
    (
        lambda f: f.op == "Dropout" and f.opset < 12 and f.why.startswith("output 1"),
        "the mask outside of training is left open before opset 12",
    ),
    (
        lambda f: f.op == "DequantizeLinear" and f.inputs[0].dtype == np.int32 and f.integers_reach(2**30),
        "x - zero point does not wrap around; in onnxruntime it does",
    ),
    (lambda f: f.op == "Pow" and f.inputs[0].dtype.kind in "ui", "powers of integers that the type does not hold"),
] + CONTRIB_REASONS


def reason_of(model, held, why):
    """The first reason that holds for this case; "" where none does."""
    facts = Facts(model, held, why)
    return next((reason for holds, reason in REASONS if holds(facts)), "")
