"""Networks of images in the manner of timm, YOLO, UNet and image generators, with random weights, in PyTorch."""
import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, kernel=1, stride=1, groups=1, act=nn.SiLU):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.inner = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.inner(x)


def classifier(width):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000))


def conv_mixer(width=256, depth=8):
    blocks = [nn.Sequential(Residual(nn.Conv2d(width, width, 9, padding=4, groups=width), nn.GELU(),
                                     nn.BatchNorm2d(width)), nn.Conv2d(width, width, 1), nn.GELU(),
                            nn.BatchNorm2d(width)) for _ in range(depth)]
    return nn.Sequential(nn.Conv2d(3, width, 7, 7), nn.GELU(), nn.BatchNorm2d(width), *blocks, classifier(width))


class Mixer(nn.Module):
    """Patches mixed by two perceptrons, over places and over channels."""

    def __init__(self, width=384, depth=8, places=196):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 16, 16)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * depth + 1))
        self.across = nn.ModuleList(self.perceptron(places, places * 2) for _ in range(depth))
        self.along = nn.ModuleList(self.perceptron(width, width * 4) for _ in range(depth))
        self.head = nn.Linear(width, 1000)

    @staticmethod
    def perceptron(width, inner):
        return nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        for i, (across, along) in enumerate(zip(self.across, self.along)):
            x = x + across(self.norms[2 * i](x).transpose(1, 2)).transpose(1, 2)
            x = x + along(self.norms[2 * i + 1](x))
        return self.head(self.norms[-1](x).mean(1))


class Ghost(nn.Module):
    """Half of its channels by a 1x1, the others from these by a depthwise 3x3."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.first, self.cheap = conv(inputs, outputs // 2, act=nn.ReLU), \
            conv(outputs // 2, outputs // 2, 3, groups=outputs // 2, act=nn.ReLU)

    def forward(self, x):
        x = self.first(x)
        return torch.cat([x, self.cheap(x)], 1)


def ghost_net():
    layers, width = [conv(3, 16, 3, 2, act=nn.ReLU)], 16
    for outputs in (24, 40, 80, 160):
        inner = 3 * width
        layers += [Ghost(width, inner), conv(inner, inner, 3, 2, inner, None), Ghost(inner, outputs),
                   Residual(Ghost(outputs, 2 * outputs), Ghost(2 * outputs, outputs))]
        width = outputs
    return nn.Sequential(*layers, classifier(width))


def rep_vgg():
    layers, width = [], 3
    for outputs, count in ((48, 2), (48, 3), (96, 5), (192, 8), (768, 1)):
        for i in range(count):
            layers += [nn.Conv2d(width, outputs, 3, 2 if i == 0 else 1, 1), nn.ReLU()]
            width = outputs
    return nn.Sequential(*layers, classifier(width))


def xception():
    layers, width = [conv(3, 64, 3, 2, act=nn.ReLU)], 64
    for outputs in (128, 256, 512):
        layers += [conv(width, width, 3, 2, width, None), conv(width, outputs, act=nn.ReLU)]
        layers += [Residual(conv(outputs, outputs, 3, 1, outputs, None), conv(outputs, outputs, act=nn.ReLU))
                   for _ in range(3)]
        width = outputs
    return nn.Sequential(*layers, classifier(width))


class Csp(nn.Module):
    """Two ways, one through bottlenecks, joined."""

    def __init__(self, inputs, outputs, count=1, act=nn.SiLU):
        super().__init__()
        half = outputs // 2
        self.left, self.right, self.out = conv(inputs, half, act=act), conv(inputs, half, act=act), \
            conv(outputs, outputs, act=act)
        self.blocks = nn.Sequential(*(Residual(conv(half, half, act=act), conv(half, half, 3, act=act))
                                      for _ in range(count)))

    def forward(self, x):
        return self.out(torch.cat([self.blocks(self.left(x)), self.right(x)], 1))


class Yolo(nn.Module):
    """A pyramid of three maps and a head on each; `focus` takes every other pixel first, `act` is its activation."""

    def __init__(self, act=nn.SiLU, focus=False, width=16, count=1):
        super().__init__()
        self.focus = focus
        self.stem = conv(12, width, 3, act=act) if focus else conv(3, width, 3, 2, act=act)
        sizes = [width * 2**i for i in range(5)]
        self.down = nn.ModuleList(nn.Sequential(conv(a, b, 3, 2, act=act), Csp(b, b, count, act))
                                  for a, b in zip(sizes, sizes[1:]))
        self.up = nn.ModuleList(Csp(sizes[i] + sizes[i + 1], sizes[i], count, act) for i in (3, 2))
        self.heads = nn.ModuleList(nn.Conv2d(s, 255, 1) for s in sizes[2:])

    def forward(self, x):
        if self.focus:
            x = torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)
        x, maps = self.stem(x), []
        for layer in self.down:
            x = layer(x)
            maps.append(x)
        middle = self.up[0](torch.cat([F.interpolate(maps[3], scale_factor=2.0), maps[2]], 1))
        fine = self.up[1](torch.cat([F.interpolate(middle, scale_factor=2.0), maps[1]], 1))
        found = [head(m).flatten(2).transpose(1, 2) for head, m in zip(self.heads, (fine, middle, maps[3]))]
        return torch.cat(found, 1).sigmoid()


class Unet(nn.Module):
    """`bilinear` enlarges by Resize, else by transposed convolution."""

    def __init__(self, bilinear, widths=(16, 32, 64, 128)):
        super().__init__()
        self.bilinear, ways = bilinear, list(zip((3,) + widths, widths))
        self.down = nn.ModuleList(self.block(a, b) for a, b in ways)
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in ways[:0:-1])
        self.shrink = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in ways[:0:-1])
        self.up = nn.ModuleList(self.block(2 * a, a) for a, _ in ways[:0:-1])
        self.head = nn.Conv2d(widths[0], 2, 1)

    @staticmethod
    def block(inputs, outputs):
        return nn.Sequential(conv(inputs, outputs, 3, act=nn.ReLU), conv(outputs, outputs, 3, act=nn.ReLU))

    def forward(self, x):
        skipped = []
        for i, layer in enumerate(self.down):
            x = layer(F.max_pool2d(x, 2) if i else x)
            skipped.append(x)
        for i, layer in enumerate(self.up):
            x = F.interpolate(self.shrink[i](x), scale_factor=2.0, mode='bilinear', align_corners=True) \
                if self.bilinear else self.ups[i](x)
            x = layer(torch.cat([skipped[-2 - i], x], 1))
        return self.head(x)


def style_transfer():
    def layer(inputs, outputs, kernel, stride=1):
        return nn.Sequential(nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride),
                             nn.InstanceNorm2d(outputs, affine=True), nn.ReLU())
    down = [layer(3, 16, 9), layer(16, 32, 3, 2), layer(32, 64, 3, 2)]
    up = [nn.Upsample(scale_factor=2), layer(64, 32, 3), nn.Upsample(scale_factor=2), layer(32, 16, 3)]
    return nn.Sequential(*down, *(Residual(layer(64, 64, 3)) for _ in range(3)), *up, nn.ReflectionPad2d(4),
                         nn.Conv2d(16, 3, 9))


def generator():
    layers, width = [nn.ConvTranspose2d(100, 256, 4)], 256
    for _ in range(3):
        layers += [nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, width // 2, 4, 2, 1)]
        width //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1), nn.Tanh())


def super_resolution():
    blocks = [Residual(nn.Conv2d(32, 32, 3, padding=1), nn.PReLU(), nn.Conv2d(32, 32, 3, padding=1)) for _ in range(6)]
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), *blocks, nn.Conv2d(32, 12, 3, padding=1), nn.PixelShuffle(2))


def of_image(make, size=224):
    return lambda: (make(), (torch.randn(1, 3, size, size),))


MODELS = {
    'conv_mixer': of_image(conv_mixer), 'mixer': of_image(Mixer), 'ghost_net': of_image(ghost_net),
    'rep_vgg': of_image(rep_vgg), 'xception': of_image(xception),
    'yolo_silu': of_image(Yolo, 320), 'yolo_leaky': of_image(lambda: Yolo(nn.LeakyReLU), 320),
    'yolo_focus': of_image(lambda: Yolo(nn.Hardswish, True), 320),
    'yolo_small': of_image(lambda: Yolo(width=32, count=2), 320),
    'unet': of_image(lambda: Unet(False), 128), 'unet_bilinear': of_image(lambda: Unet(True), 128),
    'style_transfer': of_image(style_transfer, 128), 'super_resolution': of_image(super_resolution, 64),
    'generator': lambda: (generator(), (torch.randn(1, 100, 1, 1),)),
}
