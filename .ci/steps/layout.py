"""Where things are. Nothing here touches the disk."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ADDON = ROOT / "rvm_addon"
MANIFEST = ROOT / "blender_manifest.toml"
REQUIREMENTS = ROOT / ".ci" / "requirements"
WEIGHTS = ROOT / "weights"

BUILD = ROOT / "build"
"""Everything that may be deleted at any time, but for the environments."""
LOGS = BUILD / "logs"
WHEELS = BUILD / "wheels"
PACKAGES = BUILD / "package"
