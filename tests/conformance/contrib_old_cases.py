"""The single-node tests of the oldest operators: words, masked pools and an LSTM that attends of com.microsoft, and what
ONNX tried in its first opsets. Seeded by the name of each case."""
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, int32


def tokenized(label, *texts, shape=None, **attributes):
    texts = np.array(texts, object).reshape(shape or (len(texts),))
    return Case(f"tokenizer_{label}", "Tokenizer", [texts], {"mincharnum": 1, "pad_value": "#", "mark": 0, **attributes},
                terms=0, output_types=[TensorProto.STRING])


def tokenizer_cases():
    yield tokenized("spaces", "Hello World", "I love computer science !", separators=[" "])
    yield tokenized("many_spaces", "  a  b ", "", "c", separators=[" "])
    yield tokenized("marked", "  a  b ", "", "c d e", separators=[" "], mark=1)
    yield tokenized("marked_by_another_number", "a", separators=[" "], mark=2)
    yield tokenized("of_two_characters", "a bb ccc 日 日本", separators=[" "], mincharnum=2)
    yield tokenized("padded_with_nothing", "a b", "c", separators=[" "], pad_value="")
    yield tokenized("matrix", "a b", "c", "d e f", "", shape=(2, 2), separators=[" "])
    yield tokenized("several_separators", "a,b;c, d", separators=[",", ";", " "])
    yield tokenized("separators_in_order", "aXYbXc", separators=["X", "XY"])
    yield tokenized("separators_in_other_order", "aXYbXc", separators=["XY", "X"])
    yield tokenized("pattern", "a1b22c", separators=["[0-9]+"])
    yield tokenized("longest_separator", "<a><b>c", separators=["<.*?>"])
    yield tokenized("separator_at_the_begin", "aab", separators=["^a"])
    yield tokenized("separator_of_nothing", "aab", "b", separators=["a*"])
    yield tokenized("boundaries", "foo bar x", "  é日foo", separators=[r"\b"])
    yield tokenized("end", "foo bar", separators=["$"])
    yield tokenized("empty_among_separators", "a b", separators=[" ", ""])
    yield tokenized("other_script", "日本語本x", separators=["本"])
    yield tokenized("two_separators_of_two_characters", "a;bb,ccc;d", separators=[",", ";"], mincharnum=2)
    yield tokenized("characters", "abc", "dé", "日本語x", "", separators=[""])
    yield tokenized("characters_marked", "abc", "d", separators=[""], mark=1)
    yield tokenized("characters_by_expression", "ab\nc", tokenexp=".")
    yield tokenized("expression", "abc123def45", "xx", "1", tokenexp="[0-9]+")
    yield tokenized("expression_marked", "abc123def45", "xx", "1", tokenexp="[0-9]+", mark=1)
    yield tokenized("expression_of_three", "abc123def45", "xx", "1", tokenexp="[0-9]+", mincharnum=3)
    yield tokenized("longest_expression", "abab", tokenexp="a|ab")
    yield tokenized("expression_of_nothing", "aaxbbxx", tokenexp="x*")
    yield tokenized("expression_at_the_begin", "aab", tokenexp="^a")
    yield tokenized("lines", "a\nb", tokenexp=".+")
    yield tokenized("separators_over_expression", "a b", separators=[" "], tokenexp="a")
    yield tokenized("nothing_left", " ", "  ", separators=[" "], mark=1)
    yield tokenized("nothing_left_of_a_matrix", " ", "  ", shape=(2, 1), separators=[" "])
    yield tokenized("no_strings", separators=[" "])
    yield tokenized("no_columns", shape=(2, 0), separators=[" "])
    yield tokenized("no_rows", shape=(0, 2), separators=[" "])


def word_cases():
    for label, words, attributes in (
            ("plain", None, {}), ("told", None, {"embedding_size": 5, "conv_window_size": 3, "char_embedding_size": 4}),
            # onnxruntime leaves what a word without characters gives unwritten.
            ("of_shorter_words", int32([3, 4, 0, 0, 0, 0], [2, 7, 3, 2, 0, 0], [1, 8, 0, 9, 6, 1], [5, 0, 0, 0, 0, 4]), {}),
            ("of_none", np.zeros((0, 6), np.int32), {})):
        make = Maker(f"word_conv_embedding_{label}")
        words = make.rng.integers(1, 20, (6, 6)).astype(np.int32) if words is None else words
        inputs = [words, make.normal(5, 1, 3, 4), make.normal(5), make.normal(20, 4)]
        yield Case(make.name, "WordConvEmbedding", inputs, attributes, terms=16, output_types=[TensorProto.FLOAT])


def pool_cases():
    for label, shape, mask, attributes in (
            ("of_a_line", (2, 3, 7), (2, 3, 7), {"kernel_shape": [3]}),
            ("of_a_line_with_one_mask", (2, 3, 7), (1, 1, 7), {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
            ("of_a_plane", (2, 2, 5, 6), (2, 2, 5, 6), {"kernel_shape": [2, 3], "strides": [1, 2], "pads": [1, 1, 0, 1]}),
            ("of_a_plane_with_one_mask", (2, 2, 5, 6), (1, 1, 5, 6), {"kernel_shape": [3, 2], "pads": [1, 0, 1, 0]}),
            ("of_a_plane_by_channel", (2, 2, 5, 6), (1, 2, 5, 6), {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"}),
            ("same_lower", (1, 1, 5, 6), (1, 1, 5, 6), {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER", "storage_order": 1}),
            ("valid", (1, 1, 5, 6), (1, 1, 5, 6), {"kernel_shape": [2, 2], "auto_pad": "VALID", "strides": [2, 2]}),
            ("of_a_volume", (2, 2, 3, 4, 5), (2, 2, 3, 4, 5), {"kernel_shape": [2, 2, 3]}),
            ("of_a_volume_with_one_mask", (2, 2, 3, 4, 5), (1, 1, 3, 4, 5), {"kernel_shape": [2, 2, 2], "strides": [1, 2, 1]})):
        make = Maker(f"maxpool_with_mask_{label}")
        yield Case(make.name, "MaxpoolWithMask", [make.normal(*shape), (make.rng.random(mask) < 0.7).astype(np.int32)],
                   attributes, terms=0)
    make = Maker("maxpool_with_mask_of_nothing_but_zeros")
    yield Case(make.name, "MaxpoolWithMask", [make.normal(1, 1, 3, 4), np.zeros((1, 1, 3, 4), np.int32)],
               {"kernel_shape": [2, 2]}, terms=0)


def attending(label, directions=1, given=("P", "AW", "B", "lengths", "memory_lengths", "states"), outputs=(True,) * 3,
              **attributes):
    """given: which of the optional inputs are."""
    make = Maker(f"attn_lstm_{label}")
    times, batch, inputs, hidden, steps, depth, attention = 4, 2, 3, 5, 6, 4, 7
    fed = 3 if "AW" in given else depth

    def optional(name, value):
        return value if name in given else None

    values = [make.normal(times, batch, inputs), make.normal(directions, 4 * hidden, inputs + fed) / 2,
              make.normal(directions, 4 * hidden, hidden) / 2, optional("B", make.normal(directions, 8 * hidden)),
              optional("lengths", int32(4, 3)), *(optional("states", make.normal(directions, batch, hidden)) for _ in "hc"),
              optional("P", make.normal(directions, 3 * hidden)), make.normal(directions, hidden, attention),
              make.normal(directions, depth, attention), make.normal(directions, attention), make.normal(batch, steps, depth),
              optional("memory_lengths", int32(6, 4)), optional("AW", make.normal(directions, depth + hidden, fed))]
    return Case(make.name, "AttnLSTM", [v if v is None or v.dtype == np.int32 else v.astype(np.float32) for v in values],
                {"hidden_size": hidden, **attributes}, terms=64, outputs=outputs)


def attending_cases():
    yield attending("plain", given=())
    yield attending("of_an_attention_layer", given=("AW",))
    yield attending("of_memory_lengths", given=("memory_lengths",))
    yield attending("of_lengths", given=("AW", "lengths"), outputs=(True,))
    yield attending("with_bias_and_states", given=("B", "states"), outputs=(False, True, True))
    yield attending("of_all")
    yield attending("reverse", direction="reverse")
    yield attending("bidirectional", directions=2, direction="bidirectional")
    yield attending("coupled", input_forget=1)
    yield attending("clipped", clip=0.5)
    yield attending("of_other_functions", activations=["HardSigmoid", "Softsign", "LeakyRelu"],
                    activation_alpha=[0.3, 0.2], activation_beta=[0.4])


def first_cases():
    """Of the ONNX domain's experimental operators."""
    def case(label, op, inputs, terms=2, **attributes):
        return Case(label, op, inputs, attributes, terms=terms, domain="", onnx_version=9)

    make = Maker("first_operators")
    x = make.normal(2, 3, 4, 5)
    yield case("affine", "Affine", [x], alpha=2.0, beta=0.5)
    yield case("affine_by_default", "Affine", [x])
    yield case("parametric_softplus", "ParametricSoftplus", [x * np.float32(20)], terms=64, alpha=2.0, beta=0.5)
    yield case("scaled_tanh", "ScaledTanh", [x], terms=4, alpha=2.0, beta=0.5)
    yield case("scale", "Scale", [x], scale=2.5)
    yield case("image_scaler", "ImageScaler", [x], scale=2.0, bias=[1.0, 2.0, 3.0])
    for border, size in (([1, 1, 1, 1], None), ([1, 0, 2, 1], None), ([2, 0, 3, 0], None), ([0, 1, 0, 0], [2, 3]),
                         ([1, 2, 9, 9], [2, 3]), ([1, 2, 0, 0], [0, 3])):
        label = "_".join(map(str, border + (size or [])))
        yield case(f"crop_{label}", "Crop", [x], border=border, terms=0, **({"scale": size} if size else {}))
    for label, starts, ends, axes in (("of_axes", [1, 0], [2, -1], [1, 3]), ("of_first_axes", [1, 0], [2, -1], None),
                                      ("from_the_end", [-2], [100], [-1]), ("of_nothing", [3], [1], [3])):
        for dtype in (np.int32, np.int64):
            inputs = [x, *(None if v is None else np.array(v, dtype) for v in (starts, ends, axes))]
            yield case(f"dynamic_slice_{label}_{np.dtype(dtype).name}", "DynamicSlice", inputs, terms=0)


def all_cases():
    yield from first_cases()
    yield from tokenizer_cases()
    yield from word_cases()
    yield from pool_cases()
    yield from attending_cases()
