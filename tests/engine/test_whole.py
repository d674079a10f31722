from pathlib import Path

import pytest

from rvm_addon.engine import whole


def test_a_file_appears_whole(tmp_path: Path) -> None:
    """Under its own name, in the place of an earlier one; under the temporary one nothing is left."""
    for content in (b"first", b"second"):
        whole.write(tmp_path / "file", content)
        whole.write(tmp_path / "other", content, tmp_path / "elsewhere.part")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"second", "other": b"second"}


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """A folder is in the way: the error is the system's, and no half file stays behind."""
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        whole.write(tmp_path / "file", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
