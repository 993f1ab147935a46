"""What PyTorch's figure of the MLP row depends on: how its idle threads wait.

Prints images per second, by the median and by the mean step, of torch_bench.py's `mlp` with one and
with two threads, with the waiting that OpenMP has by default (spinning), with sleeping threads and
with a short spin before the sleep. Usage: torch_waiting.py
"""

import json
import os
import pathlib
import subprocess
import sys

script = pathlib.Path(__file__).with_name("torch_bench.py")
ways = {"spin (default)": {}, "sleep": {"OMP_WAIT_POLICY": "PASSIVE"}, "short spin": {"GOMP_SPINCOUNT": "1000"}}

print(f"{'threads':9}{'waiting':17}{'median':>9}{'mean':>9}")
for threads in ("1", "2"):
    for name, settings in ways.items():
        command = [sys.executable, str(script), threads, "4", "mlp"]
        output = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True).stdout
        result = json.loads(output)
        print(f"{threads:9}{name:17}{result['rate']:9.0f}{result['meanRate']:9.0f}")
