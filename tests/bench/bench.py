# SPDX-License-Identifier: Apache-2.0
"""Measures libcamx and every installed peer in the same run, in interleaved rounds, on the same
files and input, and writes build/bench.md and build/bench.json. docs/benchmarks.md explains both.

    make bench                                                 everything; hours
    build/bench-venv/bin/python tests/bench/bench.py --quick   a first impression
    ... bench.py --networks resnet18 vgg16 --tasks forward gradcam --threads 2
"""

import argparse
import importlib.metadata
import json
import math
import pathlib
import signal
import statistics
import sys
import tempfile
import time

import numpy as np

import bench_files
import bench_report
from bench_workers import Refused, Watch, Worker, start_up, turn

TOP = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = {
    "onnxruntime": "onnxruntime",
    "openvino": "openvino",
    "ncnn": "ncnn",
    "torch": "torch",
    "pytorch-grad-cam": "grad-cam",
    "captum": "captum",
}
RUNTIMES = ("onnxruntime", "openvino", "ncnn", "torch")
EXPLAINERS = ("torch", "pytorch-grad-cam", "captum")
TASKS = {
    "forward": RUNTIMES,
    "gradcam": EXPLAINERS,
    "gradcam-stages": ("torch", "pytorch-grad-cam"),
    "gradcam-5-classes": ("torch", "pytorch-grad-cam"),
    "occlusion": ("onnxruntime", "captum"),
    "gradcampp": ("pytorch-grad-cam",),
    "hirescam": ("pytorch-grad-cam",),
    "ablationcam": ("pytorch-grad-cam",),
    "reciprocam": (),
    "scorecam": ("pytorch-grad-cam",),
    "saliency": ("captum",),
    "integrated_gradients": ("captum",),
}
OCCLUSION = "patch=16 stride=16"
DISTURBED = 0.05  # share of the processors' time that others may take in a round
FRESH_TASKS = ("forward", "gradcam")  # memory and start-up are measured for these


class Contender:
    """One line of a cell: a library at a task. `forward` beside an explanation is measured too, so
    that both stand in the same rounds."""

    def __init__(self, worker, task, settings, label, stands_for=1.0):
        self.worker, self.task, self.settings, self.label = worker, task, settings, label
        self.stands_for = stands_for  # times that what is run would have to be run
        self.twin = None  # runs what the others run, where that is another part of the task
        self.slot, self.times, self.best, self.chosen = None, [], [], ""

    def open(self, slots, span):
        """Opens the task, tunes it, and runs it until it is warm."""
        key = (self.worker.library, self.task, self.settings)
        if key not in slots:
            number = sum(1 for library, *_ in slots if library == self.worker.library)
            self.worker.ask(f"task {number} {self.task} {self.settings}")
            if self.worker.library != "libcamx":
                self.chosen = " ".join(self.worker.ask(f"tune {number}"))
            slots[key] = number, self.chosen
        self.slot, self.chosen = slots[key]
        self.seconds = float(self.run(0.0)[0])
        if self.seconds < 0.5:
            self.run(span)
            self.seconds = float(self.run(0.0)[0])
        if self.twin is not None:
            self.twin.open(slots, span)

    def run(self, seconds):
        return self.worker.ask(f"run {self.slot} {seconds}")

    def round(self, span):
        """Median and shortest time. Slow ones need no runs that do not count."""
        median, best, _ = self.run(span if self.seconds < 0.5 else 0.0)
        return self.stands_for * float(median), self.stands_for * float(best)

    def result(self):
        if self.twin is not None:
            return self.twin.result()
        with tempfile.NamedTemporaryFile() as file:
            self.worker.ask(f"result {self.slot} {file.name}")
            return np.fromfile(file.name, np.float32)


def settings_of(task, files):
    """The settings of a task, as the workers take them."""
    if task == "forward":
        return ""
    count = 5 if task.endswith("-5-classes") else 1
    settings = "class=" + ",".join(map(str, files.classes[:count]))
    if task == "gradcam-stages":
        settings += " layers=" + ",".join(files.values)
    if task == "occlusion":
        settings += " " + OCCLUSION
    return settings


def sampled(task, files):
    """In place of OCCLUSION for whoever runs the whole network for every position of a large
    picture: settings with fewer positions, each as dear, and how many times that is the whole."""
    if task != "occlusion" or files.name not in bench_files.LARGER:
        return None
    all_of_them, some = (
        1 + math.prod(-(-side // stride) for side in files.shape[2:]) for stride in (16, 64)
    )
    return settings_of(task, files).replace(OCCLUSION, "patch=64 stride=64"), all_of_them / some


def variants_of(task):
    """Other ways in which libcamx can do the same: label and further settings."""
    return (("libcamx (no reuse)", " reuse=0"),) if task == "occlusion" else ()


def contenders_of(task, files, workers):
    """libcamx first; then who else can do the task; then, beside an explanation, plain forwards."""
    settings = settings_of(task, files)
    others, times = sampled(task, files) or (settings, 1.0)
    own = workers["libcamx"]
    made = [Contender(own, task, settings, "libcamx")]
    if others != settings:
        made[0].twin = Contender(own, task, others, "libcamx")
    made += [Contender(own, task, others + more, label, times) for label, more in variants_of(task)]
    made += [Contender(workers[n], task, others, n, times) for n in TASKS[task] if n in workers]
    if task != "forward":
        names = ("libcamx", *RUNTIMES)
        made += [
            Contender(workers[n], "forward", "", f"{n} (forward)") for n in names if n in workers
        ]
    return made


def open_cell(task, files, workers, slots, options, notes):
    """The contenders of a cell that can do it, warmed up; none without libcamx."""
    ready = []
    for contender in contenders_of(task, files, workers):
        try:
            contender.open(slots, options.slice)
            ready.append(contender)
        except Refused as refusal:
            notes.append(f"{files.name}, {task}: {refusal}")
            if contender.label == "libcamx":
                return []
    return ready


def measure_cell(ready, options):
    """Rounds in which the order changes. Those that others disturbed are repeated for a while, and
    the quietest are kept. Returns the share of those kept that were disturbed all the same."""
    slowest = sum(2.0 * max(options.slice, c.seconds) for c in ready)
    wanted = max(min(3, options.rounds), min(options.rounds, int(options.budget / slowest)))
    watch = Watch([c.worker.process.pid for c in ready], ready[0].worker.threads)
    records, quiet, end = [], 0, None
    while len(records) < wanted or (quiet < wanted and time.monotonic() < end):
        shift, times = len(records) % len(ready), {}
        with turn():
            watch.start()
            for contender in ready[shift:] + ready[:shift]:
                times[contender] = contender.round(options.slice)
            foreign = watch.foreign_share()
        records.append((foreign, times))
        quiet += foreign <= DISTURBED
        if len(records) == wanted:
            end = time.monotonic() + options.insist
    records.sort(key=lambda record: record[0])
    for _, times in records[:wanted]:
        for contender, (median, best) in times.items():
            contender.times.append(median)
            contender.best.append(best)
    return sum(foreign > DISTURBED for foreign, _ in records[:wanted]) / wanted


def rows_of(task, files, threads, ready, disturbed, work, peak):
    """The rows of a cell."""
    rows = []
    own = ready[0].times
    reference = next((c for c in ready if c.label != "libcamx" and c.task == task), None)
    wanted = reference.result() if reference else None
    for c in ready:
        row = {
            "network": files.name,
            "task": task,
            "threads": threads,
            "library": c.label,
            "version": c.worker.version,
            "settings": c.chosen,
            "stands_for": c.stands_for,
            "rounds": len(c.times),
            "disturbed": disturbed,
            "median_ms": 1e3 * statistics.median(c.times),
            "min_ms": 1e3 * min(c.best),
            "ratio_median": statistics.median(a / b for a, b in zip(own, c.times)),
            "difference": None,
            "peak_rss_mb": None,
            "start_to_result_ms": None,
        }
        if c.task == task and wanted is not None:
            row["difference"] = bench_report.difference(task, c.result(), wanted)
        if c.task == "forward":
            row["gflops"] = 2e-9 * work / statistics.median(c.times)
            row["share_of_peak"] = 1e9 * row["gflops"] / peak
        rows.append(row)
    return rows


def measure_start(rows, task, files, threads, options, log):
    """Memory and start-up of each library, in processes of their own, into its row."""
    for row in rows:
        if "(" in row["library"]:
            continue
        settings = settings_of(task, files)
        about = (row["library"], files, threads, task, settings, options, log)
        with turn():
            times = [start_up(*about, False) for _ in range(options.starts)]
            anonymous, mapped, both = start_up(*about, True)
        row["start_to_result_ms"] = 1e3 * statistics.median(times)
        row["peak_rss_mb"], row["peak_anonymous_mb"], row["peak_file_mb"] = both, anonymous, mapped


def tasks_of(files, options):
    alone = files.name in bench_files.OCCLUDED and not options.named
    return [task for task in options.tasks if task == "occlusion" or not alone]


def measure_network(files, threads, options, peak, log, notes):
    """All tasks of one network with one number of threads."""
    workers, rows, slots = {}, [], {}
    try:
        for library in ("libcamx", *options.libraries):
            try:
                worker = Worker(library, threads, options, log)
                workers[library] = worker
                worker.ask(files.open_line(threads))
            except Refused as refusal:
                notes.append(f"{files.name}: {refusal}")
                workers.pop(library, None)
        for task in tasks_of(files, options):
            ready = open_cell(task, files, workers, slots, options, notes)
            if ready:
                disturbed = measure_cell(ready, options)
                work = int(workers["libcamx"].ask("work")[0])
                rows += rows_of(task, files, threads, ready, disturbed, work, peak)
    finally:
        for worker in workers.values():
            worker.quit()
    for task in FRESH_TASKS if options.starts else ():
        measure_start([r for r in rows if r["task"] == task], task, files, threads, options, log)
    return rows


def measure_peak(threads, options, log):
    """Float32 operations a second of the machine, the best of a second."""
    worker = Worker("libcamx", threads, options, log)
    try:
        worker.ask(f"threads {threads}")
        with turn():
            return float(worker.ask("peak 1")[0])
    finally:
        worker.quit()


def installed():
    """The peers that are there, and their versions."""
    found = {}
    for library, package in PACKAGES.items():
        try:
            found[library] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    several = {"nargs": "+", "metavar": "NAME"}
    names = bench_files.NAMES
    parser.add_argument("--networks", choices=names + bench_files.LARGER, **several)
    parser.add_argument("--tasks", choices=TASKS, default=list(TASKS), **several)
    parser.add_argument("--libraries", choices=PACKAGES, default=list(PACKAGES), **several)
    parser.add_argument("--threads", default="1,2", help="numbers of threads (default 1,2)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--slice", type=float, default=0.03, help="seconds of a library in a round")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds for a cell of slow tasks")
    parser.add_argument("--insist", type=float, default=20.0, help="seconds for repeating disturbed rounds")
    parser.add_argument("--starts", type=int, default=3, help="starts that are timed; 0: none")
    parser.add_argument("--quick", action="store_true", help="few rounds and little else")
    parser.add_argument("--add", action="store_true", help="keep the other rows of an earlier run")
    parser.add_argument("--build", type=pathlib.Path, default=TOP / "build")
    parser.add_argument("--output", type=pathlib.Path, help="folder of the report; default: BUILD")
    parser.add_argument("--models", type=pathlib.Path, help="default: BUILD/bench-models")
    parser.add_argument("--urgent", action="store_true", help="before other processes (needs root)")
    options = parser.parse_args()
    options.named = options.networks is not None
    if not options.named:
        options.networks = names + (bench_files.OCCLUDED if "occlusion" in options.tasks else ())
    if options.quick:
        options.networks = ("resnet18", "resnet50", "mobilenet_v2", "efficientnet_b0")
        options.tasks, options.libraries = ("forward", "gradcam"), ("onnxruntime",)
        options.rounds, options.starts, options.threads, options.insist = 5, 1, "2", 2.0
    options.threads = [int(number) for number in options.threads.split(",")]
    options.build = options.build.resolve()
    options.models = (options.models or options.build / "bench-models").resolve()
    options.output = (options.output or options.build).resolve()
    return options


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the workers must not stay behind
    options = parse_arguments()
    versions = installed()
    missing = [name for name in options.libraries if name not in versions]
    options.libraries = [name for name in options.libraries if name in versions]
    for name in missing:
        print(f"{name} is not installed: measured without it")
    networks = bench_files.prepare(options.models, options.networks, "ncnn" in options.libraries)
    options.output.mkdir(parents=True, exist_ok=True)
    report = bench_report.Report(options.output, versions, options.add)
    with open(options.output / "bench.log", "ab") as log:
        for threads in options.threads:
            report.peaks[threads] = measure_peak(threads, options, log)
            print(f"{threads} threads: peak {report.peaks[threads] * 1e-9:.0f} GFLOP/s", flush=True)
        for files in networks:
            for threads in options.threads:
                notes = []
                peak = report.peaks[threads]
                rows = measure_network(files, threads, options, peak, log, notes)
                report.extend(rows, notes)
    report.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
