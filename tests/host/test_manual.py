"""The manual behind "Online Manual": it is there, for everything that can be pointed at, in the user's language."""

from collections.abc import Iterator
from types import SimpleNamespace
from urllib.parse import urlparse
from urllib.request import url2pathname

import bpy
import pytest
from bl_operators.wm import WM_OT_doc_view_manual

from rvm_addon.host.language.chinese import WORDS


@pytest.mark.parametrize(
    "pointed_at",
    [
        "bpy.ops.rvm.matte_strips",
        "bpy.ops.rvm.retry_job",
        "bpy.types.MattingSettings.quality",
        "bpy.types.ViewSettings.wipe",
        "bpy.types.RVM_AP_preferences.device",
    ],
)
@pytest.mark.usefixtures("addon")
def test_it_is_found(pointed_at: str) -> None:
    """On this machine, with the words that the README begins with."""
    address = urlparse(WM_OT_doc_view_manual._lookup_rna_url(pointed_at, verbose=False))
    assert address.scheme == "file"
    with open(url2pathname(address.path), encoding="utf-8") as manual:  # noqa: PTH123  # as a browser does
        assert manual.readline() == "# RVM Video Matting\n"


def test_it_speaks_the_users_language(addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chinese where the interface does."""
    view = SimpleNamespace(language="zh_HANS", use_translate_interface=True)
    context = SimpleNamespace(preferences=SimpleNamespace(view=view))
    monkeypatch.setattr(addon.manual, "bpy", SimpleNamespace(context=context))
    _, described = addon.manual.manual_map()
    assert {name for _, name in described} == {"README.zh.txt"}
    assert (addon.folder / "README.zh.txt").is_file()


def test_it_names_what_leads_to_it(addon: SimpleNamespace) -> None:
    """Every setting, every choice and every button, by the label that the Chinese interface shows."""
    manual = (addon.folder / "README.zh.txt").read_text(encoding="utf-8")
    labels = [WORDS.get(label, label) for label in labels_of(addon)]
    assert len(labels) > 50, "the walk has lost its way"
    assert [label for label in labels if label not in manual] == []


def labels_of(addon: SimpleNamespace) -> Iterator[str]:
    """Yield the labels of the extension's properties, of their choices, and of its operators."""
    package = addon.manual.__name__.removesuffix(".host.window.manual")
    for kind in (bpy.types.PropertyGroup, bpy.types.AddonPreferences, bpy.types.Operator):
        for cls in (cls for cls in kind.__subclasses__() if cls.__module__.startswith(package)):
            if kind is bpy.types.Operator:
                yield cls.bl_label
                continue
            own = {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}
            for entry in (entry for entry in cls.bl_rna.properties if entry.identifier in own):
                yield entry.name
                yield from (item.name for item in getattr(entry, "enum_items", ()))


def test_blenders_own_stays(addon: SimpleNamespace) -> None:
    """What is not ours leads where it always led."""
    prefix, _ = addon.manual.manual_map()
    found = WM_OT_doc_view_manual._lookup_rna_url("bpy.ops.sequencer.split", verbose=False)
    assert found is not None and not found.startswith(prefix)
    assert bpy.ops.wm.doc_view_manual.poll()
