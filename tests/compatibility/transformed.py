"""squeezenet and a BERT as onnxruntime's tools leave them: quantized, in float16, optimized at each level."""
import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
from onnxconverter_common import float16
from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static,
                                      shape_inference)

from model_case import ModelCase, random_feeds

MAKER = pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "make_models.py"
OPSET = 17
OF_QUANTIZED, OF_HALF = 0.05, 0.02  # of the largest output


WORDS, VOCABULARY = 32, 30000


def feeds_of(name, inputs, rng):
    if name != "minilm":
        return random_feeds(inputs, rng)
    return {"input_ids": rng.integers(1000, VOCABULARY, [1, WORDS]), "attention_mask": np.ones([1, WORDS], np.int64),
            "token_type_ids": np.zeros([1, WORDS], np.int64)}


class Samples(CalibrationDataReader):
    def __init__(self, name, inputs):
        rng = np.random.default_rng(3)
        self.left = [feeds_of(name, inputs, rng) for _ in range(4)]

    def get_next(self):
        return self.left.pop() if self.left else None


def quantized(name, source, prepared, inputs, folder):
    """Pairs of a way and the model quantized so."""
    shape_inference.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    for way, settings in {
            "static QDQ": dict(quant_format=QuantFormat.QDQ),
            "static QDQ per channel": dict(quant_format=QuantFormat.QDQ, per_channel=True, weight_type=QuantType.QInt8),
            "static QOperator": dict(quant_format=QuantFormat.QOperator),
            "static QOperator per channel": dict(quant_format=QuantFormat.QOperator, per_channel=True,
                                                 weight_type=QuantType.QInt8)}.items():
        path = folder / f"{name}_{way.replace(' ', '_')}.onnx"
        quantize_static(str(prepared), str(path), Samples(name, inputs), **settings)
        yield way, path
    path = folder / f"{name}_dynamic.onnx"
    quantize_dynamic(str(prepared), str(path))
    yield "dynamic", path


def optimized(name, source, folder):
    for level in ("BASIC", "EXTENDED", "ALL"):
        path = folder / f"{name}_{level.lower()}.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_ENABLE_{level}")
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        yield f"onnxruntime's level {level.lower()}", path


def cases(folder):
    folder.mkdir(parents=True, exist_ok=True)
    onnxruntime.set_default_logger_severity(3)
    for name in ("squeezenet", "minilm"):
        source = folder / f"{name}.onnx"
        if not source.exists():
            subprocess.run([sys.executable, MAKER, folder, name], check=True)
            # Scales of channels came with opset 13.
            onnx.save(onnx.version_converter.convert_version(onnx.load(source), OPSET), source)
        inputs = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).get_inputs()
        feeds = feeds_of(name, inputs, np.random.default_rng(5))
        yield ModelCase(name, source, feeds)
        for way, path in quantized(name, source, folder / f"{name}_prepared.onnx", inputs, folder):
            yield ModelCase(f"{name}, {way}", path, feeds, OF_QUANTIZED, source)
        half = folder / f"{name}_float16.onnx"
        onnx.save(float16.convert_float_to_float16(onnx.load(source), keep_io_types=True,
                                                   op_block_list=[*float16.DEFAULT_OP_BLOCK_LIST, "Cast"]), half)
        yield ModelCase(f"{name}, float16", half, feeds, OF_HALF)
        for way, path in optimized(name, source, folder):
            yield ModelCase(f"{name}, {way}", path, feeds)
