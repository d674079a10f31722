"""The paths of the repository. Nothing here touches the disk."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ADDON = ROOT / "rvm_addon"
MANIFEST = ROOT / "blender_manifest.toml"
REQUIREMENTS = ROOT / ".ci" / "requirements"
WEIGHTS = ROOT / "weights"

DERIVE = ROOT / ".ci" / "derive"
"""Scripts that run inside an environment because they need its libraries."""

BUILD = ROOT / "build"
"""Everything that may be deleted at any time, except the environments."""
LOGS = BUILD / "logs"
WHEELS = BUILD / "wheels"
PACKAGES = BUILD / "package"
