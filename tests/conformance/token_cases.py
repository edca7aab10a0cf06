"""The single-node tests of the operators of com.microsoft that go over sequences of tokens with a state, seeded by the
name of each case."""
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, int32
from stream_cases import FLOATS, helper_type, name_of

STARTS = int32(0, 2, 3, 9)  # of three sequences of nine tokens


def linear(label, heads=2, key_heads=2, tokens=5, rule="gated_delta", past=True, decay_of="head", beta_of="head",
           **attributes):
    make = Maker(f"microsoft_linear_attention_{label}")
    decay_width = key_heads * (3 if decay_of == "key" else 1)
    inputs = [make.normal(2, tokens, heads * 3), make.normal(2, tokens, key_heads * 3) / 2,
              make.normal(2, tokens, key_heads * 4), make.normal(2, key_heads, 3, 4) if past else None,
              -make.positive(2, tokens, decay_width) if "gated" in rule else None,
              make.positive(2, tokens, key_heads if beta_of == "head" else 1) / 2 if "delta" in rule else None]
    return Case(make.name, "LinearAttention", [v if v is None else v.astype(np.float32) for v in inputs],
                {"q_num_heads": heads, "kv_num_heads": key_heads, "update_rule": rule, **attributes}, terms=64,
                outputs=(True, True))


def linear_cases():
    for rule in ("linear", "gated", "delta", "gated_delta"):
        yield linear(rule, rule=rule)
        yield linear(f"{rule}_of_more_heads", heads=4, rule=rule, past=False, decay_of="key")
        yield linear(f"{rule}_of_more_key_heads", key_heads=6, rule=rule, beta_of="all")
    yield linear("scaled", scale=0.3, chunk_size=2)
    yield linear("of_no_token", tokens=0)


def delta_net(label, rule="gated_delta", heads=2, value_heads=4, starts=STARTS, state=True, decay_of="head", bias_of=None,
              gate="none", form="apart", counts=None, active=None, outputs=(True, True), dtype=np.float32,
              gate_dtype=np.float32, **attributes):
    """form: "apart", "packed", or "batch" for tokens in two dimensions; counts: of captured tokens."""
    make = Maker(f"gated_delta_net_{label}_{name_of(dtype)}")
    tokens, key_size, value_size = (3, 3) if form == "batch" else (9,), 3, 4
    q, k = (make.normal(*tokens, heads, key_size, dtype=dtype) / dtype(2) for _ in range(2))
    v = make.normal(*tokens, value_heads, value_size, dtype=dtype)
    if form == "packed":
        q, k, v = np.concatenate([t.reshape(9, -1) for t in (q, k, v)], 1), None, None
    decay = None
    if "gated" in rule:
        decay = make.normal(*tokens, value_heads, *([key_size] if decay_of == "key" else []))
        decay = (decay if gate != "none" else -np.abs(decay)).astype(gate_dtype)
    beta = make.positive(*tokens, value_heads, dtype=gate_dtype) / gate_dtype(2) if "delta" in rule else None
    inputs = [q, k, v, starts, decay, beta, make.normal(3, value_heads, value_size, key_size) if state else None,
              None if gate == "none" else make.normal(value_heads) / 2, None if gate == "none" else make.normal(*bias_of),
              counts, active]
    return Case(make.name, "GatedDeltaNet", [t.astype(np.float32) if t is not None and t.dtype == np.float64 else t
                                             for t in inputs],
                {"update_rule": rule, "gate_activation": gate, **attributes}, terms=64, outputs=outputs,
                output_types=[helper_type(dtype), TensorProto.FLOAT, TensorProto.FLOAT])


def delta_net_cases():
    for rule in ("linear", "gated", "delta", "gated_delta"):
        yield delta_net(rule, rule)
        yield delta_net(f"{rule}_of_keys", rule, decay_of="key", state=False)
        yield delta_net(f"{rule}_in_half", rule, dtype=np.float16)
    yield delta_net("in_half_with_half_gates", dtype=np.float16, gate_dtype=np.float16)
    yield delta_net("softplus", gate="softplus", bias_of=(4,))
    yield delta_net("qwen_of_keys", gate="qwen", bias_of=(4, 3), decay_of="key")
    yield delta_net("sigmoid", gate="sigmoid", bias_of=(4,), gate_lower_bound=-2.0)
    yield delta_net("kda_of_keys", gate="kda", bias_of=(12,), decay_of="key")
    yield delta_net("kda_of_keys_with_bias_of_heads", gate="kda", bias_of=(4,), decay_of="key")
    yield delta_net("beta_sigmoid", beta_activation="sigmoid")
    yield delta_net("normalized", qk_l2_norm=1)
    yield delta_net("scaled", scale=0.3, chunk_size=32)
    yield delta_net("of_one_key_head", heads=1)
    yield delta_net("of_as_many_heads", heads=4, outputs=(True,))
    yield delta_net("packed", form="packed")
    yield delta_net("packed_of_equal_sequences", form="packed", starts=None)
    yield delta_net("of_equal_sequences", starts=None)
    yield delta_net("of_a_batch", form="batch", starts=None, state=False)
    yield delta_net("of_an_empty_sequence", starts=int32(0, 2, 2, 9))
    captures = {"counts": int32(1, -1, 9), "state_update_capacity": 3, "outputs": (True,) * 3}
    yield delta_net("captured", **captures)
    yield delta_net("captured_of_keys", decay_of="key", qk_l2_norm=1, **captures)
    yield delta_net("captured_without_decay", rule="delta", **captures)
    yield delta_net("captured_if_active", active=int32(1), **captures)
    yield delta_net("not_captured", active=int32(0), **captures)


def conv(label, taps=4, length=5, channels=(3,), bias=True, past=True, **attributes):
    make = Maker(f"microsoft_causal_conv_{label}")
    last, held = attributes.get("channels_last", 0), (taps - 1) * attributes.get("dilation", 1)
    count = int(np.prod(channels))

    def laid(rows):
        return make.normal(2, rows, *channels) if last else make.normal(2, count, rows)

    inputs = [laid(length), make.normal(count, 1, taps), make.normal(count) if bias else None, laid(held) if past else None]
    return Case(make.name, "CausalConvWithState", inputs, attributes, terms=16, outputs=(True, True))


def varlen_conv(label, taps=3, bias=True, counts=None, starts=STARTS, dtype=np.float32, **attributes):
    make = Maker(f"varlen_causal_conv_{label}_{name_of(dtype)}")
    held = (taps - 1) * attributes.get("dilation", 1)
    inputs = [make.normal(9, 2, dtype=dtype), make.normal(2, 1, taps, dtype=dtype), starts,
              make.normal(2, dtype=dtype) if bias else None, make.normal(3, 2, held, dtype=dtype), counts]
    return Case(make.name, "VarlenCausalConvWithState", inputs, attributes, terms=16,
                outputs=(True,) * (2 if counts is None else 3), output_types=[helper_type(dtype)] * 3)


def conv_cases():
    for last in (0, 1):
        side = "last" if last else "first"
        yield conv(f"channels_{side}", channels_last=last)
        yield conv(f"channels_{side}_dilated", channels_last=last, dilation=2, activation="silu")
        yield conv(f"channels_{side}_without_past", channels_last=last, dilation=3, past=False, activation="swish")
        yield conv(f"channels_{side}_without_bias", channels_last=last, bias=False, length=1)
    yield conv("of_channels_in_two_dimensions", channels=(2, 3), channels_last=1)
    yield conv("of_one_tap", taps=1)
    yield conv("of_no_length", length=0)
    for dtype in FLOATS:
        yield varlen_conv("plain", dtype=dtype)
        yield varlen_conv("dilated", dilation=2, activation="silu", dtype=dtype)
        yield varlen_conv("captured", counts=int32(1, -2, 5), state_update_capacity=3, bias=False, dtype=dtype)
    yield varlen_conv("of_an_empty_sequence", starts=int32(0, 2, 2, 9), taps=4, activation="swish")


def hashed(op, label, dtype, tokens, past, n=3, heads=2, offsets=False, eos=False, segments=None, more=(), outputs=(True,) * 2,
           **attributes):
    """tokens and past: their shapes; more: the inputs behind the ones that both operators have."""
    make = Maker(f"{op.lower()}_{label}_{np.dtype(dtype).name}")
    most = 2**31 - 1 if dtype == np.int32 else 2**62
    ids = make.rng.integers(0, 50, tokens).astype(dtype)
    ids[..., 1] = ids[..., 6] = 3
    multipliers = make.rng.integers(1, most, n + 1).astype(dtype)
    sizes = make.rng.integers(3, 1000, (n - 1) * heads).astype(dtype)
    head = [ids, multipliers, sizes]
    if op.startswith("Varlen"):
        head.append(STARTS)
    inputs = head + [None if past is None else make.rng.integers(0, 50, past).astype(dtype),
                     make.rng.integers(0, most, (n - 1) * heads).astype(dtype) if offsets else None,
                     np.array(3, dtype) if eos else None, segments, *more]
    kind = TensorProto.INT32 if dtype == np.int32 else TensorProto.INT64
    return Case(make.name, op, inputs, {"pad_id": 9, "n_head_per_ngram": heads, "max_ngram_size": n, **attributes}, terms=0,
                outputs=outputs, output_types=[kind, kind, TensorProto.INT32, kind][:len(outputs)])


def hash_cases():
    segments = np.array([[0, 0, 1, 1, 1, 2, 2], [5, 5, 5, 5, 5, 5, 4]], np.int32)
    runs = int32(0, 0, 1, 4, 4, 5, 6, 6, 6)
    for dtype in (np.int32, np.int64):
        def plain(label, past=None, n=3, **more):
            return hashed("NGramHashMapping", label, dtype, (2, 7), past, n, **more)

        yield plain("plain", outputs=(True,))
        yield plain("of_pairs", n=2, heads=1)
        yield plain("of_four", n=4, heads=3, past=(2, 3), offsets=True)
        yield plain("eos", past=(2, 2), eos=True)
        yield plain("reset", past=(2, 2), eos=True, reset_on_eos=1)
        yield plain("reset_without_past", eos=True, reset_on_eos=1, offsets=True)
        yield plain("segments", past=(2, 2), segments=segments)
        yield plain("segments_reset", eos=True, reset_on_eos=1, segments=segments)

        def varlen(label, past=None, **more):
            return hashed("VarlenNGramHashMapping", label, dtype, (9,), past, **more)

        yield varlen("plain", outputs=(True,))
        yield varlen("past", past=(3, 2), offsets=True)
        yield varlen("reset", past=(3, 2), eos=True, reset_on_eos=1)
        yield varlen("eos", eos=True)
        with_segments = {"segments": runs, "outputs": (True,) * 3}
        yield varlen("segments", past=(3, 2), **with_segments)
        yield varlen("segments_with_past", past=(3, 2), more=(int32([0, 0], [3, 4], [4, 5]),), **with_segments)
        yield varlen("captured", past=(3, 2), more=(None, int32(1, -1, 9)), state_update_capacity=3,
                     outputs=(True, True, False, True))


# Two layouts of four blocks, as rows and columns.
LAYOUTS = (int32([0, 1, 3, 5, 8], [0, 1, 3, 6, 9]), int32([0, 0, 1, 1, 2, 1, 2, 3, -1], [0, 0, 1, 0, 1, 2, 0, 2, 3]))


def sparse(label, batch=2, tokens=40, total=40, packed=False, rotary=False, layouts=LAYOUTS, block=16, rows=64, size=16,
           dtype=np.float32, **attributes):
    make = Maker(f"sparse_attention_{label}_{name_of(dtype)}")
    heads, kv_heads = 4, 2
    widths = [heads + 2 * kv_heads, None, None] if packed else [heads, kv_heads, kv_heads]
    inputs = [None if w is None else make.normal(batch, tokens, w * size, dtype=dtype) for w in widths]
    inputs += [make.normal(batch, kv_heads, rows, size, dtype=dtype) for _ in range(2)]
    inputs += [*layouts, np.array(total, np.int32), int32(*[total] * batch)]
    if rotary:
        inputs += [make.normal(70, size // 2, dtype=dtype) for _ in range(2)]
        attributes["do_rotary"] = 1
    return Case(make.name, "SparseAttention", inputs,
                {"num_heads": heads, "kv_num_heads": kv_heads, "sparse_block_size": block, **attributes}, terms=128,
                outputs=(True,) * 3, in_place=((1, 3), (2, 4)))


def sparse_cases():
    for dtype in FLOATS:
        yield sparse("prompt", dtype=dtype)
        yield sparse("token", tokens=1, total=41, dtype=dtype)
        yield sparse("chunk", tokens=5, total=30, rotary=True, dtype=dtype)
        yield sparse("packed", packed=True, dtype=dtype)
        yield sparse("packed_rotary", packed=True, rotary=True, rotary_interleaved=1, tokens=2, total=50, dtype=dtype)
    yield sparse("scaled", scale=0.7, tokens=3, total=20, rotary=True)
    yield sparse("of_one_layout", layouts=[t[:1] for t in LAYOUTS])
    yield sparse("of_blocks_of_32", block=32, layouts=(int32([0, 1, 2]), int32([0, 1])))
    yield sparse("of_blocks_without_keys", layouts=(int32([0, 0, 1, 2, 3]), int32([0, 1, 0])))


def all_cases():
    yield from linear_cases()
    yield from delta_net_cases()
    yield from conv_cases()
    yield from hash_cases()
    yield from sparse_cases()
