"""The command line of `build.py`: its commands, and the steps that they run."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rvm_addon.engine.contract.errors import MattingError

from . import bench as benchmarks
from . import checks, demo, environment, matting, packaging, weights, wheels
from .commands import INTERRUPTED, StepError
from .layout import PACKAGES

PASSING_ON = {"test", "matte"}
"""The commands that pass unknown arguments on to another program."""


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; return the exit status."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command not in PASSING_ON:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return int(options.do(options))
    except (StepError, MattingError) as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbuild.py: interrupted; what was half made is made again next time", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description="Everything that a person does with this repository.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, *, add_help: bool = True) -> argparse.ArgumentParser:
        # No abbreviations: an unknown argument may belong to the program that it is passed on to.
        return commands.add_parser(name, help=text, description=text, allow_abbrev=False, add_help=add_help)

    demonstration = add("demo", "Set everything up, matte a clip inside Blender, and show the result.")
    demonstration.add_argument("clip", nargs="?", type=Path, help="a movie of your own instead of the made-up one")
    demonstration.set_defaults(do=lambda options: demo.run(options.clip))

    test = add("test", "Run the tests inside Blender; further arguments go to pytest.")
    _add_blender(test, "which Blender to test in; “each” is one for each Python found here")
    test.add_argument("--gui", action="store_true", help="instead, drive the windowed Blenders that are set up here")
    test.add_argument(
        "--oldest", action="store_true", help="instead, test the engine on the oldest libraries that a zip carries"
    )
    test.set_defaults(do=_test)

    # Its `--help` is the product's.
    matte = add("matte", "Matte movies and pictures; `matte --help` has the options.", add_help=False)
    matte.set_defaults(do=lambda options: matting.matte(options.rest))

    package = add("package", "Make the extension's zips, checked by Blender's own validator.")
    _add_package_options(package)
    package.set_defaults(do=_package)

    lint = add("lint", "Check format, style, types and the import law.")
    lint.set_defaults(do=lambda _: checks.lint())

    bench = add(
        "bench", "Measure against the yardsticks; writes docs/benchmarks.md. About forty minutes, on an idle machine."
    )
    bench.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(benchmarks.CASES)} (default: all)")
    bench.add_argument("--rounds", type=int, default=5, help="pairs that take turns (default: %(default)s)")
    bench.set_defaults(do=_bench)

    fetch = add("weights", "Fetch the models of the catalogue, and check those that are here.")
    fetch.set_defaults(do=_weights)

    setup = add("setup", "Make the environments and fetch the weights, ahead of time.")
    _add_blender(setup, "which Blender to set up")
    setup.set_defaults(do=_setup)
    return parser


def _add_blender(parser: argparse.ArgumentParser, text: str) -> None:
    choices = [*environment.BLENDERS, "each", "all"]
    parser.add_argument("--blender", choices=choices, help=f"{text} (default: the one for the running Python)")


def _add_package_options(parser: argparse.ArgumentParser) -> None:
    platforms = sorted(wheels.PLATFORMS.values())
    parser.add_argument("--platform", action="append", choices=platforms, help="may be repeated (default: all)")
    parser.add_argument(
        "--python",
        default=",".join(wheels.BLENDER_PYTHONS),
        help="tags of the Pythons to carry wheels for, joined by commas; Debian's Blender 5.2 needs cp314 "
        "(default: %(default)s)",
    )


def _blenders(choice: str | None) -> list[str]:
    if choice == "all":
        return list(environment.BLENDERS)
    if choice == "each":
        return environment.available_blenders() or [environment.default_blender()]
    return [choice or environment.default_blender()]


def _test(options: argparse.Namespace) -> int:
    if options.oldest:
        return checks.test_oldest(options.rest)
    return checks.window() if options.gui else checks.test(_blenders(options.blender), options.rest)


def _bench(options: argparse.Namespace) -> int:
    unknown = sorted(set(options.cases) - set(benchmarks.CASES))
    if unknown:
        raise StepError(f"there is no case {', '.join(unknown)}; there are {', '.join(benchmarks.CASES)}")
    return benchmarks.run(options.cases, options.rounds)


def _package(options: argparse.Namespace) -> int:
    pythons = options.python.split(",")
    platforms = options.platform or sorted(wheels.PLATFORMS.values())
    # A zip for other Pythons has the same name, so it gets a folder of its own.
    usual = tuple(pythons) == wheels.BLENDER_PYTHONS
    for zipped in packaging.package(platforms, pythons, PACKAGES if usual else PACKAGES / "-".join(pythons)):
        print(packaging.describe(zipped))
    return 0


def _weights(_: argparse.Namespace) -> int:
    for path in weights.ensure(environment.prepare_any_blender().python):
        print(path)
    return 0


def _setup(options: argparse.Namespace) -> int:
    for name in _blenders(options.blender):
        weights.ensure(environment.prepare(environment.BLENDERS[name]))
    return 0
