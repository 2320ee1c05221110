#!/usr/bin/env python3
"""Trains a small network on Fashion-MNIST with Debian's PyTorch, on two threads, in minutes, and writes it as ONNX:

    torch_train.py resnet|mobile OUT.onnx
"""
import sys

import torch
from torch import nn

from pictures import pictures
from torch_export import export


def convolution(inputs, outputs, size, stride=1, groups=1):
    return [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(*convolution(inputs, outputs, 3, stride), nn.ReLU(),
                                  *convolution(outputs, outputs, 3))
        same = inputs == outputs and stride == 1
        self.skip = nn.Identity() if same else nn.Sequential(*convolution(inputs, outputs, 1, stride))

    def forward(self, x):
        return nn.functional.relu(self.body(x) + self.skip(x))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, wider):
        super().__init__()
        hidden = inputs * wider
        self.body = nn.Sequential(*convolution(inputs, hidden, 1), nn.ReLU6(),
                                  *convolution(hidden, hidden, 3, stride, hidden), nn.ReLU6(),
                                  *convolution(hidden, outputs, 1))
        self.same = inputs == outputs and stride == 1

    def forward(self, x):
        return x + self.body(x) if self.same else self.body(x)


def resnet():
    blocks, width = [], 16
    for outputs, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            blocks.append(Residual(width, outputs, stride if block == 0 else 1))
            width = outputs
    return nn.Sequential(*convolution(1, 16, 3), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(64, 10))


def mobile():
    blocks, width = [], 16
    for outputs, stride, count in ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 1, 2)):
        for block in range(count):
            blocks.append(Inverted(width, outputs, stride if block == 0 else 1, 4))
            width = outputs
    return nn.Sequential(*convolution(1, 16, 3), nn.ReLU6(), *blocks, *convolution(64, 128, 1), nn.ReLU6(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def train(network, count, epochs, batch=64, rate=4e-3):
    inputs, labels = (torch.from_numpy(array) for array in pictures("train", count))
    network.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.02)
    steps = epochs * (count // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for epoch in range(epochs):
        order, sum_of_losses = torch.randperm(count), 0.0
        for at in range(0, count - batch + 1, batch):
            chosen = order[at : at + batch]
            x = inputs[chosen]
            x = torch.flip(x, [3]) if torch.rand(()) < 0.5 else x
            loss = nn.functional.cross_entropy(network(x), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            sum_of_losses += loss.item()
        mean = sum_of_losses / (count // batch)
        print(f"epoch {epoch + 1} of {epochs}: loss {mean:.4f}", file=sys.stderr, flush=True)


def main():
    name, path = sys.argv[1:]
    torch.manual_seed(1)
    torch.set_num_threads(2)
    network = {"resnet": resnet, "mobile": mobile}[name]()
    train(network, *{"resnet": (10000, 5), "mobile": (10000, 6)}[name])
    export(network, torch.zeros(1, 1, 28, 28), ["x"], "scores", path)


main()
