"""The runs that Tenon's figures of speed are about: a model of make_models.py, shapes of its inputs, and how many times
faster than onnxruntime it is to be; and inputs for them, or for any model. No state.
"""
import dataclasses
import os

import numpy as np
import onnx

import make_models
import models

DTYPES = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.FLOAT16: np.float16, onnx.TensorProto.INT64: np.int64,
          onnx.TensorProto.INT32: np.int32, onnx.TensorProto.DOUBLE: np.float64, onnx.TensorProto.UINT8: np.uint8,
          onnx.TensorProto.BOOL: np.bool_}


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    model: str
    figure: str  # the line of the summary that it counts for
    target: float  # onnxruntime's time over Tenon's, at least
    shapes: dict = dataclasses.field(default_factory=dict)  # where they differ from the model's usual ones
    tolerance: float = 1e-4  # of outputs against cpu_ref, relative to the largest value


def of_models(figure, target, *names, **more):
    return [Workload(name, name, figure, target, **more) for name in names]


def texts(model, figure, target, *shapes):
    return [Workload(f'{model} {rows} x {length}', model, figure, target,
                     {name: [rows, length] for name in models.model(model).shapes}) for rows, length in shapes]


def image(model, figure, target, height, width):
    return [Workload(f'{model} {height} x {width}', model, figure, target, {'x': [1, 3, height, width]})]


SMALL = 'squeezenet, shufflenet, MobileNets, EfficientNet'
TRANSFORMERS = 'minilm, BERT, ViT'
PUBLISHED = 'published models'
WORKLOADS = [
    *of_models('vgg19', 1.5, 'vgg19'),
    *of_models('resnet50, inceptions, densenet121', 1.2, 'resnet50', 'inception_v1', 'inception_v2', 'densenet121'),
    *of_models(SMALL, 1.1, 'squeezenet', 'shufflenet', 'mobilenet_v2', 'mobilenet_v3', 'efficientnet_b0'),
    *texts('minilm', TRANSFORMERS, 1.15, (1, 16), (1, 128), (8, 128)),
    *of_models(TRANSFORMERS, 1.15, 'bert', 'vit_b16'),
    *image('ocr_detector', PUBLISHED, 1.1, 320, 640),
    *image('ocr_detector', PUBLISHED, 1.1, 736, 736),
    *image('ocr_recognizer', PUBLISHED, 1.1, 48, 320),
    *of_models(PUBLISHED, 1.1, 'magika', 'silero_vad'),
    *of_models('LSTM and GRU taggers', 1.1, 'lstm_tagger', 'gru_tagger'),
    *of_models('other shapes: decoder, segmentation, detection, vocoder', 1.0, 'gpt2', 'unet', 'yolo', 'vocoder'),
    *of_models('float16 copies', 1.5, 'resnet50_float16', 'minilm_float16', tolerance=1e-2),
]


def model_path(name, folder):
    """Of a model by its name, made where it is not there yet; a path to an .onnx file is taken as it is."""
    if name.endswith('.onnx'):
        return name
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name.replace(':', '_') + '.onnx')
    if not os.path.exists(path):
        make_models.make(name, path)
    return path


def row_of(name):
    """The model's row, that of one with no name an empty one."""
    return models.Model(None) if name.endswith('.onnx') else models.model(name)


def make_feeds(path, row, shapes):
    """name -> array, for inputs without an initializer: normal floats; integers and fixed values as the row says."""
    rng = np.random.default_rng(5)
    graph = onnx.load(path, load_external_data=False).graph
    defaults = {i.name for i in graph.initializer}
    feeds = {}
    for i in graph.input:
        if i.name in defaults:
            continue
        dims = [d.dim_value or 1 for d in i.type.tensor_type.shape.dim]
        shape = shapes.get(i.name) or row.shapes.get(i.name) or dims
        dtype = DTYPES[i.type.tensor_type.elem_type]
        fixed = row.fixed.get(i.name, 1 if 'mask' in i.name else None)
        if fixed is not None:
            feeds[i.name] = np.full(shape, fixed, dtype)
        elif np.dtype(dtype).kind == 'f':
            feeds[i.name] = rng.standard_normal(shape).astype(dtype)
        else:
            feeds[i.name] = rng.integers(0, row.below.get(i.name, 2), shape).astype(dtype)
    return feeds
