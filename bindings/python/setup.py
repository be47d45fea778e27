# SPDX-License-Identifier: Apache-2.0
"""Only for wheels that carry the library: a wheel with files in camx/_lib is for one platform (and any
Python 3), one without is for all. Everything else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70.1
    from wheel.bdist_wheel import bdist_wheel

carries_library = any((Path(__file__).parent / "camx" / "_lib").glob("libcamx*"))


class BdistWheel(bdist_wheel):
    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = not carries_library

    def get_tag(self):
        python, abi, platform = super().get_tag()
        return ("py3", "none", platform) if carries_library else (python, abi, platform)


setup(cmdclass={"bdist_wheel": BdistWheel})
