"""The course's perceptron in vectorised NumPy, to convergence.

Usage: perceptron_bench.py FILE ROWS FEATURES CLASSES, where FILE holds the features of all rows and
then the labels, all as doubles. Prints one JSON object: NumPy's version, and for batch and online
training the epochs, the training rows that are right, and the seconds of the fastest of three.
"""

import json
import sys
import time

import numpy as np

path, (rows, features, classes) = sys.argv[1], map(int, sys.argv[2:])
numbers = np.fromfile(path)
A = np.hstack([numbers[: rows * features].reshape(rows, features), np.ones((rows, 1))])
labels = numbers[rows * features :].astype(int)
D = np.eye(classes)[labels]


def sigmoid(s):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-s))


def batch(W):
    return W + 0.2 * (A.T @ (D - sigmoid(A @ W)))


def online(W):
    for x, d in zip(A, D):
        W += 0.2 * np.outer(x, d - sigmoid(x @ W))
    return W


def train(epoch):
    W = np.random.RandomState(21).normal(0, 5, (features + 1, classes))
    best, best_epoch, number = 0, 0, 0
    while True:
        right = int(np.sum(np.argmax(A @ W, 1) == labels))
        if right > best or number == 0:
            best, best_epoch, kept = right, number, W.copy()
        if right == rows or number - best_epoch >= 15 or number >= 1000:
            return number, best
        W = epoch(W)
        number += 1


def measure(epoch):
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        epochs, right = train(epoch)
        seconds.append(time.perf_counter() - began)
    return {"epochs": epochs, "trainCorrect": right, "seconds": min(seconds)}


print(json.dumps({"numpy": np.__version__, "batch": measure(batch), "online": measure(online)}))
