"""What an object works out when it is first asked, and keeps."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """A method that is read like an attribute, and called once for each object; the value lies in its `__dict__`.

    `functools.cached_property` holds, up to Python 3.11, one lock for all objects of a class: while one frame's matte
    was worked out, every other frame's waited. Here two threads that ask the same object at once may both work.
    """

    def __init__(self, work: Callable[[Any], _Value]) -> None:
        """Remember the method, and say what it says of itself."""
        self._work = work
        self._name = ""
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Be told the attribute's name."""
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> _Value:
        """Return an object's value; from then on Python finds it in the object before it asks here."""
        value = instance.__dict__[self._name] = self._work(instance)
        return value
