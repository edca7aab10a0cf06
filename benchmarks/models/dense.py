"""Networks that answer pixel by pixel or box by box, with random weights: unet (BatchNormalization kept, transposed
convolutions) and yolo (a detector of cross-stage blocks, SiLU, pyramid pooling and a neck of Resize and Concat).
"""
import numpy as np

from .builder import Builder, port
from .model import Model


class Unet(Builder):
    def block(self, x, inputs, outputs):
        for channels in (inputs, outputs):
            y = self.conv(x, channels, outputs, 3, bias=False)
            x = self.op('Relu', [self.batch_norm(y, outputs)])
        return x

    def up(self, x, inputs, outputs):
        weights = [self.normal((inputs, outputs, 2, 2), np.sqrt(1 / inputs)), self.normal((outputs,), 0.02)]
        return self.op('ConvTranspose', [x] + weights, kernel_shape=[2, 2], strides=[2, 2], dilations=[1, 1], group=1,
                       pads=[0, 0, 0, 0])


def unet(out):
    net, widths, size = Unet(), (32, 64, 128, 256, 512), 256
    x, skipped, channels = 'input', [], 3
    for width in widths:
        if skipped:
            x = net.op('MaxPool', [x], kernel_shape=[2, 2], strides=[2, 2])
        x = net.block(x, channels, width)
        skipped.append(x)
        channels = width
    for width, other in zip(widths[-2::-1], skipped[-2::-1]):
        x = net.op('Concat', [other, net.up(x, 2 * width, width)], axis=1)
        x = net.block(x, 2 * width, width)
    net.op('Sigmoid', [net.conv(x, widths[0], 1, 1, gain=1.0)], 'mask')
    net.save(out, 'unet', [port('input', 'batch', 3, size, size)], [port('mask', 'batch', 1, size, size)], opset=13)


class Yolo(Builder):
    """Of version 8's nano size."""

    CLASSES, BINS = 80, 16

    def layer(self, x, inputs, outputs, kernel=1, stride=1):
        return self.silu(self.conv(x, inputs, outputs, kernel, stride))

    def cross_stage(self, x, inputs, outputs, count, adds=True):
        half = outputs // 2
        parts = self.ops('Split', [self.layer(x, inputs, outputs), self.ints(half, half)], 2, axis=1)
        for _ in range(count):
            y = self.layer(self.layer(parts[-1], half, half, 3), half, half, 3)
            parts.append(self.op('Add', [parts[-1], y]) if adds else y)
        return self.layer(self.op('Concat', parts, axis=1), half * (count + 2), outputs)

    def pyramid(self, x, channels):
        parts = [self.layer(x, channels, channels // 2)]
        for _ in range(3):
            parts.append(self.op('MaxPool', [parts[-1]], kernel_shape=[5, 5], strides=[1, 1], pads=[2, 2, 2, 2]))
        return self.layer(self.op('Concat', parts, axis=1), 2 * channels, channels)

    def twice(self, x):
        scales = self.const(f'scales_{len(self.nodes)}', np.array([1, 1, 2, 2], np.float32))
        return self.op('Resize', [x, '', scales], mode='nearest', nearest_mode='floor',
                       coordinate_transformation_mode='asymmetric')

    def backbone(self, x):
        """The maps at strides 8, 16 and 32."""
        x, maps = self.layer(x, 3, 16, 3, 2), []
        for inputs, outputs, count in ((16, 32, 1), (32, 64, 2), (64, 128, 2), (128, 256, 1)):
            x = self.cross_stage(self.layer(x, inputs, outputs, 3, 2), outputs, outputs, count)
            maps.append(x)
        return maps[1], maps[2], self.pyramid(x, 256)

    def neck(self, fine, middle, coarse):
        m = self.cross_stage(self.op('Concat', [self.twice(coarse), middle], axis=1), 384, 128, 1, False)
        f = self.cross_stage(self.op('Concat', [self.twice(m), fine], axis=1), 192, 64, 1, False)
        m = self.cross_stage(self.op('Concat', [self.layer(f, 64, 64, 3, 2), m], axis=1), 192, 128, 1, False)
        c = self.cross_stage(self.op('Concat', [self.layer(m, 128, 128, 3, 2), coarse], axis=1), 384, 256, 1, False)
        return (f, 64), (m, 128), (c, 256)

    def head(self, x, channels, outputs, inner):
        y = self.layer(self.layer(x, channels, inner, 3), inner, inner, 3)
        return self.conv(y, inner, outputs, 1, gain=1.0)

    def detect(self, maps, anchors):
        bins, rows = 4 * self.BINS, []
        for x, channels in maps:
            y = self.op('Concat', [self.head(x, channels, bins, 64), self.head(x, channels, self.CLASSES, 80)], axis=1)
            rows.append(self.op('Reshape', [y, self.ints(0, bins + self.CLASSES, -1)]))
        boxes, classes = self.ops('Split', [self.op('Concat', rows, axis=2), self.ints(bins, self.CLASSES)], 2, axis=1)
        boxes = self.op('Transpose', [self.op('Reshape', [boxes, self.ints(0, 4, self.BINS, anchors)])],
                        perm=[0, 2, 1, 3])
        weights = self.const('bins', np.arange(self.BINS, dtype=np.float32).reshape(1, -1, 1, 1))
        boxes = self.op('Conv', [self.op('Softmax', [boxes], axis=1), weights], kernel_shape=[1, 1])
        boxes = self.op('Reshape', [boxes, self.ints(0, 4, anchors)])
        near, far = self.ops('Split', [boxes, self.ints(2, 2)], 2, axis=1)
        points = self.normal((1, 2, anchors), 10.0, 'points')
        near, far = self.op('Sub', [points, near]), self.op('Add', [points, far])
        middle = self.op('Div', [self.op('Add', [near, far]), self.number(2)])
        boxes = self.op('Concat', [middle, self.op('Sub', [far, near])], axis=1)
        boxes = self.op('Mul', [boxes, self.normal((1, anchors), 8.0, 'strides')])
        self.op('Concat', [boxes, self.op('Sigmoid', [classes])], 'output', axis=1)


def yolo(out):
    net, size = Yolo(), 640
    anchors = sum((size // stride)**2 for stride in (8, 16, 32))
    net.detect(net.neck(*net.backbone('images')), anchors)
    net.save(out, 'yolo', [port('images', 'batch', 3, size, size)], [port('output', 'batch', 4 + net.CLASSES, anchors)])


MODELS = {'unet': Model(unet, {'input': [1, 3, 256, 256]}), 'yolo': Model(yolo, {'images': [1, 3, 640, 640]})}
