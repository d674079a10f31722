from pathlib import Path, PosixPath

import pytest

from rvm_addon.engine.contract import whole


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


class Scanned(PosixPath):
    """A new file on Windows: somebody has it open, so that its name stays for a while."""

    refusals: tuple[int, ...] = ()
    """What Windows says, one after another."""

    def replace(self, target: Path) -> Path:
        """Refuse as long as there is something to say; then give the name."""
        if not self.refusals:
            return Path(self).replace(target)
        said, Scanned.refusals = self.refusals[0], self.refusals[1:]
        error = PermissionError(13, "Access is denied", str(self))
        error.winerror = said
        raise error


def test_a_virus_scanner_only_delays_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to rename what somebody reads just now, in one of two ways; a moment later it does not."""
    monkeypatch.setattr(Scanned, "refusals", (5, 32, 32))
    whole.write(tmp_path / "file", b"content", Scanned(tmp_path / "partial"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"file": b"content"}


def test_a_file_that_is_never_let_go_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the system's, and comes within about a second."""
    monkeypatch.setattr(Scanned, "refusals", (32,) * 10)
    with pytest.raises(PermissionError, match="Access is denied"):
        whole.write(tmp_path / "file", b"content", Scanned(tmp_path / "partial"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_refuses_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried again where nothing will change."""
    monkeypatch.setattr(Scanned, "refusals", (0, 0))
    with pytest.raises(PermissionError):
        whole.write(tmp_path / "file", b"content", Scanned(tmp_path / "partial"))
    assert Scanned.refusals == (0,)
