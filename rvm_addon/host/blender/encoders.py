"""The movie formats that are offered, and which of them the running Blender can write."""

from dataclasses import dataclass
from enum import StrEnum

import bpy


class MovieFormat(StrEnum):
    """A container with the codec in it."""

    H264 = "h264"
    FFV1 = "ffv1"
    QTRLE = "qtrle"
    PRORES = "prores"
    WEBM = "webm"


@dataclass(frozen=True)
class Encoder:
    """What Blender calls a format, and what the format can hold."""

    label: str
    description: str
    container: str
    codec: str
    sound: str
    """An audio codec that the container takes."""
    suffix: str
    holds_alpha: bool = True
    even: bool = False
    """Whether width and height must be even."""
    profile: str = ""
    """The profile of ProRes; empty for other codecs."""


ENCODERS = {
    MovieFormat.H264: Encoder(
        "H.264 (MP4)",
        "Small files that play everywhere; nothing in them is transparent",
        *("MPEG4", "H264", "AAC", ".mp4"),
        holds_alpha=False,
        even=True,
    ),
    MovieFormat.FFV1: Encoder(
        "FFV1 (Matroska)", "Lossless, with transparency; for archives and for Blender", "MKV", "FFV1", "FLAC", ".mkv"
    ),
    MovieFormat.QTRLE: Encoder(
        "QuickTime Animation",
        "Lossless, with transparency; large files that most editing programs read",
        *("QUICKTIME", "QTRLE", "PCM", ".mov"),
    ),
    MovieFormat.PRORES: Encoder(
        "ProRes 4444",
        "With transparency, nearly without loss; what most editing programs like best",
        *("QUICKTIME", "PRORES", "PCM", ".mov"),
        even=True,
        profile="4444",
    ),
    MovieFormat.WEBM: Encoder(
        "VP9 (WebM)", "Small files with transparency, for web pages", "WEBM", "WEBM", "OPUS", ".webm"
    ),
}


def available() -> list[MovieFormat]:
    """Return the formats that this Blender knows how to write."""
    known = bpy.types.FFmpegSettings.bl_rna.properties
    return [
        kind
        for kind, encoder in ENCODERS.items()
        if encoder.codec in known["codec"].enum_items and (not encoder.profile or "ffmpeg_prores_profile" in known)
    ]


def choices(*, with_alpha: bool) -> list[MovieFormat]:
    """Return the formats to offer, the most common first; `with_alpha`, only those that hold alpha."""
    return [kind for kind in available() if ENCODERS[kind].holds_alpha or not with_alpha]
