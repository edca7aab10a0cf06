"""The graphs of PyPI onnx's `light` models with random weights stored as initializers."""
import functools
import os

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .model import Model

FOLDER = os.path.join(os.path.dirname(onnx.__file__), 'backend/test/data/light')
NAMES = ('resnet50', 'densenet121', 'inception_v1', 'inception_v2', 'shufflenet', 'squeezenet', 'vgg19', 'zfnet512',
         'bvlc_alexnet')


def random_weight(shape, is_variance, rng):
    """He-initialized, so that activations keep their scale; variances are at least 1."""
    fan_in = max(1, int(np.prod(shape[1:])))
    deviation = np.sqrt(2.0 / fan_in) if len(shape) > 1 else 0.1
    weight = rng.standard_normal(tuple(shape)).astype(np.float32) * np.float32(deviation)
    return np.abs(weight) + np.float32(1) if is_variance else weight


def light(name, out):
    """A light model with each ConstantOfShape of an initializer replaced by random weights."""
    model = onnx.load(os.path.join(FOLDER, f'light_{name}.onnx'))
    graph = model.graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    variances = {n.input[4] for n in graph.node if n.op_type == 'BatchNormalization'}
    rng = np.random.default_rng(7)
    nodes, initializers, replaced = [], [], set()
    for node in graph.node:
        if node.op_type == 'ConstantOfShape' and node.input[0] in constants:
            replaced.add(node.input[0])
            weight = random_weight(constants[node.input[0]], node.output[0] in variances, rng)
            initializers.append(numpy_helper.from_array(weight, node.output[0]))
        else:
            nodes.append(node)
    initializers += [i for i in graph.initializer if i.name not in replaced]
    used = {x for n in nodes for x in n.input}
    names = {i.name for i in initializers}
    inputs = [i for i in graph.input if i.name not in names and i.name in used]
    graph = helper.make_graph(nodes, name, inputs, graph.output, [i for i in initializers if i.name in used])
    onnx.save(helper.make_model(graph, opset_imports=model.opset_import, ir_version=8), out)


MODELS = {name: Model(functools.partial(light, name)) for name in NAMES}
