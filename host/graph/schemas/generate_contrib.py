#!/usr/bin/env python3
"""Writes contrib_schemas.inc beside this file: the operators outside the specification that the CPU provider of the
newest PyPI onnxruntime has kernels of, in the form that it gives them.

Usage: generate_contrib.py   (needs: pip install onnx onnxruntime).
"""

from types import SimpleNamespace

import onnxruntime
from onnx import AttributeProto
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

import generate

DOMAIN = "com.microsoft"
# Convolutional models that level ORT_ENABLE_ALL has optimized hold these.
BLOCKED_DOMAIN = "com.microsoft.nchwc"
# Without kernels here, docs/operators.md says why: every process would hold their schemas.
WITHOUT_KERNELS = {
    "BeamSearch", "GreedySearch", "MatMulFpQ4", "Sampling", "SparseToDenseMatMul", "WhisperBeamSearch",
}
# What onnxruntime keeps in the ONNX domain though the standard has not got it, or no longer: the experimental operators of
# the first opsets, which it ends with opset 10.
IN_ONNX_DOMAIN = {
    "Affine", "Crop", "DynamicSlice", "ImageScaler", "ParametricSoftplus", "Scale", "ScaledTanh",
    "SimplifiedLayerNormalization",
}
# Attributes that its kernels ask for, and its schemas do not.
REQUIRED = {
    ("AttnLSTM", "hidden_size"), ("Crop", "border"), ("ImageScaler", "bias"), ("ParametricSoftplus", "alpha"),
    ("ParametricSoftplus", "beta"), ("ScaledTanh", "alpha"), ("ScaledTanh", "beta"),
}
# Defaults that only the text of a schema states: operator, attribute.
STATED = {
    ("Attention", "mask_filter_value"): -10000.0, ("DecoderMaskedMultiHeadAttention", "mask_filter_value"): -10000.0,
    ("DequantizeLinear", "axis"): 1, ("QuantizeLinear", "axis"): 1,
    ("EmbedLayerNormalization", "epsilon"): 1e-12, ("EmbedLayerNormalization", "mask_index_type"): 0,
    ("GroupQueryAttention", "do_rotary"): 0, ("GroupQueryAttention", "local_window_size"): -1,
    ("GroupQueryAttention", "qk_norm_epsilon"): 1e-6, ("GroupQueryAttention", "rotary_interleaved"): 0,
    ("GroupQueryAttention", "softcap"): 0.0, ("MultiHeadAttention", "mask_filter_value"): -10000.0,
    ("MRotaryEmbedding", "interleaved"): 0, ("MRotaryEmbedding", "is_packed_batching"): 0,
    ("MRotaryEmbedding", "mrope_layout"): 0, ("MRotaryEmbedding", "num_heads"): 0,
    ("MRotaryEmbedding", "rotary_embedding_dim"): 0, ("MRotaryEmbedding", "scale"): 1.0,
    ("QAttention", "mask_filter_value"): -10000.0,
    ("RotaryEmbedding", "interleaved"): 0, ("RotaryEmbedding", "is_packed_batching"): 0,
    ("RotaryEmbedding", "num_heads"): 0, ("RotaryEmbedding", "rotary_embedding_dim"): 0,
    ("RotaryEmbedding", "scale"): 1.0, ("SkipLayerNormalization", "epsilon"): 1e-12,
    ("SkipSimplifiedLayerNormalization", "epsilon"): 1e-12, ("SparseAttention", "do_rotary"): 0,
    ("SparseAttention", "rotary_interleaved"): 0,
}


def as_onnx(schema):
    """The schema with the names that the onnx package gives its parts, for generate.py."""
    def formal(p):
        return SimpleNamespace(name=p.name, type_str=p.typeStr, option=p.option, is_homogeneous=p.isHomogeneous)

    def attribute(name, a):
        value = AttributeProto.FromString(a._default_value) if a._default_value else None
        required = a.required or (schema.name, name) in REQUIRED
        return SimpleNamespace(name=name, type=a.type, required=required, default_value=value)

    return SimpleNamespace(
        domain=schema.domain, name=schema.name, since_version=schema.since_version, deprecated=schema.deprecated,
        min_input=schema.min_input, max_input=schema.max_input, min_output=schema.min_output,
        max_output=schema.max_output, inputs=[formal(p) for p in schema.inputs],
        outputs=[formal(p) for p in schema.outputs], type_constraints=schema.type_constraints,
        attributes={name: attribute(name, a) for name, a in schema.attributes.items()})


def wanted_schemas():
    kernels = {(k.domain, k.op_name) for k in runtime.get_all_opkernel_def() if k.provider == "CPUExecutionProvider"}
    for s in runtime.get_all_operator_schema():
        is_known = s.domain in (DOMAIN, BLOCKED_DOMAIN) and (s.domain, s.name) in kernels
        is_wanted = is_known and not (s.domain == DOMAIN and s.name in WITHOUT_KERNELS)
        if is_wanted or (not s.domain and s.name in IN_ONNX_DOMAIN):
            yield as_onnx(s)


def main():
    generate.STATED.update({(DOMAIN, op, 1, name): value for (op, name), value in STATED.items()})
    generate.write_schemas("contrib", "c", f"onnxruntime {onnxruntime.__version__}", wanted_schemas(),
                           {DOMAIN: 1, BLOCKED_DOMAIN: 1})


if __name__ == "__main__":
    main()
