"""How a result strip was made, kept in a custom property that is saved, copied and cut with the strip."""

import json
from dataclasses import asdict, dataclass
from typing import Any, get_type_hints

from ...engine.contract.errors import SpecError
from ...engine.contract.outputs import Look
from ...engine.contract.spec import JobSpec
from ..blender import versions
from ..blender.encoders import MovieFormat
from ..settings.looks import show_look
from ..settings.properties import WORKING_SIDES, show_movie
from ..strip.placements import Placement

PROPERTY = "rvm_matting"


@dataclass(frozen=True)
class Recipe:
    """How a result was made."""

    strip: str
    """The name that the source strip had."""
    source: str
    """The source's file, or the first of its files; empty if its frames were rendered by Blender."""
    frames: int
    """How many distinct frames the result shows."""
    model: str
    """Absolute path."""
    ratio: float | None
    working_side: int
    use_alpha: bool
    look: Look
    movie: MovieFormat | None = None
    """The format of the movie that was also made; None if none was."""
    length: int = 0
    """How many timeline frames the source filled."""
    first: int | None = None
    """The first matted timeline frame, counted from where the source's content begins; None where it was not noted."""

    @property
    def quality(self) -> str:
        """The quality setting that gives this result."""
        qualities = {side: quality for quality, side in WORKING_SIDES.items() if quality != "RATIO"}
        return "RATIO" if self.ratio is not None else qualities.get(self.working_side, "STANDARD")


_TYPES = get_type_hints(Recipe)


def write(result: versions.Strip, source: versions.Strip, spec: JobSpec, place: Placement) -> None:
    """Store in a result strip its source, its job's settings and its movie format."""
    recipe = Recipe(
        strip=source.name,
        source="" if spec.source.disposable else spec.source.paths[0],
        frames=len(set(place.shown)),
        model=spec.model,
        ratio=spec.ratio,
        working_side=spec.working_side,
        use_alpha=spec.source.use_alpha,
        look=spec.look,
        movie=place.movie,
        length=place.length,
        first=first_of(place),
    )
    result[PROPERTY] = json.dumps(asdict(recipe))


def first_of(place: Placement) -> int:
    """Return a placement's first matted timeline frame, counted from where the source's content begins."""
    return place.start - place.before - place.content_start


def read(strip: versions.Strip) -> Recipe | None:
    """Return a strip's recipe; None if it is no result, or one made by another version of this extension."""
    try:
        return _recipe(json.loads(strip.get(PROPERTY, "")))
    except (AttributeError, KeyError, SpecError, TypeError, ValueError):
        return None


def _recipe(data: Any) -> Recipe:
    """Return the recipe that `data`, from a project that anybody may have written, describes.

    Raises:
        AttributeError, KeyError, SpecError, TypeError, ValueError: it describes none.
    """
    movie = data.get("movie")
    recipe = Recipe(**data | {"look": Look.from_dict(data["look"]), "movie": movie and MovieFormat(movie)})
    recipe.look.validate()
    if not all(isinstance(getattr(recipe, name), kind) for name, kind in _TYPES.items()):
        raise TypeError("a field has another type")
    return recipe


def show(recipe: Recipe, settings: Any) -> None:
    """Set the project's settings to those of a recipe."""
    show_look(recipe.look, settings)
    show_movie(recipe.movie, recipe.look, settings)
    settings.quality = recipe.quality
    if recipe.ratio is not None:
        settings.ratio = recipe.ratio
    settings.ignore_alpha = not recipe.use_alpha
