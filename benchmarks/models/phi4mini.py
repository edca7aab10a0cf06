"""phi4mini: an INT4 decoder of Phi-4-mini's shape with random weights in external data."""
import os

import numpy as np
from onnx import TensorProto, helper

from .builder import Builder, port


class Phi4Mini(Builder):
    """The decoder of phi4mini(): its large weights go to an open file of external data as they are made."""

    HIDDEN, HEADS, KV_HEADS, HEAD_SIZE, INNER, VOCABULARY, BLOCK = 3072, 24, 8, 128, 8192, 200064, 32

    def __init__(self, data, location):
        super().__init__(seed=11)
        self.data, self.location = data, location

    def external(self, name, array):
        self.data.write(b'\0' * (-self.data.tell() % 4096))
        tensor = TensorProto(name=name, dims=array.shape, data_location=TensorProto.EXTERNAL,
                             data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
        for key, value in (('location', self.location), ('offset', self.data.tell()), ('length', array.nbytes)):
            tensor.external_data.add(key=key, value=str(value))
        array.tofile(self.data)
        self.initializers.append(tensor)
        return name

    def ms(self, op_type, inputs, outputs, **attributes):
        return self.op(op_type, inputs, outputs, domain='com.microsoft', **attributes)

    def linear4(self, x, name, k, n, out):
        weight = self.external(name + '.q', self.rng.integers(0, 256, (n, k // self.BLOCK, self.BLOCK // 2), np.uint8))
        scale = self.external(name + '.s', self.rng.random((n * k // self.BLOCK,), np.float32) * np.float32(2e-3))
        return self.ms('MatMulNBits', [x, weight, scale], out, K=k, N=n, bits=4, block_size=self.BLOCK,
                       accuracy_level=4)

    def lengths(self):
        total = self.op('ReduceSum', ['attention_mask', self.const('ax1', np.array([1], np.int64))], 'msum', keepdims=0)
        past = self.op('Sub', [total, self.const('one', np.array([1], np.int64))], 'msub')
        past = self.op('Cast', [past], 'seqlens_k', to=TensorProto.INT32)
        length = self.op('Gather', [self.op('Shape', ['attention_mask'], 'mshape'),
                                    self.const('i1', np.array(1, np.int64))], 'tl')
        return past, self.op('Cast', [length], 'total_len', to=TensorProto.INT32)

    def layer(self, x, h, o, cache, lengths, rotary):
        heads_out = (self.HEADS + 2 * self.KV_HEADS) * self.HEAD_SIZE
        qkv = self.linear4(h, o + 'qkv', self.HIDDEN, heads_out, o + 'qkv_o')
        self.ms('GroupQueryAttention', [qkv, '', '', *cache[0], *lengths, *rotary], [o + 'attn', *cache[1]],
                num_heads=self.HEADS, kv_num_heads=self.KV_HEADS, do_rotary=1, rotary_interleaved=0,
                scale=float(self.HEAD_SIZE ** -.5))
        a = self.linear4(o + 'attn', o + 'o', self.HEADS * self.HEAD_SIZE, self.HIDDEN, o + 'o_o')
        ones = np.ones(self.HIDDEN, np.float32)
        self.ms('SkipSimplifiedLayerNormalization', [x, a, self.const(o + 'ln1', ones)],
                [o + 'h1', '', '', o + 'x1'], epsilon=1e-5)
        both = self.linear4(o + 'h1', o + 'gate_up', self.HIDDEN, 2 * self.INNER, o + 'gu')
        self.op('Split', [both], [o + 'g', o + 'u'], axis=-1, num_outputs=2)
        gate = self.op('Mul', [o + 'g', self.op('Sigmoid', [o + 'g'], o + 'sg')], o + 'silu')
        down = self.linear4(self.op('Mul', [gate, o + 'u'], o + 'act'), o + 'down', self.INNER, self.HIDDEN, o + 'd_o')
        self.ms('SkipSimplifiedLayerNormalization', [o + 'x1', down, self.const(o + 'ln2', ones)],
                [o + 'h2', '', '', o + 'x2'], epsilon=1e-5)
        return o + 'x2', o + 'h2'

    def build(self, layers):
        inputs = [port('input_ids', 'batch', 'seq', dtype=TensorProto.INT64),
                  port('attention_mask', 'batch', 'total', dtype=TensorProto.INT64)]
        outputs = [port('logits', 'batch', 'seq', self.VOCABULARY)]
        table = np.tile(self.rng.standard_normal((self.VOCABULARY, 256), np.float32), (1, self.HIDDEN // 256))
        x = self.op('Gather', [self.external('embed', table * np.float32(.02)), 'input_ids'], 'x0')
        angles = np.outer(np.arange(4096), 1e4 ** (-np.arange(48) / 48))
        rotary = [self.const('cos_cache', np.cos(angles).astype(np.float32)),
                  self.const('sin_cache', np.sin(angles).astype(np.float32))]
        lengths = self.lengths()
        h = self.op('SimplifiedLayerNormalization', [x, self.const('ln0', np.ones(self.HIDDEN, np.float32))], 'h0',
                    axis=-1, epsilon=1e-5, stash_type=1)
        for i in range(layers):
            cache = [[f'{which}.{i}.{k}' for k in ('key', 'value')] for which in ('past_key_values', 'present')]
            inputs += [port(n, 'batch', self.KV_HEADS, 'past', self.HEAD_SIZE) for n in cache[0]]
            outputs += [port(n, 'batch', self.KV_HEADS, 'total', self.HEAD_SIZE) for n in cache[1]]
            x, h = self.layer(x, h, f'l{i}.', cache, lengths, rotary)
        self.linear4(h, 'lm_head', self.HIDDEN, self.VOCABULARY, 'logits')
        return helper.make_graph(self.nodes, 'phi4mini', inputs, outputs, self.initializers)


def phi4mini(out, layers):
    with open(out + '.data', 'wb') as data:
        graph = Phi4Mini(data, os.path.basename(out) + '.data').build(layers)
    opsets = [helper.make_opsetid('', 18), helper.make_opsetid('com.microsoft', 1)]
    with open(out, 'wb') as f:
        f.write(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
