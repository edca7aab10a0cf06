"""Mobile image classifiers of the published shapes with random weights: mobilenet_v2 (convolutions with their
normalizations folded in, as PyTorch exports them), mobilenet_v3 (large; hard-swish as Add, Clip, Mul, Div) and
efficientnet_b0 (BatchNormalization kept, SiLU as Sigmoid and Mul).
"""
from .builder import Builder, port
from .model import Model


def rounded(channels):
    """To a multiple of 8, as these networks round their widths."""
    return max(8, (int(channels) + 4) // 8 * 8)


class Mobile(Builder):
    """Inverted residuals, of which `normalizes` keeps the BatchNormalization."""

    def __init__(self, normalizes=False):
        super().__init__()
        self.normalizes = normalizes

    def layer(self, x, inputs, outputs, kernel=1, stride=1, groups=1, activation=None):
        y = self.conv(x, inputs, outputs, kernel, stride, groups, bias=not self.normalizes,
                      gain=2.0 if activation else 1.0)
        y = self.batch_norm(y, outputs) if self.normalizes else y
        return activation(y) if activation else y

    def relu(self, x):
        return self.op('Relu', [x])

    def hard_sigmoid(self, x):
        return self.op('HardSigmoid', [x], alpha=1 / 6, beta=0.5)

    def sigmoid(self, x):
        return self.op('Sigmoid', [x])

    def excite(self, x, channels, squeezed, activation, gate):
        y = self.op('GlobalAveragePool', [x])
        y = activation(self.conv(y, channels, squeezed, 1))
        return self.op('Mul', [x, gate(self.conv(y, squeezed, channels, 1, gain=1.0))])

    def residual(self, x, inputs, inner, outputs, kernel, stride, activation, excite=None):
        """`excite`: squeezed channels, activation and gate of a squeeze-and-excite."""
        y = self.layer(x, inputs, inner, activation=activation) if inner != inputs else x
        y = self.layer(y, inner, inner, kernel, stride, inner, activation)
        y = self.excite(y, inner, *excite) if excite else y
        y = self.layer(y, inner, outputs)
        return self.op('Add', [x, y]) if stride == 1 and inputs == outputs else y

    def classify(self, x, channels, hidden=None, activation=None):
        y = self.op('Flatten', [self.op('GlobalAveragePool', [x])], axis=1)
        if hidden:
            y = activation(self.gemm(y, channels, hidden, gain=2.0))
        self.gemm(y, hidden or channels, 1000, name='logits')

    def write(self, out, name, size=224):
        self.save(out, name, [port('input', 'batch', 3, size, size)], [port('logits', 'batch', 1000)], opset=13)


def mobilenet_v2(out):
    net = Mobile()
    x, channels = net.layer('input', 3, 32, 3, 2, activation=net.relu6), 32
    for factor, outputs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                           (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(count):
            x = net.residual(x, channels, channels * factor, outputs, 3, stride if i == 0 else 1, net.relu6)
            channels = outputs
    net.classify(net.layer(x, channels, 1280, activation=net.relu6), 1280)
    net.write(out, 'mobilenet_v2')


def mobilenet_v3(out):
    net = Mobile()
    x, channels = net.layer('input', 3, 16, 3, 2, activation=net.hard_swish), 16
    for kernel, inner, outputs, excites, swishes, stride in (
            (3, 16, 16, 0, 0, 1), (3, 64, 24, 0, 0, 2), (3, 72, 24, 0, 0, 1), (5, 72, 40, 1, 0, 2),
            (5, 120, 40, 1, 0, 1), (5, 120, 40, 1, 0, 1), (3, 240, 80, 0, 1, 2), (3, 200, 80, 0, 1, 1),
            (3, 184, 80, 0, 1, 1), (3, 184, 80, 0, 1, 1), (3, 480, 112, 1, 1, 1), (3, 672, 112, 1, 1, 1),
            (5, 672, 160, 1, 1, 2), (5, 960, 160, 1, 1, 1), (5, 960, 160, 1, 1, 1)):
        excite = (rounded(inner / 4), net.relu, net.hard_sigmoid) if excites else None
        x = net.residual(x, channels, inner, outputs, kernel, stride, net.hard_swish if swishes else net.relu, excite)
        channels = outputs
    net.classify(net.layer(x, channels, 960, activation=net.hard_swish), 960, 1280, net.hard_swish)
    net.write(out, 'mobilenet_v3')


def efficientnet_b0(out):
    net = Mobile(normalizes=True)
    x, channels = net.layer('input', 3, 32, 3, 2, activation=net.silu), 32
    for factor, outputs, count, stride, kernel in ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5),
                                                   (6, 80, 3, 2, 3), (6, 112, 3, 1, 5), (6, 192, 4, 2, 5),
                                                   (6, 320, 1, 1, 3)):
        for i in range(count):
            x = net.residual(x, channels, channels * factor, outputs, kernel, stride if i == 0 else 1, net.silu,
                             (channels // 4, net.silu, net.sigmoid))
            channels = outputs
    net.classify(net.layer(x, channels, 1280, activation=net.silu), 1280)
    net.write(out, 'efficientnet_b0')


SHAPES = {'input': [1, 3, 224, 224]}
MODELS = {f.__name__: Model(f, SHAPES) for f in (mobilenet_v2, mobilenet_v3, efficientnet_b0)}
