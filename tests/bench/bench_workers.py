# SPDX-License-Identifier: Apache-2.0
"""The processes that bench.py drives: one for each library, network and number of threads.

A process that is not being asked is stopped (SIGSTOP), so that threads which go on spinning after
a run, as those of several libraries do for a while, cannot take the processor from the next one.
"""

import contextlib
import fcntl
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 1800.0  # seconds for one answer


class Refused(Exception):
    """A library cannot do what it was asked for, or its process ended."""


@contextlib.contextmanager
def turn():
    """Benchmarks that run on this machine at the same time measure one after the other."""
    place = pathlib.Path(tempfile.gettempdir()) / "camx-bench.lock"
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_urgent(pid):
    """Before other processes, as far as the system allows: by itself, and as a session where the
    kernel shares the processors out by sessions."""
    os.setpriority(os.PRIO_PROCESS, pid, -19)
    group = pathlib.Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text("-19")


class Worker:
    """A contender's process; speaks the commands that bench_camx.c lists."""

    def __init__(self, library, threads, options, log):
        native = library == "libcamx"
        command = [str(options.build / "tests" / "bench" / "bench_camx")]
        if not native:
            command = [sys.executable, str(HERE / "peer.py"), library]
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1")
        self.library, self.threads, self.buffer, self.stopped = library, threads, b"", False
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        if options.urgent:
            _make_urgent(self.process.pid)
        self.version = self._read().split(" ", 1)[1]

    def _line(self, wait):
        """The next line of the process's answers, None if there is none within `wait` seconds."""
        end = time.monotonic() + wait
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left < 0.0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise Refused(f"{self.library}: the process ended ({self.process.wait()})")
            self.buffer += piece
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def _read(self):
        line = self._line(PATIENCE)
        if line is None:
            self.kill()
            raise Refused(f"{self.library}: no answer for {PATIENCE:.0f} s")
        if line.startswith("no "):
            raise Refused(f"{self.library}: {line[3:]}")
        return line

    def _write(self, lines):
        try:
            self.process.stdin.write("".join(line + "\n" for line in lines).encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Refused(f"{self.library}: the process has ended") from None

    def ask(self, line):
        """Lets the process run for one command; returns the words of its answer after the first."""
        self._resume()
        self._write([line])
        answer = self._read()
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True
        return answer.split()[1:]

    def _resume(self):
        if self.stopped:
            self.process.send_signal(signal.SIGCONT)
            self.stopped = False

    def ask_all(self, lines, watch=None):
        """All commands at once, so that nothing waits for the driver; returns the answers. watch is
        called again and again in between."""
        self._write(lines)
        answers = []
        while len(answers) < len(lines):
            line = self._line(0.0005) if watch else self._read()
            if watch:
                watch()
            if line is not None:
                if line.startswith("no "):
                    raise Refused(f"{self.library}: {line[3:]}")
                answers.append(line.split()[1:])
        return answers

    def memory(self):
        """Anonymous and file-backed memory now, and the most of both together so far, in MB."""
        values = {}
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            key, _, value = line.partition(":")
            if value.endswith(" kB"):
                values[key] = int(value[:-3]) / 1024.0
        files = values.get("RssFile", 0.0) + values.get("RssShmem", 0.0)
        return values.get("RssAnon", 0.0), files, values.get("VmHWM", 0.0)

    def forget_peak(self):
        """Starts VmHWM anew."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5\n")

    def quit(self):
        try:
            self._resume()
            self._write(["quit"])
            self.process.stdin.close()
            self.process.wait(30)
        except (Refused, OSError, subprocess.TimeoutExpired):
            self.kill()
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()


class Watch:
    """How much of the processors' time goes to processes that have no part in the benchmark."""

    def __init__(self, pids, threads):
        self.pids = pids
        self.spare = max(0.0, 1.0 - threads / os.cpu_count())
        self.ticks = os.sysconf("SC_CLK_TCK")

    def _now(self):
        """Seconds that all processors were busy, and seconds of them that were our own."""
        fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        user, nice, system, _idle, _wait, hard, soft, steal = map(int, fields)
        own = sum(os.times()[:2]) * self.ticks
        for pid in self.pids:
            rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            own += int(rest[11]) + int(rest[12])
        busy = user + nice + system + hard + soft + steal
        return busy / self.ticks, own / self.ticks

    def start(self):
        self.begin, self.before = time.monotonic(), self._now()

    def foreign_share(self):
        """Since start(), of all the processors' time, beyond what our threads leave unused."""
        busy, own = (now - then for now, then in zip(self._now(), self.before))
        whole = (time.monotonic() - self.begin) * os.cpu_count()
        return max(0.0, (busy - own) / whole - self.spare)


def start_up(library, files, threads, task, settings, options, log, sampled):
    """One process from its start to the first result, without the interpreter's and the imports'
    share. Returns the seconds, or if sampled the memory: most of anonymous, file-backed, both."""
    worker = Worker(library, threads, options, log)
    try:
        anonymous, mapped, _ = worker.memory()
        worker.forget_peak()
        most = [0.0, 0.0]

        def watch():
            now = worker.memory()
            most[0], most[1] = max(most[0], now[0]), max(most[1], now[1])

        lines = ["clock", files.open_line(threads), f"task 0 {task} {settings}", "run 0 0", "clock"]
        answers = worker.ask_all(lines, watch if sampled else None)
        if not sampled:
            return float(answers[-1][0]) - float(answers[0][0])
        peak = worker.memory()[2]
        return most[0] - anonymous, most[1] - mapped, peak - anonymous - mapped
    finally:
        worker.quit()
