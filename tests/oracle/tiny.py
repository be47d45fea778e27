# SPDX-License-Identifier: Apache-2.0
"""Tiny members of every family: torchvision's own blocks with few channels, few blocks, small
inputs.

They are what tests/golden/data holds. Where torchvision's constructor takes widths and depths it
is used as it is; where it does not, the network is put together here from torchvision's block
classes.
"""

from functools import partial

import torch
from models import DenseNet, Network
from torch import nn
from vision import models
from torchvision.models import efficientnet, inception, mobilenetv3, regnet, resnet, squeezenet, vgg
from torchvision.models.googlenet import BasicConv2d, Inception
from torchvision.ops.misc import Conv2dNormActivation

CLASSES = 10


class TinyAlexNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(8, 12, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(12, 16, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 12, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(12, 12, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(12 * 9, 24),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(24, 24),
            nn.ReLU(),
            nn.Linear(24, CLASSES),
        )

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class TinyVGG(nn.Module):
    def __init__(self, batch_norm):
        super().__init__()
        self.features = vgg.make_layers([6, "M", 8, "M", 12, 12, "M", 12, "M"], batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential(
            nn.Linear(12 * 9, 20), nn.ReLU(), nn.Dropout(), nn.Linear(20, CLASSES)
        )

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class TinyResNet(models.ResNet):
    """torchvision's ResNet with a base width of a few channels instead of 64."""

    def __init__(self, block, depths, groups=1, width_per_group=64, base=8):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation = base, 1
        step = base // 2
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(3, base, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, base, depths[0])
        self.layer2 = self._make_layer(block, base + step, depths[1], stride=2)
        self.layer3 = self._make_layer(block, base + 2 * step, depths[2], stride=2)
        self.layer4 = self._make_layer(block, base + 3 * step, depths[3], stride=1)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear((base + 3 * step) * block.expansion, CLASSES)


class TinySqueezeNet(nn.Module):
    def __init__(self):
        super().__init__()
        fire = squeezenet.Fire
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            fire(8, 4, 8, 8),
            fire(16, 4, 8, 8),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            fire(16, 6, 12, 12),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            fire(24, 6, 12, 12),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Conv2d(24, CLASSES, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1))
        )

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


class TinyGoogLeNet(nn.Module):
    def __init__(self):
        super().__init__()
        conv, block = BasicConv2d, Inception
        self.conv1 = conv(3, 6, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = conv(6, 6, kernel_size=1)
        self.conv3 = conv(6, 12, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception3a = block(12, 4, 6, 8, 2, 4, 4)
        self.inception3b = block(20, 6, 6, 8, 3, 4, 4)
        self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception4a = block(22, 8, 4, 8, 2, 4, 4)
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.inception5a = block(24, 8, 6, 12, 3, 6, 6)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(32, CLASSES)

    def forward(self, x):
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception5a(self.maxpool4(self.inception4a(x)))
        return self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))


class NarrowConv(inception.BasicConv2d):
    """Inception's convolution with a thirty-second of the channels asked for."""

    def __init__(self, inputs, outputs, **arguments):
        super().__init__(inputs if inputs == 3 else inputs // 32, outputs // 32, **arguments)


def tiny_inception():
    blocks = [NarrowConv]
    for letter in "ABCDE":
        blocks.append(partial(getattr(inception, "Inception" + letter), conv_block=NarrowConv))
    blocks.append(inception.InceptionAux)
    model = inception.Inception3(
        CLASSES, aux_logits=False, transform_input=True, inception_blocks=blocks, init_weights=False
    )
    for name in ("Mixed_5d", "Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_7c"):
        setattr(model, name, nn.Identity())
    model.fc = nn.Linear(2048 // 32, CLASSES)
    return model


def tiny_densenet():
    return DenseNet(
        growth_rate=4,
        block_config=(2, 3, 2, 2),
        num_init_features=8,
        bn_size=2,
        num_classes=CLASSES,
    )


def tiny_shufflenet():
    return models.ShuffleNetV2([2, 2, 1], [8, 12, 20, 32, 24], num_classes=CLASSES)


def tiny_mobilenet_v2():
    settings = [[1, 8, 1, 1], [4, 8, 2, 2], [4, 12, 2, 2], [4, 16, 1, 1]]
    model = models.MobileNetV2(
        CLASSES, inverted_residual_setting=settings, width_mult=1.0, round_nearest=4
    )
    model.features[-1] = Conv2dNormActivation(16, 24, kernel_size=1, activation_layer=nn.ReLU6)
    model.classifier[1] = nn.Linear(24, CLASSES)
    model.features[0] = Conv2dNormActivation(3, 8, stride=2, activation_layer=nn.ReLU6)
    model.features[1] = models.mobilenetv2.InvertedResidual(8, 8, 1, 1)
    return model


def tiny_mobilenet_v3():
    block = partial(mobilenetv3.InvertedResidualConfig, width_mult=1.0, dilation=1)
    settings = [
        block(8, 3, 8, 8, True, "RE", 2),
        block(8, 3, 24, 8, False, "RE", 1),
        block(8, 5, 24, 16, True, "HS", 2),
        block(16, 5, 32, 16, True, "HS", 1),
    ]
    return models.MobileNetV3(settings, last_channel=24, num_classes=CLASSES)


def tiny_mnasnet():
    model = models.MNASNet(0.1, CLASSES)
    for index in range(8, 14):
        keep = {8: 1, 9: 2, 10: 1}.get(index)
        model.layers[index] = model.layers[index][:keep] if keep else nn.Identity()
    model.layers[14] = nn.Conv2d(8, 24, 1, bias=False)
    model.layers[15] = nn.BatchNorm2d(24)
    model.classifier[1] = nn.Linear(24, CLASSES)
    return model


def tiny_efficientnet():
    block = efficientnet.MBConvConfig
    settings = [
        block(1, 3, 1, 8, 8, 1),
        block(4, 3, 2, 8, 8, 2),
        block(4, 5, 2, 8, 16, 2),
    ]
    return models.EfficientNet(settings, dropout=0.2, last_channel=24, num_classes=CLASSES)


def tiny_efficientnet_v2():
    fused, block = efficientnet.FusedMBConvConfig, efficientnet.MBConvConfig
    settings = [
        fused(1, 3, 1, 8, 8, 1),
        fused(2, 3, 2, 8, 8, 2),
        block(4, 3, 2, 8, 16, 1),
        block(3, 3, 1, 16, 16, 1),
    ]
    norm = partial(nn.BatchNorm2d, eps=1e-3)
    return models.EfficientNet(
        settings, dropout=0.2, last_channel=24, num_classes=CLASSES, norm_layer=norm
    )


def tiny_regnet(se_ratio):
    parameters = regnet.BlockParams(
        [1, 2, 2], [8, 12, 16], [4, 4, 8], [1.0] * 3, [2, 2, 1], se_ratio
    )
    return models.RegNet(parameters, CLASSES, stem_width=8)


RESNET = {"layers": ("layer4", "layer3", "layer1"), "cam": "dense", "head": "fc"}
SMALL = {"size": 64, "occlusion": (24, 16)}
SMALLER = {"size": 48, "occlusion": (16, 12)}

TINY = [
    Network(
        "alexnet", "AlexNet", TinyAlexNet, ("features.11", "features.8", "features.2"), 201, **SMALL
    ),
    Network(
        "vgg",
        "VGG",
        lambda: TinyVGG(False),
        ("features.13", "features.9", "features.5"),
        202,
        **SMALLER,
    ),
    Network(
        "vgg_bn",
        "VGG with batch norm",
        lambda: TinyVGG(True),
        ("features.18", "features.13", "features.7"),
        203,
        **SMALLER,
    ),
    Network(
        "resnet18",
        "ResNet",
        lambda: TinyResNet(resnet.BasicBlock, [1, 2, 1, 1], base=6),
        seed=204,
        **RESNET,
        **SMALLER,
    ),
    Network(
        "resnet50",
        "ResNet",
        lambda: TinyResNet(resnet.Bottleneck, [1, 1, 1, 1], base=4),
        seed=205,
        **RESNET,
        **SMALLER,
    ),
    Network(
        "resnext",
        "ResNeXt",
        lambda: TinyResNet(resnet.Bottleneck, [1, 1, 1, 1], 4, 32, 4),
        seed=206,
        **RESNET,
        **SMALLER,
    ),
    Network(
        "wide_resnet",
        "Wide ResNet",
        lambda: TinyResNet(resnet.Bottleneck, [1, 1, 1, 1], 1, 128, 4),
        seed=207,
        **RESNET,
        **SMALLER,
    ),
    Network(
        "squeezenet",
        "SqueezeNet",
        TinySqueezeNet,
        ("features.8", "features.6", "features.4"),
        208,
        80,
        "conv",
        "classifier.2",
        (32, 16),
    ),
    Network(
        "densenet",
        "DenseNet",
        tiny_densenet,
        ("last_relu", "features.transition2", "features.denseblock1"),
        209,
        cam="dense",
        head="classifier",
        **SMALL,
        gain=0.1,
    ),
    Network(
        "googlenet",
        "GoogLeNet",
        TinyGoogLeNet,
        ("inception5a", "inception4a", "inception3a"),
        210,
        cam="dense",
        head="fc",
        **SMALL,
    ),
    Network(
        "inception_v3",
        "Inception v3",
        tiny_inception,
        ("Mixed_7b", "Mixed_6b", "Mixed_5c"),
        211,
        107,
        "dense",
        "fc",
        (40, 24),
    ),
    Network(
        "shufflenet",
        "ShuffleNetV2",
        tiny_shufflenet,
        ("conv5", "stage3", "stage2"),
        212,
        cam="dense",
        head="fc",
        **SMALL,
    ),
    Network(
        "mobilenet_v2",
        "MobileNetV2",
        tiny_mobilenet_v2,
        ("features.7", "features.5", "features.3"),
        213,
        cam="dense",
        head="classifier.1",
        **SMALLER,
        gain=0.1,
    ),
    Network(
        "mobilenet_v3",
        "MobileNetV3",
        tiny_mobilenet_v3,
        ("features.5", "features.4", "features.2"),
        214,
        **SMALLER,
        gain=0.1,
    ),
    Network(
        "mnasnet",
        "MNASNet",
        tiny_mnasnet,
        ("layers.16", "layers.10", "layers.8"),
        215,
        cam="dense",
        head="classifier.1",
        **SMALL,
        gain=0.1,
    ),
    Network(
        "efficientnet",
        "EfficientNet",
        tiny_efficientnet,
        ("features.4", "features.3", "features.2"),
        216,
        cam="dense",
        head="classifier.1",
        **SMALLER,
        gain=0.1,
    ),
    Network(
        "efficientnet_v2",
        "EfficientNetV2",
        tiny_efficientnet_v2,
        ("features.5", "features.3", "features.2"),
        217,
        cam="dense",
        head="classifier.1",
        **SMALLER,
        gain=0.1,
    ),
    Network(
        "regnet_x",
        "RegNet X",
        lambda: tiny_regnet(None),
        ("trunk_output.block3", "trunk_output.block2", "trunk_output.block1"),
        218,
        cam="dense",
        head="fc",
        **SMALLER,
    ),
    Network(
        "regnet_y",
        "RegNet Y",
        lambda: tiny_regnet(0.25),
        ("trunk_output.block3", "trunk_output.block2", "trunk_output.block1"),
        219,
        cam="dense",
        head="fc",
        **SMALLER,
    ),
]
