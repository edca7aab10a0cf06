"""What a row of the table of operators.py is, and arrays for its inputs: seeded by nothing but their shapes."""
import dataclasses
import zlib

import numpy as np


@dataclasses.dataclass
class Row:
    """One node. What `label` adds to its name tells rows of one operator apart."""
    op: str
    inputs: list  # arrays; None: left out
    attributes: dict = dataclasses.field(default_factory=dict)
    label: str = ''
    domain: str = ''
    outputs: int = 1
    constants: tuple = ()  # inputs that onnxruntime takes as initializers alone
    opset: int = 0  # of the domain; 0: the newest that both know

    @property
    def name(self):
        prefix = {'': '', 'com.microsoft': 'ms.', 'com.microsoft.nchwc': 'nchwc.', 'ai.onnx.ml': 'ml.'}[self.domain]
        return f'{prefix}{self.op}' + (f' {self.label}' if self.label else '')


def generator(*facts):
    return np.random.default_rng(zlib.crc32(repr(facts).encode()))


def f32(*shape, low=-1.0, high=1.0):
    """Evenly spread between low and high."""
    return (low + (high - low) * generator(shape, low, high).random(shape)).astype(np.float32)


def whole(dtype, high, *shape, low=0):
    """Whole numbers from low to below high."""
    return generator(shape, low, high).integers(low, high, shape).astype(dtype)


def i32(high, *shape):
    return whole(np.int32, high, *shape)


def i64(high, *shape):
    return whole(np.int64, high, *shape)


def u8(*shape):
    return whole(np.uint8, 256, *shape)


def i8(*shape):
    return whole(np.int8, 128, *shape, low=-128)


def flags(*shape):
    return whole(np.bool_, 2, *shape)


def words(count, kinds):
    """`count` strings of `kinds` different ones."""
    return np.array([f'word {i}' for i in generator(count).integers(0, kinds, count)], object)


def of(dtype, *values):
    """A tensor of one dimension; of a single value a scalar."""
    return np.array(values[0] if len(values) == 1 else values, dtype)


def ints(*values):
    """Of one dimension, whatever the count: as operators take axes, sizes and pads."""
    return np.array(values, np.int64)


def quantized(array, scale=0.02):
    """The array, its scale and its zero point."""
    return [array, of(np.float32, scale), of(array.dtype, 128 if array.dtype == np.uint8 else 0)]


def result(dtype=np.uint8, scale=0.05):
    return [of(np.float32, scale), of(dtype, 128 if dtype == np.uint8 else 0)]
