"""The single-node tests of the operators of com.microsoft that move, pick, compare and sample, seeded by the name of
each case."""
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, int32


def int64(*values):
    return np.array(values, np.int64)


def moving_cases():
    for label, shape, k, upper in (("upper", (3, 4), None, 1), ("lower_of_a_batch", (2, 4, 3), 1, 0),
                                   ("upper_below_the_diagonal", (4, 4), -2, 1), ("of_nothing", (0, 3, 2), 1, 1)):
        make = Maker(f"microsoft_trilu_{label}")
        inputs = [make.normal(*shape), None if k is None else np.array(k, np.int64)]
        yield Case(make.name, "Trilu", inputs, {"upper": upper}, terms=0)
    for label, pads, value, attributes in (
            ("constant", [1, 0, 0, 2], 1.5, {}), ("as_a_matrix", [[0, 1, 2, 0]], None, {}),
            ("edge", [1, 1, 1, 1], None, {"mode": "edge"}), ("reflect", [1, 2, 1, 1], None, {"mode": "reflect"}),
            ("cropped", [-1, 0, 1, -1], 2.0, {})):
        make = Maker(f"microsoft_pad_{label}")
        inputs = [make.normal(3, 4), np.array(pads, np.int64), None if value is None else np.array([value], np.float32)]
        yield Case(make.name, "Pad", inputs, attributes, terms=0)
    for label, shape, axis in (("first", (2, 3), 0), ("middle", (2, 3), 1), ("last", (2, 3), -1), ("of_a_scalar", (), 0)):
        make = Maker(f"expand_dims_{label}")
        yield Case(make.name, "ExpandDims", [make.normal(*shape), np.array(axis, np.int32)], {}, terms=0)
    make = Maker("expand_dims_of_strings")
    yield Case(make.name, "ExpandDims", [np.array(["a", "b"], object), np.array(1, np.int32)], {}, terms=0)
    for label, shape, attributes in (("of_a_vector", (7,), {"size": 3, "step": 2}),
                                     ("middle", (2, 6, 3), {"size": 2, "dim": 1, "step": 3}),
                                     ("overlapping", (2, 5), {"size": 3}), ("whole", (4, 2), {"size": 4, "dim": -2})):
        make = Maker(f"unfold_tensor_{label}")
        yield Case(make.name, "UnfoldTensor", [make.normal(*shape)], attributes, terms=0)
    yield Case("sample_op", "SampleOp", [Maker("sample_op").normal(2, 3)], {}, terms=0)
    make = Maker("microsoft_gather_nd")
    yield Case(make.name, "GatherND", [make.normal(3, 4, 2), int64([0, 1], [2, 3], [1, -1])], {}, terms=0)
    make = Maker("microsoft_gather_nd_32_bits")
    yield Case(make.name, "GatherND", [make.normal(3, 4, 2), int32([[0], [2]], [[1], [1]])], {}, terms=0)


def picking_cases():
    for label, values in (("some", [2, 1, 1, 3, 4, 3]), ("none", []), ("one", [5])):
        yield Case(f"microsoft_unique_{label}", "Unique", [np.array(values, np.float32)], {}, terms=0,
                   outputs=(True,) * 3, output_types=[TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT64])
    for n, ids in ((2, [[1, 2, 1, 3, 1], [0, 4, 4, 4, 4]]), (1, [[1, 2], [3, 3]]), (3, [[1, 2, 3, 1, 2], [1, 2, 3, 2, 1]]),
                   (4, [[1, 2, 3], [1, 1, 1]])):
        make = Maker(f"ngram_repeat_block_{n}")
        yield Case(make.name, "NGramRepeatBlock", [int64(*ids), make.normal(2, 5)], {"ngram_size": n}, terms=0,
                   output_types=[TensorProto.FLOAT])
    for label, source, current, index, predicted, attributes in (
            ("without_prediction", [2, 5, 9, 5, 3], [1, 9], 0, None, {}),
            ("to_the_first_other", [1, 5, 3, 4, 2], [2], 1, [5, 3, 7, 2, 1], {}),
            ("all_predicted", [1, 5, 3], [2, 1], 1, [5, 3, 1], {}),
            ("found_twice", [1, 2, 1, 2, 5], [1, 2], 0, None, {}),
            ("longer", [1, 2, 3, 4, 2, 3, 5], [9, 1, 2, 3], 0, None, {"min_ngram_size": 2, "max_ngram_size": 4}),
            ("not_found", [1, 2, 3], [7], 0, None, {})):
        inputs = [int64(*source), int64(*current), int64(index), None if predicted is None else int64(*predicted)]
        yield Case(f"bifurcation_detector_{label}", "BifurcationDetector", inputs, attributes, terms=0,
                   outputs=(True, True))
    for label, shape in (("square", (5, 5)), ("wide", (3, 7)), ("of_one_batch", (1, 6, 4)), ("of_one_row", (1, 4))):
        make = Maker(f"dynamic_time_warping_{label}")
        yield Case(make.name, "DynamicTimeWarping", [make.positive(*shape)], {}, terms=0,
                   output_types=[TensorProto.INT32])
    yield Case("dynamic_time_warping_of_ties", "DynamicTimeWarping", [np.ones((4, 6), np.float32)], {}, terms=0,
               output_types=[TensorProto.INT32])


def hash_cases():
    strings = np.array(["", "a", "ab", "abc", "abcd", "abcde", "Grüße", "the quick brown fox"], object)
    for label, values in (("strings", strings), ("int32", int32(0, 1, -5, 1 << 30)), ("int64", int64(0, -1, 1 << 50)),
                          ("uint32", np.array([3, 1 << 31], np.uint32)), ("uint64", np.array([3, 1 << 63], np.uint64)),
                          ("float", np.array([[0.5, -1.25]], np.float32)), ("double", np.array([0.1], np.float64))):
        for positive in (0, 1):
            yield Case(f"murmur_hash_{label}_{'unsigned' if positive else 'signed'}", "MurmurHash3", [values],
                       {"positive": positive, "seed": 42}, terms=0,
                       output_types=[TensorProto.UINT32 if positive else TensorProto.INT32])
    yield Case("murmur_hash_of_no_seed", "MurmurHash3", [strings], {}, terms=0, output_types=[TensorProto.UINT32])


def number_cases():
    for label, start, limit, delta in (("up", 1, 9, 3), ("without_delta", 2.5, 6, None), ("down", 5, -2, -2),
                                       ("empty", 3, 1, None)):
        for dtype in (np.float32, np.int32, np.int64, np.float64):
            values = [None if v is None else np.array(v, dtype) for v in (start, limit, delta)]
            yield Case(f"microsoft_range_{label}_{np.dtype(dtype).name}", "Range", values, {}, terms=0)
    make = Maker("transpose_mat_mul")
    yield Case(make.name, "TransposeMatMul", [make.normal(2, 5, 3), make.normal(2, 4, 5)],
               {"transA": 1, "transB": 1, "alpha": 0.5}, terms=5)
    for a, b in (((3, 4), (4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((4,), (4, 3)), ((2, 3, 4), (4,)), ((2, 0), (0, 3))):
        make = Maker(f"mat_mul_integer16_{len(a)}_by_{len(b)}_of_{a[-1]}")
        inputs = [make.rng.integers(-9000, 9000, shape).astype(np.int16) for shape in (a, b)]
        yield Case(make.name, "MatMulInteger16", inputs, {}, terms=0, output_types=[TensorProto.INT32])
    for shape in ((4, 4), (2, 3, 1, 1), (3, 2, 2), (0, 3, 3)):
        for dtype in (np.float32, np.float64, np.float16):
            make = Maker(f"inverse_{'x'.join(map(str, shape))}_{np.dtype(dtype).name}")
            x = make.normal(*shape) + 4 * np.eye(shape[-1])
            yield Case(make.name, "Inverse", [x.astype(dtype)], {}, terms=8)
    for metric in ("euclidean", "sqeuclidean"):
        for dtype in (np.float32, np.float64):
            make = Maker(f"cdist_{metric}_{np.dtype(dtype).name}")
            yield Case(make.name, "CDist", [make.normal(4, 5, dtype=dtype), make.normal(3, 5, dtype=dtype)],
                       {"metric": metric}, terms=40)
    for dtype in (np.float32, np.float16):
        name = np.dtype(dtype).name
        make = Maker(f"gated_add_{name}")
        inputs = [make.normal(2, 3, 5, dtype=dtype), make.normal(2, 3, 5, dtype=dtype), make.normal(2, 3, 1, dtype=dtype)]
        yield Case(make.name, "GatedAdd", inputs, {}, terms=2)
        for label, scale, attributes in (("alone", None, {}), ("alpha", None, {"alpha": 1.7}),
                                         ("scale", np.array(0.3, np.float32), {"alpha": 5.0}),
                                         ("half_scale", np.array(-2, np.float16), {})):
            make = Maker(f"scaled_silu_{label}_{name}")
            yield Case(make.name, "ScaledSiLU", [4 * make.normal(3, 7, dtype=dtype), scale], attributes, terms=8)


def sampling_cases():
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (0, 1):
                make = Maker(f"microsoft_grid_sample_{mode}_{padding}_{corners}")
                grid = (make.rng.random((2, 3, 4, 2)) * 2.6 - 1.3).astype(np.float32)
                yield Case(make.name, "GridSample", [make.normal(2, 3, 4, 5), grid],
                           {"mode": mode, "padding_mode": padding, "align_corners": corners}, terms=64)
    for mode in ("bilinear", "nearest"):
        for label, size in (("small", (3, 2)), ("large", (6, 9)), ("of_one", (1, 1)), ("of_a_row", (1, 4))):
            make = Maker(f"crop_and_resize_{mode}_{label}")
            rois = np.array([[0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9], [-0.3, 0.4, 1.2, 0.1]], np.float32)
            yield Case(make.name, "CropAndResize", [make.normal(2, 3, 5, 6), rois, int32(0, 1, 1), int32(*size)],
                       {"mode": mode, "extrapolation_value": 7.5}, terms=16)
    for label, pads, bias, attributes in (("alone", [0, 0, 0, 0], False, {}), ("pads", [1, 0, 2, 1], True, {"strides": [2, 3]}),
                                          ("bias", [0, 0, 0, 0], True, {"output_padding": [0, 1], "strides": [2, 2]}),
                                          ("dilated", [1, 1, 1, 1], False, {"dilations": [2, 1]})):
        make = Maker(f"conv_transpose_with_dynamic_pads_{label}")
        inputs = [make.normal(2, 4, 5, 4), make.normal(4, 3, 3, 2), int64(*pads),
                  make.normal(3) if bias else None]
        yield Case(make.name, "ConvTransposeWithDynamicPads", inputs, attributes, terms=48)


def all_cases():
    yield from moving_cases()
    yield from picking_cases()
    yield from hash_cases()
    yield from number_cases()
    yield from sampling_cases()
