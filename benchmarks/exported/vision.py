"""Architectures of torchvision, with random weights: classifiers, segmentation, detection and video."""
import torch
import torchvision

CLASSIFIERS = (
    'alexnet convnext_tiny densenet121 densenet169 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_v2_s '
    'googlenet inception_v3 mnasnet0_5 mnasnet1_0 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_400mf '
    'regnet_y_400mf regnet_y_800mf resnet18 resnet50 resnet101 resnext50_32x4d wide_resnet50_2 shufflenet_v2_x0_5 '
    'shufflenet_v2_x1_0 squeezenet1_0 squeezenet1_1 swin_t vgg11 vgg16_bn vit_b_32').split()
SEGMENTATION = ('lraspp_mobilenet_v3_large', 'deeplabv3_mobilenet_v3_large')
VIDEO = ('mc3_18',)


class Main(torch.nn.Module):
    """The output that matters, of networks that give several by name."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net(x)['out']


def classifier(name):
    size = 299 if name == 'inception_v3' else 224
    more = {'init_weights': False} if name in ('googlenet', 'inception_v3') else {}
    return torchvision.models.get_model(name, weights=None, **more), (torch.randn(1, 3, size, size),)


def segmentation(name):
    return Main(torchvision.models.get_model(name, weights=None, weights_backbone=None)), (torch.randn(1, 3, 256, 256),)


def video(name):
    return torchvision.models.get_model(name, weights=None), (torch.randn(1, 3, 8, 112, 112),)


MODELS = {name: lambda name=name, make=make: make(name)
          for names, make in ((CLASSIFIERS, classifier), (SEGMENTATION, segmentation), (VIDEO, video))
          for name in names}
