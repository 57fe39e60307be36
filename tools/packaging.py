"""Wheels of the addons, as pip installs them."""

from __future__ import annotations

import os
import shutil

from . import paths
from .steps import Stop, run, step

DIST = paths.ROOT / "dist"


def build() -> int:
    """Build one wheel per addon into dist/."""
    addons = paths.present_addons()
    if not addons:
        raise Stop("There is no addon in addons/ yet.")
    shutil.rmtree(DIST, ignore_errors=True)
    env = {**os.environ, "WHOOL_POST_VERSION_STRATEGY_OVERRIDE": "none"}
    for addon in addons:
        with step(f"Wheel of {addon}"):
            run(
                [
                    *(paths.PYTHON, "-m", "build", "--wheel", "--no-isolation"),
                    *("--outdir", DIST, paths.ADDONS_DIR / addon),
                ],
                env=env,
                what=f"building {addon}",
            )
    for wheel in sorted(DIST.glob("*.whl")):
        print(wheel.relative_to(paths.ROOT))
    return 0
