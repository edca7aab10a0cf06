"""The single-node tests of ONNX Runtime's own operators: inputs and attributes, seeded by the name of each case."""
import dataclasses
import functools
import zlib

import numpy as np
from onnx import TensorProto


@dataclasses.dataclass
class Case:
    name: str
    op: str
    inputs: list  # arrays; None: left out
    attributes: dict
    terms: int  # of the longest chain of sums
    outputs: tuple = (True,)  # which are wanted
    output_types: list = None  # TensorProto types; None: that of the first input
    domain: str = "com.microsoft"
    constants: tuple = ()  # which inputs are initializers
    version: int = 1  # of the domain's opset
    onnx_version: int = 18
    steps: int = 0  # by how much the outputs may be off where all of them are integers
    in_place: tuple = ()  # (output, input): onnxruntime wants both to be one memory

    def __post_init__(self):
        while self.inputs[-1] is None:
            self.inputs.pop()


def in_seven_bits(weights):
    """int8 weights halved: without VNNI onnxruntime adds two products of an uint8 and an int8 in 16 bits, which saturate,
    and its results are another CPU's no more."""
    return weights >> 1 if weights.dtype == np.int8 else weights


class Maker:
    """Random arrays that depend on a case's name alone."""

    def __init__(self, name):
        self.name = name
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))

    def normal(self, *shape, dtype=np.float32):
        return self.rng.standard_normal(shape).astype(dtype)

    def uint8(self, *shape):
        return self.rng.integers(0, 256, shape, np.uint8)

    def positive(self, *shape, dtype=np.float32):
        return (self.rng.random(shape) + 0.5).astype(dtype)


def int32(*values):
    return np.array(values, np.int32)


# --- MatMulNBits


def matmul_nbits(label, rows=(3,), n=5, k=64, bits=4, block=32, zero=None, bias=False, flat=False, dtype=np.float32,
                 empty=False, constant=False, **attributes):
    """zero: None, "packed" or "float"; constant: whether the weight is."""
    make = Maker(f"matmul_nbits_{label}{'_of_constants' if constant else ''}")
    blocks = -(-k // block)
    weight = make.uint8(n, 0 if empty else blocks, block * bits // 8)
    # Weights of about 1 whatever the bits.
    scales = make.positive(n * blocks, dtype=dtype) / dtype(2 ** (bits - 1))
    zeros = None
    if zero == "packed":
        zeros = make.uint8(n, -(-blocks * bits // 8))
    if zero == "float":
        zeros = (make.rng.random((n, blocks)) * 2**bits).astype(dtype)
    if flat and zeros is not None:
        zeros = zeros.reshape(-1)
    if not flat:
        scales = scales.reshape(n, blocks)
    attributes.update(N=n, K=k, bits=bits, block_size=block)
    inputs = [make.normal(*rows, k, dtype=dtype), weight, scales, zeros, None]
    inputs.append(make.normal(n, dtype=dtype) if bias else None)
    return Case(make.name, "MatMulNBits", inputs, attributes, terms=2 * k,
                constants=(1, 2) + ((3,) if zero else ()) if constant else ())


def matmul_nbits_cases():
    for constant in (False, True):
        yield from matmul_nbits_of(functools.partial(matmul_nbits, constant=constant))


def matmul_nbits_of(case):
    yield case("4_bits")
    yield case("4_bits_of_one_row", rows=(1,), k=256, n=33)
    yield case("rank_3_with_bias", rows=(2, 3), bias=True)
    yield case("flat_scales", flat=True, zero="packed", k=96)
    yield case("block_16_odd_blocks_packed_zeros", k=48, block=16, zero="packed")
    yield case("partial_last_block", k=40, block=16, zero="packed")
    yield case("block_128_of_which_100_are_used", k=100, block=128)
    yield case("block_256", k=512, block=256, zero="packed", bias=True)
    yield case("float_zeros", k=96, zero="float")
    yield case("8_bits", bits=8)
    yield case("8_bits_packed_zeros_partial_block", bits=8, k=80, zero="packed", bias=True)
    yield case("accuracy_level_1", accuracy_level=1, rows=(4,), k=128)
    yield case("of_8_rows", rows=(8,), k=608, n=97, zero="packed")
    yield case("of_21_rows", rows=(21,), k=1056, n=70, zero="float", bias=True)
    yield case("no_rows", rows=(0,))
    yield case("empty_weights_with_bias", bias=True, empty=True)
    yield case("empty_weights", empty=True)


# --- GroupQueryAttention

GQA_INPUTS = ("query key value past_key past_value seqlens_k total_sequence_length cos_cache sin_cache position_ids "
              "attention_bias head_sink k_scale v_scale q_norm_weight k_norm_weight query_seqlens").split()


def group_query(label, batch=2, sequence=3, heads=4, kv_heads=2, size=16, past=None, lengths=None, total=None,
                packed=False, rotary=0, positions=None, bias=None, sink=False, added=None, outputs=3, **attributes):
    """past: rows of the cache; rotary: columns of its tables; positions: the first ones; bias: leading dimensions."""
    make = Maker(f"group_query_attention_{label}")
    total = total or (past or 0) + sequence
    given = {"seqlens_k": int32(*(lengths or [total - 1] * batch)), "total_sequence_length": np.array(total, np.int32)}
    if packed:
        given["query"] = make.normal(batch, sequence, (heads + 2 * kv_heads) * size)
    else:
        given["query"] = make.normal(batch, sequence, heads * size)
        given["key"], given["value"] = (make.normal(batch, sequence, kv_heads * size) for _ in range(2))
    if past is not None:
        given["past_key"], given["past_value"] = (make.normal(batch, kv_heads, past, size) for _ in range(2))
    if rotary:
        angles = np.outer(np.arange(max(total, past or 0) + 8), 10.0 ** -np.linspace(0, 2, rotary))
        given["cos_cache"], given["sin_cache"] = (f(angles).astype(np.float32) for f in (np.cos, np.sin))
        attributes["do_rotary"] = 1
    if positions is not None:
        given["position_ids"] = np.array(positions, np.int64)[:, None] + np.arange(sequence)
    if bias is not None:
        given["attention_bias"] = make.normal(*bias, sequence, total)
    if sink:
        given["head_sink"] = make.normal(heads)
    if added is not None:
        given["query_seqlens"] = int32(*added)
    attributes.update(num_heads=heads, kv_num_heads=kv_heads)
    return Case(make.name, "GroupQueryAttention", [given.get(name) for name in GQA_INPUTS], attributes,
                terms=4 * (size + total), outputs=(True,) * outputs)


def group_query_cases():
    yield group_query("prompt")
    yield group_query("prompt_of_two_lengths", sequence=5, lengths=[4, 1])
    yield group_query("packed_prompt_with_rotary", packed=True, rotary=8)
    yield group_query("packed_decode_with_partial_rotary", packed=True, rotary=8, size=32, sequence=1, past=6)
    yield group_query("rotary_interleaved", rotary=8, rotary_interleaved=1, batch=1, sequence=4, past=3)
    yield group_query("decode", sequence=1, past=5)
    yield group_query("decode_of_two_lengths_with_rotary", sequence=1, past=5, lengths=[5, 2], rotary=8)
    yield group_query("decode_in_a_larger_cache", sequence=1, past=8, total=6, lengths=[5, 3], rotary=8)
    yield group_query("prompt_into_a_larger_cache", sequence=3, past=8, total=3)
    yield group_query("empty_past", sequence=3, past=0, rotary=8)
    yield group_query("several_tokens_behind_a_past", batch=1, sequence=3, past=5, rotary=8)
    yield group_query("window", sequence=7, local_window_size=3)
    yield group_query("window_decode", sequence=1, past=9, lengths=[9, 3], local_window_size=4)
    yield group_query("window_of_two_lengths", sequence=6, lengths=[5, 1], local_window_size=2)
    yield group_query("window_1", sequence=3, local_window_size=1)
    yield group_query("softcap", softcap=1.5)
    yield group_query("scale", scale=0.37)
    yield group_query("softcap_bias_window", softcap=1.0, bias=(2, 4), sequence=5, local_window_size=3)
    yield group_query("bias_for_all_batches_and_heads", bias=(1, 1), sequence=1, past=4)
    yield group_query("smooth_softmax", smooth_softmax=1)
    yield group_query("head_sink", sink=True, sequence=1, past=4)
    yield group_query("head_sink_with_smooth_softmax", sink=True, smooth_softmax=1)
    yield group_query("position_ids_of_a_prompt", rotary=8, positions=[2, 7])
    yield group_query("position_ids_of_a_decode", rotary=8, positions=[2, 7], sequence=1, past=5)
    yield group_query("one_head_for_all_queries", heads=6, kv_heads=1)
    yield group_query("as_many_key_heads", heads=2, kv_heads=2, size=8)
    yield group_query("not_causal", causal=0, lengths=[2, 1])
    yield group_query("not_causal_behind_a_past", causal=0, batch=1, past=4)
    yield group_query("scores", qk_output=1, outputs=4, softcap=2.0, sequence=4, local_window_size=2)
    yield group_query("weights", qk_output=2, outputs=4, batch=1, past=2)
    yield group_query("no_cache_outputs", outputs=1)
    yield group_query("query_seqlens_all_new", past=8, total=8, lengths=[6, 2], added=[3, 3], rotary=8)


# --- Normalization


def skip_normalization(op, label, shape=(2, 3, 8), skip=None, extra=0, outputs=(True,), **attributes):
    """extra: how many of beta and bias (bias alone for the simplified one) are given."""
    make = Maker(f"{op.lower()}_{label}")
    inputs = [make.normal(*shape), make.normal(*(skip or shape)), *(make.normal(shape[-1]) for _ in range(1 + extra))]
    return Case(make.name, op, inputs, attributes, terms=4 * shape[-1], outputs=outputs)


def normalization_cases():
    for op, extras in (("SkipLayerNormalization", 2), ("SkipSimplifiedLayerNormalization", 1)):
        yield skip_normalization(op, "plain", epsilon=1e-5)
        yield skip_normalization(op, "all_inputs_and_sum", extra=extras, outputs=(True, False, False, True),
                                 epsilon=1e-5)
        yield skip_normalization(op, "default_epsilon", extra=1)
        yield skip_normalization(op, "rank_2", shape=(5, 24), extra=extras)
        yield skip_normalization(op, "skip_for_all_batches", skip=(1, 3, 8), outputs=(True, False, False, True))
        yield skip_normalization(op, "skip_of_rank_2", skip=(3, 8), extra=extras)
    for label, axis in (("last", -1), ("second", 1)):
        make = Maker(f"simplified_layer_normalization_{label}")
        inputs = [make.normal(2, 3, 8), make.normal(*(2, 3, 8)[axis:])]
        yield Case(make.name, "SimplifiedLayerNormalization", inputs, dict(axis=axis, epsilon=1e-5, stash_type=1),
                   terms=100, outputs=(True, True), domain="")


def embed_layer_normalization(label, segments=True, mask=None, positions=None, outputs=(True, True), **attributes):
    make = Maker(f"embed_layer_normalization_{label}")
    words, kinds = (make.rng.integers(0, high, (2, 3), np.int32) for high in (7, 2))
    inputs = [words, kinds if segments else None, make.normal(7, 8), make.normal(5, 8),
              make.normal(2, 8) if segments else None, make.normal(8), make.normal(8),
              None if mask is None else np.array(mask, np.int32),
              None if positions is None else np.array(positions, np.int32)]
    return Case(make.name, "EmbedLayerNormalization", inputs, attributes, terms=50, outputs=outputs,
                output_types=[TensorProto.FLOAT, TensorProto.INT32, TensorProto.FLOAT])


def embedding_cases():
    yield embed_layer_normalization("plain", epsilon=1e-6)
    yield embed_layer_normalization("without_segments", segments=False)
    yield embed_layer_normalization("mask_and_sum", mask=[[1, 0, 1], [1, 2, 0]], outputs=(True, True, True))
    yield embed_layer_normalization("positions_for_all_batches", positions=[[4, 0, 2]])
    yield embed_layer_normalization("positions", segments=False, positions=[[4, 0, 2], [1, 1, 3]])


# --- Functions of one input


def unary(op, label, shape=(3, 8), bias=False, dtype=np.float32, **attributes):
    make = Maker(f"{op.lower()}_{label}")
    inputs = [make.normal(*shape, dtype=dtype) * dtype(3)] + ([make.normal(shape[-1], dtype=dtype)] if bias else [])
    return Case(make.name, op, inputs, attributes, terms=4)


def unary_cases():
    yield unary("Gelu", "plain")
    yield unary("BiasGelu", "plain", bias=True)
    yield unary("BiasGelu", "rank_3", shape=(2, 3, 5), bias=True)
    yield unary("FastGelu", "plain")
    yield unary("FastGelu", "bias", bias=True, shape=(2, 3, 5))
    yield unary("QuickGelu", "plain")
    yield unary("QuickGelu", "alpha_1", alpha=1.0)
    yield unary("QuickGelu", "negative_alpha", alpha=-2.5)


# --- Products and convolutions


def fused_matmul(label, a, b, constants=(), **attributes):
    make = Maker(f"fused_matmul_{label}")
    return Case(make.name, "FusedMatMul", [make.normal(*a), make.normal(*b)], attributes, terms=4 * max(*a, *b),
                constants=constants)


def fused_gemm(label, activation, c=(4,), **attributes):
    make = Maker(f"fused_gemm_{label}")
    a = (5, 3) if attributes.get("transA") else (3, 5)
    b = (4, 5) if attributes.get("transB") else (5, 4)
    inputs = [make.normal(*a), make.normal(*b)] + ([make.normal(*c)] if c is not None else [])
    return Case(make.name, "FusedGemm", inputs, dict(activation=activation, **attributes), terms=20)


def fused_conv(label, activation, x=(2, 4, 5, 6), w=(3, 4, 3, 2), bias=True, added=None, constants=(),
               **attributes):
    make = Maker(f"fused_conv_{label}")
    inputs = [make.normal(*x), make.normal(*w), make.normal(w[0]) if bias else None,
              make.normal(*added) if added else None]
    attributes["activation"] = activation
    return Case(make.name, "FusedConv", inputs, attributes, terms=4 * int(np.prod(w[1:])), constants=constants)


def product_cases():
    yield fused_matmul("alpha", (3, 5), (5, 4), alpha=0.25)
    yield fused_matmul("trans_a", (5, 3), (5, 4), transA=1)
    yield fused_matmul("trans_b_broadcast", (2, 3, 3, 5), (3, 4, 5), transB=1, alpha=-2.0)
    yield fused_matmul("trans_both", (2, 5, 3), (2, 4, 5), transA=1, transB=1)
    yield fused_matmul("trans_batch_a", (3, 2, 5), (2, 5, 4), transBatchA=1)
    yield fused_matmul("trans_batch_b", (2, 3, 5), (5, 2, 4), transBatchB=1)
    yield fused_matmul("trans_and_trans_batch", (5, 2, 6, 3), (4, 2, 6, 5), transA=1, transBatchA=1, transB=1,
                       transBatchB=1)
    yield fused_matmul("vector", (5,), (2, 5, 4), alpha=3.0)
    yield fused_matmul("constant_b", (2, 9, 33), (33, 70), constants=(1,), alpha=0.5)
    yield fused_matmul("constant_b_transposed", (2, 9, 33), (70, 33), constants=(1,), transB=1, alpha=0.5)
    yield fused_matmul("constant_b_both_transposed", (33, 9), (70, 33), constants=(1,), transA=1, transB=1)
    yield fused_matmul("trans_a_stack_by_one_matrix", (3, 5, 4), (5, 6), transA=1, alpha=2.0)
    yield fused_gemm("relu", "Relu")
    yield fused_gemm("leaky_relu", "LeakyRelu", activation_alpha=0.1, alpha=0.5, beta=2.0)
    yield fused_gemm("elu_transposed_without_c", "Elu", c=None, activation_alpha=0.7, transA=1, transB=1)
    yield fused_gemm("hard_sigmoid", "HardSigmoid", c=(3, 1), activation_alpha=0.2, activation_beta=0.5)
    yield fused_gemm("selu", "Selu", activation_alpha=1.6, activation_gamma=1.1)
    yield fused_gemm("thresholded_relu", "ThresholdedRelu", activation_alpha=0.5)
    for name in ("Sigmoid", "Tanh", "Softplus", "Softsign"):
        yield fused_gemm(name.lower(), name)
    yield fused_conv("relu", "Relu", strides=[2, 1], pads=[1, 0, 1, 1])
    yield fused_conv("relu_of_a_sum", "Relu", added=(2, 3, 3, 5))
    yield fused_conv("sum_without_bias", "Tanh", bias=False, added=(2, 3, 3, 5))
    yield fused_conv("constant_weights_and_a_sum", "Relu", x=(1, 16, 5, 4), w=(48, 16, 3, 3), pads=[1, 1, 1, 1],
                     constants=(1, 2), added=(1, 48, 5, 4))
    yield fused_conv("constant_pointwise_weights", "Clip", x=(2, 24, 3, 4), w=(33, 24, 1, 1), constants=(1,),
                     activation_params=[-0.5, 1.5])
    yield fused_conv("clip", "Clip", activation_params=[-1.0, 2.0], dilations=[2, 1])
    yield fused_conv("leaky_relu_of_groups", "LeakyRelu", w=(6, 2, 3, 2), activation_params=[0.2], group=2)
    yield fused_conv("hard_sigmoid_1_d", "HardSigmoid", x=(2, 4, 9), w=(3, 4, 3), activation_params=[0.2, 0.4])
    yield fused_conv("hard_swish_same", "HardSwish", auto_pad="SAME_UPPER")
    yield fused_conv("sigmoid_without_bias", "Sigmoid", bias=False)


# --- RotaryEmbedding


def rotary_embedding(label, shape, columns, positions, **attributes):
    make = Maker(f"rotary_embedding_{label}")
    angles = np.outer(np.arange(12), 10.0 ** -np.linspace(0, 2, columns))
    tables = [f(angles).astype(np.float32) for f in (np.cos, np.sin)]
    inputs = [make.normal(*shape), np.array(positions, np.int64), *tables]
    return Case(make.name, "RotaryEmbedding", inputs, attributes, terms=4)


def rotary_cases():
    yield rotary_embedding("from_a_position", (2, 3, 32), 8, [4])
    yield rotary_embedding("positions", (2, 3, 32), 8, [[0, 5, 2], [7, 7, 1]], interleaved=1)
    yield rotary_embedding("by_head", (2, 4, 3, 16), 8, [[0, 5, 2], [7, 7, 1]])
    yield rotary_embedding("partial", (2, 3, 32), 4, [2], num_heads=2, rotary_embedding_dim=8)
    yield rotary_embedding("partial_interleaved", (2, 3, 32), 4, [2], num_heads=2, rotary_embedding_dim=8,
                           interleaved=1)


def all_cases():
    yield from matmul_nbits_cases()
    yield from group_query_cases()
    yield from normalization_cases()
    yield from embedding_cases()
    yield from unary_cases()
    yield from product_cases()
    yield from rotary_cases()
