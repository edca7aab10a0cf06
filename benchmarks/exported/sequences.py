"""Networks of text and sound in the manner of BERT, GPT, Llama, Whisper, HiFi-GAN and taggers, with random weights."""
import torch
from torch import nn
from torch.nn import functional as F

WORDS = 8000


class Attention(nn.Module):
    def __init__(self, width, heads, causal=False, rotary=False):
        super().__init__()
        self.heads, self.causal, self.rotary = heads, causal, rotary
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))

    def turned(self, x):
        size = x.shape[-1]
        angles = torch.arange(x.shape[2]).float()[:, None] * 1e4**(-torch.arange(0, size, 2).float() / size)
        angles = torch.cat([angles, angles], -1)
        left, right = x[..., :size // 2], x[..., size // 2:]
        return x * angles.cos() + torch.cat([-right, left], -1) * angles.sin()

    def forward(self, x):
        q, k, v = (p(x).view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2) for p in (self.q, self.k, self.v))
        q, k = (self.turned(q), self.turned(k)) if self.rotary else (q, k)
        scores = q @ k.transpose(-1, -2) / (q.shape[-1]**0.5)
        if self.causal:
            scores = scores + torch.full(scores.shape[-2:], -1e4).triu(1)
        return self.o((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Gated(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.gate, self.up, self.down = nn.Linear(width, inner), nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class TanhGelu(nn.Module):
    def forward(self, x):
        return 0.5 * x * (1 + torch.tanh((2 / torch.pi)**0.5 * (x + 0.044715 * x.pow(3))))


def perceptron(width, act):
    return nn.Sequential(nn.Linear(width, 4 * width), act(), nn.Linear(4 * width, width))


class Transformer(nn.Module):
    """Over word numbers, or over what `stem` makes of its input; `first` normalizes before a block, else after it."""

    def __init__(self, width, depth, heads, act=nn.GELU, norm=nn.LayerNorm, first=True, gated=False, stem=None,
                 outputs=WORDS, **attention):
        super().__init__()
        self.first = first
        self.stem = stem or nn.Embedding(WORDS, width)
        self.places = nn.Parameter(torch.randn(512, width) * 0.02)
        self.mix = nn.ModuleList(Attention(width, heads, **attention) for _ in range(depth))
        self.think = nn.ModuleList(Gated(width, 8 * width // 3) if gated else perceptron(width, act)
                                   for _ in range(depth))
        self.norms = nn.ModuleList(norm(width) for _ in range(2 * depth + 1))
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.places[:x.shape[1]]
        for i, (mix, think) in enumerate(zip(self.mix, self.think)):
            for norm, layer in ((self.norms[2 * i], mix), (self.norms[2 * i + 1], think)):
                x = x + layer(norm(x)) if self.first else norm(x + layer(x))
        return self.head(self.norms[-1](x))


class SoundStem(nn.Module):
    """As Whisper's: two convolutions over 80 bands."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = nn.Conv1d(80, width, 3, padding=1), nn.Conv1d(width, width, 3, 2, 1)

    def forward(self, x):
        return F.gelu(self.second(F.gelu(self.first(x)))).transpose(1, 2)


class WaveStem(nn.Module):
    """As wav2vec 2's: strided convolutions over samples, the first one normalized."""

    def __init__(self, width):
        super().__init__()
        sizes = [1] + [64] * 5
        self.layers = nn.ModuleList(nn.Conv1d(a, b, k, s) for a, b, k, s in
                                    zip(sizes, sizes[1:], (10, 3, 3, 3, 2), (5, 2, 2, 2, 2)))
        self.norm, self.out = nn.GroupNorm(64, 64), nn.Linear(64, width)

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
            x = F.gelu(self.norm(x) if i == 0 else x)
        return self.out(x.transpose(1, 2))


class Vocoder(nn.Module):
    def __init__(self, width=128, rates=(8, 8, 4), kernels=(3, 7)):
        super().__init__()
        self.stem = nn.Conv1d(80, width, 7, padding=3)
        sizes = [width >> i for i in range(len(rates) + 1)]
        self.ups = nn.ModuleList(nn.ConvTranspose1d(a, b, 2 * r, r, r // 2) for a, b, r in zip(sizes, sizes[1:], rates))
        self.blocks = nn.ModuleList(nn.ModuleList(nn.ModuleList(
            nn.Conv1d(s, s, k, dilation=d, padding=d * (k - 1) // 2) for d in (1, 3, 5)) for k in kernels)
            for s in sizes[1:])
        self.head = nn.Conv1d(sizes[-1], 1, 7, padding=3)

    def forward(self, x):
        x = self.stem(x)
        for up, blocks in zip(self.ups, self.blocks):
            x, total = up(F.leaky_relu(x, 0.1)), 0
            for block in blocks:
                y = x
                for layer in block:
                    y = y + layer(F.leaky_relu(y, 0.1))
                total = total + y
            x = total / len(blocks)
        return torch.tanh(self.head(F.leaky_relu(x)))


class Tagger(nn.Module):
    def __init__(self, kind, width=128):
        super().__init__()
        self.stem, self.body = nn.Embedding(WORDS, width), kind(width, width, 2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * width, 20)

    def forward(self, x):
        return self.head(self.body(self.stem(x))[0])


class Crnn(nn.Module):
    """Reads a line of text: convolutions, then an LSTM over columns."""

    def __init__(self):
        super().__init__()
        layers, width = [], 1
        for outputs, pool in ((32, 2), (64, 2), (128, (2, 1)), (128, (4, 1))):
            layers += [nn.Conv2d(width, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(pool)]
            width = outputs
        self.images, self.body = nn.Sequential(*layers), nn.LSTM(width, 128, bidirectional=True, batch_first=True)
        self.head = nn.Linear(256, 96)

    def forward(self, x):
        return self.head(self.body(self.images(x).squeeze(2).transpose(1, 2))[0]).log_softmax(-1)


class TextCnn(nn.Module):
    def __init__(self, width=128):
        super().__init__()
        self.stem, self.head = nn.Embedding(WORDS, width), nn.Linear(3 * width, 5)
        self.layers = nn.ModuleList(nn.Conv1d(width, width, k) for k in (3, 4, 5))

    def forward(self, x):
        x = self.stem(x).transpose(1, 2)
        return self.head(torch.cat([F.relu(layer(x)).amax(-1) for layer in self.layers], 1))


def words(make, length=64):
    return lambda: (make(), (torch.randint(0, WORDS, (1, length)),))


def sound(make, *shape):
    return lambda: (make(), (torch.randn(1, *shape),))


MODELS = {
    'bert_tiny': words(lambda: Transformer(128, 2, 2, first=False)),
    'bert_small': words(lambda: Transformer(512, 4, 8, first=False), 128),
    'gpt_small': words(lambda: Transformer(384, 6, 6, TanhGelu, causal=True)),
    'llama_small': words(lambda: Transformer(384, 6, 6, norm=RmsNorm, gated=True, causal=True, rotary=True)),
    'whisper_encoder': sound(lambda: Transformer(384, 4, 6, stem=SoundStem(384), outputs=384), 80, 400),
    'wav2vec': sound(lambda: Transformer(256, 4, 4, first=False, stem=WaveStem(256), outputs=32), 1, 8000),
    'vocoder': sound(Vocoder, 80, 32),
    'lstm_tagger': words(lambda: Tagger(nn.LSTM)), 'gru_tagger': words(lambda: Tagger(nn.GRU)),
    'crnn': sound(Crnn, 1, 32, 160), 'text_cnn': words(TextCnn),
    'tcn': sound(lambda: nn.Sequential(*(layer for i in range(6) for layer in (
        nn.Conv1d(64, 64, 3, padding=2**i, dilation=2**i), nn.BatchNorm1d(64), nn.ReLU()))), 64, 1000),
}
