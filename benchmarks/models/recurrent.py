"""Taggers: an embedding, two recurrent layers of 256 and a projection, with random weights, as PyTorch exports them."""
import functools

from onnx import TensorProto

from .builder import Builder, port
from .model import Model

VOCABULARY, WIDTH, LAYERS, TAGS, STEPS = 10000, 256, 2, 17, 100


def initial_state(net):
    """Zeros of [1, batch, WIDTH]."""
    batch = net.op('Slice', [net.op('Shape', ['tokens']), net.ints(0), net.ints(1), net.ints(0)])
    shape = net.op('Concat', [net.ints(1), batch, net.ints(WIDTH)], axis=0)
    return net.op('Expand', [net.number([[[0.0]]]), shape])


def tagger(op_type, out):
    net = Builder()
    gates = {'LSTM': 4, 'GRU': 3}[op_type]
    states = [initial_state(net)] * (2 if op_type == 'LSTM' else 1)
    x = net.op('Gather', [net.normal((VOCABULARY, WIDTH), 1.0, 'embedding'), 'tokens'])
    x = net.op('Transpose', [x], perm=[1, 0, 2])
    for _ in range(LAYERS):
        weights = [net.normal((1, gates * WIDTH, WIDTH), WIDTH**-0.5) for _ in range(2)]
        weights.append(net.normal((1, 2 * gates * WIDTH), 0.02))
        more = {'linear_before_reset': 1} if op_type == 'GRU' else {}
        y = net.op(op_type, [x, *weights, '', *states], 1 + len(states), hidden_size=WIDTH, **more)
        x = net.op('Squeeze', [y, net.ints(1)])
    x = net.op('Transpose', [x], perm=[1, 0, 2])
    product = net.op('MatMul', [x, net.normal((WIDTH, TAGS), WIDTH**-0.5)])
    net.op('Add', [net.normal((TAGS,), 0.02), product], 'tags')
    net.save(out, op_type.lower() + '_tagger', [port('tokens', 'batch', 'steps', dtype=TensorProto.INT64)],
             [port('tags', 'batch', 'steps', TAGS)])


MODELS = {op_type.lower() + '_tagger': Model(functools.partial(tagger, op_type), {'tokens': [1, STEPS]},
                                             below={'tokens': VOCABULARY}) for op_type in ('LSTM', 'GRU')}
