"""The single-node tests of com.microsoft's operators on quantized tensors, as in contrib_cases.py."""
import numpy as np
from onnx import TensorProto

from contrib_cases import Case, Maker, in_seven_bits


def number(value, dtype=np.float32):
    return np.array(value, dtype)


class Quantized(Maker):
    """Random bytes with scales and zero points. onnxruntime computes some of these in float: at scales that are no sums
    of few powers of two, halves between two bytes are nearly never met, where its last bit would tell."""

    def bytes(self, dtype, *shape):
        info = np.iinfo(dtype)
        return np.asarray(self.rng.integers(info.min, info.max + 1, shape, dtype))

    def scale(self, *shape):
        return np.asarray(0.01 + 0.03 * self.rng.random(shape), np.float32)

    def with_scale(self, dtype, *shape):
        """A tensor, its scale and its zero point."""
        middle = 128 if dtype == np.uint8 else 0
        return [self.bytes(dtype, *shape), self.scale(), number(middle + self.rng.integers(-9, 10), dtype)]

    def result(self, dtype, scale=0.05):
        return [number(np.float32(scale * (1 + self.rng.random()))), number(self.rng.integers(100, 120), dtype)]


def quantized(make, op, inputs, steps=0, dtype=None, **attributes):
    """steps: by how much a byte may be off, and why is said where it is not 0."""
    types = None if dtype is None else [dtype]
    return Case(make.name, op, inputs, attributes, terms=0, steps=steps, output_types=types)


def dtype_name(dtype):
    return np.dtype(dtype).name


def elementwise_cases():
    for dtype in (np.uint8, np.int8):
        for op in ("QLinearAdd", "QLinearMul"):
            for label, a, b in (("alike", (2, 3, 7), (2, 3, 7)), ("of_a_row", (2, 3, 7), (7,)),
                                ("of_a_number", (), (4, 5)), ("both_ways", (3, 1, 5), (2, 1)),
                                ("of_nothing", (0, 3), (3,))):
                make = Quantized(f"{op.lower()}_{label}_{dtype_name(dtype)}")
                yield quantized(make, op, make.with_scale(dtype, *a) + make.with_scale(dtype, *b) + make.result(dtype))
        make = Quantized(f"qlinearsigmoid_{dtype_name(dtype)}")
        yield quantized(make, "QLinearSigmoid", make.with_scale(dtype, 4, 33) + make.result(dtype, 1 / 256))
        for alpha in (0.01, 0.3):
            make = Quantized(f"qlinearleakyrelu_{alpha}_{dtype_name(dtype)}")
            yield quantized(make, "QLinearLeakyRelu", make.with_scale(dtype, 4, 33) + make.result(dtype), alpha=alpha)
        make = Quantized(f"qlinearwhere_{dtype_name(dtype)}")
        condition = make.rng.random((3, 1, 5)) < 0.5
        yield quantized(make, "QLinearWhere", [condition] + make.with_scale(dtype, 2, 5) + make.with_scale(dtype, 1)
                        + make.result(dtype), dtype=TensorProto.UINT8 if dtype == np.uint8 else TensorProto.INT8)


def softmax_cases():
    for dtype in (np.uint8, np.int8):
        for label, shape, attributes in (("last", (3, 9), {"opset": 13}),
                                         ("middle", (2, 5, 3), {"opset": 13, "axis": 1}),
                                         ("flat", (2, 5, 3), {"opset": 12, "axis": 1})):
            make = Quantized(f"qlinearsoftmax_{label}_{dtype_name(dtype)}")
            scale, zero = number(np.float32(1 / 256)), number(0 if dtype == np.uint8 else -128, dtype)
            # onnxruntime sums a table of whole numbers.
            inputs = make.with_scale(dtype, *shape) + [scale, zero]
            yield quantized(make, "QLinearSoftmax", inputs, steps=1, **attributes)


def concat_cases():
    for dtype in (np.uint8, np.int8):
        for axis in (0, 1, -1):
            make = Quantized(f"qlinearconcat_{axis}_{dtype_name(dtype)}")
            shapes = [[2, 3, 4] for _ in range(3)]
            for i, shape in enumerate(shapes):
                shape[axis] = 1 + i
            inputs = [t for shape in shapes for t in make.with_scale(dtype, *shape)]
            yield quantized(make, "QLinearConcat", make.result(dtype) + inputs, axis=axis,
                            dtype=TensorProto.UINT8 if dtype == np.uint8 else TensorProto.INT8)


def pool_cases():
    for dtype in (np.uint8, np.int8):
        for label, shape, attributes in (
                ("", (2, 3, 6, 5), {"kernel_shape": [3, 2]}),
                ("padded", (2, 3, 6, 5), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
                ("counted", (1, 3, 6, 5), {"kernel_shape": [3, 3], "pads": [1, 0, 1, 1], "count_include_pad": 1}),
                ("last", (2, 6, 5, 3), {"kernel_shape": [3, 2], "channels_last": 1}),
                ("1_d", (2, 3, 9), {"kernel_shape": [4], "strides": [3]})):
            make = Quantized(f"qlinearaveragepool_{label}_{dtype_name(dtype)}")
            inputs = make.with_scale(dtype, *shape) + make.result(dtype)
            yield quantized(make, "QLinearAveragePool", inputs, **attributes)
        for last in (0, 1):
            make = Quantized(f"qlinearglobalaveragepool_{last}_{dtype_name(dtype)}")
            yield quantized(make, "QLinearGlobalAveragePool", make.with_scale(dtype, 2, 5, 4, 3) + make.result(dtype),
                            channels_last=last)
        make = Quantized(f"nhwcmaxpool_{dtype_name(dtype)}")
        inputs = [make.bytes(dtype, 2, 7, 6, 3)]
        yield quantized(make, "NhwcMaxPool", inputs, kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 1])


def qgemm(label, a_type, b_type, y_type, columns=False, c=None, trans=(0, 0), alpha=1.0):
    make = Quantized(f"qgemm_{label}")
    m, k, n = 3, 17, 5
    a = make.with_scale(a_type, *((k, m) if trans[0] else (m, k)))
    b = make.with_scale(b_type, *((n, k) if trans[1] else (k, n)))
    b[0] = in_seven_bits(b[0])
    if columns:
        b[1:] = [make.scale(n), make.bytes(b_type, n)]
    addend = None if c is None else make.rng.integers(-9999, 9999, c, np.int32)
    result = [] if y_type is None else make.result(y_type, 0.2)
    types = {None: TensorProto.FLOAT, np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8}
    case = quantized(make, "QGemm", a + b + [addend] + result, transA=trans[0], transB=trans[1], alpha=alpha,
                     dtype=types[y_type])
    case.terms = k if y_type is None else 0
    return case


def product_cases():
    yield qgemm("to_float", np.uint8, np.int8, None)
    yield qgemm("to_float_of_columns", np.uint8, np.uint8, None, columns=True, c=(5,))
    yield qgemm("to_bytes", np.uint8, np.int8, np.uint8, c=(1, 5))
    yield qgemm("to_bytes_of_columns", np.uint8, np.int8, np.uint8, columns=True, c=(3, 5), alpha=0.7)
    yield qgemm("signed_and_transposed", np.int8, np.int8, np.int8, c=(5,), trans=(1, 1))
    for label, a_type, b_type, columns, bias, shapes in (
            ("plain", np.uint8, np.int8, False, False, ((3, 16), (16, 5))),
            ("columns", np.uint8, np.uint8, True, True, ((3, 16), (16, 5))),
            ("stack", np.int8, np.int8, False, True, ((2, 3, 16), (2, 16, 5)))):
        make = Quantized(f"matmulintegertofloat_{label}")
        a, b = make.with_scale(a_type, *shapes[0]), make.with_scale(b_type, *shapes[1])
        if columns:
            b[1:] = [make.scale(5), make.bytes(b_type, 5)]
        inputs = [a[0], in_seven_bits(b[0]), a[1], b[1], a[2], b[2], make.normal(5) if bias else None]
        yield Case(make.name, "MatMulIntegerToFloat", inputs, {}, terms=64, output_types=[TensorProto.FLOAT])
        make = Quantized(f"dynamicquantizematmul_{label}")
        b = make.with_scale(b_type, *shapes[1])
        if columns:
            b[1:] = [make.scale(5), make.bytes(b_type, 5)]
        inputs = [make.normal(*shapes[0]), in_seven_bits(b[0]), *b[1:], make.normal(5) if bias else None]
        yield Case(make.name, "DynamicQuantizeMatMul", inputs, {}, terms=64)


def linear_cases():
    for dtype in (np.uint8, np.int8, np.uint16, np.int16):
        for axis in (None, 0, 1):
            name = f"{dtype_name(dtype)}_{'whole' if axis is None else axis}"
            make = Quantized(f"dequantizelinear_{name}")
            shape = [] if axis is None else [3 + axis]
            scale, zero = make.scale(*shape), make.bytes(dtype, *shape)
            attributes = {} if axis is None else {"axis": axis}
            yield Case(make.name, "DequantizeLinear", [make.bytes(dtype, 3, 4), scale, zero], attributes, terms=4,
                       output_types=[TensorProto.FLOAT])
            make = Quantized(f"quantizelinear_{name}")
            yield Case(make.name, "QuantizeLinear", [make.normal(3, 4), scale, zero], attributes, terms=0,
                       output_types=[TensorProto.DataType.Value(dtype_name(dtype).upper())])


def all_cases():
    yield from elementwise_cases()
    yield from softmax_cases()
    yield from concat_cases()
    yield from pool_cases()
    yield from product_cases()
    yield from linear_cases()
