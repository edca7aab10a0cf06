"""The rows of com.microsoft, com.microsoft.nchwc and ai.onnx.ml in the table of operators.py."""
import functools

import numpy as np
from onnx import numpy_helper

from onnx_rows import HEADS, IMAGE, PADS, TOKENS
from operator_row import Row, f32, flags, generator, i8, i32, i64, ints, of, quantized, result, u8, whole, words

Ms = functools.partial(Row, domain='com.microsoft')
Ml = functools.partial(Row, domain='ai.onnx.ml')
Blocked = functools.partial(Row, domain='com.microsoft.nchwc')
QUARTER = (1, 128, 28, 28)


def elementwise_rows():
    wide = f32(1, 128, 3072, low=-3, high=3)
    for op in ('Gelu', 'FastGelu', 'QuickGelu', 'ScaledSiLU'):
        yield Ms(op, [wide])
    yield Ms('BiasGelu', [wide, f32(3072)])
    yield Ms('GatedAdd', [f32(*TOKENS), f32(*TOKENS), f32(1, 128, 1)])
    for op in ('QLinearAdd', 'QLinearMul'):
        yield Ms(op, quantized(u8(*QUARTER)) + quantized(u8(*QUARTER), 0.03) + result())
        yield Ms(op, quantized(i8(*TOKENS)) + quantized(i8(768), 0.03) + result(np.int8), {}, 'of a row')
    yield Ms('QLinearSigmoid', quantized(u8(*QUARTER)) + result())
    yield Ms('QLinearLeakyRelu', quantized(u8(*QUARTER)) + result())
    yield Ms('QLinearWhere', [flags(*QUARTER)] + quantized(u8(*QUARTER)) + quantized(u8(1)) + result())
    yield Ms('QLinearSoftmax', quantized(u8(1, 12, 128, 128)) + result(scale=1 / 256), {'axis': -1, 'opset': 13})
    yield Ms('QLinearConcat', result() + quantized(u8(1, 64, 56, 56)) + quantized(u8(1, 32, 56, 56), 0.03), {'axis': 1})
    yield Ms('QuantizeLinear', [f32(*IMAGE), of(np.float32, 0.02), of(np.uint8, 3)])
    yield Ms('DequantizeLinear', [u8(*IMAGE), of(np.float32, 0.02), of(np.uint8, 3)])


def moving_rows():
    yield Ms('Trilu', [f32(1, 12, 128, 128)])
    yield Ms('Pad', [f32(*IMAGE), ints(0, 0, 1, 1, 0, 0, 1, 1)])
    yield Ms('ExpandDims', [f32(*TOKENS), of(np.int32, 1)])
    yield Ms('UnfoldTensor', [f32(8, 16, 4096)], {'size': 400, 'step': 160})
    yield Ms('SampleOp', [f32(*TOKENS)])
    yield Ms('GatherND', [f32(1, 512, 768), np.stack([0 * i64(2, 64), i64(512, 64)], -1)])
    yield Ms('Unique', [f32(20000)], outputs=3)
    yield Ms('NGramRepeatBlock', [i64(50000, 4, 512), f32(4, 50000)], {'ngram_size': 3})
    yield Ms('BifurcationDetector', [i64(50000, 2000), i64(50000, 400), of(np.int64, 0)], outputs=2)
    yield Ms('DynamicTimeWarping', [f32(1, 200, 1500, low=0)])
    yield Ms('MurmurHash3', [words(5000, 99)], {'positive': 1})
    yield Ms('Range', [of(np.int64, 0), of(np.int64, 10000), of(np.int64, 1)])
    for mode in ('bilinear', 'nearest', 'bicubic'):
        yield Ms('GridSample', [f32(1, 32, 64, 64), f32(1, 64, 64, 2)], {'mode': mode}, mode)
    rois = f32(100, 4, low=0, high=0.5) + np.array([0, 0, 0.4, 0.4], np.float32)
    yield Ms('CropAndResize', [f32(1, 256, 50, 50), rois, i32(1, 100), of(np.int32, 14, 14)])
    blocks = whole(np.uint8, 256, 30000, 16 * 24)
    yield Ms('GatherBlockQuantized', [blocks, i64(30000, 1, 128), f32(30000, 24, low=0.01)],
             {'bits': 4, 'block_size': 32, 'gather_axis': 0, 'quantize_axis': 1}, constants=(0, 2))


def product_rows():
    yield Ms('FusedMatMul', [f32(*HEADS), f32(*HEADS)], {'transB': 1, 'alpha': 0.125})
    yield Ms('TransposeMatMul', [f32(*HEADS), f32(*HEADS)], {'transB': 1})
    yield Ms('FusedGemm', [f32(128, 768), f32(768, 768), f32(768)], {'activation': 'Relu'})
    yield Ms('FusedConv', [f32(*IMAGE), f32(64, 64, 3, 3), f32(64)], {'activation': 'Relu', **PADS})
    yield Ms('CDist', [f32(1000, 64), f32(1000, 64)], {'metric': 'euclidean'})
    yield Ms('Inverse', [f32(100, 4, 4) + 4 * np.eye(4, dtype=np.float32)])
    yield Ms('MatMulInteger16', [whole(np.int16, 999, 128, 256), whole(np.int16, 999, 256, 256)])
    a, b = quantized(u8(128, 768)), quantized(i8(768, 768), 0.01)
    yield Ms('MatMulIntegerToFloat', [a[0], b[0], a[1], b[1], a[2], b[2], f32(768)])
    yield Ms('DynamicQuantizeMatMul', [f32(128, 768)] + b + [f32(768)])
    yield Ms('QGemm', a + b + [i32(99, 768)] + result(), {'transA': 0})
    packed = {'N': 768, 'K': 768, 'block_size': 32}
    for label, rows in (('', 128), ('of a row', 1)):
        yield Ms('MatMulNBits', [f32(1, rows, 768), u8(768, 24, 16), f32(768, 24)], {'bits': 4, **packed}, label)
        yield Ms('MatMulBnb4', [f32(1, rows, 768), u8(768 * 384), f32(768 * 12)],
                 {'quant_type': 1, **packed, 'block_size': 64}, label, constants=(1, 2))
    experts = [f32(128, 256), f32(128, 8), f32(8, 512, 256), f32(8, 512), f32(8, 256, 512), f32(8, 256)]
    yield Ms('MoE', experts, {'k': 2, 'activation_type': 'gelu'})
    yield Ms('QMoE', [f32(128, 256), f32(128, 8), u8(8, 512, 128), f32(8, 512, low=0.01, high=0.02), None,
                      u8(8, 256, 256), f32(8, 256, low=0.01, high=0.02)],
             {'k': 2, 'activation_type': 'gelu', 'expert_weight_bits': 4}, constants=(2, 3, 5, 6))


def attention_rows():
    heads = {'num_heads': 12}
    yield Ms('Attention', [f32(*TOKENS), f32(768, 2304), f32(2304)], heads)
    yield Ms('QAttention', [u8(*TOKENS), i8(768, 2304), f32(2304), of(np.float32, 0.02), of(np.float32, 0.01), None,
                            of(np.uint8, 128), of(np.int8, 0)], heads, constants=(1,))
    yield Ms('MultiHeadAttention', [f32(*TOKENS)] * 3, heads)
    yield Ms('MultiHeadAttention', [f32(1, 1, 768), f32(1, 12, 511, 64), f32(1, 12, 511, 64)], heads, 'of a token')
    yield Ms('DecoderMaskedMultiHeadAttention', [f32(1, 1, 768)] * 3 + [None, None] + [f32(1, 12, 512, 64)] * 2
             + [of(np.int32, [300])], {'past_present_share_buffer': 1, **heads}, outputs=3)
    cache = [f32(1, 8, 512, 96)] * 2
    for label, rows, past in (('of a prompt', 128, 0), ('of a token', 1, 511)):
        yield Ms('GroupQueryAttention', [f32(1, rows, 3072), f32(1, rows, 768), f32(1, rows, 768)] + cache
                 + [of(np.int32, [past + rows - 1]), of(np.int32, past + rows)],
                 {'num_heads': 32, 'kv_num_heads': 8}, label, outputs=3)
    yield Ms('RotaryEmbedding', [f32(*TOKENS), i64(512, 1, 128), f32(512, 32), f32(512, 32)], {'num_heads': 12})


def normalization_rows():
    yield Ms('SkipLayerNormalization', [f32(*TOKENS), f32(*TOKENS), f32(768), f32(768)])
    yield Ms('SkipSimplifiedLayerNormalization', [f32(*TOKENS), f32(*TOKENS), f32(768)])
    ids = [i32(30522, 1, 128), i32(2, 1, 128)]
    tables = [f32(30522, 768), f32(512, 768), f32(2, 768), f32(768), f32(768)]
    yield Ms('EmbedLayerNormalization', ids + tables, outputs=2)
    tables = [u8(30522, 768), u8(512, 768), u8(2, 768), u8(768), u8(768)]
    yield Ms('QEmbedLayerNormalization', ids + tables + [None] + [of(np.float32, 0.02)] * 5 + [of(np.uint8, 9)] * 5,
             outputs=2, constants=tuple(range(2, 18)))


def window_rows():
    inputs = [f32(1, 128, 28, 28), f32(128, 64, 4, 4), ints(1, 1, 1, 1)]
    yield Ms('ConvTransposeWithDynamicPads', inputs, {'strides': [2, 2]})
    pool = {'kernel_shape': [3, 3], 'strides': [2, 2], **PADS}
    yield Ms('NhwcMaxPool', [u8(1, 112, 112, 64)], pool)
    yield Ms('QLinearAveragePool', quantized(u8(1, 64, 56, 56)) + result(), pool)
    last = {'channels_last': 1, **pool}
    yield Ms('QLinearAveragePool', quantized(u8(1, 56, 56, 64)) + result(), last, 'channels last')
    for last, shape in ((0, (1, 512, 14, 14)), (1, (1, 14, 14, 512))):
        yield Ms('QLinearGlobalAveragePool', quantized(u8(*shape)) + result(), {'channels_last': last},
                 'channels last' if last else '')
    yield Ms('QLinearConv', quantized(u8(1, 28, 28, 64)) + [i8(64, 64, 3, 3), of(np.float32, 0.01), of(np.int8, 0)]
             + result(), {'channels_last': 1, **PADS})
    yield Ms('DynamicQuantizeLSTM', [f32(64, 1, 128), i8(1, 128, 1024), i8(1, 256, 1024), f32(1, 2048)] + [None] * 4
             + [f32(1, low=0.01), np.zeros(1, np.int8)] * 2, {'hidden_size': 256}, constants=(1, 2))


def blocked_rows():
    """Channels are no multiples of 16, so that they tell blocks of 8: those of onnxruntime without AVX-512."""
    x = f32(1, 72, 56, 56)
    yield Blocked('ReorderInput', [x])
    yield Blocked('ReorderOutput', [x], {'channels': 72})
    yield Blocked('Conv', [x, f32(72, 72, 3, 3), f32(72)], PADS)
    pool = {'kernel_shape': [3, 3], 'strides': [2, 2], **PADS}
    yield Blocked('MaxPool', [x], pool)
    yield Blocked('AveragePool', [x], pool)
    yield Blocked('GlobalAveragePool', [x])
    yield Blocked('GlobalMaxPool', [x])
    yield Blocked('Upsample', [f32(1, 72, 28, 28)], {'scales': [1, 1, 2, 2]})


def forest(kind, features, trees=100, depth=6, classes=1):
    """Whole binary trees of random tests, as the attributes of TreeEnsembleClassifier and TreeEnsembleRegressor."""
    inner, nodes = 2**depth - 1, 2**(depth + 1) - 1
    ids = list(range(nodes))
    rng = generator(features, trees, depth)
    children = [2 * i + 1 if i < inner else 0 for i in ids], [2 * i + 2 if i < inner else 0 for i in ids]
    leaves = ids[inner:] * trees
    lists = {'nodes_treeids': np.repeat(range(trees), nodes).tolist(), 'nodes_nodeids': ids * trees,
             'nodes_featureids': rng.integers(0, features, nodes * trees).tolist(),
             'nodes_values': rng.random(nodes * trees).tolist(),
             'nodes_modes': (['BRANCH_LEQ'] * inner + ['LEAF'] * (nodes - inner)) * trees,
             'nodes_truenodeids': children[0] * trees, 'nodes_falsenodeids': children[1] * trees,
             f'{kind}_treeids': np.repeat(range(trees), nodes - inner).tolist(), f'{kind}_nodeids': leaves,
             f'{kind}_ids': rng.integers(0, classes, len(leaves)).tolist(),
             f'{kind}_weights': rng.random(len(leaves)).tolist()}
    return lists | ({'n_targets': 1} if kind == 'target' else {'classlabels_int64s': list(range(classes))})


def placed_forest(features, trees=100, depth=6):
    """The same as the attributes of TreeEnsemble, whose nodes are known by their places."""
    inner = 2**depth - 1
    rng = generator(features, trees, depth)
    sides = {}
    for side, name in ((1, 'true'), (2, 'false')):
        children = [2 * i + side for i in range(inner)]
        sides[f'nodes_{name}leafs'] = [int(c >= inner) for c in children] * trees
        sides[f'nodes_{name}nodeids'] = [t * (inner + 1) + c - inner if c >= inner else t * inner + c
                                         for t in range(trees) for c in children]
    leaves = (inner + 1) * trees
    return {'tree_roots': [t * inner for t in range(trees)], 'n_targets': 1, 'leaf_targetids': [0] * leaves,
            'nodes_featureids': rng.integers(0, features, inner * trees).tolist(),
            'nodes_splits': numpy_helper.from_array(rng.random(inner * trees).astype(np.float32)),
            'nodes_modes': numpy_helper.from_array(np.zeros(inner * trees, np.uint8)),
            'leaf_weights': numpy_helper.from_array(rng.random(leaves).astype(np.float32)), **sides}


def learned_rows():
    x = f32(1000, 30, low=0)
    yield Ml('TreeEnsembleRegressor', [x], forest('target', 30))
    yield Ml('TreeEnsembleRegressor', [f32(1, 30, low=0)], forest('target', 30), 'of a row')
    yield Ml('TreeEnsembleClassifier', [x], forest('class', 30, classes=3), outputs=2)
    yield Ml('TreeEnsemble', [x], placed_forest(30), opset=5)
    weights = f32(90).tolist()
    yield Ml('LinearClassifier', [x], {'coefficients': weights, 'intercepts': [0.1] * 3, 'classlabels_ints': [0, 1, 2],
                                       'post_transform': 'SOFTMAX'}, outputs=2)
    yield Ml('LinearRegressor', [x], {'coefficients': weights, 'intercepts': [0.1] * 3, 'targets': 3})
    vectors = {'kernel_type': 'RBF', 'kernel_params': [0.1, 0.0, 3.0], 'rho': [0.2],
               'support_vectors': f32(6000).tolist()}
    yield Ml('SVMRegressor', [x], {'coefficients': f32(200).tolist(), 'n_supports': 200, **vectors})
    yield Ml('SVMClassifier', [x], {'coefficients': f32(200).tolist(), 'vectors_per_class': [90, 110],
                                    'classlabels_ints': [0, 1], **vectors}, outputs=2)
    text = [f'word {i}' for i in range(99)]
    yield Ml('LabelEncoder', [words(10000, 99)], {'keys_strings': text, 'values_int64s': list(range(99))})
    numbers = {'keys_int64s': list(range(99)), 'values_floats': f32(99).tolist()}
    yield Ml('LabelEncoder', [i64(99, 10000)], numbers, 'int64')
    yield Ml('CategoryMapper', [words(10000, 99)], {'cats_strings': text, 'cats_int64s': list(range(99))})
    yield Ml('OneHotEncoder', [i64(99, 1000)], {'cats_int64s': list(range(99))})
    for op, attributes in (('Scaler', {'offset': [0.5] * 30, 'scale': [2.0] * 30}), ('Normalizer', {'norm': 'L2'}),
                           ('Binarizer', {'threshold': 0.5}),
                           ('Imputer', {'imputed_value_floats': [1.0] * 30, 'replaced_value_float': float('nan')})):
        yield Ml(op, [f32(10000, 30)], attributes)
    yield Ml('FeatureVectorizer', [f32(10000, 10), f32(10000, 20)], {'inputdimensions': [10, 20]})
    yield Ml('ArrayFeatureExtractor', [f32(10000, 30), i64(30, 1, 5)])


def rows():
    for family in (elementwise_rows, moving_rows, product_rows, attention_rows, normalization_rows, window_rows,
                   blocked_rows, learned_rows):
        yield from family()
