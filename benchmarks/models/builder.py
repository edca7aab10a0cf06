"""What all models of this folder are written with: a graph's nodes and weights as they come, and how weights are drawn.

Weights are He-scaled normals from a fixed seed, so that activations keep their scale and a model is the same each time.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def port(name, *dims, dtype=TensorProto.FLOAT):
    """An input or output; a dimension that is a text is free."""
    return helper.make_tensor_value_info(name, dtype, list(dims))


class Builder:
    """Collects nodes and initializers of a graph. Values get names by the operator unless they are given one."""

    def __init__(self, seed=7):
        self.nodes, self.initializers = [], []
        self.rng = np.random.default_rng(seed)
        self.constants = {}

    def const(self, name, array):
        """Scalars become lists of one; number() keeps them."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, op_type, inputs, outputs=None, domain='', **attributes):
        """The name of the first output; `outputs` may be a name, names or a number of values to name."""
        if outputs is None or isinstance(outputs, int):
            outputs = [f'{op_type}_{len(self.nodes)}' + f'_{i}' * (i > 0) for i in range(outputs or 1)]
        outputs = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(op_type, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def ops(self, op_type, inputs, count, **attributes):
        """The names of all outputs."""
        self.op(op_type, inputs, count, **attributes)
        return list(self.nodes[-1].output)

    def ints(self, *values):
        """A constant list of int64, shared between all that ask for the same."""
        return self._shared(np.array(values, np.int64))

    def number(self, value, dtype=np.float32):
        return self._shared(np.array(value, dtype))

    def _shared(self, array):
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.constants:
            self.constants[key] = f'const_{len(self.constants)}'
            self.initializers.append(numpy_helper.from_array(array, self.constants[key]))
        return self.constants[key]

    def normal(self, shape, deviation, name=None):
        """A weight of normals with this standard deviation."""
        array = self.rng.standard_normal(shape, np.float32) * np.float32(deviation)
        return self.const(name or f'weight_{len(self.initializers)}', array)

    def conv(self, x, inputs, outputs, kernel, stride=1, groups=1, pad=None, dilation=1, bias=True, gain=2.0, rank=2):
        """A convolution from `inputs` to `outputs` channels, padded to keep the size unless `pad` says otherwise."""
        fan_in = inputs // groups * kernel**rank
        weights = [self.normal((outputs, inputs // groups) + (kernel,) * rank, np.sqrt(gain / fan_in))]
        weights += [self.normal((outputs,), 0.02)] if bias else []
        pad = dilation * (kernel - 1) // 2 if pad is None else pad
        return self.op('Conv', [x] + weights, dilations=[dilation] * rank, group=groups, kernel_shape=[kernel] * rank,
                       pads=[pad] * 2 * rank, strides=[stride] * rank)

    def batch_norm(self, x, channels, epsilon=1e-5):
        drawn = [self.rng.standard_normal(channels).astype(np.float32) for _ in range(4)]
        values = [1 + drawn[0] / 10, drawn[1] / 10, drawn[2] / 10, 1 + np.abs(drawn[3]) / 10]
        weights = [self.const(f'weight_{len(self.initializers)}', v) for v in values]
        return self.op('BatchNormalization', [x] + weights, epsilon=epsilon, momentum=0.9)

    def gemm(self, x, inputs, outputs, gain=1.0, name=None):
        weight = self.normal((outputs, inputs), np.sqrt(gain / inputs))
        return self.op('Gemm', [x, weight, self.normal((outputs,), 0.02)], name, alpha=1.0, beta=1.0, transB=1)

    def relu6(self, x):
        return self.op('Clip', [x, self.number(0), self.number(6)])

    def silu(self, x):
        """As PyTorch writes it."""
        return self.op('Mul', [x, self.op('Sigmoid', [x])])

    def hard_swish(self, x):
        """As PaddlePaddle writes it and PyTorch did."""
        gate = self.op('Clip', [self.op('Add', [x, self.number(3)]), self.number(0), self.number(6)])
        return self.op('Div', [self.op('Mul', [x, gate]), self.number(6)])

    def save(self, out, name, inputs, outputs, opset=17):
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.initializers)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=8), out)
