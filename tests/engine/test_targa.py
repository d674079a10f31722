import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from rvm_addon.engine.contract.errors import SourceUnreadable
from rvm_addon.engine.contract.spec import Source, SourceKind
from rvm_addon.engine.footage.media import ImageSource
from rvm_addon.engine.pictures import targa

PIXELS = np.random.default_rng(8).integers(0, 256, (7, 5, 4), np.uint8)


def written(pixels: np.ndarray, **options: object) -> np.ndarray:
    """Return a Targa file of RGB or RGBA pixels, written by Pillow."""
    stream = io.BytesIO()
    PIL.Image.fromarray(pixels).save(stream, "TGA", **options)
    return np.frombuffer(stream.getvalue(), np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("orientation", [-1, 1], ids=["from the bottom", "from the top"])
@pytest.mark.parametrize("name", ["", "a name"])
def test_what_was_written_is_read(channels: int, orientation: int, name: str) -> None:
    """Every value, whichever row comes first and whatever is told of the picture."""
    pixels = PIXELS[..., :channels].copy()
    picture = targa.decode(written(pixels, orientation=orientation, id_section=name.encode()))
    assert np.array_equal(picture[..., [2, 1, 0, 3][:channels]], pixels)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (written(PIXELS)[:17], "not whole"),
        (written(PIXELS)[:60], "not whole"),
        (np.zeros(0, np.uint8), "not whole"),
        (written(PIXELS, rle=True), "without compression"),
        (written(PIXELS[..., 0].copy()), "without compression"),
    ],
    ids=["half a head", "half a picture", "empty", "compressed", "grey"],
)
def test_what_is_no_such_picture_is_named(data: np.ndarray, reason: str, tmp_path: Path) -> None:
    """With the file, and the reason."""
    path = tmp_path / "broken.tga"
    path.write_bytes(data.tobytes())
    with pytest.raises(SourceUnreadable, match=rf"broken\.tga.*{reason}"):
        list(ImageSource(Source(SourceKind.IMAGES, (str(path),))).frames())
