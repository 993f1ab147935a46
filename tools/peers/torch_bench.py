"""Training speed of PyTorch on the networks of packages/backend-simd/bench/networks.mjs.

Prints one JSON object: the versions, the thread count and, for each name asked for, images per
second of the fastest step (GFLOP/s for gemm). Usage: torch_bench.py THREADS NAME...
"""

import json
import sys
import time

import torch
from torch import nn


class Same(nn.Module):
    """Convolution with Keras's "same" padding, which is lopsided for even sizes."""

    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x):
        pads = []
        for size in (x.shape[3], x.shape[2]):
            out = -(-size // self.stride)
            pad = max(0, (out - 1) * self.stride + self.kernel - size)
            pads += [pad // 2, pad - pad // 2]
        return self.conv(nn.functional.pad(x, pads))


def clock():
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 17 * 17, 128), nn.ReLU(), nn.Dropout(0.1),
        nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.1),
        nn.Linear(128, 1),
    )
    optimizer = torch.optim.RMSprop(model.parameters(), 0.001, alpha=0.9)
    return model, optimizer, nn.MSELoss(), torch.rand(100, 1, 150, 150), torch.rand(100, 1)


def cifar():
    model = nn.Sequential(
        Same(3, 64, 7), nn.ReLU(), nn.MaxPool2d(2),
        Same(64, 128, 3), nn.ReLU(), Same(128, 128, 3), nn.ReLU(), nn.MaxPool2d(2),
        Same(128, 256, 3), nn.ReLU(), Same(256, 256, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256 * 16, 128), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(64, 10),
    )
    optimizer = torch.optim.RMSprop(model.parameters(), 0.001, alpha=0.9)
    labels = torch.arange(128) % 10
    return model, optimizer, nn.CrossEntropyLoss(), torch.rand(128, 3, 32, 32), labels


def mlp():
    model = nn.Sequential(
        nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    return model, optimizer, nn.CrossEntropyLoss(), torch.rand(32, 784), torch.arange(32) % 10


def reader():
    widths = [(1, 16, 2), (16, 32, 1), (32, 32, 2), (32, 64, 1), (64, 64, 2), (64, 128, 2), (128, 128, 1)]
    layers = []
    for inputs, outputs, stride in widths:
        layers += [Same(inputs, outputs, 3, stride), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 36, 128), nn.ReLU(), nn.Linear(128, 6))
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    return model, optimizer, nn.MSELoss(), torch.rand(64, 1, 96, 96), torch.rand(64, 6)


def train(build, seconds=4.0):
    model, optimizer, loss_of, inputs, targets = build()

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    step()
    fastest = float("inf")
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        step()
        fastest = min(fastest, time.perf_counter() - start)
    return len(inputs) / fastest


def gemm():
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
    fastest = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        a @ b
        fastest = min(fastest, time.perf_counter() - start)
    return 2 * 1024**3 / fastest / 1e9


def main():
    threads, names = int(sys.argv[1]), sys.argv[2:]
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    builds = {"clock": clock, "cifar": cifar, "mlp": mlp, "reader": reader}
    results = {name: gemm() if name == "gemm" else train(builds[name]) for name in names}
    print(json.dumps({"torch": torch.__version__, "threads": threads, "results": results}))


main()
