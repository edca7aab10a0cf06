"""The single-node tests of com.microsoft's tables and experts, plain and quantized, seeded by the name of each case."""
import ml_dtypes
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, in_seven_bits, int32


def gather(label, rows=6, columns=64, bits=4, block=16, zeros=False, indices=((0, 5), (-1, 2)), dtype=np.float32,
           index_dtype=np.int64, kind="uint8", axis=-1, gather_axis=0, shared=False):
    """kind: uint8, which packs, or another element type."""
    make = Maker(f"gather_block_quantized_{label}")
    shape, scale_shape = [rows, columns], [rows, columns]
    scale_shape[axis] = 1 if block == 0 else -(-scale_shape[axis] // block)
    if shared:
        scale_shape[1 - axis % 2] = 1
    scales = make.positive(*scale_shape, dtype=dtype)
    per_byte = 8 // bits
    if kind == "uint8":
        data = make.uint8(rows, columns // per_byte)
        zero = make.uint8(rows, -(-scale_shape[1] // per_byte)) if zeros else None
    elif kind.startswith("float"):
        data, zero = make.normal(*shape).astype(getattr(ml_dtypes, kind)), None
    else:
        least, most = (0, 16) if kind == "uint4" else (-8, 8)
        data = make.rng.integers(least, most, shape).astype(getattr(ml_dtypes, kind))
        zero = make.rng.integers(least, most, scale_shape).astype(getattr(ml_dtypes, kind)) if zeros else None
    attributes = {"bits": bits, "block_size": block, "gather_axis": gather_axis, "quantize_axis": axis}
    given = np.array(indices, index_dtype)
    output = TensorProto.FLOAT if dtype == np.float32 else TensorProto.FLOAT16
    return Case(make.name, "GatherBlockQuantized", [data, given, scales, zero], attributes, terms=4,
                output_types=[output], constants=(0, 2, 3) if zero is not None else (0, 2))


def gather_cases():
    for bits in (2, 4, 8):
        yield gather(f"{bits}_bits", bits=bits)
        yield gather(f"{bits}_bits_with_zeros", bits=bits, zeros=True, block=32)
    yield gather("of_half", dtype=np.float16, zeros=True)
    yield gather("of_one_index", indices=3, index_dtype=np.int32)
    yield gather("of_indices_outside", indices=(6, -7, 0))
    yield gather("of_a_partial_block", columns=40, zeros=True)
    for kind in ("int4", "uint4"):
        yield gather(f"of_{kind}", kind=kind)
        yield gather(f"of_{kind}_with_zeros", kind=kind, zeros=True)
        yield gather(f"of_{kind}_along_columns", kind=kind, rows=48, axis=0, gather_axis=1, zeros=True)
    yield gather("of_float8e4m3fn", kind="float8_e4m3fn")
    yield gather("of_float8e5m2_in_one_block", kind="float8_e5m2", block=0, shared=True)


def bnb4(label, rows=(3,), n=5, k=64, block=16, quant_type=0):
    make = Maker(f"mat_mul_bnb4_{label}")
    inputs = [make.normal(*rows, k), make.uint8((n * k + 1) // 2), make.positive(-(-n * k // block))]
    attributes = {"N": n, "K": k, "block_size": block, "quant_type": quant_type}
    return Case(make.name, "MatMulBnb4", inputs, attributes, terms=k, constants=(1, 2))


def bnb4_cases():
    for quant_type in (0, 1):
        yield bnb4(f"type_{quant_type}", quant_type=quant_type)
        yield bnb4(f"type_{quant_type}_of_batches", rows=(2, 3), n=17, k=96, block=32, quant_type=quant_type)
        yield bnb4(f"type_{quant_type}_of_one_row", rows=(1,), n=16, k=128, block=64, quant_type=quant_type)
    yield bnb4("blocks_over_rows", k=24, n=7)
    yield bnb4("of_odd_count", k=15, n=3)


def experts(label, tokens=(5,), experts_=4, hidden=6, inner=8, bias=True, bits=0, block=0, zeros=False,
            router_weights=False, **attributes):
    make = Maker(f"{'q' if bits else ''}moe_{label}")
    count = int(np.prod(tokens))
    gates = 2 if attributes.get("activation_type") == "swiglu" else 1
    inputs = [make.normal(*tokens, hidden), make.normal(count, experts_)]
    if gates == 2:
        attributes["swiglu_fusion"] = 1
    offsets = []
    for outputs, width in ((gates * inner, hidden), (hidden, inner)):
        if bits:
            blocks = width // block if block else 1
            shape = (experts_, outputs, blocks) if block else (experts_, outputs)
            inputs += [make.uint8(experts_, outputs, width * bits // 8), make.positive(*shape) / np.float32(2**bits)]
            packed = (experts_, outputs, -(-blocks * bits // 8)) if block else (experts_, -(-outputs * bits // 8))
            offsets.append(make.uint8(*packed) if zeros else None)
        else:
            inputs.append(make.normal(experts_, outputs, width) / np.float32(width**0.5))
        inputs.append(make.normal(experts_, outputs) if bias else None)
    if bits:
        attributes["expert_weight_bits"] = bits
        if block:
            attributes["block_size"] = block
        inputs += [None] * 3 + offsets + [None]
        inputs.append(make.positive(count, experts_) if router_weights else None)
    constants = [i for i in (2, 3, 5, 6, 11, 12) if bits and i < len(inputs) and inputs[i] is not None]
    return Case(make.name, "QMoE" if bits else "MoE", inputs, attributes, terms=128, constants=tuple(constants))


def expert_cases():
    for activation in ("relu", "gelu", "silu", "identity", "swiglu"):
        yield experts(activation, activation_type=activation)
    yield experts("of_two", k=2)
    yield experts("of_two_normalized", k=2, normalize_routing_weights=1, tokens=(2, 3))
    yield experts("without_bias", bias=False, k=3)
    yield experts("limited", activation_type="swiglu", swiglu_limit=0.7, activation_alpha=1.702, activation_beta=1.0,
                  k=2)
    for bits in (4, 8):
        yield experts(f"{bits}_bits", bits=bits, hidden=32, inner=32, k=2)
        yield experts(f"{bits}_bits_with_zeros", bits=bits, hidden=32, inner=32, zeros=True)
    yield experts("blocks", bits=4, hidden=64, inner=32, block=32, k=2, normalize_routing_weights=1)
    yield experts("swiglu", bits=4, hidden=32, inner=32, activation_type="swiglu", activation_alpha=1.702,
                  activation_beta=1.0)


def embedding(label, signed=False, segments=True, mask=False):
    make = Maker(f"q_embed_layer_normalization_{label}")
    tables = [make.uint8(*shape) for shape in ((7, 12), (4, 12), (3, 12), (12,), (12,))]
    zeros = [make.uint8(1) for _ in tables]
    if signed:
        tables, zeros = [t.view(np.int8) for t in tables], [z.view(np.int8) for z in zeros]
    scales = [np.array(0.01 * (i + 1), np.float32) for i in range(5)]
    zeros = [z.reshape(()) for z in zeros]
    ids = make.rng.integers(0, 7, (2, 4)).astype(np.int32)
    segment_ids = make.rng.integers(0, 3, (2, 4)).astype(np.int32)
    if not segments:
        segment_ids = tables[2] = scales[2] = zeros[2] = None
    given = int32([1, 1, 1, 0], [1, 0, 0, 0]) if mask else None
    return Case(make.name, "QEmbedLayerNormalization", [ids, segment_ids, *tables, given, *scales, *zeros], {},
                terms=32, outputs=(True, True), output_types=[TensorProto.FLOAT, TensorProto.INT32])


def embedding_cases():
    yield embedding("plain")
    yield embedding("signed", signed=True, mask=True)
    yield embedding("without_segments", segments=False)


def lstm(label, time=3, batch=1, width=4, hidden=5, directions=1, signed=True, by_column=False, bias=True, **attributes):
    """Of one sequence, or of one step, as onnxruntime splits batches among threads and quantizes what each has."""
    make = Maker(f"dynamic_quantize_lstm_{label}")
    kind = np.int8 if signed else np.uint8
    weights = [in_seven_bits(make.uint8(directions, n, 4 * hidden).view(kind)) for n in (width, hidden)]
    shape = (directions, 4 * hidden) if by_column else (directions,)
    inputs = [make.normal(time, batch, width), *weights, make.normal(directions, 8 * hidden) if bias else None]
    inputs += [None] * 4
    for _ in range(2):
        zeros = np.zeros(shape, kind) if signed else np.full(shape, 128, kind)
        inputs += [make.positive(*shape) / np.float32(200), zeros]
    return Case(make.name, "DynamicQuantizeLSTM", inputs, {"hidden_size": hidden, **attributes}, terms=64,
                outputs=(True,) * 3, output_types=[TensorProto.FLOAT] * 3, constants=(1, 2, 8, 9, 10, 11))


def lstm_cases():
    yield lstm("plain")
    yield lstm("unsigned", signed=False)
    yield lstm("by_column", by_column=True)
    yield lstm("without_bias", bias=False)
    yield lstm("reverse", direction="reverse")
    yield lstm("bidirectional", directions=2, direction="bidirectional")
    yield lstm("of_one_step", time=1, batch=3)


def all_cases():
    yield from gather_cases()
    yield from bnb4_cases()
    yield from expert_cases()
    yield from embedding_cases()
    yield from lstm_cases()
