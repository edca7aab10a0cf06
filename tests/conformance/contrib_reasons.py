"""The rows of case_reasons.py for operators of ai.onnx.ml and com.microsoft alone."""
import numpy as np

BLOCKED = "com.microsoft.nchwc"

CONTRIB_REASONS = [
    (
        lambda f: f.op == "WordConvEmbedding" and f.inputs[0].ndim == 2 and (f.inputs[0][:, :1] <= 0).any(),
        "a word without characters gives zeros; onnxruntime leaves unwritten what it gives",
    ),
    (
        lambda f: f.op in ("Imputer", "Scaler")
        and f.inputs[0].ndim > 2
        and any(len(v) > 1 for name, v in f.attributes.items() if name.startswith(("imputed_", "offset"))),
        "features lie along the last axis; onnxruntime counts the second, of more than two axes as well",
    ),
    (
        lambda f: f.op == "Imputer" and "numbers: expected 1 or" in f.why,
        "there is one value for all features, or one for each; onnxruntime takes the first of any other number",
    ),
    (
        lambda f: f.op == "WordConvEmbedding"
        and (f.inputs[0].ndim > 2 or f.inputs[1].ndim > 4)
        and ("expected words x characters" in f.why or "expected filters x 1 x width x size" in f.why),
        "words are rows of characters and filters matrices; of more dimensions onnxruntime reads the first numbers",
    ),
    (
        lambda f: f.op == "SVMRegressor" and "attribute n_supports is" in f.why,
        "a number of support vectors is none below 0; onnxruntime takes such a one as a linear model",
    ),
    (
        lambda f: f.op == "TreeEnsemble" and "attribute membership_values has shape" in f.why,
        "the members of sets are a list",
    ),
    (
        lambda f: f.op == "TreeEnsembleRegressor"
        and any(name.startswith("base_values") for name in f.attributes)
        and f.attributes.get("n_targets", 1) > 1,
        "base values are added to every target; onnxruntime leaves out those of targets that no leaf speaks of",
    ),
    (
        lambda f: f.op == "FeatureVectorizer" and "attribute inputdimensions has 0" in f.why,
        "an input that has elements is not of size 0",
    ),
    (
        lambda f: f.op in ("BiasGelu", "FastGelu") and "the last dimension of the first input" in f.why,
        "the bias is as long as the last dimension; onnxruntime does not look",
    ),
    (
        lambda f: f.op == "GroupQueryAttention" and f.has_input(3) and not f.wants_output(1),
        "the present need not be wanted; onnxruntime then reads the past from memory that nobody wrote",
    ),
    (
        lambda f: f.op == "LinearAttention" and f.has_input(4) and (f.inputs[4].astype(np.float64) > 80).any(),
        "what decays beyond float come to is left open: they are taken in double here, in float there",
    ),
    (
        lambda f: f.op in ("Attention", "QAttention")
        and f.domain == "com.microsoft"
        and f.is_of_half()
        and f.apart() < 2**17,
        "queries, keys and values are rounded to float16 here; onnxruntime computes float16 in float",
    ),
    (
        lambda f: f.op == "TreeEnsemble" and "expected at least one tree" in f.why,
        "an ensemble has trees",
    ),
    (
        lambda f: f.op in ("QLinearAdd", "QLinearMul") and f.why.endswith("by 1"),
        "a quotient at a half goes to even, and then comes the zero point; onnxruntime rounds the sum, or in float",
    ),
    (
        lambda f: f.op == "QMoE"
        and f.attributes.get("swiglu_fusion")
        and f.attributes.get("activation_type") != b"swiglu",
        "swiglu_fusion speaks of swiglu; onnxruntime halves what comes before other activations, too",
    ),
    (
        lambda f: f.op == "ConvTransposeWithDynamicPads" and f.attributes.get("auto_pad") == b"VALID",
        "VALID is no padding; onnxruntime takes Pads all the same",
    ),
    (
        lambda f: f.op == "AttnLSTM" and (f.has_nan() or f.has_infinity()),
        "what is no number stays so; onnxruntime bounds what it gives to activations, and no number becomes a bound",
    ),
    (
        lambda f: (f.domain, f.op) == (BLOCKED, "Upsample")
        and f.attributes.get("mode") == b"linear"
        and (f.has_nan() or f.has_infinity()),
        "what has the weight 0 does not count; onnxruntime multiplies it, which of infinity and NaN is NaN",
    ),
    (
        lambda f: f.op == "DynamicQuantizeMatMul" and np.isinf(f.inputs[0]).any(),
        "a range without end has no scale that is a number, and no zero point",
    ),
    (lambda f: f.op == "FastGelu" and f.inputs[0].ndim == 0, "the result has the shape of X"),
    (
        lambda f: f.op == "FusedMatMul"
        and f.inputs[0].dtype == np.float16
        and f.attributes.get("transA")
        and f.inputs[1].ndim == 1,
        "A is transposed, also before a vector; onnxruntime forgets it in float16",
    ),
    (
        lambda f: f.op == "Inverse" and f.why.startswith("output") and f.is_ill_conditioned(),
        "matrices that have no inverse, or one that depends on rounding",
    ),
    (lambda f: f.op == "GroupQueryAttention" and f.attributes.get("local_window_size") == 0, "a window of 0 is none"),
    (
        lambda f: f.op == "TreeEnsemble" and f.attributes.get("post_transform") in (1, 2),
        "post_transform 1 is SOFTMAX and 2 LOGISTIC; onnxruntime has them the other way round",
    ),
    (lambda f: f.op == "Normalizer" and f.inputs[0].dtype.kind in "iu", "the square of the least integer"),
    (
        lambda f: f.op in ("QLinearAveragePool", "QLinearGlobalAveragePool") and f.why.endswith("by 1"),
        "a mean that lies at a half goes to the even byte; onnxruntime's product of scales may miss the half",
    ),
    (
        lambda f: f.op == "TreeEnsembleClassifier" and f.why.startswith("output 0"),
        "two classes that both have weights: the labels are the model's; onnxruntime gives 1 and 0",
    ),
]
