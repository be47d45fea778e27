# SPDX-License-Identifier: Apache-2.0
"""What was measured, as build/bench.json and build/bench.md, and whether results agree."""

import json
import os
import pathlib
import platform
import time

import numpy as np

KEY = ("network", "task", "threads", "library")
# A difference above it means that something else was computed. On the way from the baseline to the
# image nothing keeps units away from their kinks, so that rounding decides about some of them.
LIMIT = {"integrated_gradients": 1e-2}
USUAL_LIMIT = 1e-3
SUMMARY = ["of the peak", "best peer", "libcamx / best", "fastest runs"]


def _scaled(maps):
    """pytorch-grad-cam's scaling of maps [N, H, W]."""
    maps = np.maximum(maps, 0.0)
    maps = maps - maps.min((1, 2), keepdims=True)
    return maps / (1e-7 + maps.max((1, 2), keepdims=True))


def _enlarged(maps, size):
    """Maps [N, H, W] to a square of this size: bilinear, half-pixel centres, edges repeated."""
    for axis in (1, 2):
        old = maps.shape[axis]
        at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        low = np.minimum(at.astype(int), old - 1)
        share = np.expand_dims(at - low, (1,) if axis == 1 else ())
        first = np.take(maps, low, axis)
        second = np.take(maps, np.minimum(low + 1, old - 1), axis)
        maps = first + (second - first) * share
    return maps


def _square_maps(values, count):
    side = round((len(values) / count) ** 0.5)
    return values.reshape(count, side, side) if count * side * side == len(values) else None


def difference(task, got, wanted):
    """The largest difference, relative to the largest value. Maps at the layer's size and maps that
    are scaled and enlarged are compared as the latter. None: not comparable."""
    got, wanted = np.float64(got), np.float64(wanted)
    if len(got) != len(wanted):
        count = 5 if task.endswith("-5-classes") else 1
        pair = sorted((got, wanted), key=len)
        small, large = (_square_maps(values, count) for values in pair)
        if small is None or large is None or task == "gradcam-stages":
            return None
        got, wanted = _scaled(_enlarged(_scaled(small), large.shape[1])), large
    finite = np.isfinite(got) & np.isfinite(wanted)
    scale = np.abs(wanted[finite]).max()
    return float(np.abs(got - wanted)[finite].max() / max(scale, 1e-30))


def _differs(row):
    return (row["difference"] or 0.0) > LIMIT.get(row["task"], USUAL_LIMIT)


def _machine():
    name = platform.processor() or platform.machine()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    return {"processor": name, "processors": os.cpu_count(), "load": os.getloadavg()}


def _ratio(value):
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


class Report:
    def __init__(self, folder, versions, add):
        self.folder, self.versions, self.rows, self.notes, self.peaks = folder, versions, [], [], {}
        self.machine, self.started = _machine(), time.strftime("%Y-%m-%d %H:%M:%S %z")
        path = folder / "bench.json"
        if add and path.exists():
            before = json.loads(path.read_text())
            self.rows, self.notes = before["rows"], before["notes"]
            self.peaks = {int(k): v for k, v in before["peaks"].items()}

    def extend(self, rows, notes):
        """Takes the rows of one network, each in the place of its earlier measurement if there is one, and
        prints them; the files are written again each time."""
        merged = {tuple(r[k] for k in KEY): r for r in [*self.rows, *rows]}
        self.rows = list(merged.values())
        self.notes += [note for note in notes if note not in self.notes]
        for row in rows:
            wrong = "  DIFFERS" if _differs(row) else ""
            noise = f"  ({100 * row['disturbed']:.0f} % disturbed)" if row["disturbed"] else ""
            print(
                f"{row['network']:20} {row['task']:18} {row['threads']} {row['library']:22}"
                f" {row['median_ms']:9.2f} ms (best {row['min_ms']:.2f})"
                f"  libcamx / this {_ratio(row['ratio_median']):>5}{wrong}{noise}",
                flush=True,
            )
        for note in notes:
            print("note:", note, flush=True)
        self._write()

    def finish(self):
        print(f"written: {self.folder / 'bench.md'} and {self.folder / 'bench.json'}")

    def _write(self):
        content = {
            "started": self.started,
            "machine": self.machine,
            "load_at_end": os.getloadavg(),
            "peaks": self.peaks,
            "versions": self.versions,
            "notes": self.notes,
            "rows": self.rows,
        }
        (self.folder / "bench.json").write_text(json.dumps(content, indent=1) + "\n")
        (self.folder / "bench.md").write_text("\n".join(self._markdown()) + "\n")

    # The report for people.

    def _markdown(self):
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        peaks = ", ".join(f"{n}: {p * 1e-9:.0f}" for n, p in sorted(self.peaks.items()))
        yield "# Benchmark"
        yield ""
        yield f"{self.started}, {self.machine['processor']}, {self.machine['processors']} processors."
        yield f"Peers: {versions}. Peak of float32 multiply-adds in GFLOP/s by threads: {peaks}."
        load = ", ".join(f"{value:.1f}" for value in (self.machine["load"][0], os.getloadavg()[0]))
        yield f"Load of the machine before and after: {load} (a quiet machine: about the threads used)."
        yield ""
        yield "Each cell: median milliseconds, and in brackets libcamx's time over this library's"
        yield "(median of the ratios of single rounds): below 1 libcamx is faster. ! = the result differs;"
        yield "~ = other processes took more than a twentieth of the processors in some of the rounds."
        cells = sorted({(row["task"], row["threads"]) for row in self.rows}, key=self._order)
        for task, threads in cells:
            yield from self._table(task, threads)
        for task in ("forward", "gradcam"):
            yield from self._starts(task)
        if self.notes:
            yield from ("", "## Notes", "", *(f"* {note}" for note in self.notes))

    def _order(self, cell):
        tasks = list(dict.fromkeys(row["task"] for row in self.rows))
        return tasks.index(cell[0]), cell[1]

    def _table(self, task, threads):
        rows = [r for r in self.rows if r["task"] == task and r["threads"] == threads]
        libraries = _columns(rows)
        yield from ("", f"## {task}, {threads} threads" if threads > 1 else f"## {task}, 1 thread", "")
        extra = SUMMARY if task == "forward" else []
        yield from _head(["network", *libraries, *extra])
        for network in dict.fromkeys(r["network"] for r in rows):
            found = {r["library"]: r for r in rows if r["network"] == network}
            line = [_cell(found.get(library)) for library in libraries]
            noisy = " ~" if any(row["disturbed"] for row in found.values()) else ""
            yield _line([network + noisy, *line, *(_summary(found) if extra else [])])

    def _starts(self, task):
        rows = [r for r in self.rows if r["task"] == task and r["peak_rss_mb"] is not None]
        if not rows:
            return
        yield from ("", f"## Memory and start-up, {task}", "")
        yield "Peak memory in MB without the interpreter's and the imports' share (anonymous + file-backed),"
        yield "and milliseconds from there to the first result."
        yield ""
        libraries = _columns(rows)
        yield from _head(["network", "threads", *libraries])
        for network, threads in dict.fromkeys((r["network"], r["threads"]) for r in rows):
            line = []
            for library in libraries:
                key = (network, task, threads, library)
                row = next((r for r in rows if tuple(r[k] for k in KEY) == key), None)
                line.append(_start_cell(row))
            yield _line([network, threads, *line])


def _columns(rows):
    """The libraries: libcamx, those that do the same, and forward passes beside them."""
    found = dict.fromkeys(r["library"] for r in rows)
    return sorted(found, key=lambda name: (name != "libcamx", name.endswith("(forward)")))


def _head(names):
    return _line(names), _line(["---"] * len(names))


def _line(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def _cell(row):
    if row is None:
        return ""
    wrong = " !" if _differs(row) else ""
    if row["library"] == "libcamx":
        return f"{row['median_ms']:.2f}{wrong}"
    return f"{row['median_ms']:.2f} ({_ratio(row['ratio_median'])}){wrong}"


def _start_cell(row):
    if row is None:
        return ""
    parts = f"{row['peak_anonymous_mb']:.0f} + {row['peak_file_mb']:.0f}"
    return f"{row['peak_rss_mb']:.0f} MB ({parts}), {row['start_to_result_ms']:.0f} ms"


def _summary(found):
    """libcamx's share of the machine's peak; the fastest peer; libcamx's fastest run over the
    fastest of any peer, which a busy machine disturbs least."""
    own = found.get("libcamx")
    peers = [r for name, r in found.items() if name != "libcamx"]
    share = f"{100 * own['share_of_peak']:.0f} %" if own else ""
    if not peers or not own:
        return [share, "", "", ""]
    best = min(peers, key=lambda row: row["median_ms"])
    fastest = own["min_ms"] / min(row["min_ms"] for row in peers)
    return [share, best["library"], f"{best['ratio_median']:.2f}", f"{fastest:.2f}"]
