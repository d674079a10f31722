"""One session of Blender with the extension, for tests in which sessions end badly or see several files.

Usage: python -m tests.host.session WHAT PROJECT RESULTS [CLIP]. Prints a JSON object per line.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from tests.host.package import PACKAGE

ENOUGH = 60
"""Frames after which the test may pull the plug."""
STRIP = "clip"


def tell(**told: object) -> None:
    """Print a line for the test."""
    print(json.dumps(told), flush=True)  # noqa: T201  # standard output is what the test reads


def host(name: str) -> Any:
    """Return a module of the extension's Blender side, as it is now: enabled again, it is another."""
    return importlib.import_module(f"{PACKAGE}.host.{name}")


@persistent
def recall(_path: str) -> None:
    """Look what the file waits for that was opened, as the extension does in a window."""
    host("session.driver").recall()


def enabled() -> Any:
    """Enable the extension, as in a window, and return its runner module."""
    bpy.ops.preferences.addon_enable(module=PACKAGE)
    if recall not in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.append(recall)
    return host("session.runner")


def listed(runner: Any) -> list[dict[str, object]]:
    """Return what the list of jobs shows."""
    jobs = runner.current().queue.jobs
    return [
        {
            "state": job.state.name,
            "frames": job.frames_done,
            "said": host("session.words").ending(job),
            "warnings": job.warnings,
            "movies": [Path(movie.path).name for movie in job.movies],
        }
        for job in jobs
    ]


def strips() -> list[str]:
    """Return the names of the strips on the timeline."""
    return sorted(host("blender.versions").top_strips(bpy.data.scenes[0].sequence_editor).keys())


def press() -> Any:
    """Press the button with the strip selected, and return the job."""
    window = bpy.context.window
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = bpy.data.scenes[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        jobs, problems = host("session.submitting").submit_selected(bpy.context)
    if problems:
        tell(problems=problems)
    return jobs[0]


def opened(project: str) -> Any:
    """Enable the extension, open a project, and return the runner module."""
    runner = enabled()
    bpy.ops.wm.open_mainfile(filepath=project)
    return runner


def press_continue(runner: Any) -> None:
    """Press Continue at the first job of the list."""
    bpy.ops.rvm.retry_job(folder=str(runner.current().queue.jobs[0].folder))


def look_without_window(project: str, _results: str, _how: str) -> None:
    """Open the project in a Blender that renders it, say, and tell what is listed."""
    bpy.ops.preferences.addon_enable(module=PACKAGE)
    bpy.ops.wm.open_mainfile(filepath=project)
    tell(jobs=listed(host("session.runner")), strips=strips())


def work_to_the_end(runner: Any) -> None:
    """Work until nothing waits, and tell what there is then."""
    runner.current().run_to_end(lambda _: None)
    tell(jobs=listed(runner), strips=strips())


def new_project(project: str, results: str, clip: str) -> None:
    """Make a project with one movie strip, selected, and save it."""
    scene = bpy.data.scenes[0]
    strip = (
        host("blender.versions")
        .top_strips(scene.sequence_editor_create())
        .new_movie(name=STRIP, filepath=clip, channel=1, frame_start=1)
    )
    strip.select = True
    scene.rvm_matting.output = results
    bpy.ops.wm.save_as_mainfile(filepath=project)


def begin(project: str, results: str, clip: str) -> None:
    """Press the button in a new project, tell when there is something to lose, and work until the plug is pulled."""
    runner = enabled()
    new_project(project, results, clip)
    job = press()
    told = False
    while True:
        runner.current().step()
        if job.frames_done >= ENOUGH and not told:
            tell(worker=runner.current().queue._process._process.pid, folder=str(job.folder))
            told = True
        time.sleep(0.005)


def wait_in_queue(project: str, results: str, clip: str) -> None:
    """Press the button in a new project, whose job waits for its turn until this Blender is killed."""
    enabled()
    new_project(project, results, clip)
    tell(state=press().state.name)
    while True:
        time.sleep(1.0)


def go_on(project: str, _results: str, how: str) -> None:
    """Open the project, tell what is listed, let the job go on (by its button or by the main one), and save."""
    runner = opened(project)
    tell(jobs=listed(runner), strips=strips())
    if how == "button":
        press()
    else:
        press_continue(runner)
    work_to_the_end(runner)
    bpy.ops.wm.save_mainfile()


def look(project: str, _results: str, _how: str) -> None:
    """Open the project and tell what is listed."""
    runner = opened(project)
    tell(jobs=listed(runner), strips=strips())


def away(project: str, results: str, clip: str) -> None:
    """Open another file while the job runs, and come back to the first when it is done."""
    runner = enabled()
    other = str(Path(project).with_stem("other"))
    new_project(other, results, clip)  # a copy: the same strip is there
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(project).with_stem("first name")))
    job = press()
    bpy.ops.wm.save_as_mainfile(filepath=project)
    runner.current().step()
    bpy.ops.wm.open_mainfile(filepath=other)
    tell(jobs=listed(runner))
    while not job.state.ended:
        runner.current().step()
    runner.current().step()
    tell(jobs=listed(runner), strips=strips())
    bpy.ops.wm.open_mainfile(filepath=project)
    runner.current().run_to_end(lambda _: None)
    tell(jobs=listed(runner), strips=strips())


def shared(project: str, results: str, clip: str) -> None:
    """Press in two projects, one after the other, for the same frames; open the first again once they stand."""
    runner = enabled()
    new_project(project, results, clip)
    job = press()
    runner.current().step()
    bpy.ops.wm.read_homefile(use_empty=True)
    new_project(str(Path(project).with_stem("other")), results, clip)
    tell(same=press() is job)
    work_to_the_end(runner)
    bpy.ops.wm.open_mainfile(filepath=project)
    work_to_the_end(runner)


def left(project: str, results: str, clip: str) -> None:
    """Open another file while the job runs, and quit when it is done."""
    runner = enabled()
    other = str(Path(project).with_stem("other"))
    new_project(other, results, clip)
    bpy.ops.wm.save_as_mainfile(filepath=project)
    press()
    bpy.ops.wm.open_mainfile(filepath=other)
    runner.current().run_to_end(lambda _: None)
    tell(jobs=listed(runner), strips=strips())


def writing(project: str, results: str, clip: str) -> None:
    """Quit while the movie is written, the result being on its timeline already."""
    runner = enabled()
    new_project(project, results, clip)
    chosen = bpy.data.scenes[0].rvm_matting
    chosen.write_movie, chosen.movie_format = True, "FFV1"
    job = press()
    while not (job.matted and job.frames_of_part[0]):
        runner.current().step()
        time.sleep(0.005)
    bpy.ops.wm.save_mainfile()
    tell(jobs=listed(runner), strips=strips(), folder=str(job.folder))


def running_with_movie(project: str, results: str, clip: str) -> Any:
    """With the extension enabled, press the button in a new project that wants a movie; return the job that runs."""
    new_project(project, results, clip)
    chosen = bpy.data.scenes[0].rvm_matting
    chosen.write_movie, chosen.movie_format = True, "FFV1"
    job = press()
    host("session.runner").current().step()
    bpy.ops.wm.save_mainfile()
    return job


def writing_two(project: str, results: str, clip: str) -> None:
    """Quit while the second of two movies is written."""
    enabled()
    job = running_with_movie(project, results, clip)
    levels = host("blender.versions").top_strips(bpy.data.scenes[0].sequence_editor)
    other = levels.new_movie(name="other", filepath=clip, channel=5, frame_start=300)
    levels[STRIP].select, other.select = False, True
    press()
    while not (len(job.movies) == 1 and job.frames_of_part[0]):
        host("session.runner").current().step()
        time.sleep(0.005)
    bpy.ops.wm.save_mainfile()
    tell(movies=[Path(movie.path).name for movie in job.movies], folder=str(job.folder))


def shared_movies(project: str, results: str, clip: str) -> None:
    """Press in two projects for the same frames, with a movie of each, and quit while the frames are made."""
    enabled()
    job = running_with_movie(project, results, clip)
    bpy.ops.wm.read_homefile(use_empty=True)
    other = running_with_movie(str(Path(project).with_stem("other")), results, clip)
    tell(same=other is job, folder=str(job.folder))


def continued_elsewhere(project: str, _results: str, how: str) -> None:
    """Open the project and then another one, press Continue there, and come back: at the end, or before it."""
    runner = opened(project)
    bpy.ops.wm.read_homefile(use_empty=True)
    press_continue(runner)
    runner.current().step()
    if how != "early":
        runner.current().run_to_end(lambda _: None)
    tell(jobs=listed(runner))
    bpy.ops.wm.open_mainfile(filepath=project)
    work_to_the_end(runner)
    if how != "early":
        press_continue(runner)
        work_to_the_end(runner)


def left_dismissed(project: str, _results: str, _how: str) -> None:
    """Open the project and take the first job off the list."""
    runner = opened(project)
    (job,) = runner.current().queue.jobs
    bpy.ops.rvm.dismiss_job(folder=str(job.folder))
    tell(jobs=listed(runner))


def cancelled_elsewhere(project: str, results: str, clip: str) -> None:
    """Press in two projects for the same frames; cancel in the second, where frames of cancelled jobs are deleted."""
    enabled()
    job = running_with_movie(project, results, clip)
    bpy.ops.wm.read_homefile(use_empty=True)
    running_with_movie(str(Path(project).with_stem("other")), results, clip)
    host("settings.preferences").page().discard_cancelled = True
    bpy.ops.rvm.cancel_job(folder=str(job.folder))
    host("session.runner").current().run_to_end(lambda _: None)
    tell(state=job.state.name, there=job.folder.exists())


def come(project: str, _results: str, how: str) -> None:
    """Open the project, let come what does so by itself, press Continue where it is wanted, and save."""
    runner = opened(project)
    work_to_the_end(runner)
    if how == "continue":
        press_continue(runner)
        work_to_the_end(runner)
    bpy.ops.wm.save_mainfile()


def moved(project: str, results: str, clip: str) -> None:
    """Choose another folder for results while the job runs, save under a name in another folder, and open that anew."""
    runner = enabled()
    new_project(project, results, clip)
    levels = host("blender.versions").top_strips(bpy.data.scenes[0].sequence_editor)
    levels[STRIP].filepath = clip  # not relative, since saved
    press()
    bpy.data.scenes[0].rvm_matting.output = f"{results} elsewhere"
    elsewhere = Path(project).parent / "elsewhere" / "edit.blend"
    elsewhere.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(elsewhere))
    runner.current().step()
    bpy.ops.wm.open_mainfile(filepath=str(elsewhere))
    runner.current().run_to_end(lambda _: None)
    tell(jobs=listed(runner), strips=strips())


def disabled(project: str, results: str, clip: str) -> None:
    """Disable the extension while a job runs, and enable it again."""
    runner = enabled()
    new_project(project, results, clip)
    job = press()
    while job.frames_done < ENOUGH:
        runner.current().step()
    process = runner.current().queue._process._process
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    tell(running=process.poll() is None)
    runner = enabled()
    bpy.ops.wm.open_mainfile(filepath=project)  # in the window a timer looks; here none fires
    tell(jobs=listed(runner), strips=strips())


def cancelled(project: str, results: str, clip: str) -> None:
    """Cancel one job; let another fail, and take it off the list."""
    runner = enabled()
    new_project(project, results, clip)
    job = press()
    while job.frames_done < 1:
        runner.current().step()
    bpy.ops.rvm.cancel_job(folder=str(job.folder))
    runner.current().run_to_end(lambda _: None)
    bpy.data.scenes[0].rvm_matting.quality = "DRAFT"
    job = press()
    Path(clip).rename(Path(clip).with_suffix(".away"))
    runner.current().run_to_end(lambda _: None)
    tell(listed=len(runner.current().queue.jobs))
    bpy.ops.rvm.dismiss_job(folder=str(job.folder))
    Path(clip).with_suffix(".away").rename(clip)


def given_up(project: str, results: str, clip: str) -> None:
    """Cancel a job that is rendered first, and disable the extension."""
    runner = enabled()
    new_project(project, results, clip)
    host("blender.versions").top_strips(bpy.data.scenes[0].sequence_editor)[STRIP].use_deinterlace = True
    job = press()
    while not job.frames_of_part[0]:
        runner.current().step()
    bpy.ops.rvm.cancel_job(folder=str(job.folder))
    runner.current().run_to_end(lambda _: None)
    rendered = [job.folder / name for name in ("project.blend", "rendered")]
    tell(there=[path.exists() for path in rendered])
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    tell(there=[path.exists() for path in rendered])


def cancel_and_revert(project: str, results: str, clip: str) -> None:
    """Cancel; open another file, go on there, and come back. Then cancel the job of another look, and only revert."""
    runner, _ = go_on_elsewhere(project, results, clip)
    work_to_the_end(runner)
    bpy.ops.wm.open_mainfile(filepath=project)
    work_to_the_end(runner)
    bpy.ops.wm.open_mainfile(filepath=project)
    bpy.data.scenes[0].rvm_matting.result = "MATTE"
    job = cancel_midway(runner)
    bpy.ops.wm.open_mainfile(filepath=project)
    bpy.ops.rvm.retry_job(folder=str(job.folder))
    work_to_the_end(runner)


def cancel_and_go_on_elsewhere(project: str, results: str, clip: str) -> None:
    """Cancel, open a copy of the project, continue there, and come back twice before the job is done."""
    runner, other = go_on_elsewhere(project, results, clip)
    runner.current().step()
    for opened in (project, other, project):
        bpy.ops.wm.open_mainfile(filepath=opened)
    work_to_the_end(runner)


def go_on_elsewhere(project: str, results: str, clip: str) -> tuple[Any, str]:
    """Cancel a job, open a copy of the project and continue there; return the module of the runner, and the copy."""
    runner = enabled()
    new_project(project, results, clip)
    other = str(Path(project).with_stem("other"))
    bpy.ops.wm.save_as_mainfile(filepath=other, copy=True)
    cancel_midway(runner)
    bpy.ops.wm.open_mainfile(filepath=other)
    press_continue(runner)
    return runner, other


def cancel_midway(runner: Any) -> Any:
    """Press the button, cancel the job when some frames are made, and return it; tell what is listed."""
    job = press()
    while job.frames_done < 5:
        runner.current().step()
        time.sleep(0.005)
    runner.current().cancel(job)
    while not job.state.ended:
        runner.current().step()
        time.sleep(0.005)
    tell(jobs=listed(runner), strips=strips())
    return job


def driven(project: str, results: str, how: str) -> None:
    """Matte a title that a driver moves in Python, in a project that is trusted or not; tell how many frames differ."""
    enabled()
    scene = bpy.data.scenes[0]
    levels = host("blender.versions").top_strips(scene.sequence_editor_create())
    title = host("blender.versions").new_effect(levels, STRIP, "TEXT", 1, 1, 5)
    title.text = "Ü"
    title.driver_add("font_size").driver.expression = "40 + 20 * int(str(int(frame))[-1])"
    scene.rvm_matting.output = results
    scene.render.resolution_x, scene.render.resolution_y = 128, 64
    bpy.ops.wm.save_as_mainfile(filepath=project)
    bpy.ops.wm.open_mainfile(filepath=project, use_scripts=how == "trusted")
    bpy.data.scenes[0].frame_set(1)
    job = press()
    host("session.runner").current().run_to_end(lambda _: None)
    different = len({path.read_bytes() for path in job.output.iterdir()})
    tell(state=job.state.name, different=different, said=job.warnings)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
    sys.stdout.flush()
    os._exit(0)  # the bpy module may hang or crash while the interpreter goes
