#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares libcamx with PyTorch, pytorch-grad-cam and captum on whole networks (`make oracle`).

Exports each network of models.py with both of PyTorch's exporters, lets libcamx open the files
through its Python package, and compares logits, Grad-CAM and Grad-CAM++ at three layers, CAM, and
occlusion by the rule of compare.py. Prints a table, writes build/oracle.json, and exits with 1 if
a row fails or more than a tenth of the map rows is degenerate, with 2 if a network could not be
exported or run at all.

    tests/oracle/setup.sh
    build/oracle-venv/bin/python tests/oracle/run.py [--tiny] [--keep] [network ...]
    build/oracle-venv/bin/python tests/oracle/run.py --self-test
"""

import argparse
import json
import pathlib
import shutil
import sys
import time
import traceback

import compare
import export
import kinks
import models
import numpy as np
import reference
import torch
from subject import TOP, LibcamxSubject, PyTorchSubject
from tiny import TINY

MAP_METHODS = ("gradcam", "gradcampp", "cam", "occlusion")


def decided(undecided, row, x, path, got, f32, f64):
    """The row again, should rounding have decided units at a kink otherwise than in float64."""
    moved, note = undecided.decide_gradcam(torch.as_tensor(x), path, got, f64)
    label = row.network, row.exporter, row.method, row.layer
    again = compare.compare_map(label, moved, f32, f64)
    again.note = f"({note}; before: {row.raw_error:.1e})"
    return again


def compare_file(network, exporter, subject, names, f32, f64, x, undecided):
    """All rows of one exported file."""

    def label(method, layer=""):
        return network.name, exporter, method, layer

    default = names[network.layers[0]]
    found = subject.default_layer()
    rows = [
        compare.compare_logits(label("logits"), subject.logits(), f64.logits),
        compare.compare_fact(
            label("default_layer", default), found == default, f"libcamx chose {found}"
        ),
    ]
    for path in network.layers:
        for method in reference.METHODS:
            got = subject.gradient_map(method, f64.target, names[path])
            want, other = f64.maps[method, path], f32.maps[method, path]
            row = compare.compare_map(label(method, names[path]), got, other, want)
            if method == "gradcam" and not row.passed and np.shape(got) == want.shape:
                row = decided(undecided, row, x, path, got, other, want)
            rows.append(row)
    got = subject.cam(f64.target)
    if f64.cam is None:
        rows.append(compare.compare_fact(label("cam_refused"), got is None, "a map was returned"))
    elif got is None:
        rows.append(compare.compare_fact(label("cam", default), False, "refused"))
    else:
        rows.append(compare.compare_raw(label("cam", default), got, f32.cam, f64.cam))
    got = subject.occlusion(f64.target, *network.occlusion)
    rows.append(compare.compare_raw(label("occlusion"), got, f32.occlusion, f64.occlusion))
    return rows


def run_network(network, exporters, make_subject, folder):
    """References once, then each exporter. Returns rows and what went wrong."""
    model = models.prepare(network)
    x = models.network_input(network)
    f64, f32 = reference.compute(model, network, x)
    rows, faults = [], []
    for exporter in exporters:
        path = folder / f"{network.name}_{exporter}.onnx"
        try:
            export.export(model, x, path, exporter)
            names = export.module_values(network, model, x, export.run_all_values(path, x))
            subject = make_subject(path, x, network, names, f32)
            undecided = kinks.Undecided(model, f64.target)
            rows += compare_file(network, exporter, subject, names, f32, f64, x, undecided)
            subject.close()
        except Exception as error:  # the table must show the other networks all the same
            faults.append({"network": network.name, "exporter": exporter, "error": str(error)})
            traceback.print_exc()
    return rows, faults


def print_rows(rows):
    for row in rows:
        verdict = "ok" if row.passed else "FAILED"
        if row.degenerate:
            verdict += " degenerate"
        print(
            f"{row.network:20} {row.exporter:12} {row.method:14}"
            f" {row.max_error:9.1e} <= {row.allowed:7.1e}"
            f"  raw {row.raw_error:7.1e} <= {row.raw_allowed:7.1e}  {verdict:8}"
            f" {row.layer} {row.note}",
            flush=True,
        )


def summarise(rows, faults, path):
    maps = [row for row in rows if row.method in MAP_METHODS]
    degenerate = [row for row in maps if row.degenerate]
    failed = [row for row in rows if not row.passed]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "versions": {"torch": torch.__version__},
        "rows": [row.as_json() for row in rows],
        "faults": faults,
        "failed": len(failed),
        "degenerate": len(degenerate),
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(
        f"\n{len(rows)} rows, {len(failed)} failed, "
        f"{len(degenerate)} of {len(maps)} maps degenerate, "
        f"{len(faults)} files that could not be run; written to {path}"
    )
    for fault in faults:
        print(f"  {fault['network']} ({fault['exporter']}): {fault['error'].splitlines()[0]}")
    if faults or not rows:
        return 2
    return 1 if failed or len(degenerate) > 0.1 * len(maps) else 0


def self_test(folder):
    """The harness passes PyTorch's own float32 numbers and fails them when they are disturbed."""
    network = next(n for n in TINY if n.name == "mobilenet_v2")
    other = next(n for n in TINY if n.name == "vgg")  # has no CAM
    verdicts = []
    for disturbance in (0.0, 1e-2):

        def make(_path, _x, network, names, f32, disturbance=disturbance):
            return PyTorchSubject(f32, names, network, disturbance)

        for net in (network, other):
            rows, faults = run_network(net, export.EXPORTERS[:1], make, folder)
            print_rows(rows)
            assert not faults and len(rows) == 10
            verdicts.append([row.passed for row in rows])
    passed = all(map(all, verdicts[:2])) and not any(map(any, verdicts[2:]))
    print("self-test:", "passed" if passed else "FAILED")
    return 0 if passed else 1


def libcamx_subject(path, x, *_others):
    return LibcamxSubject(path, x, torch.get_num_threads())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", help="names from models.py; default: all")
    parser.add_argument("--tiny", action="store_true", help="the tiny networks of tiny.py instead")
    parser.add_argument("--exporter", choices=export.EXPORTERS, help="only this one")
    parser.add_argument("--keep", action="store_true", help="keep the exported files")
    parser.add_argument("--self-test", action="store_true", help="test the comparison itself")
    parser.add_argument("--output", type=pathlib.Path, default=TOP / "build" / "oracle.json")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    # Threads that wait for each other are slow on a busy machine, and tiny networks need none.
    torch.set_num_threads(1 if arguments.tiny or arguments.self_test else 2)
    folder = arguments.output.parent / "oracle"
    if arguments.self_test:
        return self_test(folder)
    chosen = TINY if arguments.tiny else models.FULL
    unknown = set(arguments.networks) - {network.name for network in chosen}
    if unknown:
        sys.exit(f"unknown networks: {', '.join(sorted(unknown))}")
    if arguments.networks:
        chosen = [network for network in chosen if network.name in arguments.networks]
    exporters = [arguments.exporter] if arguments.exporter else export.EXPORTERS
    rows, faults = [], []
    for network in chosen:
        started = time.monotonic()
        new_rows, new_faults = run_network(network, exporters, libcamx_subject, folder)
        print_rows(new_rows)
        print(
            f"{network.name}: seed {network.seed}, {time.monotonic() - started:.0f} s", flush=True
        )
        rows += new_rows
        faults += new_faults
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)  # half a gigabyte for VGG alone
    return summarise(rows, faults, arguments.output)


if __name__ == "__main__":
    sys.exit(main())
