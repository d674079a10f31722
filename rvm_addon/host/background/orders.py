"""What an order for the background Blender is: a file in a job's folder, carried out in another process."""

import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ...engine.contract.files import write_json


@dataclass(frozen=True)
class Order(ABC):
    """Something to do. Each kind is a dataclass of what JSON can hold."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the order that was written as `data`: JSON makes lists of tuples and dictionaries of dataclasses.

        Raises:
            KeyError, TypeError, ValueError: `data` is something else.
        """

    def write(self, path: Path) -> None:
        """Write the order to a file.

        Raises:
            OSError: the folder refuses.
        """
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the order that `write` wrote.

        Raises:
            OSError, ValueError, KeyError, TypeError: the file is missing, or holds something else.
        """
        return cls.from_dict(json.loads(path.read_text(encoding="utf-8")))
