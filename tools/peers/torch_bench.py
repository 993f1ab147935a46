"""Speed of PyTorch on a row of packages/backend-simd/bench/networks.mjs.

Prints one JSON object: units per second (images, or GFLOP for gemm) by the median step and by the
mean step, and the peak memory of the process. Usage: torch_bench.py THREADS SECONDS ROW
"""

import json
import resource
import statistics
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


def supervised(model, optimizer, loss_of, inputs, targets):
    """The work of a step, and the step."""

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.item()

    return len(inputs), step


def clock_cnn():
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
    return supervised(model, optimizer, nn.MSELoss(), torch.rand(100, 1, 150, 150), torch.rand(100, 1))


def cifar_cnn():
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
    return supervised(model, optimizer, nn.CrossEntropyLoss(), torch.rand(128, 3, 32, 32), labels)


def mlp():
    model = nn.Sequential(
        nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    return supervised(model, optimizer, nn.CrossEntropyLoss(), torch.rand(32, 784), torch.arange(32) % 10)


def reader():
    widths = [(1, 16, 2), (16, 32, 1), (32, 32, 2), (32, 64, 1), (64, 64, 2), (64, 128, 2), (128, 128, 1)]
    layers = []
    for inputs, outputs, stride in widths:
        layers += [Same(inputs, outputs, 3, stride), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 36, 128), nn.ReLU(), nn.Linear(128, 6))
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    return supervised(model, optimizer, nn.MSELoss(), torch.rand(64, 1, 96, 96), torch.rand(64, 6))


def encoder(outputs, activation):
    layers = []
    for inputs, width in [(3, 32), (32, 64), (64, 128), (128, 256)]:
        layers += [nn.Conv2d(inputs, width, 4, 2, 1), activation()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256 * 16, outputs))


def decoder(inputs, last, normalised):
    def relu(width):
        return [nn.BatchNorm2d(width), nn.ReLU()] if normalised else [nn.ReLU()]

    layers = [nn.Linear(inputs, 256 * 16), nn.Unflatten(1, (256, 4, 4)), *relu(256)]
    for wide, width in [(256, 128), (128, 64), (64, 32)]:
        layers += [nn.ConvTranspose2d(wide, width, 4, 2, 1), *relu(width)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(32, 3, 4, 2, 1), last())


def vae():
    encode, decode = encoder(2 * 32, nn.ReLU), decoder(32, nn.Sigmoid, False)
    optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters()], 0.001)
    faces = torch.rand(64, 3, 64, 64)

    def step():
        optimizer.zero_grad()
        mean, log_variance = encode(faces).chunk(2, 1)
        latent = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        error = (decode(latent) - faces).square().sum()
        divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
        loss = (error + divergence) / len(faces)
        loss.backward()
        optimizer.step()
        return loss.item()

    return len(faces), step


def gan():
    generator = decoder(256, nn.Tanh, True)
    critic = encoder(1, lambda: nn.LeakyReLU(0.2))
    optimizers = [torch.optim.Adam(part.parameters(), 2e-4, (0.5, 0.999)) for part in (critic, generator)]
    faces = torch.rand(64, 3, 64, 64)

    def step():
        with torch.no_grad():
            forged = generator(torch.randn(64, 256))
        loss = torch.relu(1 - critic(faces)).mean() + torch.relu(1 + critic(forged)).mean()
        optimizers[0].zero_grad()
        loss.backward()
        optimizers[0].step()
        critic.requires_grad_(False)
        generator_loss = -critic(generator(torch.randn(64, 256))).mean()
        optimizers[1].zero_grad()
        generator_loss.backward()
        optimizers[1].step()
        critic.requires_grad_(True)
        return loss.item() + generator_loss.item()

    return len(faces), step


class LastOutput(nn.Module):
    """The output of a recurrent layer after its last step."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0][:, -1]


def recurrent(layer):
    model = nn.Sequential(LastOutput(layer(28, 128, batch_first=True)), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    return supervised(model, optimizer, nn.CrossEntropyLoss(), torch.rand(64, 28, 28), torch.arange(64) % 10)


def gemm(letters):
    a, b = ((matrix.T if letter == "t" else matrix) for letter, matrix in zip(letters, torch.rand(2, 1024, 1024)))
    return 2 * 1024**3 / 1e9, lambda: (a @ b)[0, 0].item()


rows = {
    "clock-cnn": clock_cnn,
    "cifar-cnn": cifar_cnn,
    "mlp": mlp,
    "reader": reader,
    "vae": vae,
    "gan": gan,
    "lstm": lambda: recurrent(nn.LSTM),
    "gru": lambda: recurrent(nn.GRU),
    **{f"gemm-{letters}": lambda letters=letters: gemm(letters) for letters in ("nn", "nt", "tn", "tt")},
}


def times_of_steps(step, seconds):
    times = []
    begin = time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return times


def main():
    threads, seconds, row = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    work, step = rows[row]()
    times_of_steps(step, seconds / 2)
    times = times_of_steps(step, seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate, mean = work / statistics.median(times), work / statistics.fmean(times)
    print(json.dumps({"rate": rate, "meanRate": mean, "peakMiB": peak}))


main()
