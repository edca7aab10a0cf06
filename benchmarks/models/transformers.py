"""vit_b16, an image classifier, and gpt2, a decoder over a whole text (no cache), of the published widths with random
weights, in the operators that PyTorch's exporter writes for them. gpt2's vocabulary is shorter than the published one.
"""
import numpy as np
from onnx import TensorProto

from .builder import Builder, port
from .model import Model

VOCABULARY = 16384
POSITIONS = 1024


class Transformer(Builder):
    """Blocks that normalize first."""

    def __init__(self, width=768, heads=12):
        super().__init__()
        self.width, self.heads = width, heads
        self.split = self.ints(0, 0, heads, width // heads)
        self.merged = self.ints(0, 0, width)

    def linear(self, x, inputs, outputs):
        product = self.op('MatMul', [x, self.normal((inputs, outputs), 0.7 / np.sqrt(inputs))])
        return self.op('Add', [self.normal((outputs,), 0.02), product])

    def layer_norm(self, x):
        weights = [self.const(f'weight_{len(self.initializers)}', np.full(self.width, v, np.float32)) for v in (1, 0)]
        return self.op('LayerNormalization', [x] + weights, axis=-1, epsilon=1e-6)

    def heads_of(self, x, perm):
        return self.op('Transpose', [self.op('Reshape', [x, self.split])], perm=perm)

    def attention(self, query, key, value, mask=None):
        """Of projected values; `mask` maps scores to scores."""
        q, k = self.heads_of(query, [0, 2, 1, 3]), self.heads_of(key, [0, 2, 3, 1])
        scores = self.op('Div', [self.op('MatMul', [q, k]), self.number(np.sqrt(self.width // self.heads))])
        weights = self.op('Softmax', [mask(scores) if mask else scores], axis=-1)
        mixed = self.op('MatMul', [weights, self.heads_of(value, [0, 2, 1, 3])])
        return self.op('Reshape', [self.op('Transpose', [mixed], perm=[0, 2, 1, 3]), self.merged])

    def gelu(self, x):
        gate = self.op('Erf', [self.op('Div', [x, self.number(np.sqrt(2))])])
        product = self.op('Mul', [x, self.op('Add', [gate, self.number(1)])])
        return self.op('Mul', [product, self.number(0.5)])

    def tanh_gelu(self, x):
        """As GPT-2 has it: with Pow, as below opset 20."""
        cube = self.op('Mul', [self.op('Pow', [x, self.number(3)]), self.number(0.044715)])
        inner = self.op('Mul', [self.op('Add', [x, cube]), self.number(np.sqrt(2 / np.pi))])
        gate = self.op('Add', [self.op('Tanh', [inner]), self.number(1)])
        return self.op('Mul', [self.op('Mul', [x, self.number(0.5)]), gate])


def vit_b16(out):
    net, size = Transformer(), 224
    tokens = (size // 16)**2
    x = net.conv('pixel_values', 3, net.width, 16, 16, pad=0, gain=1.0)
    x = net.op('Transpose', [net.op('Reshape', [x, net.ints(0, net.width, tokens)])], perm=[0, 2, 1])
    first = net.op('Expand', [net.normal((1, 1, net.width), 0.02), net.op('Concat', [
        net.op('Slice', [net.op('Shape', ['pixel_values']), net.ints(0), net.ints(1), net.ints(0)]),
        net.ints(1, net.width)], axis=0)])
    x = net.op('Add', [net.op('Concat', [first, x], axis=1), net.normal((1, tokens + 1, net.width), 0.02)])
    for _ in range(12):
        y = net.layer_norm(x)
        y = net.attention(*(net.linear(y, net.width, net.width) for _ in range(3)))
        x = net.op('Add', [net.linear(y, net.width, net.width), x])
        y = net.gelu(net.linear(net.layer_norm(x), net.width, 4 * net.width))
        x = net.op('Add', [net.linear(y, 4 * net.width, net.width), x])
    y = net.op('Gather', [net.layer_norm(x), net.number(0, np.int64)], axis=1)
    net.gemm(y, net.width, 1000, name='logits')
    net.save(out, 'vit_b16', [port('pixel_values', 'batch', 3, size, size)], [port('logits', 'batch', 1000)])


class Gpt2(Transformer):
    def projection(self, x, inputs, outputs):
        """Conv1D of GPT-2: a Gemm over all tokens."""
        weights = [self.normal((inputs, outputs), 0.7 / np.sqrt(inputs)), self.normal((outputs,), 0.02)]
        y = self.op('Gemm', [self.op('Reshape', [x, self.ints(-1, inputs)]), *weights], alpha=1.0, beta=1.0)
        shape = self.op('Concat', [self.sizes, self.ints(outputs)], axis=0)
        return self.op('Reshape', [y, shape])

    def causal(self):
        """A function of scores that hides what comes later."""
        lower = self.const('lower', np.tril(np.ones((1, 1, POSITIONS, POSITIONS), bool)))
        rows = self.op('Slice', [lower, self.ints(0), self.length, self.ints(2)])
        seen = self.op('Slice', [rows, self.ints(0), self.length, self.ints(3)])
        return lambda scores: self.op('Where', [seen, scores, self.number(-3.4028235e38)])

    def embed(self):
        self.sizes = self.op('Shape', ['input_ids'])
        self.length = self.op('Slice', [self.sizes, self.ints(1), self.ints(2), self.ints(0)])
        table = self.normal((VOCABULARY, self.width), 0.02, 'wte')
        length = self.op('Squeeze', [self.length])
        steps = self.op('Range', [self.number(0, np.int64), length, self.number(1, np.int64)])
        places = self.op('Gather', [self.normal((POSITIONS, self.width), 0.02, 'wpe'),
                                    self.op('Unsqueeze', [steps, self.ints(0)])])
        return self.op('Add', [self.op('Gather', [table, 'input_ids']), places])


def gpt2(out):
    net = Gpt2()
    x, mask = net.embed(), net.causal()
    for _ in range(12):
        qkv = net.ops('Split', [net.projection(net.layer_norm(x), net.width, 3 * net.width),
                                net.ints(net.width, net.width, net.width)], 3, axis=2)
        x = net.op('Add', [net.projection(net.attention(*qkv, mask), net.width, net.width), x])
        y = net.tanh_gelu(net.projection(net.layer_norm(x), net.width, 4 * net.width))
        x = net.op('Add', [net.projection(y, 4 * net.width, net.width), x])
    net.op('MatMul', [net.layer_norm(x), net.normal((net.width, VOCABULARY), 0.02)], 'logits')
    net.save(out, 'gpt2', [port('input_ids', 'batch', 'sequence', dtype=TensorProto.INT64)],
             [port('logits', 'batch', 'sequence', VOCABULARY)])


MODELS = {
    'vit_b16': Model(vit_b16, {'pixel_values': [1, 3, 224, 224]}),
    'gpt2': Model(gpt2, {'input_ids': [1, 64]}, below={'input_ids': VOCABULARY}),
}
