"""float16 copies of other models, inputs and outputs among it. Every float becomes a half; what a half cannot hold
becomes the largest that converters write, 10000.
"""
import functools
import os

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from . import bert, light
from .model import Model

LARGEST = 1e4


def half_tensor(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        array = np.clip(numpy_helper.to_array(tensor), -LARGEST, LARGEST).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def half(name, source, out):
    full = os.path.join(os.path.dirname(out), name + '.onnx')
    if not os.path.exists(full):
        source.make(full)
    model = onnx.load(full)
    for tensor in model.graph.initializer:
        half_tensor(tensor)
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        if value.type.tensor_type.elem_type == TensorProto.FLOAT:
            value.type.tensor_type.elem_type = TensorProto.FLOAT16
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                half_tensor(attribute.t)
            if node.op_type == 'Cast' and attribute.name == 'to' and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    onnx.save(model, out)


def copy_of(name, source):
    return Model(functools.partial(half, name, source), source.shapes, source.below, source.fixed)


MODELS = {name + '_float16': copy_of(name, table[name])
          for name, table in (('resnet50', light.MODELS), ('minilm', bert.MODELS))}
