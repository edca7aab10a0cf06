"""Why onnxruntime may refuse what cpu_ref computes: what check_cases.py asks where it refuses a case alone."""
import numpy as np

from case_facts import ALWAYS, Facts
from contrib_refusals import CONTRIB_REASONS

POOLS = "AveragePool LpPool MaxPool MaxUnpool NhwcMaxPool QLinearAveragePool"
GLOBAL_POOLS = "GlobalAveragePool GlobalLpPool GlobalMaxPool"
RECURRENT = "DynamicQuantizeLSTM GRU LSTM RNN"
SCALES = "DequantizeLinear QuantizeLinear"


# Names of operators (none: any), a part of onnxruntime's message or several of which it has one, what must hold of the
# case, and the reason.
REASONS = [
    # What onnxruntime has no way for, whatever the operator.
    (
        "",
        "InsertedPrecisionFreeCast",
        lambda f: f.opset < 6,
        "onnxruntime computes float16 in float, by a Cast that is not valid before opset 6",
    ),
    (
        "",
        "No corresponding Numpy type",
        lambda f: f.opset < 13,
        "a result of bfloat16, for which numpy has no type, and models of this opset no Cast",
    ),
    ("", "is not currently registered or supported", ALWAYS, "an element type that onnxruntime has not"),
    ("", "", lambda f: not any(f.node.output), "a node of which no output is wanted has nothing to do"),
    (
        "",
        (
            "has incorrect size",
            "Dimension mismatch in unification",
            "kernel_shape num_dims is not compatible",
            "Got weights of size: 0",
            "Exactly one of 'cats_*'",
            "One of classlabels_strings, classlabels_ints",
            "activations_.size()",
            "both 'auto_pad' and 'pads' attributes",
            "Attribute 'cats_",
            "Only one of the attributes '",
            "_*'s can be set in label encoder",
            "must have type INT64",
            "pool_strings must not be empty",
            "separators must not be empty",
            "Attribute scale needs to be specified",
        ),
        Facts.has_empty_list,
        "an empty list stands for the attribute left out, as exporters write it",
    ),
    (
        "",
        (
            "Only N can be zero",
            "Q sequence length must be greater than 0",
            "KV sequence length must be greater than 0",
            "Invalid input shape",
            "Single dimension value must be greater than 0",
            "num_indices = 0",
            "Computed output dimension is <= 0",
            "must be at least 1, got 0",
            "Missing Input",
            "hidden_size must be positive",
            "CDist kernel has wrong shape",
        ),
        Facts.has_nothing,
        "a tensor may be empty",
    ),
    (
        "BatchNormalization CumProd CumSum GRU GroupQueryAttention MaxPool Mod ReduceLogSum ReduceLogSumExp Reshape",
        "",
        Facts.has_odd_switch,
        "an attribute that is a switch is neither 0 nor 1, which the specification does not know",
    ),
    # Functions of the specification that are not correct for all types and sizes that it allows.
    (
        "Attention RMSNormalization",
        "bound to different types",
        Facts.types_differ,
        "inputs may be of two types, which the operator's function does not convert",
    ),
    (
        "MeanVarianceNormalization",
        "bound to different types",
        lambda f: str(f.inputs[0].dtype) != "float32",
        "the operator's function has constants of float alone",
    ),
    (
        "CenterCropPad",
        "bound to different types",
        lambda f: str(f.inputs[1].dtype) == "int32",
        "the shape may be of int32, which the operator's function does not convert",
    ),
    (
        "Clip SoftmaxCrossEntropyLoss",
        "Type 'tensor(bfloat16)' of input parameter",
        lambda f: f.is_of("bfloat16"),
        "the operator's function has a node that does not take bfloat16",
    ),
    (
        "ReduceLogSum",
        "of operator (Log) in node",
        lambda f: f.inputs[0].dtype.kind in "iu",
        "the operator's function takes a logarithm that integers have not",
    ),
    (
        "GroupNormalization",
        "Reshape",
        Facts.has_nothing,
        "the operator's function reshapes by a 0, which means another dimension",
    ),
    ("Attention", "cannot be reshaped", Facts.has_nothing, "the operator's function reshapes by a 0"),
    (
        "Attention",
        ("Incompatible dimensions", "Attempting to broadcast an axis", "inconsistent total_sequence_length"),
        lambda f: f.has_input(3) and (f.opset >= 24 or f.inputs[3].shape[-1] == 1),
        "a mask may have one number for all keys, and since opset 24 end before the last one",
    ),
    # What onnxruntime asks for and the specification does not.
    (
        "Range",
        ("Mismatch between number of inferred", "should be scalars"),
        lambda f: any(v.ndim == 1 for v in f.inputs),
        "one element in a list is read as a scalar",
    ),
    (
        "Attention",
        ("attn_mask must be 2D", "inconsistent q_sequence_length"),
        lambda f: f.inputs[3].ndim == 1 or f.inputs[3].shape[-2] == 1,
        "a mask broadcasts",
    ),
    (
        "Attention",
        "must not be specified for 4D inputs",
        lambda f: not f.attributes.get("q_num_heads") and not f.attributes.get("kv_num_heads"),
        "a number of heads of 0 is none",
    ),
    ("Attention", "scale must be greater than 0", ALWAYS, "a scale may be any number"),
    (
        "Attention",
        "does not support past",
        ALWAYS,
        "outputs of present keys and values may be left out before opset 25",
    ),
    (POOLS, "Pad should be smaller than kernel", ALWAYS, "padding may be any number of elements"),
    (
        GLOBAL_POOLS,
        "Input dimension cannot be less than 3",
        lambda f: f.inputs[0].ndim == 2,
        "N x C x D1 x ... x Dn has no least number of spatial axes",
    ),
    (
        POOLS,
        "padding values must be non-negative",
        lambda f: f.is_same_padded(),
        "strides may be longer than the kernel, which then needs no padding",
    ),
    (
        "AveragePool MaxPool",
        "Calculated output dimension is negative",
        lambda f: f.is_same_padded(),
        "the size of SAME_UPPER and SAME_LOWER does not depend on the kernel",
    ),
    (
        "BatchNormalization",
        "should be 1 when Training_mode = False",
        lambda f: not any(f.node.output[1:]),
        "an output without a name is none",
    ),
    (
        "BatchNormalization",
        "Invalid number of outputs for BN training",
        lambda f: f.opset < 14 and f.wants_output(3) != f.wants_output(4),
        "each output of statistics is optional",
    ),
    (
        "BatchNormalization",
        "NumDimensions() != ",
        lambda f: f.attributes.get("spatial") == 0,
        "without elements statistics for each of them are none, whatever their dimensions",
    ),
    (
        "Cast CastLike",
        "Attribute saturate is only used",
        lambda f: f.attributes.get("saturate") != 1,
        "saturate says nothing where the result is no 8-bit float",
    ),
    ("Cast", "Attribute round_mode", lambda f: f.attributes.get("to") != 24, "round_mode is for float8e8m0 alone"),
    (
        "Cast",
        "type inference failed",
        lambda f: f.opset < 6,
        "before opset 6 the type is named, which onnxruntime does not read",
    ),
    (
        "CenterCropPad Pad",
        "Input tensor has no dimensions",
        Facts.is_scalar,
        "a scalar has no axis to pad, which leaves it as it is",
    ),
    ("Slice DynamicSlice", "Cannot slice scalars", Facts.is_scalar, "a scalar has no axis to slice, which leaves it as it is"),
    ("Clip", "min_ <= max_", lambda f: f.opset < 11, "before opset 11 nothing is said of a minimum above the maximum"),
    ("ConstantOfShape", "one-dim tensor", ALWAYS, "the value is one element, of any number of dimensions"),
    (
        "ConvTranspose",
        "cannot be used simultaneously",
        lambda f: f.attributes.get("auto_pad") == b"",
        "an empty auto_pad stands for the attribute left out, as exporters write it",
    ),
    (
        "ConvTranspose",
        "Attribute output_shape has incorrect size",
        lambda f: len(f.attributes["output_shape"]) == f.inputs[0].ndim,
        "output_shape may name N and C, as exporters write it",
    ),
    (
        "ConvTranspose",
        "Explicit output size must be positive",
        lambda f: 0 in f.attributes.get("output_shape", []),
        "an output may be empty",
    ),
    (
        "ConvTranspose ConvTransposeWithDynamicPads",
        "must be less than max(stride, dilation)",
        lambda f: f.opset < 11,
        "before opset 11, and with dynamic pads, output_padding has no bound",
    ),
    (
        "ConvTranspose",
        ("may be too large for stride", "Explicit output_shape is inconsistent"),
        ALWAYS,
        "output_padding is less than the greater of stride and dilation, before opset 11 anything",
    ),
    (
        SCALES,
        "IsAxisInRange",
        lambda f: f.inputs[0].ndim == 1,
        "of a vector an axis need not be named: there is but one",
    ),
    (
        "DequantizeLinear",
        "DequantizeLinear with type float8 should have",
        lambda f: f.has_input(2),
        "a zero point counts whatever its type",
    ),
    (
        SCALES,
        "For per axis quantization",
        lambda f: "axis" not in f.attributes and f.opset < 13,
        "before opset 13 scales of channels are not specified",
    ),
    (
        SCALES,
        "block_size must be 0 for per-tensor quantization",
        lambda f: f.inputs[1].size == 1,
        "beside one scale a block size says nothing",
    ),
    (
        "DequantizeLinear",
        "InsertedPrecisionFreeCast",
        lambda f: f.attributes.get("output_dtype") == 10,
        "onnxruntime computes float16 in float, which the node's output_dtype does not allow",
    ),
    (
        "Div Mod",
        ("Integer division by zero", "Integer modulo by zero"),
        Facts.has_nothing,
        "nothing is divided where there are no elements",
    ),
    (
        "Dropout",
        "atio",
        lambda f: not (f.has_input(2) and f.inputs[2].any()),
        "the ratio is ignored outside of training",
    ),
    (
        RECURRENT,
        ("hidden_size", "must have shape"),
        lambda f: f.attributes.get("hidden_size", 0) == 0,
        "hidden_size may be left out: the weights say it",
    ),
    (RECURRENT + " AttnLSTM", "clip_ > 0", lambda f: f.attributes["clip"] == 0, "a threshold may be 0"),
    (RECURRENT, "does not support double yet", lambda f: f.is_of("float64"), "doubles are among the types"),
    (
        "InstanceNormalization",
        "number of dimensions is less than 3",
        lambda f: f.inputs[0].ndim == 2,
        "N x C x D1 x ... x Dn has no least number of spatial axes",
    ),
    ("LRN", "size_ % 2 == 1", lambda f: f.attributes["size"] % 2 == 0, "a size may be even"),
    (
        "LRN",
        "X_shape.NumDimensions() == 4",
        lambda f: f.inputs[0].ndim != 4,
        "N x C x D1 x ... x Dn need not be an image",
    ),
    (
        "LRN",
        ("Failed to allocate memory", "Integer overflow"),
        lambda f: f.attributes["size"] > 2**20,
        "a size beyond the channels needs no memory",
    ),
    (
        "QLinearMatMul",
        ("input scale must be a scalar or 1D tensor of size 1", "input zero point must be a scalar"),
        lambda f: f.inputs[1].size > 1 or f.inputs[2].size > 1,
        "scale and zero point may be one per row of a",
    ),
    (
        "ReverseSequence",
        "must have rank of 1",
        lambda f: f.inputs[1].ndim == 0,
        "a scalar is read as one element in a list",
    ),
    ("MatMul", "Tensor type mismatch", Facts.has_nothing, "a sum of nothing is 0, in unsigned integers, too"),
    (
        "MatMulInteger",
        "zero point",
        lambda f: any(v is not None and v.ndim > 0 for v in f.inputs[2:]),
        "a zero point may be one per row of each matrix",
    ),
    (
        "MaxRoiPool",
        "spatial_scale_ > 0",
        lambda f: f.attributes["spatial_scale"] <= 0,
        "a spatial scale may be any number",
    ),
    (
        "MeanVarianceNormalization",
        "No valid axes are specified",
        lambda f: f.attributes.get("axes") == [],
        "axes may be none",
    ),
    (
        "MelWeightMatrix",
        "upper_edge_hertz produces a mel triangle",
        ALWAYS,
        "triangles may lie beyond the last bin, where they weigh nothing",
    ),
    ("OneHot", "must have rank >= 1", Facts.is_scalar, "indices may be a scalar, whose output has one axis"),
    (
        "OneHot",
        "must be non-negative",
        lambda f: f.opset < 11,
        "before opset 11 indices outside of the depth, those below 0 too, are off",
    ),
    ("Pad", "ParseData type mismatch", lambda f: str(f.inputs[3].dtype) == "int32", "axes may be of int32"),
    (
        "Pad",
        "Pad reflect",
        lambda f: f.attributes.get("mode") == b"reflect",
        "reflections go on beyond the other end, as in numpy",
    ),
    (
        "ReduceMax ReduceMin",
        "is not defined for empty set with bool type",
        Facts.has_nothing,
        "the least and the greatest of nothing are told by the specification",
    ),
    (
        "Resize",
        "exclude_outside can be set",
        lambda f: f.attributes.get("exclude_outside") != 0,
        "exclude_outside may be set in any mode",
    ),
    (
        "Resize",
        "Either",
        lambda f: f.is_scalar() or f.attributes.get("axes") == [],
        "of no axes there is an empty list of scales or sizes",
    ),
    (
        "Resize",
        "Number of elements of input 'sizes' (0)",
        lambda f: f.has_input(3) and f.inputs[3].size == f.inputs[0].ndim,
        "the sizes are as many as axes; onnxruntime counts those of scales, which are left out",
    ),
    (
        "Resize",
        "keep_aspect_ratio_policy",
        lambda f: f.has_input(2),
        "beside scales keep_aspect_ratio_policy is not applicable",
    ),
    (
        "Resize Upsample",
        "Tensor type mismatch",
        lambda f: f.attributes.get("mode") == b"cubic" and f.inputs[0].dtype.kind in "iu",
        "integers are among the types, in every mode",
    ),
    (
        "RoiAlign",
        "Integer overflow",
        lambda f: (f.inputs[1][:, 2:] < f.inputs[1][:, :2]).any() or f.has_large(),
        "of regions turned around nothing is said: they have no points",
    ),
    ("RoiAlign", "values must be finite", lambda f: f.has_large(), "of regions without end nothing is said"),
    ("RoiAlign", "bad_alloc", lambda f: np.abs(f.inputs[1]).max() > 1e6, "regions may be wider than memory"),
    (
        "STFT",
        "must be >= 0",
        lambda f: not f.has_input(2) and not f.has_input(3),
        "window and length may both be left out: a frame is the signal",
    ),
    (
        "STFT",
        "the dft size is smaller than the signal",
        ALWAYS,
        "a signal that is shorter than a frame has none",
    ),
    (
        "Split",
        "negative final split",
        Facts.splits_off_nothing,
        "pieces that nothing is left for are empty",
    ),
    (
        "StringNormalizer",
        "must have either [C] or [1,C]",
        lambda f: f.inputs[0].ndim == 2 and f.inputs[0].shape[0] == 1,
        "1 x C is allowed; onnxruntime asks for it before sizes are known",
    ),
    (
        "TfIdfVectorizer",
        "max_gram_length must be inbounds of ngram_counts",
        ALWAYS,
        "of a length that ngram_counts does not speak of the pool has no n-grams",
    ),
    ("TopK", "Invalid value for attribute k", lambda f: f.attributes["k"] == 0, "k may be 0"),
]


def refusal_reason_of(model, held, text):
    """The first reason that holds for this case, which onnxruntime refuses by `text`; "" where none does."""
    facts = Facts(model, held, text)
    return next(
        (
            reason
            for operators, parts, holds, reason in REASONS + CONTRIB_REASONS
            if (not operators or facts.op in operators.split())
            and any(part in text for part in ((parts,) if isinstance(parts, str) else parts))
            and holds(facts)
        ),
        "",
    )
