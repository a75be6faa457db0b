"""Power cuts without pulling a plug: what was not synced is gone. See durable_image.c.

disk = a_disk(folder)            folder/disk is the disk, folder/image what would survive
Home(…, environment=disk.watch)  a program that writes to it
disk.cut()                       after kill -9: the disk is now what the image has
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True)
class Disk:
    folder: Path
    image: Path
    library: Path

    @property
    def watch(self) -> Mapping[str, str]:
        """The environment of a program whose syncs are followed."""
        return {
            "LD_PRELOAD": str(self.library),
            "DURABLE_FROM": str(self.folder),
            "DURABLE_TO": str(self.image),
        }

    def cut(self) -> None:
        """The power comes back. Nothing may run on this disk."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.image, self.folder)


def a_disk(folder: Path) -> Disk:
    """An empty disk; skips the test where there is no compiler for the shim."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler for the shim that follows syncs")
    disk = Disk(folder / "disk", folder / "image", folder / "durable_image.so")
    disk.folder.mkdir(parents=True)
    disk.image.mkdir()
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(disk.library), str(_SOURCE), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return disk
