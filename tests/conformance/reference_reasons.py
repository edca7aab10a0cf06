"""Why onnx's reference evaluator may answer otherwise than cpu_ref: what check_cases.py asks. Here stand the cases that
the specification forbids or leaves open, in reference_faults.py those in which the evaluator departs from it.
"""
import numpy as np
from case_reasons import NOT_ALLOWED
from reference_facts import ReferenceFacts
from reference_faults import FAULTS

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
    "are both given, expected",
    "entries, expected",
    "elements, expected 1",
    "for rank",
    "mode is",
    "expected some to train on",
    "expected frame_length",
    "input scale has shape",
    "expected 2: batch",
    "attribute p is",
    "expected the shape",
    "expected -1, 0 or a size",
    "batch_indices has shape",
    "give the numbers to put in",
    "expected C or N x C",
    "which it belongs to",
    "softmax_precision is",
    "have shapes",
    "as its scale",
    "expected N x C",
    "before opset 28 only integers",
    "one number per channel",
    "a value per filter",
    "layout is",
    "directions x batch x hidden",
    "expected a list",
    "expected 1 elements",
    "expected batch x length",
    "expected regions x 4",
    "values, one per filter",
    "attribute hidden_size is",
    "attribute base_values_as_tensor is",
)
IN_FLOAT = ("Adam", "BatchNormalization", "Erf", "Gelu", "HardSwish", "LRN", "LpPool", "Momentum")

REASONS = [
    (
        lambda f: f.has_odd_switch(),
        "an attribute that is a switch is neither 0 nor 1, which the specification does not know",
    ),
    (
        lambda f: f.refuses(*NOT_ALLOWED, *ALSO_NOT_ALLOWED),
        "the specification does not allow it, and cpu_ref says why; the evaluator does not look",
    ),
    (
        lambda f: f.op in IN_FLOAT
        and any(v is not None and v.dtype == np.float64 for v in f.inputs)
        and f.apart() < 16,
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
        lambda f: f.op == "Clip"
        and any(f.has_input(i) and np.isnan(f.inputs[i].astype(np.float64)).any() for i in (1, 2)),
        "what a bound that is no number comes to is left open",
    ),
    (
        lambda f: f.op == "RoiAlign" and (f.attributes.get("spatial_scale", 1) <= 0 or f.has_turned_regions()),
        "of regions turned around nothing is said: they have no points",
    ),
    (
        lambda f: f.op == "Adagrad" and any((v < 0).any() for v in f.inputs[4:] if v is not None),
        "accumulated squares are not below 0; what is left where others take them to 0 is rounding",
    ),
    (
        lambda f: f.op == "MelWeightMatrix" and "float16" in f.type_of(3),
        "the type that bins are computed in is left open; the evaluator takes that of the edges",
    ),
    (
        lambda f: f.is_mean_of_integers() and f.inputs[0].size == 0,
        "a mean of nothing is left open for integers",
    ),
    (
        lambda f: f.op in ("DFT", "STFT") and f.has_nan_or_infinity(),
        "what a fast transform makes of infinity and NaN is left open",
    ),
    (
        lambda f: f.op == "Pow"
        and f.inputs[0].dtype.kind in "ui"
        and f.type_of(1) in ("float16", "bfloat16", "float32", "float64")
        and (f.inputs[0].min(initial=0) < 0 or f.inputs[0].size and not f.inputs[0].all()),
        "roots of integers below 0, and what 0 is divided by, are no integers",
    ),
    (
        lambda f: f.op == "Attention" and f.attributes.get("softmax_precision") in (10, 16),
        "all is computed in double here, which is no less exact than softmax_precision",
    ),
    (
        lambda f: f.op == "Attention" and f.opset >= 24 and f.has_input(3) and f.inputs[3].dtype.kind in "ui",
        "a mask of integers has no minus infinity to be filled up with; here its missing keys are masked all the same",
    ),
    (
        lambda f: f.op in ("AffineGrid", "Det") and f.has_large(),
        "what infinities and numbers beyond float's squares come to is left open",
    ),
    (
        lambda f: f.op.startswith("Reduce") and f.inputs[0].dtype.kind != "O" and f.has_large(),
        "squares and sums beyond float: they are taken in double here, in the input's type there",
    ),
    (
        lambda f: f.op == "OneHotEncoder"
        and any(len(set(named)) < len(named) for name, named in f.attributes.items() if name.startswith("cats_")),
        "whether a category that is named twice has one place or two is left open",
    ),
    (
        lambda f: f.op in ("Adagrad", "Adam", "Momentum") and f.has_large(),
        "what squares beyond float come to is left open",
    ),
    (
        lambda f: f.op == "CastLike" and f.type_of(1) in ("int4", "uint4", "int2", "uint2"),
        "how fractions become integers is left open; those of less than a byte are rounded here and in onnxruntime",
    ),
    (
        lambda f: f.op == "Gemm"
        and f.inputs[0].dtype.kind == "u"
        and min(f.attributes.get("alpha", 1), f.attributes.get("beta", 1)) < 0,
        "what unsigned integers below 0 come to is left open",
    ),
    (
        lambda f: f.op == "GridSample" and f.type_of(1) in ("float16", "bfloat16"),
        "the type that coordinates are computed in is left open; the evaluator takes the grid's",
    ),
    (
        lambda f: f.op == "QuantizeLinear" and f.attributes.get("precision", 1) not in (0, 1, 10, 11, 16),
        "precision names a type that is none of floats",
    ),
    (
        lambda f: f.op == "Resize" and f.inputs[0].dtype.kind in "ui" and f.why.endswith("by 1"),
        "how a value between others becomes an integer is left open: towards 0 as in onnxruntime, or to the nearest",
    ),
]


def reference_reason_of(model, held, why):
    """The first reason that holds for this case; "" where none does."""
    facts = ReferenceFacts(model, held, why)
    return next((reason for holds, reason in REASONS + FAULTS if holds(facts)), "")
