# SPDX-License-Identifier: Apache-2.0
"""The package's version, importable without loading the library (the build reads it)."""

__version__ = "0.1.0"
