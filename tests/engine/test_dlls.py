from pathlib import Path

import pytest

from rvm_addon.engine.dlls import beside_blender


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("python3.dll", "python311.dll", "4.2/python/bin/python311.dll"), True),
        (("python3.dll", "python311.dll", "4.5/python/bin/python311.dll", "4.5/python/bin/python3.dll"), False),
        (("5.2/python/bin/python3.dll",), False),
        (("python/python3.dll", "Lib/python3.dll"), False),
    ],
    ids=["Blender 4.2", "Blender 4.5", "only Python's", "elsewhere"],
)
def test_what_opencv_needs_is_found_beside_blender(tmp_path: Path, files: tuple[str, ...], found: bool) -> None:
    """Where its Python does not have it: what lies where is told by Blender's own `source/creator/CMakeLists.txt`."""
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    version = next((name.partition("/")[0] for name in files if "/python/bin/" in name), "4.2")
    library = beside_blender(tmp_path / version / "python" / "bin" / "python.exe")
    assert library == (tmp_path / "python3.dll" if found else None)


def test_a_python_near_the_root_has_no_blender() -> None:
    """There are not that many folders above it."""
    root = Path(Path.cwd().anchor)
    assert beside_blender(root / "no such folder" / "python.exe") is None
