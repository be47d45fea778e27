# SPDX-License-Identifier: Apache-2.0
"""The Python package on a tiny network whose every number NumPy computes beside it
(tiny_onnx.py)."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import weakref
from pathlib import Path

import numpy as np

import camx
import tiny_onnx

HERE = Path(__file__).resolve().parent
TINY = HERE / "tiny.onnx"


def tensor(images: int = 1, side: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(images, 3, side, side)).astype(np.float32)


def photo(height: int = 8, width: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def prepared(pixels: np.ndarray) -> np.ndarray:
    """What the tiny network's metadata says about an 8 x 8 photograph: mean and std, no
    resizing."""
    mean, std = np.array([100, 110, 120]), np.array([50, 60, 70])
    return ((pixels - mean) / std).transpose(2, 0, 1)[None].astype(np.float32)


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.model = camx.Model(TINY)

    def near(self, actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)


class Models(Case):
    def test_the_committed_file_is_what_the_script_writes(self) -> None:
        self.assertEqual(TINY.read_bytes(), tiny_onnx.model_bytes())

    def test_info(self) -> None:
        info = self.model.info
        self.assertEqual((info.input_name, info.output_name), ("image", "logits"))
        self.assertEqual(info.input_shape, (-1, 3, -1, -1))
        self.assertEqual((info.channels, info.class_count, info.opset), (3, 5, 13))
        self.assertEqual((info.default_width, info.default_height), (8, 8))
        self.assertEqual(info.output_kind, camx.OutputKind.LOGITS)
        self.assertIn("tiny_onnx", info.producer)
        self.assertFalse(info.channels_last)
        self.assertIn("5 classes", repr(self.model))

    def test_metadata_and_labels(self) -> None:
        self.assertEqual(dict(self.model.metadata), tiny_onnx.METADATA)
        self.assertEqual(self.model.labels, tiny_onnx.LABELS)
        self.assertEqual(self.model.class_count, 5)
        self.assertEqual(self.model.label(3), "dog")
        self.assertEqual(self.model.find_class("House Cat"), 2)
        with self.assertRaisesRegex(camx.NotFoundError, "'dog'"):
            self.model.find_class("dogs")

    def test_bytes_equal_file(self) -> None:
        content = tiny_onnx.model_bytes()
        for source in (content, bytearray(content), memoryview(content)):
            model = camx.Model(source)
            del source
            session = model.session()
            session.run(tensor())
            self.near(session.logits(), tiny_onnx.forward(tensor())["logits"][0])

    def test_bytes_live_as_long_as_the_library_needs_them(self) -> None:
        """Bytes are borrowed, not copied: sessions must keep them alive without the Model."""
        session = camx.Model(tiny_onnx.model_bytes()).session()
        gc.collect()
        junk = [os.urandom(2500) for _ in range(200)]
        session.run(tensor())
        self.near(session.logits(), tiny_onnx.forward(tensor())["logits"][0])
        del junk

    def test_errors(self) -> None:
        with self.assertRaises(OSError) as caught:
            camx.Model("/nowhere/net.onnx")
        self.assertIsInstance(caught.exception, camx.FileError)
        self.assertEqual(caught.exception.status, camx.Status.IO)
        self.assertIn("/nowhere/net.onnx", str(caught.exception))
        with self.assertRaises(camx.FormatError):
            camx.Model(b"this is no model")
        with self.assertRaises(camx.Error):
            camx.Model(b"")
        with self.assertRaises(camx.LimitError):
            camx.Model(TINY, max_nodes=3)
        with self.assertRaises(camx.ArgumentError):
            camx.Model(TINY, max_nodes=-1)
        with self.assertRaisesRegex(TypeError, "max_node"):
            camx.Model(TINY, max_node=3)
        with self.assertRaises(camx.ArgumentError):
            camx.Model("a\0b")

    def test_pickle(self) -> None:
        first = pickle.loads(pickle.dumps(self.model))
        second = pickle.loads(pickle.dumps(self.model))
        self.assertIs(first, second, "one process opens a file once")
        self.assertEqual(first.labels, self.model.labels)
        number = id(first)
        del first, second
        gc.collect()
        self.assertEqual(id(pickle.loads(pickle.dumps(self.model))), number, "and keeps it a while")
        from_bytes = pickle.loads(pickle.dumps(camx.Model(tiny_onnx.model_bytes())))
        self.assertEqual(from_bytes.class_count, 5)

    def test_pickle_notices_a_changed_file(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.onnx"
            path.write_bytes(tiny_onnx.model_bytes())
            text = pickle.dumps(camx.Model(path))
            path.write_bytes(tiny_onnx.model_bytes() + b"\0")
            with self.assertRaisesRegex(camx.FileError, "changed"):
                pickle.loads(text)

    def test_layers(self) -> None:
        layers = self.model.layers()
        names = [layer.name for layer in layers]
        for name in ("conv1", "relu1", "conv2", "features", "pooled", "flat", "logits"):
            self.assertIn(name, names)
        self.assertEqual([layer.index for layer in layers], list(range(len(layers))))
        (default,) = [layer for layer in layers if layer.is_default]
        self.assertEqual((default.name, default.op), ("features", "Relu"))
        self.assertEqual(default.shape, (1, 6, 4, 4))
        self.assertEqual((default.channels, default.height, default.width), (6, 4, 4))
        self.assertTrue(default.is_spatial)
        larger = {layer.name: layer.shape for layer in self.model.layers(size=(16, 12))}
        self.assertEqual(larger["features"], (1, 6, 6, 8))


class Inputs(Case):
    def test_from_pixels(self) -> None:
        pixels = photo()
        x = self.model.preprocess(pixels)
        self.assertEqual((len(x), x.shape), (1, (1, 3, 8, 8)))
        self.near(x.values, prepared(pixels))
        self.assertIn("100 110 120", x.description)

    def test_formats_and_strides(self) -> None:
        pixels = photo()
        expected = self.model.preprocess(pixels).values.copy()
        wide = np.zeros((8, 20, 3), np.uint8)
        wide[:, 5:13] = pixels
        rgba = np.dstack([pixels, np.full((8, 8), 7, np.uint8)])
        bgr = np.ascontiguousarray(pixels[:, :, ::-1])
        for given, kind in (
            (wide[:, 5:13], None),  # rows with gaps: read in place
            (pixels[::-1][::-1], None),
            (bgr[:, :, ::-1], None),  # samples backwards: copied
            (np.asfortranarray(pixels), None),
            (bgr, "bgr"),
            (rgba, None),
            (np.ascontiguousarray(rgba[:, :, [2, 1, 0, 3]]), "bgra"),
            (pixels.tolist() and np.array(pixels.tolist(), np.uint8), "rgb"),
        ):
            x = self.model.preprocess(given, format=kind)
            np.testing.assert_array_equal(x.values, expected)

    def test_grey(self) -> None:
        grey = photo()[:, :, 0]
        both = np.dstack([grey] * 3)
        expected = self.model.preprocess(both).values
        np.testing.assert_array_equal(self.model.preprocess(grey).values, expected)
        np.testing.assert_array_equal(self.model.preprocess(grey[:, :, None]).values, expected)

    def test_overrides(self) -> None:
        pixels = photo(20, 30)
        x = self.model.preprocess(pixels, "unit", size=(16, 12), fit="stretch", filter="nearest")
        self.assertEqual(x.shape, (1, 3, 12, 16))
        self.assertLessEqual(float(x.values.max()), 1.0)
        plain = self.model.preprocess(photo(), mean=0, std=[1, 1, 1])
        self.near(plain.values, photo().transpose(2, 0, 1)[None].astype(np.float32))
        doubled = self.model.preprocess(pixels, size=16)
        self.assertEqual(doubled.shape, (1, 3, 16, 16))
        self.assertIn("shorter side to 16", doubled.description)  # resize 8 of 8 grows along
        swapped = self.model.preprocess(photo(), mean=0, std=1, bgr=True)
        self.near(swapped.values, photo()[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32))

    def test_mistakes(self) -> None:
        for wrong in (
            np.zeros((8, 8, 3), np.float32),
            np.zeros((8, 8, 2), np.uint8),
            np.zeros((0, 8, 3), np.uint8),
            np.zeros(8, np.uint8),
        ):
            with self.assertRaises(camx.ArgumentError):
                self.model.preprocess(wrong)
        with self.assertRaisesRegex(TypeError, "'sice'"):
            self.model.preprocess(photo(), sice=8)
        with self.assertRaisesRegex(camx.ArgumentError, "'imagenet'"):
            self.model.preprocess(photo(), "imagenette")
        with self.assertRaises(camx.ArgumentError):
            self.model.preprocess(photo(), format="rgba")
        with self.assertRaises(camx.ArgumentError):
            self.model.preprocess(photo(), mean=[1, 2, 3, 4, 5])
        with self.assertRaises(camx.ArgumentError):
            self.model.preprocess(photo(), width=2**40)
        with self.assertRaises(camx.Error):
            self.model.preprocess(photo(), size=-3)
        with self.assertRaises(camx.ShapeError):
            camx.Input.from_floats(self.model, np.zeros((3, 8, 8)))
        with self.assertRaises(camx.ShapeError):
            camx.Input.from_floats(self.model, np.zeros((1, 4, 8, 8)))

    def test_from_floats_copies(self) -> None:
        values = tensor(2)
        x = camx.Input.from_floats(self.model, values)
        values[:] = 0
        np.testing.assert_array_equal(x.values, tensor(2))
        self.assertEqual(len(x), 2)

    def test_values_are_a_view_that_outlives_the_input(self) -> None:
        x = self.model.preprocess(photo())
        values = x.values
        self.assertFalse(values.flags.writeable)
        self.assertFalse(values.flags.owndata)
        handle = weakref.ref(x._handle)
        copy = values.copy()
        del x
        gc.collect()
        self.assertIsNotNone(handle(), "the array keeps the library's memory")
        np.testing.assert_array_equal(values, copy)
        del values
        gc.collect()
        self.assertIsNone(handle(), "and nothing else does")

    def test_directly_given_arrays(self) -> None:
        session = self.model.session()
        session.run(photo())
        by_pixels = session.logits()
        session.run(prepared(photo()).astype(np.float64))
        self.near(session.logits(), by_pixels)
        for wrong in (np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 3, 8, 8), np.int32)):
            with self.assertRaises(camx.ArgumentError):
                session.run(wrong)


class Sessions(Case):
    def test_scores(self) -> None:
        for options in (
            {},
            {"fusion": False},
            {"gemm": "builtin"},
            {"threads": 2, "exact_conv": True},
        ):
            with self.subTest(options), self.model.session(**options) as session:
                x = tensor(3)
                expected = tiny_onnx.forward(x)["logits"]
                session.run(x)
                self.near(session.logits(), expected)
                self.near(session.logits(image=1), expected[1])
                self.near(session.probabilities(), tiny_onnx.softmax(expected))
                best = session.top(3, image=2)
                order = np.argsort(-expected[2])[:3]
                self.assertEqual([c.class_index for c in best], order.tolist())
                self.assertEqual(best[0].label, tiny_onnx.LABELS[order[0]])
                self.assertAlmostEqual(best[0].logit, expected[2].max(), places=4)
                self.assertEqual(len(session.top(99)), 5)
                self.assertEqual(session.top(0), [])

    def test_values(self) -> None:
        x = tensor(2)
        expected = tiny_onnx.forward(x)
        expected_of_one = tiny_onnx.forward(tensor())
        for keep in ("targets", "spatial", "all"):
            with self.subTest(keep):
                session = self.model.session(keep=keep, layers=["relu1"])
                session.run(x)
                for name in ("relu1", "features", "pooled", "logits"):
                    value = session.value(name)
                    self.assertEqual(value.shape, expected[name].shape)
                    self.near(value, expected[name])
                self.near(session.value(), expected["features"])
                self.near(session.value("node_relu1"), expected["relu1"])
                session.run(tensor())
                before = session.stats.reruns
                self.near(session.value("relu1"), expected_of_one["relu1"])
                self.near(session.value(), expected_of_one["features"])
                self.assertEqual(session.stats.reruns, before, "kept, so not run again")

    def test_profile(self) -> None:
        session = self.model.session()
        with self.assertRaises(camx.StateError):
            session.profile()
        steps = session.profile(tensor(), runs=2)
        self.assertEqual(len(steps), session.stats.steps)
        self.assertAlmostEqual(sum(step.share for step in steps), 1.0)
        self.assertEqual(sum(s.operations for s in steps), 2 * session.stats.multiply_adds)
        self.assertTrue(all(step.seconds >= step.fastest >= 0 for step in steps))
        self.assertIn("Conv", [step.op for step in steps])
        self.assertEqual(steps[-1].name, "logits")
        self.assertEqual(steps[-1].output_shape, (1, 5))
        there_and_back = session.profile(backward=True, layer="relu1")
        kinds = {step.kind for step in there_and_back}
        self.assertIn(camx.StepKind.BACKWARD, kinds)
        self.assertEqual([s for s in there_and_back if s.kind == camx.StepKind.BACKWARD][0].op, "Gemm")
        for bad in ({"runs": -1}, {"layer": "relu1"}):
            with self.subTest(bad), self.assertRaises(camx.ArgumentError):
                session.profile(**bad)

    def test_gradient(self) -> None:
        session = self.model.session()
        expected = np.broadcast_to(
            tiny_onnx.weights()["fc.weight"][2][None, :, None, None] / 16, (1, 6, 4, 4)
        )
        gradient = session.gradient("features", 2, tensor())
        self.near(gradient, expected)
        by_name = session.gradient(target="house cat")
        np.testing.assert_array_equal(by_name, gradient)
        self.assertEqual((session.stats.forward_runs, session.stats.reruns), (1, 0))
        self.assertEqual(session.gradient("image", 2).shape, (1, 3, 8, 8))
        larger = session.gradient("features", 2, tensor(side=12))
        self.near(
            larger, tiny_onnx.weights()["fc.weight"][2][None, :, None, None] / 36 + 0 * larger
        )

    def test_input_gradient_is_the_slope(self) -> None:
        session = self.model.session()
        x = tensor().astype(np.float64)
        gradient = session.gradient("image", 1, x)
        step = 1e-6 * gradient / np.abs(gradient).max()
        rise = [tiny_onnx.forward(x + sign * step)["logits"][0, 1] for sign in (1, -1)]
        self.assertAlmostEqual((rise[0] - rise[1]) / 2 / (gradient * step).sum(), 1.0, places=4)

    def test_stats(self) -> None:
        session = self.model.session(threads=1)
        session.run(tensor())
        before = session.stats
        session.run()
        camx.gradcam(session)
        after = session.stats
        self.assertEqual((before.forward_runs, after.forward_runs, after.reruns), (1, 1, 0))
        self.assertEqual(after.threads, 1)
        self.assertGreater(after.activation_bytes, 0)
        self.assertEqual(before.backward_runs + 1, after.backward_runs)

    def test_layer_names(self) -> None:
        session = self.model.session()
        features = session.layer()
        self.assertEqual(session.layer("features"), features)
        self.assertEqual(session.layer("node_features"), features)
        self.assertEqual(session.layer(f"#{features.index}"), features)
        with self.assertRaisesRegex(camx.NotFoundError, "features"):
            session.layer("featurs")
        with self.assertRaises(camx.ArgumentError):
            session.layer("fea\0tures")
        with self.assertRaises(camx.NotFoundError):
            self.model.session(layers=["nothing"])

    def test_too_early_and_too_late(self) -> None:
        session = self.model.session()
        for call in (session.run, session.logits, session.top, session.value):
            with self.assertRaises(camx.StateError):
                call()
        with self.assertRaises(camx.StateError):
            camx.gradcam(session)
        session.close()
        session.close()
        with self.assertRaisesRegex(camx.StateError, "closed"):
            session.run(tensor())

    def test_wrong_sizes(self) -> None:
        session = self.model.session()
        session.run(tensor())
        with self.assertRaises(camx.ArgumentError):
            session.logits(image=1)
        with self.assertRaises(camx.ArgumentError):
            session.logits(image=-1)
        with self.assertRaises(camx.ArgumentError):
            self.model.session(threads=2**40)
        with self.assertRaises(camx.ArgumentError):
            self.model.session(gemm="fast")

    def test_the_last_input_after_a_failure(self) -> None:
        session = self.model.session()
        with self.assertRaises(camx.Error):
            camx.gradcam(session, tensor(2), target=99)
        self.assertEqual(session.logits().shape, (2, 5), "the input was good, only the target not")
        with self.assertRaises(camx.Error):
            session.gradient("nothing", 1, tensor(3))
        self.assertEqual((session.logits().shape, len(session.input)), ((3, 5), 3))
        with self.assertRaises(camx.Error):
            session.run(tensor(side=8)[:, :, :0])
        self.assertEqual(session.logits().shape, (3, 5), "this one never was an input")

    def test_sizes_change(self) -> None:
        session = self.model.session()
        for side in (8, 12, 8):
            x = tensor(side=side)
            session.run(x)
            self.near(session.logits(), tiny_onnx.forward(x)["logits"][0])

    def test_sharing_threads(self) -> None:
        first = self.model.session(threads=2)
        second = self.model.session(share_threads=first)
        second.run(tensor())
        first.close()
        second.run(tensor(seed=1))
        self.near(second.logits(), tiny_onnx.forward(tensor(seed=1))["logits"][0])

    def test_threads_wait_for_one_another(self) -> None:
        """Python threads on one session: every map belongs to the input it was asked for."""
        shared = self.model.session(threads=1)
        wrong = []

        def work(seed: int) -> None:
            own = self.model.session(threads=1)
            x = tensor(side=40, seed=seed)
            expected = tiny_onnx.gradcam(x, [1])[0]
            for _ in range(15):
                for session in (own, shared):
                    if not np.allclose(camx.gradcam(session, x, 1).raw, expected, atol=1e-5):
                        wrong.append(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_what_cannot_be_pickled(self) -> None:
        session = self.model.session()
        x = self.model.preprocess(photo())
        for thing in (session, x, camx.gradcam(session, x)):
            with self.assertRaises(TypeError):
                pickle.dumps(thing)


class Methods(Case):
    def test_gradcam_and_cam(self) -> None:
        x = tensor(2)
        session = self.model.session()
        expected = tiny_onnx.gradcam(x, [1, 3])
        m = camx.gradcam(session, x, [1, 3])
        self.assertEqual((len(m), m.raw.shape), (2, (2, 4, 4)))
        self.near(m.raw, expected)
        self.near(m[1].raw, expected[1])
        self.assertEqual([one.info.class_index for one in m], [1, 3])
        cam = camx.cam(session, target=[1, 3])
        self.near(cam.raw, expected * 16, 1e-4)
        bias = tiny_onnx.weights()["fc.bias"][[1, 3]]
        self.near(cam.raw.mean(axis=(1, 2)) + bias, session.logits()[[0, 1], [1, 3]], 1e-4)

    def test_info(self) -> None:
        session = self.model.session()
        m = camx.gradcam(session, photo(10, 14), 3)
        info = m.info
        self.assertEqual((info.method, info.layer), (camx.Method.GRADCAM, "features"))
        self.assertEqual((info.width, info.height), (4, 4))
        self.assertEqual((info.photo_width, info.photo_height), (14, 10))
        self.assertEqual((info.class_index, info.other_index), (3, -1))
        self.assertEqual(info.score_kind, camx.Score.LOGIT)
        self.assertAlmostEqual(info.score, float(session.logits()[3]), places=4)
        self.assertAlmostEqual(info.maximum, float(m.raw.max()), places=6)
        self.assertEqual(m.raw[info.peak_y, info.peak_x], m.raw.max())
        self.assertEqual(bool(m.finding == camx.Finding.HEAT), info.maximum > 0)

    def test_targets(self) -> None:
        session = self.model.session()
        session.run(tensor())
        top = session.top(1)[0].class_index
        by_default = camx.gradcam(session)
        self.assertEqual(by_default.info.class_index, top)
        np.testing.assert_array_equal(by_default.raw, camx.gradcam(session, target=top).raw)
        one, other = camx.gradcam(session, target=1).raw, camx.gradcam(session, target=3).raw
        pair = camx.gradcam(session, target=camx.Target(1, other=3))
        self.near(pair.raw, one - other)
        self.assertEqual((pair.info.class_index, pair.info.other_index), (1, 3))
        self.near(camx.gradcam(session, target=camx.Target(1, negate=True)).raw, -one)
        seed = camx.Target(seed=[0, 2, 0, -1, 0])
        self.near(camx.gradcam(session, target=seed).raw, 2 * one - other)
        probability = camx.gradcam(session, target=camx.Target(1, score="probability"))
        self.assertEqual(probability.info.score_kind, camx.Score.PROBABILITY)
        by_name = camx.gradcam(session, target="bee")
        np.testing.assert_array_equal(by_name.raw, one)

    def test_wrong_targets(self) -> None:
        session = self.model.session()
        session.run(tensor(2))
        for wrong in (5, -1, 2**40, [1], [1, 2, 3], [], 1.5, [0, 7]):
            with self.subTest(wrong), self.assertRaises(camx.Error):
                camx.gradcam(session, target=wrong)
        with self.assertRaises(camx.ArgumentError):
            camx.gradcam(session, target=camx.Target(seed=[1, 2]))
        with self.assertRaises(camx.NotFoundError):
            camx.gradcam(session, target="fish")
        with self.assertRaises(camx.ArgumentError):
            camx.Target(other=3)
        with self.assertRaises(camx.ArgumentError):
            camx.Target(1, seed=[1, 0, 0, 0, 0])

    def test_gradcampp(self) -> None:
        session = self.model.session()
        x = tensor()
        a = tiny_onnx.forward(x)["features"][0]
        g = np.broadcast_to(tiny_onnx.weights()["fc.weight"][3][:, None, None] / 16.0, a.shape)
        alpha = g**2 / (2 * g**2 + a.sum(axis=(1, 2), keepdims=True) * g**3 + 1e-6)
        expected = ((alpha * np.maximum(g, 0)).sum(axis=(1, 2))[:, None, None] * a).sum(axis=0)
        self.near(camx.gradcampp(session, x, 3).raw, expected, 1e-4)
        mean = (np.maximum(g, 0).mean(axis=(1, 2))[:, None, None] * a).sum(axis=0)
        self.near(camx.gradcampp(session, target=3, rule="mean_positive").raw, mean, 1e-4)

    def test_layers(self) -> None:
        m = camx.gradcam(self.model, tensor(), layer="relu1")
        self.assertEqual((m.info.layer, m.raw.shape), ("relu1", (8, 8)))
        with self.assertRaises(camx.NotFoundError):
            camx.gradcam(self.model, layer="relu7")
        with self.assertRaises(camx.Error):
            camx.gradcam(self.model, layer="logits")

    def test_occlusion(self) -> None:
        """Every pixel: the mean fall of the score over the patches that cover it."""
        x = tensor()
        m = camx.occlusion(
            self.model, x, 2, patch=3, stride=2, fill=0.5, edge="crop", score="logit"
        )
        before = tiny_onnx.forward(x)["logits"][0, 2]
        total, covered = np.zeros((8, 8)), np.zeros((8, 8))
        for top in (0, 2, 4, 6):
            for left in (0, 2, 4, 6):
                changed = x.copy()
                changed[:, :, top : top + 3, left : left + 3] = 0.5
                area = (slice(top, top + 3), slice(left, left + 3))
                total[area] += before - tiny_onnx.forward(changed)["logits"][0, 2]
                covered[area] += 1
        self.near(m.raw, total / covered, 1e-4)
        self.assertEqual((m.info.done, m.info.total), (16, 16))
        captum = camx.occlusion(self.model, x, 2, patch=3, stride=2, fill=0.5, preset="captum")
        self.near(captum.raw, m.raw)
        as_default = camx.occlusion(self.model, x, 2)
        self.assertEqual(as_default.info.score_kind, camx.Score.PROBABILITY)

    def test_occlusion_reuse(self) -> None:
        how = {"stride": 2, "fill": 0.5, "score": "logit"}
        whole = camx.occlusion(self.model, tensor(), 2, patch=3, reuse=False, **how)
        for reuse in (True, "always", "off", camx.Reuse.AUTO):
            m = camx.occlusion(self.model, tensor(), 2, patch=3, reuse=reuse, **how)
            self.near(m.raw, whole.raw)
        larger = camx.occlusion(self.model, tensor(), 2, patch=4, **how)
        both = camx.occlusion(self.model, tensor(), 2, sizes=[3, 4], **how)
        self.near(both.raw, (whole.raw + larger.raw) / 2)
        self.assertEqual(both.info.total, whole.info.total + larger.info.total)
        first, second = camx.occlusion_many(self.model, tensor(), [2, 1], patch=3, **how)
        self.near(first.raw, whole.raw)
        self.assertEqual(second.info.class_index, 1)
        for wrong in (
            {"reuse": "never"},
            {"sizes": []},
            {"sizes": [0]},
            {"sizes": [3], "patch": 3},
        ):
            with self.assertRaises(camx.ArgumentError):
                camx.occlusion(self.model, tensor(), 2, **wrong)

    def test_occlusion_fills(self) -> None:
        for fill in ((0, 128, 255), "blur", 0, 1.5):
            for edge in ("crop", "flush", "centred"):
                with self.subTest((fill, edge)):
                    m = camx.occlusion(
                        self.model, photo(), patch=(3, 2), stride=(2, 1), fill=fill, edge=edge
                    )
                    self.assertEqual(m.raw.shape, (8, 8))
                    self.assertTrue(np.isfinite(m.raw).any())
        for wrong in ({"fill": (1, 2)}, {"fill": (0, 0, 256)}, {"fill": "grey"}, {"edge": "round"}):
            with self.assertRaises(camx.ArgumentError):
                camx.occlusion(self.model, photo(), **wrong)
        for wrong in (
            {"patch": -1},
            {"stride": -1},
            {"patch": 99},
            {"patch": (1, 2, 3)},
            {"patch": 2**33},
        ):
            with self.assertRaises(camx.Error):
                camx.occlusion(self.model, photo(), **wrong)

    def test_progress(self) -> None:
        seen = []
        m = camx.occlusion(
            self.model, tensor(), 2, patch=2, stride=1, progress=lambda *step: seen.append(step)
        )
        self.assertEqual({total for _, total in seen}, {m.info.total})
        self.assertEqual(seen, sorted(seen))
        self.assertEqual(seen[-1][0], m.info.total)

    def test_cancel(self) -> None:
        with self.assertRaises(camx.Cancelled) as caught:
            camx.occlusion(
                self.model, tensor(), 2, patch=2, stride=1, progress=lambda done, _: done < 9
            )
        self.assertEqual(caught.exception.status, camx.Status.CANCELLED)
        partial = caught.exception.partial
        self.assertIsNotNone(partial)
        self.assertEqual(partial.finding, camx.Finding.PARTIAL)
        self.assertTrue(np.isnan(partial.raw).any())
        self.assertLess(partial.info.done, partial.info.total)
        self.assertTrue(partial.finding_text)

    def test_deadline(self) -> None:
        with self.assertRaises(TimeoutError) as caught:
            camx.occlusion(self.model, tensor(side=64), 2, patch=2, stride=1, deadline=1e-9)
        self.assertIsInstance(caught.exception, camx.DeadlineError)

    def test_exceptions_come_out_of_a_callback(self) -> None:
        class Mine(Exception):
            pass

        def fail(error: BaseException) -> object:
            def progress(done: int, total: int) -> None:
                raise error

            return progress

        session = self.model.session()
        for error in (Mine("stop"), KeyboardInterrupt()):
            with self.assertRaises(type(error)) as caught:
                camx.occlusion(session, tensor(), 2, patch=2, progress=fail(error))
            self.assertIs(caught.exception, error)
        session.run(tensor())  # and the session is usable afterwards
        self.near(session.logits(), tiny_onnx.forward(tensor())["logits"][0])

    def test_ctrl_c(self) -> None:
        """A signal arrives while the library computes; the network is large enough for it to be
        far from done."""
        session = self.model.session()
        before = signal.getsignal(signal.SIGINT)
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
        with self.assertRaises(KeyboardInterrupt):
            timer.start()
            camx.occlusion(session, tensor(side=200), 2, patch=2, stride=1)
        self.assertIs(signal.getsignal(signal.SIGINT), before)
        session.run()
        expected = tiny_onnx.forward(tensor(side=200))["logits"][0]
        self.near(session.logits(), expected, 1e-4)

    def test_a_callback_cannot_use_its_session(self) -> None:
        session = self.model.session()
        for attempt in (session.run, session.close, lambda: session.stats):

            def progress(done: int, total: int) -> None:
                attempt()

            with self.assertRaisesRegex(camx.StateError, "busy"):
                camx.occlusion(session, tensor(), 2, patch=2, progress=progress)

    def test_explain(self) -> None:
        names = camx.methods()
        self.assertEqual(list(names), [m.name.lower() for m in camx.Method])
        self.assertTrue(all(names.values()))
        session = self.model.session()
        session.run(tensor())
        for name in names:
            with self.subTest(name):
                m = camx.explain(session, name, target=1)
                self.assertEqual(m.info.method, camx.Method[name.upper()])
                own = getattr(camx, name, None)
                if own is not None:
                    np.testing.assert_array_equal(m.raw, own(session, target=1).raw)
        with self.assertRaisesRegex(camx.ArgumentError, "gradcam"):
            camx.explain(session, "gradkam")
        with self.assertRaises(camx.Error):
            camx.explain(session, 99)

    def test_attributions(self) -> None:
        session = self.model.session()
        x = tensor()
        values = camx.attributions(session, "saliency", x, 1)
        np.testing.assert_array_equal(values, session.gradient("image", target=1))
        largest = np.abs(values).max(1)[0]
        np.testing.assert_array_equal(camx.explain(session, "saliency", None, 1).raw, largest)
        summed = camx.explain(session, "saliency", None, 1, channels="sum").raw
        np.testing.assert_allclose(summed, values.sum(1)[0], rtol=1e-5, atol=1e-6)
        path = camx.attributions(session, "integrated_gradients", x, 1, steps=200, baseline=0 * x)
        session.run(x)
        end = session.logits(0)[1]
        session.run(0 * x)
        self.assertAlmostEqual(path.sum(), end - session.logits(0)[1], delta=0.01)
        same = [camx.attributions(session, "smoothgrad", x, 1, samples=3, seed=s) for s in (4, 4, 5)]
        np.testing.assert_array_equal(same[0], same[1])
        self.assertTrue((same[0] != same[2]).any())
        for bad in ({"channels": "mean"}, {"quadrature": "simpson"}, {"steps": -1}, {"noise": -1}):
            with self.subTest(bad), self.assertRaises(camx.ArgumentError):
                method = "smoothgrad" if "noise" in bad else "integrated_gradients"
                camx.attributions(session, method, x, **bad)
        with self.assertRaises(TypeError):
            camx.attributions(session, "saliency", x, patch=3)
        with self.assertRaisesRegex(camx.ArgumentError, "gradcam"):
            camx.attributions(session, "gradcam", x)
        with self.assertRaises(camx.StateError):
            camx.attributions(self.model.session(), "saliency")

    def test_maximise(self) -> None:
        session = self.model.session()
        start = tensor()
        session.run(start)
        before = session.logits(0)[1]
        frames: list = []
        picture = camx.maximise(
            session,
            1,
            start=start,
            steps=20,
            frame=lambda image, step: frames.append((image.shape, step)),
        )
        self.assertEqual(frames, [((8, 8, 3), 0), ((8, 8, 3), 10), ((8, 8, 3), 20)])
        self.assertGreater(session.logits(0)[1], before)
        self.assertEqual(picture.pixels().shape, (8, 8, 3))
        parts = [1, camx.Objective("channel", 0, layer="relu1", weight=0.5)]
        same = [camx.maximise(session, parts, start=start, steps=3, seed=s) for s in (1, 1, 2)]
        np.testing.assert_array_equal(same[0].values, same[1].values)
        self.assertTrue((same[0].values != same[2].values).any())
        with self.assertRaises(camx.Cancelled) as caught:
            camx.maximise(session, 1, steps=9, progress=lambda done, total: done < 4)
        self.assertIsInstance(caught.exception.partial, camx.Input)
        for bad in ({"octaves": 99}, {"rate": -1}, {"steps": -1}):
            with self.subTest(bad), self.assertRaises(camx.ArgumentError):
                camx.maximise(session, 1, **bad)
        with self.assertRaises(TypeError):
            camx.maximise(session, 1, wobble=1)
        with self.assertRaises(camx.NotFoundError):
            camx.maximise(session, camx.Objective("channel", 0, layer="nowhere"))
        with self.assertRaises(ValueError):
            camx.maximise(session, 1, steps=5, frame=lambda image, step: int("x"))

    def test_explain_many(self) -> None:
        session = self.model.session()
        maps = camx.explain_many(session, "gradcam", tensor(), [1, None, 3], ["relu1", None])
        self.assertEqual((len(maps), len(maps[0])), (3, 2))
        self.assertEqual((session.stats.forward_runs, session.stats.backward_runs), (1, 3))
        for row, target in zip(maps, [1, None, 3]):
            for m, layer in zip(row, ["relu1", None]):
                self.near(m.raw, camx.gradcam(self.model, tensor(), target, layer).raw)
        self.assertEqual(camx.explain_many(session, "cam")[0][0].info.method, camx.Method.CAM)
        for bad in ([], "relu1", 3):
            with self.assertRaisesRegex(camx.ArgumentError, "list"):
                camx.explain_many(session, "gradcam", layers=bad)
        with self.assertRaises(camx.NotFoundError):
            camx.explain_many(session, "gradcam", targets=[1, 99])
        with self.assertRaises(camx.Cancelled) as caught:
            camx.explain_many(
                session, "occlusion", targets=[1, 3], progress=lambda done, total: done < total * 0.7
            )
        self.assertEqual(caught.exception.partial.info.class_index, 3)
        with self.assertRaises(ZeroDivisionError):
            camx.explain_many(session, "occlusion", progress=lambda done, total: 1 // 0)

    def test_stages(self) -> None:
        session = self.model.session(keep="stages")
        maps = camx.explain_stages(session, x=tensor(), target=1)
        stages = session.stages()
        self.assertTrue(stages[-1].is_default)
        self.assertEqual([m.info.layer for m in maps], [stage.name for stage in stages])
        self.assertEqual([m.info.width for m in maps], [stage.width for stage in stages])
        self.assertEqual((session.stats.forward_runs, session.stats.backward_runs), (1, 1))
        for m, stage in zip(maps, stages):
            self.near(m.raw, camx.gradcam(self.model, tensor(), 1, stage.name).raw)
        with self.assertRaises(camx.ArgumentError):
            camx.explain_stages(session, "cam")

    def test_boxes_and_focus(self) -> None:
        m = camx.gradcam(self.model, tensor(), 1, "relu1")
        heat = np.maximum(m.render(scaling="raw"), 0)
        hot = heat >= 0.5 * heat.max()
        boxes = m.boxes(0.5, connectivity=4, order="mass", min_area=0)
        self.assertEqual(sum(box.area for box in boxes), int(hot.sum()))
        self.near(np.float32(sum(box.mass for box in boxes)), heat[hot].sum() / heat.sum())
        self.assertEqual(boxes, sorted(boxes, key=lambda box: -box.mass))
        for box in boxes:
            part = hot[box.y : box.y + box.height, box.x : box.x + box.width]
            self.assertTrue(part.any(axis=0).all() and part.any(axis=1).all())
            self.near(np.float32(box.peak), heat[box.peak_y, box.peak_x] / heat.max())
        self.assertEqual(len(m.boxes(0.5, largest=True)), 1)
        self.assertTrue(m.boxes("otsu"))
        mask = np.zeros(heat.shape, bool)
        mask[2:6, 1:4] = True
        focus = m.focus(mask=mask)
        self.assertEqual(focus, m.focus((1, 2, 3, 4)))
        self.near(np.float32(focus.heat_share), heat[mask].sum() / heat.sum())
        self.assertEqual(focus.peak_inside, bool(mask.flat[heat.argmax()]))
        for bad in ({}, {"box": (0, 0, 1, 1), "mask": mask}, {"box": (0, 0, 99, 1)}, {"box": (1, 2)}):
            with self.assertRaises(camx.ArgumentError):
                m.focus(**bad)
        with self.assertRaisesRegex(camx.ArgumentError, "must be the same"):
            m.focus(mask=mask[1:])
        for bad in (0.0, 2.0, "sharp"):
            with self.assertRaises(camx.ArgumentError):
                m.boxes(bad)
        self.assertEqual(camx.iou((0, 0, 2, 2), (1, 0, 2, 2)), np.float32(1 / 3))
        picture = np.zeros((20, 30, 3), np.uint8)
        drawn = camx.draw_boxes(picture, [(2, 3, 10, 8), *boxes], colour=(9, 8, 7), width=1)
        self.assertEqual(drawn[3, 5].tolist(), [9, 8, 7])
        self.assertEqual(picture.max(), 0)

    def test_a_model_instead_of_a_session(self) -> None:
        m = camx.gradcam(self.model, tensor(), 1)
        self.near(m.raw, tiny_onnx.gradcam(tensor(), [1])[0])
        model = weakref.ref(self.model)
        self.model = camx.Model(TINY)
        self.assertIsNone(model(), "the model and its own session do not keep each other alive")
        with self.assertRaises(camx.ArgumentError):
            camx.gradcam("tiny.onnx", tensor())


class Maps(Case):
    def test_raw_is_a_view_that_outlives_the_map(self) -> None:
        m = camx.gradcam(self.model, tensor(), 1)
        raw = m.raw
        self.assertFalse(raw.flags.owndata)
        self.assertFalse(raw.flags.writeable)
        copy = raw.copy()
        handle = weakref.ref(m._handle)
        del m
        gc.collect()
        self.assertIsNotNone(handle())
        np.testing.assert_array_equal(raw, copy)
        del raw
        gc.collect()
        self.assertIsNone(handle())

    def test_scaled(self) -> None:
        m = camx.gradcam(self.model, tensor(2), [1, 3])
        raw = m.raw.astype(np.float64)
        positive = np.maximum(raw, 0)
        shifted = positive - positive.min(axis=(1, 2), keepdims=True)
        self.near(m.scaled(), shifted / (1e-7 + shifted.max(axis=(1, 2), keepdims=True)))
        np.testing.assert_array_equal(m.scaled("raw"), m.raw)
        signed = raw / np.abs(raw).max(axis=(1, 2), keepdims=True)
        self.near(m.scaled("signed"), signed)
        self.near(m[0].scaled(camx.Scaling.SIGNED), signed[0])
        with self.assertRaisesRegex(camx.ArgumentError, "pgc"):
            m.scaled("jet")

    def test_render(self) -> None:
        m = camx.gradcam(self.model, photo(16, 16), 1)
        heat = m.render()
        self.assertEqual((heat.shape, heat.dtype), ((16, 16), np.float32))
        self.assertTrue(np.isfinite(heat).all())
        self.assertEqual(m.render(24, 12).shape, (12, 24))
        self.assertEqual(m.render(width=8).shape, (8, 8))
        blocks = m.render(scaling="raw", nearest=True)
        np.testing.assert_array_equal(np.unique(blocks), np.unique(m.raw))
        for size in ((0, 8), (-1, 8), (2**40, 8)):
            with self.assertRaises(camx.ArgumentError):
                m.render(*size)

    def test_outside_the_crop(self) -> None:
        heat = camx.gradcam(self.model, photo(8, 24), 1).render()
        self.assertTrue(np.isnan(heat[:, :7]).all() and np.isnan(heat[:, -7:]).all())
        self.assertTrue(np.isfinite(heat[:, 9:15]).all())

    def test_sequence(self) -> None:
        m = camx.gradcam(self.model, tensor(3), [0, 1, 2])
        self.assertEqual([one.info.class_index for one in m], [0, 1, 2])
        self.assertEqual(m[-1].info.class_index, 2)
        self.assertEqual(m[1:].raw.shape, (2, 4, 4))
        np.testing.assert_array_equal(np.asarray(m[1]), m[1].raw)
        with self.assertRaises(IndexError):
            m[3]
        self.assertIn("gradcam", repr(m))


class Pictures(Case):
    def test_overlay(self) -> None:
        picture = photo(12, 10)
        heat = np.linspace(0, 1, 120, dtype=np.float32).reshape(12, 10)
        heat[0, 0] = np.nan
        painted = camx.overlay(picture, heat, "inferno", alpha=1.0)
        self.assertEqual((painted.shape, painted.dtype), ((12, 10, 3), np.uint8))
        np.testing.assert_array_equal(painted[0, 0], picture[0, 0])
        even = camx.overlay(picture, heat, "inferno", alpha=1.0, even=True)
        np.testing.assert_array_equal(even[-1, -1], camx.colours("inferno")[-1])
        np.testing.assert_array_equal(camx.overlay(picture, heat, alpha=0), picture)
        bgr = np.ascontiguousarray(picture[:, :, ::-1])
        np.testing.assert_array_equal(
            camx.overlay(bgr, heat, format="bgr"), camx.overlay(picture, heat)
        )

    def test_overlay_of_a_map(self) -> None:
        picture = photo(16, 16)
        m = camx.gradcam(self.model, picture, 1)
        np.testing.assert_array_equal(camx.overlay(picture, m), camx.overlay(picture, m.render()))
        signed = camx.overlay(picture, m.render(scaling="signed"), "rdbu")
        np.testing.assert_array_equal(camx.overlay(picture, m, "rdbu"), signed)
        with self.assertRaises(camx.ArgumentError):
            camx.overlay(picture, np.zeros((3, 3)))
        with self.assertRaises(camx.ArgumentError):
            camx.overlay(photo(8, 8), camx.gradcam(self.model, tensor(2)))

    def test_colours(self) -> None:
        self.assertEqual(camx.colormaps(), [c.name.lower() for c in camx.Colormap])
        grey = camx.colours("grey")
        np.testing.assert_array_equal(grey[[0, 128, 255], 0], [0, 128, 255])
        against, nothing, positive = camx.colours("rdbu", 3).astype(int)
        self.assertGreater(nothing.min(), 250)
        self.assertGreater(against[2], against[0] + 50)
        self.assertGreater(positive[0], positive[2] + 50)

    def test_sheet(self) -> None:
        tiles = [(photo(20, 30), "first"), (photo(10, 10), "second\nline")]
        sheet = camx.sheet(tiles, title="Two", columns=2, tile_width=64, tile_height=48)
        self.assertEqual((sheet.ndim, sheet.dtype), (3, np.uint8))
        self.assertGreater(sheet.shape[1], 128)
        dark = camx.sheet(tiles, background=(1, 2, 3))
        np.testing.assert_array_equal(dark[0, 0], [1, 2, 3])
        with self.assertRaises(camx.Error):
            camx.sheet([])


def image_library() -> bool:
    try:
        camx._library.image_library()
        return True
    except camx.UnsupportedError:
        return False


@unittest.skipUnless(image_library(), "libcamx-image is not there")
class Files(unittest.TestCase):
    def test_png_and_jpeg(self) -> None:
        picture = photo(9, 13)
        with tempfile.TemporaryDirectory() as folder:
            png = Path(folder) / "a.png"
            camx.imwrite(png, picture)
            again = camx.imread(png)
            np.testing.assert_array_equal(again, picture)
            np.testing.assert_array_equal(camx.imread(png.read_bytes()), picture)
            again[0, 0] = 7  # the array's own memory: may be drawn on
            camx.imwrite(png, picture[:, ::-1])
            np.testing.assert_array_equal(camx.imread(png), picture[:, ::-1])
            smooth = np.full((16, 16, 3), 99, np.uint8)
            camx.imwrite(Path(folder) / "a.jpg", smooth, quality=95)
            self.assertLessEqual(int(np.abs(camx.imread(Path(folder) / "a.jpg") - 99.0).max()), 2)

    def test_the_array_owns_the_picture(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.png"
            camx.imwrite(path, photo(30, 30))
            rows = camx.imread(path)[3:5]
            gc.collect()
            np.testing.assert_array_equal(rows, photo(30, 30)[3:5])

    def test_errors(self) -> None:
        with self.assertRaises(camx.FileError):
            camx.imread("/nowhere/a.png")
        with self.assertRaises(camx.Error):
            camx.imread(b"not a picture")
        with self.assertRaises(camx.Error):
            camx.imwrite("/nowhere/a.png", photo())
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(camx.ArgumentError):
                camx.imwrite(Path(folder) / "a.tif", photo())
            path = Path(folder) / "a.png"
            camx.imwrite(path, photo(30, 30))
            with self.assertRaises(camx.LimitError):
                camx.imread(path, max_pixels=100)


class Importing(unittest.TestCase):
    """What `import camx` says when the library cannot be used; each in a fresh interpreter."""

    def attempt(self, library: str) -> str:
        package = Path(camx.__file__).parents[1]
        environment = dict(os.environ, CAMX_LIBRARY=library, PYTHONPATH=str(package))
        run = subprocess.run(
            [sys.executable, "-c", "import camx"], env=environment, capture_output=True, text=True
        )
        self.assertNotEqual(run.returncode, 0)
        return run.stderr.strip().splitlines()[-1]

    def test_missing(self) -> None:
        self.assertRegex(
            self.attempt("/nowhere/libcamx.so"), "ImportError: camx: .*/nowhere/libcamx.so"
        )

    def test_another_library(self) -> None:
        import ctypes.util

        other = ctypes.util.find_library("m")
        assert other
        self.assertRegex(self.attempt(other), "is not libcamx")

    @unittest.skipUnless(
        os.environ.get("CAMX_ABI_STUB"), "CAMX_ABI_STUB does not name the stub library"
    )
    def test_another_abi(self) -> None:
        self.assertRegex(
            self.attempt(os.environ["CAMX_ABI_STUB"]), "has ABI version 99, .* needs 0"
        )

    def test_where_it_looks(self) -> None:
        """camx/_lib/ first, then build/lib/ of the source tree; libcamx-image beside libcamx."""
        program = "import camx; print(camx.library_path); camx._library.image_library()"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CAMX_")}
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            package = root / "bindings" / "python" / "camx"
            shutil.copytree(Path(camx.__file__).parent, package)
            environment["PYTHONPATH"] = str(package.parent)
            for place in (root / "build" / "lib", package / "_lib"):
                (place / "image").mkdir(parents=True)
                (place / "libcamx.so").symlink_to(Path(camx.library_path).resolve())
                if image_library():
                    image = place / "image" / "libcamx-image.so"
                    image.symlink_to(Path(camx._library.image_library()._name).resolve())
                run = subprocess.run(
                    [sys.executable, "-c", program],
                    env=environment,
                    capture_output=True,
                    text=True,
                )
                if image_library():
                    self.assertEqual(run.returncode, 0, run.stderr)
                self.assertEqual(run.stdout.strip(), str(place / "libcamx.so"))

    def test_versions(self) -> None:
        self.assertEqual(camx.version(), camx.__version__)
        self.assertIn(camx.__version__, camx.build_info())


if __name__ == "__main__":
    unittest.main()
