# SPDX-License-Identifier: Apache-2.0
"""The networks of the oracle: torchvision's classifiers with listed seeds and random weights.

A Network says how to build the module, from which seed its weights are drawn, and at which modules
the maps are compared: first the default layer of libcamx's rule (the last value with height x
width > 1 before space collapses), then two earlier ones. Weights are random, but the batch-norm
statistics are those of real activations, then disturbed, so that every value stays of the order of
one, as in a trained network, and no unit is near the kink of its activation function (settle.py).
"""

from dataclasses import dataclass
from typing import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional as F
from settle import settle

from vision import models

# After vision, which makes torchvision importable.
from torchvision.models import regnet, resnet
from torchvision.models.googlenet import BasicConv2d as GoogLeNetConv
from torchvision.models.inception import BasicConv2d as InceptionConv
from torchvision.models.inception import InceptionB, InceptionD


@dataclass(frozen=True)
class Network:
    name: str
    family: str
    build: Callable[[], nn.Module]
    layers: Sequence[str]  # module paths: the default layer, then two earlier ones
    seed: int
    size: int = 224  # height and width of the input
    cam: str = ""  # "dense": pool then dense layer; "conv": class maps then pool; "": no CAM
    head: str = ""  # cam == "dense": path of the dense layer; "conv": of the pooled module
    occlusion: tuple = (96, 64)  # patch and stride, in input pixels
    gain: float = 1.0  # of the last layer: small where Grad-CAM++ would divide by about zero


class DenseNet(models.DenseNet):
    """DenseNet whose last ReLU, a function call in torchvision, is a module that can be hooked."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.last_relu = nn.ReLU()

    def forward(self, x):
        x = self.last_relu(self.features(x))
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


class PoolB(InceptionB):
    """With its max pooling, a function call there, as a module."""

    def _forward(self, x):
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return [self.branch3x3(x), double, self.pool(x)]


class PoolD(InceptionD):
    """Likewise."""

    def _forward(self, x):
        seven = self.branch7x7x3_2(self.branch7x7x3_1(x))
        seven = self.branch7x7x3_4(self.branch7x7x3_3(seven))
        return [self.branch3x3_2(self.branch3x3_1(x)), seven, self.pool(x)]


class ReluConv(nn.Module):
    """BasicConv2d of GoogLeNet and Inception with its ReLU, a function call there, as a module."""

    def forward(self, x):
        return self.relu(self.bn(self.conv(x)))


def _name_relus(model):
    """Gives every BasicConv2d a ReLU that can be hooked."""
    for module in list(model.modules()):
        if isinstance(module, (GoogLeNetConv, InceptionConv)):
            module.relu = nn.ReLU()
            module.__class__ = ReluConv
        if type(module) in (InceptionB, InceptionD):
            module.pool = nn.MaxPool2d(3, 2)
            module.__class__ = PoolB if type(module) is InceptionB else PoolD


def torchvision_model(name, **arguments):
    return lambda: getattr(models, name)(**arguments)


def densenet121():
    return DenseNet(growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64)


RESNET = {"layers": ("layer4", "layer3", "layer2"), "cam": "dense", "head": "fc"}

FULL = [
    Network(
        "alexnet",
        "AlexNet",
        torchvision_model("alexnet"),
        ("features.12", "features.7", "features.4"),
        101,
    ),
    Network(
        "vgg11",
        "VGG",
        torchvision_model("vgg11", init_weights=False),
        ("features.20", "features.17", "features.9"),
        102,
    ),
    Network(
        "vgg11_bn",
        "VGG with batch norm",
        torchvision_model("vgg11_bn", init_weights=False),
        ("features.28", "features.24", "features.13"),
        103,
    ),
    Network("resnet18", "ResNet", torchvision_model("resnet18"), seed=104, **RESNET),
    Network("resnet50", "ResNet", torchvision_model("resnet50"), seed=105, **RESNET),
    Network("resnext50_32x4d", "ResNeXt", torchvision_model("resnext50_32x4d"), seed=106, **RESNET),
    Network(
        "wide_resnet50_2", "Wide ResNet", torchvision_model("wide_resnet50_2"), seed=107, **RESNET
    ),
    Network(
        "squeezenet1_1",
        "SqueezeNet",
        torchvision_model("squeezenet1_1"),
        ("features.12", "features.9", "features.6"),
        108,
        cam="conv",
        head="classifier.2",
    ),
    Network(
        "densenet121",
        "DenseNet",
        densenet121,
        ("last_relu", "features.denseblock3", "features.transition2"),
        109,
        cam="dense",
        head="classifier",
        gain=0.1,
    ),
    Network(
        "googlenet",
        "GoogLeNet",
        torchvision_model("googlenet", init_weights=False, aux_logits=False, transform_input=True),
        ("inception5b", "inception4c", "inception3b"),
        110,
        cam="dense",
        head="fc",
    ),
    Network(
        "inception_v3",
        "Inception v3",
        torchvision_model(
            "inception_v3", init_weights=False, aux_logits=False, transform_input=True
        ),
        ("Mixed_7c", "Mixed_6e", "Mixed_5d"),
        111,
        299,
        "dense",
        "fc",
        (128, 96),
    ),
    Network(
        "shufflenet_v2_x1_0",
        "ShuffleNetV2",
        torchvision_model("shufflenet_v2_x1_0"),
        ("conv5", "stage3", "stage2"),
        112,
        cam="dense",
        head="fc",
    ),
    Network(
        "mobilenet_v2",
        "MobileNetV2",
        torchvision_model("mobilenet_v2"),
        ("features.18", "features.13", "features.6"),
        113,
        cam="dense",
        head="classifier.1",
        gain=0.1,
    ),
    Network(
        "mobilenet_v3_small",
        "MobileNetV3",
        torchvision_model("mobilenet_v3_small"),
        ("features.12", "features.8", "features.3"),
        114,
        gain=0.1,
    ),
    Network(
        "mobilenet_v3_large",
        "MobileNetV3",
        torchvision_model("mobilenet_v3_large"),
        ("features.16", "features.12", "features.6"),
        115,
        gain=0.1,
    ),
    Network(
        "mnasnet1_0",
        "MNASNet",
        torchvision_model("mnasnet1_0"),
        ("layers.16", "layers.12", "layers.10"),
        116,
        cam="dense",
        head="classifier.1",
        gain=0.1,
    ),
    Network(
        "efficientnet_b0",
        "EfficientNet",
        torchvision_model("efficientnet_b0"),
        ("features.8", "features.5", "features.3"),
        117,
        cam="dense",
        head="classifier.1",
        gain=0.1,
    ),
    Network(
        "efficientnet_v2_s",
        "EfficientNetV2",
        torchvision_model("efficientnet_v2_s"),
        ("features.7", "features.5", "features.3"),
        118,
        cam="dense",
        head="classifier.1",
        gain=0.1,
    ),
    Network(
        "regnet_x_400mf",
        "RegNet X",
        torchvision_model("regnet_x_400mf"),
        ("trunk_output.block4", "trunk_output.block3", "trunk_output.block2"),
        119,
        cam="dense",
        head="fc",
    ),
    Network(
        "regnet_y_400mf",
        "RegNet Y",
        torchvision_model("regnet_y_400mf"),
        ("trunk_output.block4", "trunk_output.block3", "trunk_output.block2"),
        120,
        cam="dense",
        head="fc",
    ),
]


def picture(seed, size, count=1):
    """Smooth random pictures [count,3,size,size] whose values are multiples of 1/32 below 4."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(count, 3, size, size)
    for side, weight in ((3, 1.0), (7, 0.8), (size, 0.25)):
        noise = torch.randn(count, 3, side, side, generator=generator)
        total += weight * F.interpolate(noise, (size, size), mode="bicubic", align_corners=False)
    return (total * 32.0).round().clamp(-127, 127) / 32.0


def _draw_weights(module):
    """He's initialisation for convolutions, a matching one for dense layers; batch norm apart."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, (2.0 / module.weight[0].numel()) ** 0.5)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, (1.0 / module.in_features) ** 0.5)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.uniform_(module.weight, 0.5, 1.5)
        nn.init.normal_(module.bias, 0.0, 0.2)
        return
    else:
        return
    if module.bias is not None:
        nn.init.normal_(module.bias, 0.0, 0.1)


def _calm_residuals(model):
    """Makes the branches of residual blocks small beside what they are added to, as training does.
    With branches as large as the sum, fifty random blocks in a row amplify rounding errors a
    thousandfold."""
    for module in model.modules():
        if isinstance(module, (resnet.BasicBlock, resnet.Bottleneck)):
            norm = getattr(module, "bn3", module.bn2)
        elif (
            isinstance(module, regnet.ResBottleneckBlock)
            or getattr(module, "use_res_connect", False)
            or getattr(module, "apply_residual", False)
        ):
            norm = [m for m in module.modules() if isinstance(m, nn.BatchNorm2d)][-1]
        else:
            continue
        with torch.no_grad():
            norm.weight *= 0.3
            norm.bias *= 0.3


def _measure_statistics(model, size):
    """Sets the running statistics to those of random pictures, then disturbs them."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        model(picture(7, size, 8 if size < 128 else 4))
        for norm in norms:
            spread = norm.running_var.clamp_(min=1e-2).sqrt()
            norm.running_mean += 0.2 * spread * torch.randn_like(spread)
            norm.running_var *= torch.empty_like(spread).uniform_(0.6, 1.6)
            norm.eval()


def build(network):
    """The network's module in evaluation mode, with whatever weights it is born with."""
    model = network.build().eval()
    _name_relus(model)
    for module in model.modules():
        # pytorch-grad-cam keeps a reference to a layer's output: an operation in place after it
        # would change what was kept.
        if hasattr(module, "inplace"):
            module.inplace = False
    return model


def prepare(network):
    """The network's module in evaluation mode, float32, with its weights drawn from the seed."""
    torch.manual_seed(network.seed)
    model = build(network)
    for module in model.modules():
        _draw_weights(module)
    _calm_residuals(model)
    last = [m for m in model.modules() if isinstance(m, nn.Linear)]
    if last:
        last[-1].weight.data *= network.gain
        last[-1].bias.data *= network.gain
    _measure_statistics(model, network.size)
    settle(model, network_input(network))
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model.eval()


def network_input(network):
    return picture(network.seed + 1000, network.size)


def module_at(model, path):
    return model.get_submodule(path)
