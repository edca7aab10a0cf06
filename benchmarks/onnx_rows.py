"""The rows of ai.onnx in the table of operators.py, at shapes of real models."""
import numpy as np

from operator_row import Row, f32, flags, i8, i32, i64, ints, of, quantized, result, u8, whole, words

IMAGE = (1, 64, 56, 56)  # activations of a residual network
TOKENS = (1, 128, 768)   # and of an encoder
HEADS = (1, 12, 128, 64)
PADS = {'pads': [1, 1, 1, 1]}


def unary_rows():
    for op in ('Abs Asin Acos Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor HardSigmoid HardSwish Identity '
               'LeakyRelu Mish Neg Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Tan Tanh '
               'ThresholdedRelu Gelu Shrink IsInf IsNaN').split():
        yield Row(op, [f32(*IMAGE, low=-0.9, high=0.9)])
    yield Row('Acosh', [f32(*IMAGE, low=1.1, high=3)])
    for op in ('Log', 'Sqrt'):
        yield Row(op, [f32(*IMAGE, low=0.1, high=3)])
    yield Row('Gelu', [f32(*TOKENS)], {'approximate': 'tanh'}, 'tanh')
    yield Row('Not', [flags(1, 12, 128, 128)])
    yield Row('BitwiseNot', [i64(1000, *TOKENS)])
    for op in ('Abs', 'Neg', 'Sign'):
        yield Row(op, [i64(1000, 1, 128, 128)], {}, 'int64')
    yield Row('Clip', [f32(*IMAGE), of(np.float32, 0.0), of(np.float32, 6.0)])
    yield Row('Clip', [u8(*IMAGE), of(np.uint8, 9), of(np.uint8, 99)], {}, 'uint8')
    yield Row('Dropout', [f32(*TOKENS)])
    yield Row('PRelu', [f32(*IMAGE), f32(64, 1, 1)])
    for label, source, target in (('float to int64', f32(*IMAGE, low=-99, high=99), 7),
                                  ('int64 to float', i64(100, 1, 128, 128), 1), ('bool to float', flags(*HEADS), 1),
                                  ('float to half', f32(*IMAGE), 10),
                                  ('half to float', f32(*IMAGE).astype(np.float16), 1),
                                  ('uint8 to float', u8(1, 3, 224, 224), 1), ('float to bool', f32(*TOKENS), 9),
                                  ('float to double', f32(*IMAGE), 11),
                                  ('float to uint8', f32(*IMAGE, low=0, high=255), 2),
                                  ('int32 to int64', i32(9, 128, 128), 7)):
        yield Row('Cast', [source], {'to': target}, label)
    yield Row('CastLike', [i64(9, 128, 768), f32(1)])
    yield Row('BitCast', [f32(*IMAGE)], {'to': 6})


def binary_rows():
    for op in 'Add Div Mul Sub Pow Max Min Mean Sum'.split():
        left = f32(*IMAGE, low=0.1, high=2)
        yield Row(op, [left, f32(*IMAGE, low=0.5, high=2)])
        yield Row(op, [left, f32(1, 64, 1, 1, low=0.5, high=2)], {}, 'of channels')
        yield Row(op, [f32(*TOKENS, low=0.1, high=2), f32(768, low=0.5, high=2)], {}, 'of a row')
    yield Row('Pow', [f32(*TOKENS), of(np.float32, 2.0)], {}, 'of two')
    yield Row('Mod', [f32(*TOKENS), f32(768, low=1, high=2)], {'fmod': 1})
    yield Row('Mod', [i64(999, 128, 128), i64(9, 128) + 1], {}, 'int64')
    for op in 'Add Div Mul Sub Max Min'.split():
        yield Row(op, [i64(999, 1, 128, 128), i64(99, 128) + 1], {}, 'int64')
    for op in 'Equal Greater GreaterOrEqual Less LessOrEqual'.split():
        yield Row(op, [f32(*TOKENS), f32(*TOKENS, low=-2)])
        yield Row(op, [i64(9, 128, 1), i64(9, 1, 128)], {}, 'int64')
    for op in 'And Or Xor'.split():
        yield Row(op, [flags(1, 12, 128, 128), flags(1, 1, 1, 128)])
    for op in 'BitwiseAnd BitwiseOr BitwiseXor'.split():
        yield Row(op, [i32(999, *TOKENS), i32(999, *TOKENS)])
    yield Row('BitShift', [u8(1, 3, 224, 224), of(np.uint8, 4)], {'direction': 'RIGHT'})
    yield Row('Where', [flags(1, 1, 128, 128), f32(1, 12, 128, 128), of(np.float32, -1e4)])
    yield Row('Where', [flags(128, 768), i64(9, 128, 768), i64(5, 128, 768)], {}, 'int64')


def reduction_rows():
    for op in ('ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum '
               'ReduceSumSquare').split():
        for label, shape, axes in (('of rows', TOKENS, ints(-1)), ('of planes', IMAGE, ints(2, 3)),
                                   ('of columns', TOKENS, ints(1)), ('of all', TOKENS, None)):
            yield Row(op, [f32(*shape, low=0.1, high=1.1)] + ([] if axes is None else [axes]), {}, label)
    yield Row('ReduceSum', [i64(9, 128, 768), ints(-1)], {}, 'int64')
    yield Row('ReduceMax', [u8(1, 3, 224, 224), ints(1)], {}, 'uint8')
    for op in ('ArgMax', 'ArgMin'):
        yield Row(op, [f32(1, 128, 30522)], {'axis': -1}, 'of rows')
        yield Row(op, [f32(1, 21, 128, 128)], {'axis': 1}, 'of channels')
    yield Row('CumSum', [f32(*TOKENS), of(np.int64, 1)])
    yield Row('CumSum', [i64(2, 8, 512), of(np.int64, 1)], {}, 'int64')
    yield Row('CumProd', [f32(*TOKENS), of(np.int64, 1)])
    yield Row('TopK', [f32(1, 1000, low=0), ints(5)], {}, 'of classes', outputs=2)
    yield Row('TopK', [f32(1, 25200), ints(300)], {}, 'of boxes', outputs=2)
    yield Row('TopK', [f32(1, 64, 8400), ints(1)], {'axis': 1}, 'of channels', outputs=2)


def movement_rows():
    yield Row('Concat', [f32(1, 64, 56, 56), f32(1, 32, 56, 56)], {'axis': 1})
    yield Row('Concat', [f32(1, 8400, 4), f32(1, 8400, 80)], {'axis': 2}, 'of short rows')
    yield Row('Split', [f32(1, 128, 2304), ints(768, 768, 768)], {'axis': -1}, outputs=3)
    yield Row('Transpose', [f32(1, 128, 12, 64)], {'perm': [0, 2, 1, 3]}, 'of heads')
    yield Row('Transpose', [f32(*HEADS)], {'perm': [0, 1, 3, 2]}, 'of keys')
    yield Row('Transpose', [f32(*IMAGE)], {'perm': [0, 2, 3, 1]}, 'channels last')
    yield Row('Transpose', [f32(1, 56, 56, 64)], {'perm': [0, 3, 1, 2]}, 'channels first')
    yield Row('Transpose', [f32(1, 2, 58, 28, 28)], {'perm': [0, 2, 1, 3, 4]}, 'of groups')
    yield Row('Transpose', [u8(1, 224, 224, 3)], {'perm': [0, 3, 1, 2]}, 'uint8')
    yield Row('Transpose', [f32(768, 3072)], {'perm': [1, 0]}, 'of a weight')
    yield Row('Slice', [f32(*IMAGE), ints(0, 0), ints(56, 28), ints(2, 3), ints(2, 1)])
    yield Row('Slice', [f32(1, 128, 2304), ints(768), ints(1536), ints(2)], {}, 'of rows')
    yield Row('Slice', [f32(*IMAGE), ints(-1), ints(-99), ints(3), ints(-1)], {}, 'backwards')
    for mode in ('constant', 'reflect', 'edge'):
        yield Row('Pad', [f32(*IMAGE), ints(0, 0, 1, 1, 0, 0, 1, 1)], {'mode': mode}, mode)
    yield Row('Expand', [f32(1, 12, 1, 128), ints(1, 12, 128, 128)])
    yield Row('Expand', [f32(1, 64, 1, 1), ints(*IMAGE)], {}, 'of channels')
    yield Row('Tile', [f32(1, 12, 128, 64), ints(1, 1, 2, 1)])
    yield Row('Tile', [f32(1, 64, 28, 28), ints(1, 1, 2, 2)], {}, 'of images')
    yield Row('DepthToSpace', [f32(1, 64, 56, 56)], {'blocksize': 2})
    yield Row('DepthToSpace', [f32(1, 64, 56, 56)], {'blocksize': 2, 'mode': 'CRD'}, 'CRD')
    yield Row('SpaceToDepth', [f32(1, 16, 112, 112)], {'blocksize': 2})
    yield Row('Trilu', [f32(1, 12, 128, 128)])
    yield Row('ReverseSequence', [f32(128, 8, 256), whole(np.int64, 128, 8, low=1)])
    yield Row('Reshape', [f32(*TOKENS), ints(1, 128, 12, 64)])
    yield Row('Flatten', [f32(*IMAGE)])
    yield Row('Squeeze', [f32(1, 1000, 1, 1), ints(2, 3)])
    yield Row('Unsqueeze', [i64(2, 1, 128), ints(1, 2)])
    yield Row('TensorScatter', [f32(1, 12, 512, 64), f32(1, 12, 1, 64), ints(99)])


def selection_rows():
    yield Row('Gather', [f32(30522, 768), i64(30522, 1, 128)], {}, 'of embeddings')
    yield Row('Gather', [f32(1, 128, 768), i64(768, 384)], {'axis': 2}, 'along rows')
    yield Row('GatherElements', [f32(1, 8400, 80), i64(8400, 1, 300, 80)], {'axis': 1})
    yield Row('GatherND', [f32(1, 512, 768), np.stack([0 * i64(2, 64), i64(512, 64)], -1)])
    yield Row('GatherND', [f32(80, 8400), np.stack([i64(80, 4000), i64(8400, 4000)], -1)], {}, 'of elements')
    yield Row('Compress', [f32(8400, 84), flags(8400)], {'axis': 0})
    yield Row('NonZero', [flags(128, 1024)])
    yield Row('NonZero', [whole(np.float32, 2, 8400, 80)], {}, 'float')
    yield Row('OneHot', [i64(1000, 128), of(np.int64, 1000), f32(2)])
    yield Row('ScatterElements', [f32(1, 8400, 80), i64(8400, 1, 300, 80), f32(1, 300, 80)], {'axis': 1})
    yield Row('Scatter', [f32(8400, 80), i64(8400, 300, 80), f32(300, 80)], opset=10)
    yield Row('ScatterND', [f32(512, 768), i64(512, 64, 1), f32(64, 768)])
    places = np.stack([0 * i64(2, 4000), i64(64, 4000), i64(80, 4000), i64(79, 4000)], -1)
    yield Row('ScatterND', [f32(1, 64, 80, 80), places, f32(4000)], {}, 'of elements')
    yield Row('Unique', [i64(999, 10000)], outputs=4)
    yield Row('Unique', [f32(20000)], {}, 'float')
    yield Row('MaxUnpool', [f32(1, 64, 28, 28), np.arange(50176).reshape(1, 64, 28, 28) * 4],
              {'kernel_shape': [2, 2], 'strides': [2, 2]})


def product_rows():
    yield Row('MatMul', [f32(*TOKENS), f32(768, 768)])
    yield Row('MatMul', [f32(1, 1, 768), f32(768, 3072)], {}, 'of a row')
    yield Row('MatMul', [f32(*HEADS), f32(1, 12, 64, 128)], {}, 'of heads')
    yield Row('MatMul', [i32(9, 128, 256), i32(9, 256, 256)], {}, 'int32')
    yield Row('MatMul', [f32(128, 256).astype(np.float64), f32(256, 256).astype(np.float64)], {}, 'double')
    yield Row('Gemm', [f32(1, 2048), f32(1000, 2048), f32(1000)], {'transB': 1}, 'of a row')
    yield Row('Gemm', [f32(128, 768), f32(768, 768), f32(768)])
    yield Row('Gemm', [f32(128, 768), f32(768, 768), f32(768)], {'transB': 1}, 'transposed')
    yield Row('Gemm', [f32(768, 128), f32(768, 768), f32(768)], {'transA': 1}, 'left transposed')
    for label, equation, a, b in (('of heads', 'bhid,bhjd->bhij', HEADS, HEADS),
                                  ('dense', 'bij,jk->bik', TOKENS, (768, 256)),
                                  ('of values', 'bhij,bjhd->bihd', (1, 12, 128, 128), (1, 128, 12, 64))):
        yield Row('Einsum', [f32(*a), f32(*b)], {'equation': equation}, label)
    yield Row('Einsum', [f32(128, 768)], {'equation': 'ij->ji'}, 'transpose')
    yield Row('Einsum', [f32(1, 128, 768), f32(1, 128, 768)], {'equation': 'bij,bij->bi'}, 'of rows')
    for kind in (u8, i8):
        label = kind(1).dtype.name
        yield Row('MatMulInteger', [u8(128, 768), kind(768, 768), of(np.uint8, 128), of(kind(1).dtype, 3)], {}, label)
        b = quantized(kind(768, 768))
        yield Row('QLinearMatMul', quantized(u8(128, 768)) + b + result(), {}, label)
    yield Row('Det', [f32(100, 8, 8)])
    yield Row('RotaryEmbedding', [f32(*HEADS), f32(512, 32), f32(512, 32), i64(512, 1, 128)])
    yield Row('Attention', [f32(*HEADS), f32(*HEADS), f32(*HEADS)])
    yield Row('Attention', [f32(1, 32, 1, 96), f32(1, 8, 511, 96), f32(1, 8, 511, 96)], {}, 'of a token')


def normalization_rows():
    channels = [f32(64), f32(64), f32(64), f32(64, low=0.5)]
    yield Row('BatchNormalization', [f32(*IMAGE)] + channels)
    yield Row('InstanceNormalization', [f32(*IMAGE)] + channels[:2])
    yield Row('GroupNormalization', [f32(*IMAGE)] + channels[:2], {'num_groups': 32})
    yield Row('LayerNormalization', [f32(*TOKENS), f32(768), f32(768)])
    yield Row('RMSNormalization', [f32(*TOKENS), f32(768)])
    yield Row('SimplifiedLayerNormalization', [f32(*TOKENS), f32(768)], {'axis': -1, 'stash_type': 1}, opset=17)
    yield Row('MeanVarianceNormalization', [f32(*IMAGE)])
    yield Row('LRN', [f32(1, 96, 55, 55)], {'size': 5})
    yield Row('LpNormalization', [f32(*TOKENS)])
    yield Row('LpNormalization', [f32(*IMAGE)], {'axis': 1, 'p': 1}, 'of channels')
    for op in ('Softmax', 'LogSoftmax', 'Hardmax'):
        yield Row(op, [f32(1, 12, 128, 128)], {'axis': -1})
        yield Row(op, [f32(1, 21, 128, 128)], {'axis': 1}, 'of channels')
    yield Row('Softmax', [f32(1, 128, 30522)], {'axis': -1}, 'of a vocabulary')


def window_rows():
    yield Row('Conv', [f32(*IMAGE), f32(64, 64, 3, 3), f32(64)], PADS)
    yield Row('Conv', [f32(*IMAGE), f32(256, 64, 1, 1)], {}, '1x1')
    yield Row('Conv', [f32(1, 3, 224, 224), f32(32, 3, 7, 7)], {'strides': [2, 2], 'pads': [3, 3, 3, 3]}, '7x7')
    yield Row('Conv', [f32(1, 144, 56, 56), f32(144, 1, 3, 3)], {'group': 144, **PADS}, 'depthwise')
    yield Row('Conv', [f32(1, 80, 1500), f32(384, 80, 3)], {'pads': [1, 1]}, '1D')
    yield Row('ConvTranspose', [f32(1, 128, 28, 28), f32(128, 64, 4, 4)], {'strides': [2, 2], **PADS})
    yield Row('ConvTranspose', [f32(1, 64, 56, 56), f32(64, 32, 2, 2)], {'strides': [2, 2]}, '2x2')
    yield Row('ConvInteger', [u8(1, 64, 28, 28), u8(64, 64, 3, 3), of(np.uint8, 9)], PADS)
    scales = [of(np.float32, 0.01), of(np.int8, 0)]
    yield Row('QLinearConv', quantized(u8(1, 64, 28, 28)) + [i8(64, 64, 3, 3)] + scales + result(), PADS)
    yield Row('QLinearConv', quantized(u8(1, 144, 28, 28)) + [i8(144, 1, 3, 3)] + scales + result(),
              {'group': 144, **PADS}, 'depthwise')
    yield Row('DeformConv', [f32(1, 64, 28, 28), f32(64, 64, 3, 3), f32(1, 18, 28, 28)], PADS)
    pool = {'kernel_shape': [3, 3], 'strides': [2, 2], **PADS}
    yield Row('MaxPool', [f32(1, 64, 112, 112)], pool)
    yield Row('MaxPool', [f32(1, 64, 112, 112)], pool, 'with places', outputs=2)
    yield Row('MaxPool', [f32(1, 256, 20, 20)], {'kernel_shape': [5, 5], 'pads': [2, 2, 2, 2]}, '5x5')
    yield Row('MaxPool', [u8(1, 64, 112, 112)], pool, 'uint8')
    yield Row('AveragePool', [f32(1, 64, 112, 112)], pool)
    yield Row('LpPool', [f32(1, 64, 112, 112)], pool)
    for op in ('GlobalAveragePool', 'GlobalMaxPool', 'GlobalLpPool'):
        yield Row(op, [f32(1, 512, 14, 14)], opset=21)
    yield Row('Col2Im', [f32(1, 576, 784), ints(28, 28), ints(3, 3)], PADS)
    for mode, facts in (('nearest', {}), ('linear', {}), ('cubic', {}),
                        ('linear', {'coordinate_transformation_mode': 'align_corners'})):
        label = mode + (' aligned' if facts else '')
        yield Row('Resize', [f32(1, 64, 28, 28), None, None, ints(1, 64, 56, 56)], {'mode': mode, **facts}, label)
    yield Row('Resize', [f32(1, 3, 448, 448), None, None, ints(1, 3, 224, 224)], {'mode': 'linear', 'antialias': 1},
              'antialias')
    yield Row('Upsample', [f32(1, 64, 28, 28), of(np.float32, 1, 1, 2, 2)], opset=9)
    for mode in ('linear', 'nearest', 'cubic'):
        yield Row('GridSample', [f32(1, 32, 64, 64), f32(1, 64, 64, 2)], {'mode': mode}, mode)
    yield Row('AffineGrid', [f32(4, 2, 3), ints(4, 3, 128, 128)])


def detection_rows():
    boxes = f32(1, 1000, 4, low=0, high=0.7)
    boxes[..., 2:] += boxes[..., :2] * 0.3 + 0.05
    yield Row('NonMaxSuppression', [boxes, f32(1, 80, 1000, low=0), of(np.int64, 100), of(np.float32, 0.5),
                                    of(np.float32, 0.9)])
    rois = boxes[0, :300] * 400
    yield Row('RoiAlign', [f32(1, 256, 50, 50), rois, 0 * i64(2, 300)],
              {'output_height': 7, 'output_width': 7, 'sampling_ratio': 2, 'spatial_scale': 0.125}, opset=21)
    yield Row('MaxRoiPool', [f32(1, 256, 50, 50), np.insert(rois, 0, 0, axis=1)],
              {'pooled_shape': [7, 7], 'spatial_scale': 0.125}, opset=21)


def quantize_rows():
    for label, shape, scale, facts in (('', IMAGE, of(np.float32, 0.02), {}),
                                       ('of channels', (768, 768), f32(768, low=0.01, high=0.02), {'axis': 0})):
        zero = np.zeros(scale.shape, np.uint8)
        yield Row('QuantizeLinear', [f32(*shape), scale, zero], facts, label)
        yield Row('DequantizeLinear', [u8(*shape), scale, zero], facts, label)
    yield Row('DequantizeLinear', [u8(768, 768), f32(24, 768, low=0.01, high=0.02), u8(24, 768)],
              {'axis': 0, 'block_size': 32}, 'of blocks')
    yield Row('DynamicQuantizeLinear', [f32(*TOKENS)], outputs=3)


def recurrent_rows():
    for op, gates in (('LSTM', 4), ('GRU', 3), ('RNN', 1)):
        yield Row(op, [f32(64, 1, 128), f32(1, gates * 256, 128), f32(1, gates * 256, 256), f32(1, gates * 512)],
                  {'hidden_size': 256})


def signal_rows():
    yield Row('DFT', [f32(1, 100, 512, 1), of(np.int64, 512)], {}, 'of 512', opset=20)
    yield Row('DFT', [f32(1, 100, 400, 1), of(np.int64, 400), of(np.int64, 2)], {'onesided': 1}, 'of 400', opset=20)
    yield Row('STFT', [f32(1, 16000, 1), of(np.int64, 160), f32(400)])
    yield Row('MelWeightMatrix', [of(np.int64, 80), of(np.int64, 400), of(np.int64, 16000), of(np.float32, 0.0),
                                  of(np.float32, 8000.0)])


def generated_rows():
    yield Row('ConstantOfShape', [ints(1, 12, 128, 128)])
    yield Row('EyeLike', [f32(512, 512)])
    yield Row('Range', [of(np.int64, 0), of(np.int64, 10000), of(np.int64, 1)])
    yield Row('Shape', [f32(*IMAGE)])
    yield Row('Size', [f32(*IMAGE)])
    yield Row('RandomNormalLike', [f32(*TOKENS)], opset=21)
    yield Row('RandomUniformLike', [f32(*TOKENS)], opset=21)
    for op in ('RandomNormal', 'RandomUniform'):
        yield Row(op, [], {'shape': TOKENS}, opset=21)
    yield Row('Multinomial', [f32(8, 1000)], {'sample_size': 10}, opset=21)


def text_rows():
    yield Row('StringConcat', [words(1000, 99), words(1000, 9)])
    yield Row('StringNormalizer', [words(1000, 99)], {'case_change_action': 'LOWER', 'locale': 'C'})
    yield Row('StringSplit', [words(1000, 99)], outputs=2)
    yield Row('RegexFullMatch', [words(1000, 99)], {'pattern': 'w.*[0-5]'})
    yield Row('TfIdfVectorizer', [i64(1000, 8, 1000)],
              {'mode': 'TF', 'min_gram_length': 1, 'max_gram_length': 2, 'max_skip_count': 0, 'ngram_counts': [0, 500],
               'ngram_indexes': list(range(1000)), 'pool_int64s': list(range(500)) + list(range(1000))})


def rows():
    for family in (unary_rows, binary_rows, reduction_rows, movement_rows, selection_rows, product_rows,
                   normalization_rows, window_rows, detection_rows, quantize_rows, recurrent_rows, signal_rows,
                   generated_rows, text_rows):
        yield from family()
