"""vocoder: a generator of HiFi-GAN's second version with random weights, from 64 frames of 80 mel bands to sound."""
import numpy as np

from .builder import Builder, port
from .model import Model

BANDS, WIDTH, FRAMES = 80, 128, 64
RATES, KERNELS = (8, 8, 2, 2), (3, 7, 11)


class Vocoder(Builder):
    def leaky(self, x, alpha=0.1):
        return self.op('LeakyRelu', [x], alpha=alpha)

    def up(self, x, inputs, outputs, rate):
        weights = [self.normal((inputs, outputs, 2 * rate), np.sqrt(1 / inputs)), self.normal((outputs,), 0.02)]
        return self.op('ConvTranspose', [x] + weights, kernel_shape=[2 * rate], strides=[rate], pads=[rate // 2] * 2,
                       dilations=[1], group=1)

    def residual(self, x, channels, kernel):
        for dilation in (1, 3, 5):
            y = self.conv(self.leaky(x), channels, channels, kernel, dilation=dilation, rank=1, gain=1.0)
            y = self.conv(self.leaky(y), channels, channels, kernel, rank=1, gain=1.0)
            x = self.op('Add', [y, x])
        return x


def vocoder(out):
    net, channels = Vocoder(), WIDTH
    x = net.conv('mel', BANDS, WIDTH, 7, rank=1, gain=1.0)
    for rate in RATES:
        x = net.up(net.leaky(x), channels, channels // 2, rate)
        channels //= 2
        first, *others = [net.residual(x, channels, kernel) for kernel in KERNELS]
        for other in others:
            first = net.op('Add', [first, other])
        x = net.op('Div', [first, net.number(len(KERNELS))])
    net.op('Tanh', [net.conv(net.leaky(x, 0.01), channels, 1, 7, rank=1, gain=0.1)], 'sound')
    net.save(out, 'vocoder', [port('mel', 'batch', BANDS, 'frames')], [port('sound', 'batch', 1, 'samples')], opset=13)


MODELS = {'vocoder': Model(vocoder, {'mel': [1, BANDS, FRAMES]})}
