# SPDX-License-Identifier: Apache-2.0
"""One peer of the benchmark in a process of its own: answers the commands of bench_camx.c.

    peer.py LIBRARY          onnxruntime, openvino, ncnn, torch, pytorch-grad-cam, captum

A peer is a class that opens a network and makes tasks: functions that run once on the input and
return the result as an array. The library is imported before the peer says that it is ready, so
that what is measured later is without the imports.
"""

import importlib
import json
import pathlib
import statistics
import sys
import time

import numpy as np

MODULES = {
    "onnxruntime": "peer_runtimes",
    "openvino": "peer_runtimes",
    "ncnn": "peer_runtimes",
    "torch": "peer_torch",
    "pytorch-grad-cam": "peer_torch",
    "captum": "peer_torch",
}


class Unable(Exception):
    """What this peer says when it has no such task."""


class Worker:
    """Reads commands, answers each with one line."""

    def __init__(self, peer, library):
        self.peer, self.library, self.slots, self.results = peer, library, {}, {}

    def open(self, threads, model, values, *shape):
        shape = (1, *map(int, shape))
        x = np.fromfile(values, np.float32).reshape(shape)
        self.peer.open(int(threads), pathlib.Path(model), x)
        return f"ok {self.peer.version()}"

    def task(self, slot, name, *settings):
        settings = dict(setting.split("=", 1) for setting in settings)
        make = getattr(self.peer, "task_" + name.replace("-", "_"), None)
        if make is None:
            raise Unable(f"{self.library} has no {name}")
        self.slots[slot] = make(settings)
        return "ok"

    def tune(self, slot):
        """Tries the library's documented settings for this task; the fastest stays."""
        tune = getattr(self.slots[slot], "tune", None)
        return f"ok {tune() if tune else ''}"

    def run(self, slot, seconds):
        run, seconds, times = self.slots[slot], float(seconds), []
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            run()
        begin = time.perf_counter()
        while not times or time.perf_counter() - begin < seconds:
            before = time.perf_counter()
            self.results[slot] = run()
            times.append(time.perf_counter() - before)
        return f"times {statistics.median(times):.9f} {min(times):.9f} {len(times)}"

    def result(self, slot, path):
        np.asarray(self.results[slot], np.float32).tofile(path)
        return "ok"

    def clock(self):
        return f"clock {time.monotonic():.9f}"

    def obey(self, words):
        if words[0] not in ("open", "task", "tune", "run", "result", "clock"):
            return f"no '{words[0]}' is no command"
        try:
            return getattr(self, words[0])(*words[1:])
        except Exception as error:  # the driver goes on with the other libraries
            text = " ".join(str(error).split())[:300]
            return f"no {type(error).__name__}: {text}" if text else f"no {type(error).__name__}"


def occlude(forward, x, settings):
    """Occlusion as one forward pass per position: the fall of the class's logit, as captum has it."""
    target, patch = int(settings["class"]), int(settings["patch"])
    stride, (height, width) = int(settings["stride"]), x.shape[2:]
    tops = range(0, max(height - patch, 0) + stride, stride)
    lefts = range(0, max(width - patch, 0) + stride, stride)

    def run():
        total, count = np.zeros((2, height, width))
        whole = forward(x).ravel()[target]
        for top in (t for t in tops if t < height):
            for left in (t for t in lefts if t < width):
                covered = x.copy()
                covered[:, :, top : top + patch, left : left + patch] = 0.0
                fall = whole - forward(covered).ravel()[target]
                total[top : top + patch, left : left + patch] += fall
                count[top : top + patch, left : left + patch] += 1.0
        return total / count

    return run


def network_facts(model):
    """What bench_export.py wrote beside an ONNX file."""
    return json.loads(model.with_suffix(".json").read_text())


def main():
    library = sys.argv[1]
    module = importlib.import_module(MODULES[library])
    worker = Worker(module.PEERS[library](), library)
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever libraries print does not disturb the answers
    print("ready", worker.peer.version(), file=answers, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words and words[0] == "quit":
            break
        if words:
            print(worker.obey(words), file=answers, flush=True)


if __name__ == "__main__":
    main()
