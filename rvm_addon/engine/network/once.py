"""Attributes that an object computes when they are first read, and keeps."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """A method that is read like an attribute, and called once for each object; the value lies in its `__dict__`.

    Up to Python 3.11, `functools.cached_property` has one lock for all objects of a class: while one frame's matte is
    computed, every other frame's waits. Here, two threads that read the same object at once may both compute it.
    """

    def __init__(self, work: Callable[[Any], _Value]) -> None:
        """Remember the method, and take its docstring."""
        self._work = work
        self._name = ""
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember the attribute's name."""
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> _Value:
        """Compute and return an object's value; from then on Python finds it in the object and does not call this."""
        value = instance.__dict__[self._name] = self._work(instance)
        return value
