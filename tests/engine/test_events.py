import pytest

from rvm_addon.engine.contract.events import (
    Encoded,
    Event,
    Failed,
    Finished,
    FrameDone,
    MovieWritten,
    Started,
    Warned,
    decode,
    encode,
)


@pytest.mark.parametrize(
    "event",
    [
        Started(282, 1280, 720, "CPUExecutionProvider", 0.4, "onnxruntime"),
        FrameDone(7, 1.5),
        Warned("“人.mp4” ends early\nby a line \u2028 or two"),
        Finished(282, 30.25),
        Failed("gone", "put it back"),
        Encoded(3, 0.5),
        MovieWritten("/人.mkv", "ffv1", 1280, 720, 282, 9.5, 1 << 33, has_sound=False),
    ],
)
def test_an_event_survives_its_line(event: Event) -> None:
    """Each event is one line and comes back equal."""
    line = encode(event)
    assert line.encode().splitlines() == [line.rstrip("\n").encode()]
    assert decode(line) == event


@pytest.mark.parametrize("line", ['{"event": "Party"}', '{"event": "FrameDone"}', "[]", "{}", "x"])
def test_what_is_no_event_is_refused(line: str) -> None:
    """A line that no worker of this version wrote raises ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011  # json's own error is one, too
        decode(line)
