from pathlib import Path

import pytest

from rvm_addon.engine.contract.files import read_json


def test_what_was_written_is_built_again(tmp_path: Path) -> None:
    """In whichever letters."""
    (tmp_path / "a.json").write_text('{"name": "人"}', encoding="utf-8")
    assert read_json(tmp_path / "a.json", lambda told: told["name"]) == "人"


@pytest.mark.parametrize("content", [b"", b'{"na', b"\xff", b"[]", b"7", b"{}"])
def test_what_is_not_understood_is_nothing(tmp_path: Path, content: bytes) -> None:
    """Half a file, another version's, or none."""
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json", lambda told: told["name"]) is None
    assert read_json(tmp_path / "none.json", lambda told: told["name"]) is None


def test_a_bug_in_what_builds_is_not_taken_for_that(tmp_path: Path) -> None:
    """It reaches whoever reads."""
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(AttributeError):
        read_json(tmp_path / "a.json", lambda told: told.name)
