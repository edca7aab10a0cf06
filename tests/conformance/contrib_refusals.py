"""The rows of refusal_reasons.py for operators of ai.onnx.ml and com.microsoft alone."""
import numpy as np

from case_facts import ALWAYS, Facts

TREES = "TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor"
QLINEAR = "QLinearAdd QLinearAveragePool QLinearMul"
EMBEDDINGS = "EmbedLayerNormalization QEmbedLayerNormalization"

CONTRIB_REASONS = [
    # ai.onnx.ml
    ("Binarizer", "is NaN", lambda f: f.has_nan(), "NaN is not above the threshold"),
    (
        "LinearClassifier",
        "intercepts must not be empty",
        lambda f: not f.attributes.get("intercepts"),
        "intercepts may be left out",
    ),
    (
        "SVMClassifier SVMRegressor",
        "No attribute with this name",
        lambda f: "kernel_params" not in f.attributes,
        "kernel_params may be left out",
    ),
    (
        "Scaler",
        "cale",
        lambda f: not f.attributes.get("scale") or not f.attributes.get("offset"),
        "offset and scale may be left out, which are then 0 and 1",
    ),
    (
        "Scaler",
        "can be of feature size",
        lambda f: f.inputs[0].ndim > 2,
        "features lie along the last axis; onnxruntime counts the second, of more than two axes as well",
    ),
    (
        "LabelEncoder",
        "must be a singleton 1D tensor",
        lambda f: f.attributes["default_tensor"].dims == [],
        "a scalar is read as one element in a list",
    ),
    (TREES, "hitrates", lambda f: any("hitrates" in name for name in f.attributes), "hit rates change no result"),
    (
        "TreeEnsemble",
        "must have same type as input",
        ALWAYS,
        "the specification does not say that a tree's numbers are of the input's type",
    ),
    # com.microsoft
    (
        "Attention QAttention",
        "Expect to have present state output",
        ALWAYS,
        "the output of the present state is optional",
    ),
    (
        "Attention",
        "cannot have both past and attention_bias",
        ALWAYS,
        "inputs past and attention_bias are optional each",
    ),
    (
        "BiasGelu FastGelu",
        "expected to have 1 or more dimensions",
        Facts.is_scalar,
        "a scalar meets a bias of one element",
    ),
    (
        "ConvTransposeWithDynamicPads",
        "Dynamic pads tensor is required",
        lambda f: not f.has_input(2),
        "Pads are optional",
    ),
    (
        "DecoderMaskedMultiHeadAttention MultiHeadAttention",
        "type inference failed",
        lambda f: len(f.node.output) > 3,
        "onnxruntime does not tell the type of the scores, which no input has",
    ),
    (
        "DecoderMaskedMultiHeadAttention",
        "past_present_share_buffer_",
        lambda f: f.attributes.get("past_present_share_buffer", 0) == 0,
        "past and present need not share memory",
    ),
    (
        "DecoderMaskedMultiHeadAttention",
        "must not exceed max_sequence_length",
        lambda f: f.attributes.get("past_present_share_buffer", 0) != 0,
        "past and present share no memory here, which then need not be as long",
    ),
    (EMBEDDINGS, "dimension size", ALWAYS, "onnxruntime asks for sizes before they are known"),
    ("EmbedLayerNormalization", "node has 1 outputs", ALWAYS, "the output mask_index is optional"),
    (
        "ExpandDims",
        "must be a scalar tensor",
        lambda f: f.inputs[1].size == 1,
        "one element in a list is read as a scalar",
    ),
    (
        "Conv FusedConv",
        "GetFusedActivationAttr",
        lambda f: f.attributes.get("activation") in (b"", b"Clip")
        or len(f.attributes.get("activation_params", ())) > 1,
        "no activation is none, and Clip has its numbers in activation_params; what stands behind them says nothing",
    ),
    (
        "FusedGemm",
        "unknown kernel type",
        lambda f: f.attributes.get("activation", b"") in (b"", b"Clip"),
        "no activation is none, and Clip has its bounds in attributes",
    ),
    (
        "FusedGemm",
        "No attribute with name",
        lambda f: "activation_alpha" not in f.attributes or "activation_beta" not in f.attributes,
        "the numbers of an activation may be left out",
    ),
    (
        "FusedMatMul",
        "if transBatchA or transBatchB is true",
        lambda f: f.attributes.get("transBatchA") or f.attributes.get("transBatchB"),
        "batch dimensions broadcast, also where they are moved",
    ),
    (
        "GroupQueryAttention",
        "must both be provided or both omitted",
        ALWAYS,
        "each output of present keys and values is optional",
    ),
    (
        "GroupQueryAttention",
        "output buffer was not provided",
        lambda f: not f.wants_output(3),
        "scores that are not wanted need no output, whatever qk_output says",
    ),
    (
        "DynamicQuantizeMatMul MatMulIntegerToFloat",
        "b zero point is not valid",
        lambda f: f.inputs[1].ndim > 2,
        "a zero point per column serves every matrix",
    ),
    (
        "MultiHeadAttention",
        "key_padding_mask' shape is not expected",
        lambda f: f.inputs[4].ndim == 2 and f.inputs[4].shape[1] == 1,
        "a mask that is the same for all keys says nothing",
    ),
    (
        "Attention QAttention",
        "mask_index end_position values must be non-negative",
        ALWAYS,
        "before an end below 0 lies no key",
    ),
    ("MatMulNBits", "bias shape must be [N]", ALWAYS, "onnxruntime asks for sizes before they are known"),
    ("QGemm", "should have same shape size", ALWAYS, "scale and zero point of B may each be one or one per column"),
    (
        "CategoryMapper",
        "is required",
        lambda f: "cats_int64s" not in f.attributes and "cats_strings" not in f.attributes,
        "lists that are left out are empty",
    ),
    (
        "MatMulIntegerToFloat",
        "Attempting to broadcast an axis",
        lambda f: f.inputs[2].ndim == 1 and f.inputs[2].size > 1,
        "a scale of A may be one per row, as its zero point in MatMulInteger",
    ),
    (
        "NGramHashMapping",
        "must fit in the id type",
        lambda f: f.has_input(4) and (f.inputs[4] > np.iinfo(f.inputs[4].dtype).max - f.inputs[2]).any(),
        "sums of offsets wrap around in the type of ids, as VarlenNGramHashMapping says, which gives the same numbers",
    ),
    (
        QLINEAR,
        "Input data type does not match",
        lambda f: any(v is None for v in f.inputs) or len(f.inputs) < 5,
        "zero points are optional; onnxruntime compares the type of one that is left out",
    ),
    (
        QLINEAR + " QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QLinearWhere ScaledSiLU",
        "must be a scalar",
        lambda f: any(v is not None and v.size == 1 and v.ndim > 0 for v in f.inputs),
        "one element in a list is read as a scalar",
    ),
    (
        "QLinearGlobalAveragePool",
        "out of computation range",
        lambda f: not (2**-32 <= f.inputs[1].item() / f.inputs[3].item() < 256)
        or min(f.inputs[1].item(), f.inputs[3].item()) <= 0,
        "scales may be any numbers",
    ),
    (
        "ReorderInput",
        "(channels % 4) == 0",
        lambda f: f.inputs[0].shape[-1 if f.attributes.get("channels_last") else 1] % 4 != 0,
        "channels that do not fill a block have zeros behind them, however many they are",
    ),
    ("QLinearSoftmax", "x_scale must be positive", lambda f: f.inputs[1] <= 0, "scales may be any numbers"),
    ("QMoE", "requires a shared layout", lambda f: f.is_of("bfloat16"), "bfloat16 is among the types"),
    (
        "QMoE",
        "expert weight bits must be",
        lambda f: any(name.startswith("fc") and name.endswith("_bits") for name in f.attributes),
        "bits of single layers of 0 or less leave those of all",
    ),
    (
        "RotaryEmbedding",
        "rotary_embedding_dim must be in range",
        lambda f: f.attributes["rotary_embedding_dim"] < 0,
        "a dimension that is not above 0 is the whole head",
    ),
    (
        "LinearAttention",
        "IsPrimitiveDataType",
        lambda f: f.has_input(3) and f.inputs[3].dtype != f.inputs[0].dtype,
        "states may be of another type than what goes over them",
    ),
    (
        "LinearAttentionGate",
        "beta output is requested",
        lambda f: not f.has_input(3),
        "an output without a name is none",
    ),
    ("AttnLSTM", "does not support double", ALWAYS, "double is among the types"),
    ("SparseAttention", "head_size", ALWAYS, "heads may be of any size"),
    ("SparseAttention", "sparse_block_size", ALWAYS, "blocks may be of any size"),
    ("SparseAttention", "DataRaw()", ALWAYS, "the past and the present may be two memories"),
]
