"""The single-node tests of com.microsoft's attention of several heads, seeded by the name of each case."""
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, in_seven_bits, int32

FLOATS = [TensorProto.FLOAT] * 4


def mask_of(make, kind, batch, rows, total):
    """The masks that the CPU kernels take, by their shape."""
    if kind == "ends":
        return int32(*make.rng.integers(1, total + 1, batch))
    if kind == "ranges":
        return int32(*[total - 1] * batch, *make.rng.integers(0, 2, batch))
    if kind == "starts":
        return int32(*make.rng.integers(1, total + 1, batch), *range(2 * (batch + 1)))
    if kind == "dummy":
        return np.zeros((batch, 1), np.int32)
    shape = {"keys": (batch, total), "rows": (batch, rows, total), None: None}[kind]
    if shape is None:
        return None
    mask = make.rng.integers(0, 2, shape).astype(np.int32)
    mask[..., 0] = 1  # scores that are all about -10000 are noise in float
    return mask


def attention(label, batch=2, rows=3, width=5, heads=2, size=4, value_size=None, past=None, mask=None, score_bias=None,
              bias=True, present=False, **attributes):
    """score_bias: its leading dimensions; past: its rows."""
    make = Maker(f"microsoft_attention_{label}")
    columns = heads * (2 * size + (value_size or size))
    total = rows + (past or 0)
    inputs = [make.normal(batch, rows, width), make.normal(width, columns) / np.float32(width**0.5), make.normal(columns) if bias else None,
              mask_of(make, mask, batch, rows, total),
              None if past is None else make.normal(2, batch, heads, past, size),
              None if score_bias is None else make.normal(*score_bias, rows, total)]
    if value_size:
        attributes["qkv_hidden_sizes"] = [heads * size, heads * size, heads * value_size]
    return Case(make.name, "Attention", inputs, {"num_heads": heads, **attributes}, terms=64,
                outputs=(True, True) if present else (True,))


def attention_cases():
    yield attention("plain")
    yield attention("without_bias", bias=False)
    yield attention("present", present=True)
    yield attention("past", past=2, present=True)
    yield attention("past_causal", past=2, present=True, unidirectional=1)
    yield attention("past_of_no_rows", past=0, present=True)
    yield attention("one_row_after_a_past", rows=1, past=3, present=True, unidirectional=1)
    yield attention("causal", unidirectional=1)
    yield attention("wider_values", value_size=6)
    yield attention("narrower_values_causal", value_size=1, unidirectional=1, mask="keys")
    yield attention("scaled", scale=0.3)
    for kind in ("ends", "ranges", "starts", "dummy", "keys", "rows"):
        yield attention(f"mask_of_{kind}", mask=kind)
        yield attention(f"weak_mask_of_{kind}_causal", mask=kind, unidirectional=1, mask_filter_value=-1.5)
        yield attention(f"mask_of_{kind}_with_past", mask=kind, past=2, present=True)
    yield attention("score_bias", score_bias=(2, 2))
    yield attention("score_bias_for_all", score_bias=(1, 1), mask="keys")
    yield attention("score_bias_of_heads", score_bias=(1, 2), unidirectional=1)
    yield attention("of_no_batch", batch=0)
    yield attention("of_many_heads", heads=12, size=8, rows=9, width=33)


def multi_head(label, batch=2, rows=3, keys=None, heads=2, size=4, value_size=None, past=None, mask=None,
               score_bias=None, bias=False, by_head=False, length=None, outputs=(True,), **attributes):
    """keys: how many, where they are not as many as the rows of the query; length: past_sequence_length."""
    make = Maker(f"multi_head_attention_{label}")
    keys, value_size = rows if keys is None else keys, value_size or size
    total = keys + ((past or 0) if length is None else length)

    def operand(count, width):
        return make.normal(batch, heads, count, width) if by_head else make.normal(batch, count, heads * width)

    inputs = [make.normal(batch, rows, heads * size), operand(keys, size), operand(keys, value_size),
              make.normal(heads * (2 * size + value_size)) if bias else None, mask_of(make, mask, batch, rows, total),
              None if score_bias is None else make.normal(*score_bias, rows, total)]
    inputs += [None if past is None else make.normal(batch, heads, past, w) for w in (size, value_size)]
    inputs.append(None if length is None else int32(length))
    return Case(make.name, "MultiHeadAttention", inputs, {"num_heads": heads, **attributes}, terms=64, outputs=outputs,
                output_types=FLOATS[:len(outputs)])


def multi_head_cases():
    presents = (True,) * 3
    yield multi_head("plain")
    yield multi_head("of_other_keys", keys=5)
    yield multi_head("bias", bias=True, keys=2)
    yield multi_head("bias_of_one_row", bias=True, rows=1)
    yield multi_head("wider_values", value_size=7, bias=True)
    yield multi_head("keys_by_head", by_head=True, keys=5)
    yield multi_head("keys_by_head_with_bias", by_head=True, keys=5, bias=True)
    yield multi_head("present", outputs=presents, bias=True)
    yield multi_head("past", past=2, outputs=presents)
    yield multi_head("past_causal", past=3, outputs=presents, unidirectional=1, bias=True)
    yield multi_head("past_with_room", rows=1, past=6, length=2, outputs=presents)
    yield multi_head("causal", unidirectional=1)
    yield multi_head("causal_of_more_keys", unidirectional=1, keys=6)
    yield multi_head("scaled", scale=1.5)
    yield multi_head("scores", outputs=(True, False, False, True), mask="keys", scale=0.7)
    yield multi_head("scores_and_present", outputs=(True,) * 4, past=2, score_bias=(1, 2))
    for kind in ("ends", "starts", "keys", "rows"):
        yield multi_head(f"mask_of_{kind}", mask=kind)
        yield multi_head(f"weak_mask_of_{kind}_causal", mask=kind, unidirectional=1, mask_filter_value=-1.5)
        yield multi_head(f"mask_of_{kind}_with_past", mask=kind, past=2, outputs=presents)
    yield multi_head("score_bias", score_bias=(2, 2))
    yield multi_head("score_bias_for_all", score_bias=(1, 1), keys=4, mask="keys")
    yield multi_head("of_no_batch", batch=0)


def decoder(label, batch=2, keys=1, heads=2, size=4, past=None, length=None, mask=None, score_bias=None, bias=False,
            beams=None, outputs=(True,), **attributes):
    make = Maker(f"decoder_masked_multi_head_attention_{label}")
    by_head = past is None
    shape = (batch, heads, keys, size) if by_head else (batch, keys, heads * size)
    total = keys + (length or 0)
    inputs = [make.normal(batch, 1, heads * size), make.normal(*shape), make.normal(*shape),
              mask_of(make, mask, batch, 1, total), None if score_bias is None else make.normal(*score_bias, 1, total)]
    inputs += [None if past is None else make.normal(batch, heads, past, size) for _ in range(2)]
    inputs.append(None if length is None else int32(length))
    inputs += [None, None]
    if beams:
        inputs[8] = int32(beams)
        inputs[9] = make.rng.integers(0, beams, (batch // beams, beams, past)).astype(np.int32)
    inputs.append(make.normal(3 * heads * size) if bias else None)
    return Case(make.name, "DecoderMaskedMultiHeadAttention", inputs, {"num_heads": heads, **attributes}, terms=64,
                outputs=outputs, output_types=FLOATS[:len(outputs)])


def decoder_cases():
    shared = {"past_present_share_buffer": 1, "outputs": (True,) * 3}
    yield decoder("cross", keys=5)
    yield decoder("cross_masked", keys=5, mask="keys")
    yield decoder("past", past=6, length=3, **shared)
    yield decoder("past_of_no_rows", past=6, length=0, **shared)
    yield decoder("past_masked_with_bias", past=6, length=3, mask="keys", bias=True, **shared)
    yield decoder("past_score_bias", past=4, length=3, score_bias=(1, 2), scale=0.4, **shared)
    yield decoder("past_scores", past=4, length=2, past_present_share_buffer=1, output_qk=1, outputs=(True,) * 4)
    yield decoder("beams", past=6, length=3, beams=2, batch=4, mask="keys", score_bias=(1, 2), **shared)
    yield decoder("beams_with_bias", past=6, length=5, beams=3, batch=3, bias=True, **shared)


def quantized(label, batch=2, rows=3, width=5, heads=2, size=4, past=None, mask=None, signed=False, by_column=False,
              zeros=True, present=False, **attributes):
    make = Maker(f"q_attention_{label}")
    columns = 3 * heads * size
    weight = make.uint8(width, columns)
    zero = make.uint8(columns) if by_column else make.uint8(1)
    if signed:
        weight, zero = in_seven_bits(weight.view(np.int8)), zero.view(np.int8)
    scale = make.positive(columns) / 100 if by_column else np.array([0.01], np.float32)
    inputs = [make.uint8(batch, rows, width), weight, make.normal(columns), np.array(0.02, np.float32), scale,
              mask_of(make, mask, batch, rows, rows + (past or 0)), np.array(130, np.uint8) if zeros else None,
              zero if zeros else None, None if past is None else make.normal(2, batch, heads, past, size)]
    outputs = (True, True) if present else (True,)
    return Case(make.name, "QAttention", inputs, {"num_heads": heads, **attributes}, terms=256, outputs=outputs,
                output_types=FLOATS[:len(outputs)])


def quantized_cases():
    yield quantized("plain")
    yield quantized("signed", signed=True)
    yield quantized("without_zeros", zeros=False)
    yield quantized("by_column", by_column=True, signed=True)
    yield quantized("causal_masked", mask="keys", unidirectional=1)
    yield quantized("ranges", mask="ranges")
    yield quantized("past", past=2, present=True, unidirectional=1)


def all_cases():
    yield from attention_cases()
    yield from multi_head_cases()
    yield from decoder_cases()
    yield from quantized_cases()
