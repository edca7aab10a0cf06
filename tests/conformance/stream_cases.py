"""The single-node tests of the operators of com.microsoft for streams, gates, routers, positions and packed tables, seeded
by the name of each case."""
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, int32

FLOATS = (np.float32, np.float16)


def name_of(dtype):
    return np.dtype(dtype).name


def norm_cases():
    for dtype in FLOATS:
        for label, shape, scale, attributes in (
                ("of_all", (2, 3, 4), (12,), {}), ("of_a_branch", (2, 3, 4), (4,), {}), ("of_a_matrix", (3, 4), (3, 4), {}),
                ("without_scale", (2, 2, 3, 5), None, {"epsilon": 0.3}), ("side_by_side", (2, 12), (12,), {"num_branches": 3}),
                ("side_by_side_of_a_branch", (12,), (6,), {"num_branches": 2}), ("of_nothing", (0, 3, 4), (4,), {})):
            make = Maker(f"branchwise_rms_norm_{label}_{name_of(dtype)}")
            inputs = [make.normal(*shape, dtype=dtype), None if scale is None else make.normal(*scale)]
            yield Case(make.name, "BranchwiseRMSNorm", inputs, attributes, terms=16)
        for label, size, attributes in (("plain", 8, {}), ("of_heads", 4, {"activation": "swish", "epsilon": 0.1}),
                                        ("sigmoid", 2, {"activation": "sigmoid"}), ("of_one", 1, {})):
            make = Maker(f"gated_rms_norm_{label}_{name_of(dtype)}")
            inputs = [make.normal(*shape, dtype=dtype) for shape in ((2, 3, 8), (size,), (2, 3, 8))]
            yield Case(make.name, "GatedRMSNorm", inputs, attributes, terms=16)
        for label, normed, attributes in (("plain", False, {}), ("normed", True, {}), ("epsilon", True, {"epsilon": 0.5})):
            make = Maker(f"engram_gate_{label}_{name_of(dtype)}")
            shapes = [(2, 3, 4, 8), (2, 3, 4, 8), (2, 3, 8), (4, 8), (4, 8)] + [(4, 8)] * normed
            # Of float16, onnxruntime norms the value that it has rounded.
            yield Case(make.name, "EngramGate", [make.normal(*shape, dtype=dtype) for shape in shapes], attributes,
                       terms=16, outputs=(True,) * (1 + normed))
    make = Maker("engram_gate_of_no_key")
    inputs = [np.zeros((1, 2, 2, 4), np.float32), make.normal(1, 2, 2, 4), make.normal(1, 2, 4), make.normal(2, 4),
              make.normal(2, 4)]
    yield Case(make.name, "EngramGate", inputs, {}, terms=4)


def connection_cases():
    for dtype in FLOATS:
        for label, shape, gate, attributes in (
                ("plain", (2, 5, 3, 4), (2, 5, 3), {}), ("scaled", (2, 5, 3, 4), (2, 5, 3, 1), {"reduction_scale": 0.5}),
                ("of_numbers", (5, 3, 4), (5, 3, 4), {}), ("side_by_side", (2, 5, 12), (2, 5, 3), {"num_branches": 3}),
                ("side_by_side_of_numbers", (2, 12), (2, 12), {"num_branches": 3}),
                ("side_by_side_of_a_matrix", (12,), (3, 4), {"num_branches": 3}), ("of_nothing", (0, 3, 4), (0, 3), {})):
            make = Maker(f"hyper_connection_pre_mix_{label}_{name_of(dtype)}")
            yield Case(make.name, "HyperConnectionPreMix", [make.normal(*shape, dtype=dtype), make.normal(*gate)],
                       attributes, terms=8)
        for label, shape, gate, mixes, attributes in (
                ("plain", (2, 5, 3, 4), (2, 5, 3), False, {}), ("mixed", (2, 5, 3, 4), (2, 5, 3, 1), True, {}),
                ("of_numbers", (5, 3, 4), (5, 3, 4), True, {}), ("side_by_side", (2, 12), (2, 3), True, {"num_branches": 3}),
                ("of_nothing", (0, 3, 4), (0, 3), True, {})):
            make = Maker(f"hyper_connection_post_mix_{label}_{name_of(dtype)}")
            leading = shape[:-1] if attributes else shape[:-2]
            inputs = [make.normal(*shape, dtype=dtype), make.normal(*leading, 4, dtype=dtype), make.normal(*gate),
                      make.normal(*leading, 3, 3) if mixes else None]
            yield Case(make.name, "HyperConnectionPostMix", inputs, attributes, terms=16)
        make = Maker(f"linear_attention_gate_{name_of(dtype)}")
        inputs = [make.normal(2, 3, 4, dtype=dtype) * dtype(9), make.normal(4), make.normal(4)]
        yield Case(f"{make.name}_of_decay", "LinearAttentionGate", inputs, {}, terms=16)
        yield Case(make.name, "LinearAttentionGate", inputs + [make.normal(2, 3, 4, dtype=dtype)], {}, terms=16,
                   outputs=(True, True))


def router_cases():
    floats = [TensorProto.FLOAT] * 3
    for dtype in FLOATS:
        kinds = [helper_type(dtype)] + floats[1:]
        for label, shape, attributes in (
                ("plain", (5, 8), {"top_k": 2}), ("of_groups", (5, 8), {"top_k": 3, "n_group": 4, "topk_group": 2}),
                ("of_a_group", (5, 8), {"top_k": 3, "n_group": 2, "group_topk": 9}),
                ("by_the_best", (5, 8), {"top_k": 5, "n_group": 2, "group_topk": 1, "router_sentinel": -5.0}),
                ("of_all", (2, 3, 4), {"top_k": 4}), ("of_none", (0, 4), {"top_k": 1})):
            make = Maker(f"moe_group_router_{label}_{name_of(dtype)}")
            yield Case(make.name, "MoEGroupRouter", [make.normal(*shape, dtype=dtype), make.normal(shape[-1])], attributes,
                       terms=4, output_types=kinds)
    ties = [np.zeros((1, 8), np.float32), np.zeros(8, np.float32)]
    yield Case("moe_group_router_of_ties", "MoEGroupRouter", ties, {"top_k": 2, "n_group": 4, "topk_group": 2}, terms=4)
    scores = {"outputs": (False, True, True), "output_types": floats}
    make = Maker("moe_group_router_scores")
    yield Case(make.name, "MoEGroupRouter", [make.normal(2, 3, 8), make.normal(8)], {"top_k": 2}, terms=4, **scores)
    make = Maker("moe_group_router_scores_of_a_projection")
    inputs = [make.normal(5, 256), make.normal(8), make.normal(8, 256)]
    yield Case(make.name, "MoEGroupRouter", inputs, {"top_k": 2}, terms=256, **scores)


def helper_type(dtype):
    return TensorProto.FLOAT16 if dtype == np.float16 else TensorProto.FLOAT


def m_rotary(label, section, by_head=False, size=12, rows=7, dtype=np.float32, **attributes):
    make = Maker(f"m_rotary_embedding_{label}_{name_of(dtype)}")
    half = sum(section)
    x = make.normal(2, 3, 4, size, dtype=dtype) if by_head else make.normal(2, 4, 3 * size, dtype=dtype)
    inputs = [x, make.rng.integers(0, rows, (3, 2, 4)), make.normal(rows, half, dtype=dtype),
              make.normal(rows, half, dtype=dtype)]
    return Case(make.name, "MRotaryEmbedding", inputs, {"mrope_section": list(section), "num_heads": 3, **attributes},
                terms=8)


def rotary_cases():
    for dtype in FLOATS:
        for section in ((2, 2, 2), (3, 2, 1), (0, 6, 0), (2, 1, 3)):
            for layout in (0, 1):
                label = f"{'_'.join(map(str, section))}_{'in_turns' if layout else 'in_order'}"
                yield m_rotary(label, section, by_head=layout == 0, dtype=dtype, mrope_layout=layout)
        yield m_rotary("interleaved", (2, 2, 2), interleaved=1, dtype=dtype)
        yield m_rotary("scaled_part", (2, 1, 3), size=16, by_head=True, rotary_embedding_dim=12, scale=1.5, dtype=dtype)
        yield m_rotary("interleaved_part", (2, 2, 2), size=14, rotary_embedding_dim=12, interleaved=1, mrope_layout=1,
                       dtype=dtype)


# GGML's number, elements and bytes of a block, where its scales lie.
PACKED = ((0, 1, 4, 0), (1, 1, 2, 0), (2, 32, 18, 2), (6, 32, 22, 2), (8, 32, 34, 2), (13, 256, 176, 4), (14, 256, 210, -2),
          (16, 256, 66, 2), (17, 256, 74, 2), (18, 256, 98, 2), (20, 32, 18, 2), (22, 256, 82, 2), (23, 256, 136, 2),
          (30, 1, 2, 0), (42, 64, 18, 2))


def packed(make, number, elements, size, scales, rows, blocks):
    """A table of rows of random blocks, with scales of about 1."""
    if elements == 1:
        values = make.normal(rows, blocks)
        if number == 30:
            return (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        return values.astype(np.float16 if number == 1 else np.float32).view(np.uint8)
    table = make.uint8(rows, blocks, size)
    at = slice(scales, None) if scales < 0 else slice(0, scales)
    table[..., at] = make.positive(rows, blocks, abs(scales) // 2, dtype=np.float16).view(np.uint8)
    return table.reshape(rows, blocks * size)


def packed_cases():
    for number, elements, size, scales in PACKED:
        for dtype in FLOATS:
            make = Maker(f"gather_packed_{number}_{name_of(dtype)}")
            blocks = 7 if elements == 1 else 2
            table = packed(make, number, elements, size, scales, 5, blocks)
            indices = np.array([[4, 0, -1], [3, 9, 2]], np.int64)
            yield Case(make.name, "GatherPacked", [table, indices if dtype == np.float32 else indices[0].astype(np.int32)],
                       {"packed_type": number, "K": blocks * elements, "output_dtype": helper_type(dtype)}, terms=0,
                       output_types=[helper_type(dtype)])
    make = Maker("gather_packed_of_a_scalar")
    table = packed(make, 2, 32, 18, 2, 3, 1)
    for label, indices in (("a_scalar", np.array(2)), ("nothing", np.zeros((0, 2), np.int64))):
        yield Case(f"gather_packed_of_{label}", "GatherPacked", [table, indices],
                   {"packed_type": 2, "K": 32, "output_dtype": TensorProto.FLOAT}, terms=0, output_types=[TensorProto.FLOAT])


def all_cases():
    yield from norm_cases()
    yield from connection_cases()
    yield from router_cases()
    yield from rotary_cases()
    yield from packed_cases()
