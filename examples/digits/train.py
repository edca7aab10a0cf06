"""Trains the digits model of this folder and writes digits.onnx, images/*.pgm and images/labels.txt.

A small convolutional network on scikit-learn's load_digits (8 x 8 images of handwritten digits), trained with plain
numpy, exported with the onnx package. The seed is fixed; one fifth of the images is held out, never trained on.

usage: python train.py            (needs numpy, scikit-learn, onnx)
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

SEED = 20
EPOCHS = 60
BATCH = 32
HERE = pathlib.Path(__file__).resolve().parent


def columns(x):
    """N x C x H x W to N x H x W x (C*9): the 3 x 3 neighbourhood of each pixel, zero outside."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    n, c, h, w = x.shape
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * 9)


def columns_gradient(g, channels):
    """The adjoint of columns()."""
    n, h, w, _ = g.shape
    g = g.reshape(n, h, w, channels, 3, 3)
    padded = np.zeros((n, channels, h + 2, w + 2), g.dtype)
    for i in range(3):
        for j in range(3):
            padded[:, :, i : i + h, j : j + w] += g[:, :, :, :, i, j].transpose(0, 3, 1, 2)
    return padded[:, :, 1:-1, 1:-1]


class Conv:
    """3 x 3 convolution with padding 1, then Relu, then a 2 x 2 maximum."""

    def __init__(self, rng, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        scale = np.sqrt(2.0 / (inputs * 9))
        self.weight = (rng.standard_normal((outputs, inputs * 9)) * scale).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.columns = columns(x)
        y = (self.columns @ self.weight.T + self.bias).transpose(0, 3, 1, 2)
        self.active = y > 0
        y = y * self.active
        n, c, h, w = y.shape
        blocks = y.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
        self.winner = blocks.argmax(-1)
        return blocks.max(-1)

    def backward(self, g):
        n, c, h, w = g.shape
        blocks = np.zeros((n, c, h, w, 4), np.float32)
        np.put_along_axis(blocks, self.winner[..., None], g[..., None], -1)
        full = blocks.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * h, 2 * w)
        full = (full * self.active).transpose(0, 2, 3, 1)
        flat = full.reshape(-1, c)
        self.gradients = [flat.T @ self.columns.reshape(len(flat), -1), flat.sum(0)]
        return columns_gradient(full @ self.weight, self.inputs)

    def parameters(self):
        return [self.weight, self.bias]


class Network:
    def __init__(self, rng):
        self.layers = [Conv(rng, 1, 16), Conv(rng, 16, 32)]
        self.weight = (rng.standard_normal((10, 128)) * np.sqrt(1.0 / 128)).astype(np.float32)
        self.bias = np.zeros(10, np.float32)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        self.shape = x.shape
        self.flat = x.reshape(len(x), -1)
        logits = self.flat @ self.weight.T + self.bias
        e = np.exp(logits - logits.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def backward(self, probabilities, labels):
        g = probabilities.copy()
        g[np.arange(len(g)), labels] -= 1
        g /= len(g)
        gradients = [g.T @ self.flat, g.sum(0)]
        g = (g @ self.weight).reshape(self.shape)
        for layer in reversed(self.layers):
            g = layer.backward(g)
            gradients = layer.gradients + gradients
        return gradients

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()] + [self.weight, self.bias]


def train(network, x, y, rng):
    """Stochastic gradient descent with momentum; each image is shifted by up to a pixel for every epoch."""
    velocity = [np.zeros_like(p) for p in network.parameters()]
    for epoch in range(EPOCHS):
        rate = 0.05 * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        order = rng.permutation(len(x))
        for start in range(0, len(order), BATCH):
            pick = order[start : start + BATCH]
            dy, dx = rng.integers(-1, 2, 2)
            padded = np.pad(x[pick], ((0, 0), (0, 0), (1, 1), (1, 1)))
            batch = padded[:, :, 1 + dy : 9 + dy, 1 + dx : 9 + dx]
            gradients = network.backward(network.forward(batch), y[pick])
            for p, v, g in zip(network.parameters(), velocity, gradients):
                v *= 0.9
                v -= rate * (g + 1e-4 * p)
                p += v


def export(network, path):
    nodes, initializers, value = [], [], "image"

    def constant(name, array):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    for i, layer in enumerate(network.layers, 1):
        weight = constant(f"conv{i}.weight", layer.weight.reshape(layer.outputs, layer.inputs, 3, 3))
        bias = constant(f"conv{i}.bias", layer.bias)
        nodes += [
            helper.make_node("Conv", [value, weight, bias], [f"conv{i}"], f"conv{i}", kernel_shape=[3, 3], pads=[1] * 4),
            helper.make_node("Relu", [f"conv{i}"], [f"relu{i}"], f"relu{i}"),
            helper.make_node("MaxPool", [f"relu{i}"], [f"pool{i}"], f"pool{i}", kernel_shape=[2, 2], strides=[2, 2]),
        ]
        value = f"pool{i}"
    nodes += [
        helper.make_node("Flatten", [value], ["flat"], "flatten", axis=1),
        helper.make_node(
            "Gemm",
            ["flat", constant("dense.weight", network.weight), constant("dense.bias", network.bias)],
            ["logits"], "dense", transB=1,
        ),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax", axis=1),
    ]
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train.py")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def write_images(images, labels, folder):
    """The first held-out image of each digit and the next two, as binary PGM with 17 grey levels."""
    chosen = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    chosen += [i for i in range(len(labels)) if i not in chosen][:2]
    folder.mkdir(exist_ok=True)
    lines = []
    for number, i in enumerate(chosen):
        name = f"{number:02}.pgm"
        (folder / name).write_bytes(b"P5\n8 8\n16\n" + images[i].astype(np.uint8).tobytes())
        lines.append(f"{name} {labels[i]}\n")
    (folder / "labels.txt").write_text("".join(lines))


def main():
    digits = load_digits()
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(digits.target))
    held_out, trained = order[: len(order) // 5], order[len(order) // 5 :]
    x = (digits.images / 16).astype(np.float32)[:, None]
    y = digits.target

    network = Network(rng)
    train(network, x[trained], y[trained], rng)
    export(network, HERE / "digits.onnx")
    write_images(digits.images[held_out], y[held_out], HERE / "images")

    correct = int((network.forward(x[held_out]).argmax(1) == y[held_out]).sum())
    print(f"held-out accuracy: {correct} of {len(held_out)} images, {100 * correct / len(held_out):.2f} %")
    print(f"digits.onnx: {(HERE / 'digits.onnx').stat().st_size} bytes")


if __name__ == "__main__":
    main()
