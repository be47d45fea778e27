# SPDX-License-Identifier: Apache-2.0
"""The package's tables (prototypes, structs, enums, version) agree with the headers and the C
compiler."""

from __future__ import annotations

import ctypes
import enum
import os
import re
import subprocess
import unittest
from pathlib import Path

from camx import _enums, _library, _prototypes, _structs, _version, errors

ROOT = Path(os.environ.get("CAMX_SOURCE_ROOT", Path(__file__).resolve().parents[2]))
P = ctypes.POINTER

SCALARS = {
    "int": ctypes.c_int,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint8_t": ctypes.c_uint8,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "camx_status": ctypes.c_int,  # an enum
}
HANDLES = {"camx_model", "camx_session", "camx_input", "camx_map", "camx_image"}


PROTOTYPE = r"CAMX_API\s+([^;()]*?)(\w+)\s*\(([^;]*)\)\s*;"


def header(name: str) -> str:
    """A header without comments, preprocessor lines, and the parentheses around the names of
    functions that are called through a macro."""
    text = (ROOT / "include" / "camx" / name).read_text()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"^\s*#(.*\\\n)*.*$", "", text, flags=re.M)
    return re.sub(r"\((\w+)\)\(", r"\1(", text)


def ctype_of(declaration: str) -> object:
    """The ctypes type that a C parameter or result type must have in the table."""
    declaration = re.sub(r"\b(const|extern)\b", " ", declaration)
    stars = declaration.count("*")
    array = re.search(r"\[\d*\]", declaration)
    words = re.findall(r"\w+", re.sub(r"\[.*", "", declaration))
    kind, stars = words[0], stars + (array is not None)
    if kind == "char":
        return ctypes.c_char_p if stars == 1 else P(ctypes.c_char_p)
    if kind == "void":
        return None if stars == 0 else ctypes.c_void_p
    if kind in HANDLES:
        return ctypes.c_void_p if stars == 1 else P(ctypes.c_void_p)
    base = SCALARS.get(kind) or getattr(_structs, kind)
    for _ in range(stars):
        base = P(base)
    return base


def prototypes(name: str) -> dict[str, tuple[object, list[object]]]:
    found = {}
    for result, function, parameters in re.findall(PROTOTYPE, header(name)):
        types = [] if parameters.strip() == "void" else [ctype_of(p) for p in parameters.split(",")]
        found[function] = (ctype_of(result), types)
    return found


class Prototypes(unittest.TestCase):
    def compare(self, name: str, table: _prototypes.Table) -> None:
        declared = prototypes(name)
        self.assertEqual(
            header(name).count("CAMX_API"), len(declared), "prototypes that were not understood"
        )
        self.assertEqual(list(declared), list(table))
        for function, (result, parameters) in declared.items():
            with self.subTest(function):
                self.assertIs(table[function][0], result)
                self.assertEqual(table[function][1], parameters)

    def test_core(self) -> None:
        self.compare("camx.h", _prototypes.CORE)

    def test_image(self) -> None:
        self.compare("camx_image.h", _prototypes.IMAGE)

    def test_every_status_comes_with_an_error(self) -> None:
        for name in ("camx.h", "camx_image.h"):
            for result, function, parameters in re.findall(PROTOTYPE, header(name)):
                if "camx_status" in result:
                    self.assertRegex(parameters.strip(), r"camx_error \*error$", function)


def layout() -> list[list[str]]:
    """What the C compiler says, from the program that tests/api makes of the headers."""
    program = os.environ["CAMX_LAYOUT"]
    text = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return [line.split() for line in text.splitlines()]


@unittest.skipUnless(os.environ.get("CAMX_LAYOUT"), "CAMX_LAYOUT does not name the layout program")
class Layout(unittest.TestCase):
    def test_structs(self) -> None:
        rows = layout()
        sizes = {row[1]: int(row[2]) for row in rows if row[0] == "struct"}
        ours = {
            name: cls
            for name, cls in vars(_structs).items()
            if name.startswith("camx_") and issubclass(cls, ctypes.Structure)
        }
        self.assertEqual(list(sizes), list(ours))
        for name, size in sizes.items():
            with self.subTest(name):
                fields = [
                    (row[2], int(row[3]), int(row[4])) for row in rows if row[:2] == ["field", name]
                ]
                cls = ours[name]
                mine = [(f, getattr(cls, f).offset, getattr(cls, f).size) for f, *_ in cls._fields_]
                self.assertEqual(mine, fields)
                self.assertEqual(ctypes.sizeof(cls), size)

    def test_field_types(self) -> None:
        """A float where C has an integer would have the same place and size: compare the types
        too."""
        compared = 0
        for text in (header("camx.h"), header("camx_image.h")):
            for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\}", text, flags=re.S):
                types = dict(f[:2] for f in getattr(_structs, name)._fields_)
                for declaration in body.split(";"):
                    if not declaration.strip() or "(*" in declaration:
                        continue
                    compared += self.compare_field(name, types, declaration)
        self.assertGreater(compared, 100)

    def compare_field(self, name: str, types: dict[str, object], declaration: str) -> int:
        words = re.findall(r"\w+", re.sub(r"\[.*", "", declaration))
        field = words[-1]
        kind = re.sub(rf"\b{field}\b.*", "", declaration, flags=re.S)
        sides = re.search(r"\[(\d+)\]", declaration)
        if words[-2] in (
            "camx_progress_fn",
            "camx_frame_fn",
            "camx_parallel_for",
            "camx_external_read",
        ):
            fields = {
                "camx_progress_fn": _structs.progress_fn,
                "camx_frame_fn": _structs.frame_fn,
                "camx_parallel_for": _structs.parallel_for,
                "camx_external_read": _structs.external_read,
            }
            self.assertIs(types[field], fields[words[-2]], f"{name}.{field}")
            return 1
        if sides:
            base = ctypes.c_char if "char" in kind else SCALARS[words[0]]
            self.assertIs(types[field], base * int(sides.group(1)), f"{name}.{field}")
        elif "char" in kind and kind.count("*") == 2:
            self.assertIs(types[field], P(ctypes.c_char_p), f"{name}.{field}")
        else:
            self.assertIs(types[field], ctype_of(kind), f"{name}.{field}")
        return 1

    def test_enums(self) -> None:
        theirs: dict[str, dict[str, int]] = {}
        for row in layout():
            if row[0] == "enum":
                theirs.setdefault(row[1], {})[row[2]] = int(row[3])
        ours = {
            cls.__doc__.split(":")[0]: cls
            for cls in vars(_enums).values()
            if isinstance(cls, type) and issubclass(cls, enum.IntEnum) and cls is not enum.IntEnum
        }
        self.assertEqual(sorted(theirs), sorted(ours))
        for name, members in theirs.items():
            with self.subTest(name):
                prefix = os.path.commonprefix(list(members))
                prefix = prefix[: prefix.rindex("_") + 1] if name != "camx_status" else "CAMX_"
                stripped = {
                    member[len(prefix) :].removeprefix(
                        "E_" if name == "camx_status" else ""
                    ): number
                    for member, number in members.items()
                }
                self.assertEqual(stripped, {m.name: m.value for m in ours[name]})


class Versions(unittest.TestCase):
    def number(self, name: str) -> str:
        text = (ROOT / "include" / "camx" / "version.h").read_text()
        found = re.search(rf"#define {name} (\d+)", text)
        assert found
        return found.group(1)

    def test_version(self) -> None:
        parts = [self.number(f"CAMX_VERSION_{part}") for part in ("MAJOR", "MINOR", "PATCH")]
        self.assertEqual(_version.__version__, ".".join(parts))
        self.assertEqual(_library.ABI_VERSION, int(self.number("CAMX_ABI_VERSION")))


class Errors(unittest.TestCase):
    def test_a_class_for_every_status(self) -> None:
        for status in _enums.Status:
            if status != _enums.Status.OK:
                error = errors.from_status(status, "why")
                self.assertIs(type(error), errors.CLASSES[status])
                self.assertEqual((str(error), error.status), ("why", status))

    def test_unknown_status(self) -> None:
        error = errors.from_status(99, "")
        self.assertEqual((type(error), error.status), (errors.Error, 99))
        self.assertIn("99", str(error))


if __name__ == "__main__":
    unittest.main()
