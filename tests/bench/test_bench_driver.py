# SPDX-License-Identifier: Apache-2.0
"""The benchmark's driver without any peer: rows, report, comparison of results. Times are not
looked at."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import bench_report

HERE = pathlib.Path(__file__).resolve().parent
BUILD = os.environ["CAMX_BUILD_ROOT"]
NETWORK = "efficientnet_lite0"


def run(folder, *arguments):
    """bench.py with the demo's network and no peers."""
    command = [sys.executable, str(HERE / "bench.py"), "--build", BUILD, "--output", folder]
    command += ["--models", folder, "--networks", NETWORK, "--threads", "1", "--insist", "0"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=250)


class Driver(unittest.TestCase):
    def test_rows(self):
        with tempfile.TemporaryDirectory() as folder:
            quick = ("--rounds", "2", "--libraries", "ncnn")
            done = run(folder, "--tasks", "forward", "gradcam", "--starts", "1", *quick)
            self.assertEqual(done.returncode, 0, done.stderr)
            content = json.loads((pathlib.Path(folder) / "bench.json").read_text())
            rows = {(r["task"], r["library"]): r for r in content["rows"]}
            for key in (("forward", "libcamx"), ("gradcam", "libcamx"), ("gradcam", "libcamx (forward)")):
                self.assertIn(key, rows)
                self.assertEqual((rows[key]["network"], rows[key]["threads"]), (NETWORK, 1))
                self.assertLessEqual(rows[key]["min_ms"], rows[key]["median_ms"])
            forward = rows["forward", "libcamx"]
            self.assertEqual(forward["ratio_median"], 1.0)
            self.assertEqual(forward["rounds"], 2)
            self.assertGreater(forward["peak_rss_mb"], 1.0)
            self.assertGreater(forward["start_to_result_ms"], 0.0)
            self.assertGreater(content["peaks"]["1"], 1e8)
            text = (pathlib.Path(folder) / "bench.md").read_text()
            self.assertIn("## forward, 1 thread", text)
            self.assertIn("Memory and start-up, gradcam", text)
            # One task more, with what was there before.
            done = run(folder, "--tasks", "hirescam", "--starts", "0", "--add", *quick)
            self.assertEqual(done.returncode, 0, done.stderr)
            content = json.loads((pathlib.Path(folder) / "bench.json").read_text())
            self.assertEqual({r["task"] for r in content["rows"]}, {"forward", "gradcam", "hirescam"})

    def test_order_of_added_rows(self):
        """A row that is measured again stays where it was; libcamx's column is the first."""
        template = dict.fromkeys(("median_ms", "min_ms", "ratio_median", "difference", "share_of_peak"), 1.0)
        template.update(threads=1, task="gradcam", disturbed=0.0, peak_rss_mb=None)

        def row(network, library, **changes):
            return {**template, "network": network, "library": library, **changes}

        with tempfile.TemporaryDirectory() as folder:
            report = bench_report.Report(pathlib.Path(folder), {}, False)
            report.extend([row("a", "torch"), row("a", "libcamx (forward)"), row("b", "torch")], [])
            report.extend([row("a", "libcamx"), row("a", "torch", median_ms=7.0)], [])
            self.assertEqual([r["network"] for r in report.rows], ["a", "a", "b", "a"])
            self.assertEqual(report.rows[0]["median_ms"], 7.0)
            text = (pathlib.Path(folder) / "bench.md").read_text()
            self.assertIn("| network | libcamx | torch | libcamx (forward) |", text)

    def test_refusals(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run(folder, "--tasks", "nonsense").returncode, 2)
            self.assertEqual(run(folder, "--libraries", "nonsense").returncode, 2)


class Difference(unittest.TestCase):
    def test_same_size(self):
        values = np.array([1.0, -4.0, 2.0])
        self.assertEqual(bench_report.difference("forward", values, values), 0.0)
        wrong = bench_report.difference("forward", values + [0.0, 0.0, 0.4], values)
        self.assertAlmostEqual(wrong, 0.1)

    def test_scaled_and_enlarged(self):
        """A raw map agrees with the same map as pytorch-grad-cam gives it, and no other does."""
        raw = np.random.default_rng(5).standard_normal((7, 7))
        scaled = np.maximum(raw, 0.0)
        scaled /= scaled.max()
        at = np.clip((np.arange(28) + 0.5) / 4 - 0.5, 0, 6)
        columns = np.array([np.interp(at, np.arange(7), row) for row in scaled])
        large = np.array([np.interp(at, np.arange(7), column) for column in columns.T]).T
        large = (large - large.min()) / (large.max() - large.min())
        self.assertLess(bench_report.difference("gradcam", raw.ravel(), large.ravel()), 1e-6)
        self.assertGreater(bench_report.difference("gradcam", -raw.ravel(), large.ravel()), 0.1)

    def test_not_comparable(self):
        self.assertIsNone(bench_report.difference("gradcam", np.ones(49), np.ones(50)))


if __name__ == "__main__":
    unittest.main()
