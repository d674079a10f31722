import pytest

from rvm_addon.engine.events import Event, Failed, Finished, FrameDone, Started, Warned, decode, encode


@pytest.mark.parametrize(
    "event",
    [
        Started(282, 1280, 720, "CPUExecutionProvider", 0.4, "onnxruntime"),
        FrameDone(7, 1.5),
        Warned("“人.mp4” ends early\nby a line \u2028 or two"),
        Finished(282, 30.25),
        Failed("gone", "put it back"),
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
