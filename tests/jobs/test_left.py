"""Jobs in folders that may have come from anywhere: those that keep to their folder can go on."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.jobs.job import Job
from rvm_addon.jobs.left import job_in, lie_within
from rvm_addon.jobs.parts import MATTING


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder, beside a project."""
    return tmp_path / "matte" / "clip"


def spec_of(folder: Path, **changed: object) -> JobSpec:
    """Return a job of pictures that another Blender renders into its folder."""
    source = Source(SourceKind.IMAGES, (str(folder / "rendered" / "a.tga"),), (0,), disposable=True)
    return replace(JobSpec("clip", source, "frames", "clip", str(folder / "model.onnx")), **changed)


def is_found(folder: Path, spec: JobSpec) -> bool:
    """Leave a job as an earlier session does, and return whether it can go on."""
    Job(folder, spec).write()
    return job_in(folder, MATTING) is not None


def test_a_job_that_keeps_to_its_folder_goes_on(folder: Path) -> None:
    """As each does that the button has made."""
    assert is_found(folder, spec_of(folder))


@pytest.mark.parametrize("stem", ["../../clip", "/clip"])
def test_a_job_that_writes_elsewhere_does_not(folder: Path, stem: str) -> None:
    """By the name of its frames, or by the folder for them."""
    assert not is_found(folder, spec_of(folder, stem=stem))
    assert not is_found(folder, spec_of(folder, output=str(folder.parent)))
    assert not is_found(folder, spec_of(folder, output=".."))


def test_a_job_that_deletes_elsewhere_does_not(folder: Path) -> None:
    """What is rendered for a job is deleted once it is read; the user's pictures are not."""
    spec = spec_of(folder)
    elsewhere = replace(spec.source, paths=(str(folder.parent.parent / "a.tga"),))
    assert not is_found(folder, replace(spec, source=elsewhere))
    assert is_found(folder, replace(spec, source=replace(elsewhere, disposable=False)))


@pytest.mark.skipif(os.name == "nt", reason="not everybody may make links")
def test_a_link_leads_nowhere_else(folder: Path, tmp_path: Path) -> None:
    """What counts is where it ends."""
    Job(folder, spec_of(folder)).write()
    (tmp_path / "elsewhere").mkdir()
    (folder / "frames").symlink_to(tmp_path / "elsewhere")
    assert job_in(folder, MATTING) is None
    (folder.parent / "linked").symlink_to(folder)
    assert lie_within(folder.parent / "linked", [str(folder / "a.png")])
