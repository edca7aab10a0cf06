"""The single-node tests of ONNX Runtime's own operators: inputs and attributes, seeded by the name of each case."""
import dataclasses
import zlib

import numpy as np


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
                 empty=False, **attributes):
    """zero: None, "packed" or "float"."""
    make = Maker(f"matmul_nbits_{label}")
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
    inputs = [make.normal(*rows, k, dtype=dtype), weight, scales, zeros, None, make.normal(n, dtype=dtype) if bias else None]
    while inputs[-1] is None:
        inputs.pop()
    return Case(make.name, "MatMulNBits", inputs, dict(N=n, K=k, bits=bits, block_size=block, **attributes), terms=2 * k)


def matmul_nbits_cases():
    yield matmul_nbits("4_bits")
    yield matmul_nbits("4_bits_of_one_row", rows=(1,), k=256, n=33)
    yield matmul_nbits("rank_3_with_bias", rows=(2, 3), bias=True)
    yield matmul_nbits("flat_scales", flat=True, zero="packed", k=96)
    yield matmul_nbits("block_16_odd_blocks_packed_zeros", k=48, block=16, zero="packed")
    yield matmul_nbits("partial_last_block", k=40, block=16, zero="packed")
    yield matmul_nbits("block_128_of_which_100_are_used", k=100, block=128)
    yield matmul_nbits("block_256", k=512, block=256, zero="packed", bias=True)
    yield matmul_nbits("float_zeros", k=96, zero="float")
    yield matmul_nbits("8_bits", bits=8)
    yield matmul_nbits("8_bits_packed_zeros_partial_block", bits=8, k=80, zero="packed", bias=True)
    yield matmul_nbits("accuracy_level_1", accuracy_level=1, rows=(4,), k=128)
    yield matmul_nbits("no_rows", rows=(0,))
    yield matmul_nbits("empty_weights_with_bias", bias=True, empty=True)
    yield matmul_nbits("empty_weights", empty=True)


# --- GroupQueryAttention

GQA_INPUTS = ("query key value past_key past_value seqlens_k total_sequence_length cos_cache sin_cache position_ids "
              "attention_bias head_sink k_scale v_scale q_norm_weight k_norm_weight query_seqlens").split()


def group_query(label, batch=2, sequence=3, heads=4, kv_heads=2, size=16, past=None, lengths=None, total=None,
                packed=False, rotary=0, positions=None, bias=None, sink=False, added=None, outputs=3, **attributes):
    """past: rows of the cache. rotary: columns of the tables. positions: first of each row. bias: leading dimensions."""
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
    inputs = [given.get(name) for name in GQA_INPUTS]
    while inputs[-1] is None:
        inputs.pop()
    attributes.update(num_heads=heads, kv_num_heads=kv_heads)
    return Case(make.name, "GroupQueryAttention", inputs, attributes, terms=4 * (size + total), outputs=(True,) * outputs)


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
        yield skip_normalization(op, "all_inputs_and_sum", extra=extras, outputs=(True, False, False, True), epsilon=1e-5)
        yield skip_normalization(op, "default_epsilon", extra=1)
        yield skip_normalization(op, "rank_2", shape=(5, 24), extra=extras)
        yield skip_normalization(op, "skip_for_all_batches", skip=(1, 3, 8), outputs=(True, False, False, True))
        yield skip_normalization(op, "skip_of_rank_2", skip=(3, 8), extra=extras)
    for label, axis in (("last", -1), ("second", 1)):
        make = Maker(f"simplified_layer_normalization_{label}")
        inputs = [make.normal(2, 3, 8), make.normal(*(2, 3, 8)[axis:])]
        yield Case(make.name, "SimplifiedLayerNormalization", inputs, dict(axis=axis, epsilon=1e-5, stash_type=1),
                   terms=100, outputs=(True, True), domain="")


def all_cases():
    yield from matmul_nbits_cases()
    yield from group_query_cases()
    yield from normalization_cases()
