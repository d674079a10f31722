"""What an object works out once: by itself, whatever others of its kind do meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

from rvm_addon.engine.network.matte import LaterMatte, Matte, PlainMatte
from rvm_addon.engine.network.once import Once


class Counted:
    """An object whose value counts how often it was asked for."""

    asked = 0

    @Once
    def value(self) -> int:
        """How often."""
        self.asked += 1
        return self.asked


def test_it_is_worked_out_once_for_each_object() -> None:
    """And says what it is."""
    one, other = Counted(), Counted()
    assert (one.value, one.value, other.value) == (1, 1, 1)
    assert Counted.__dict__["value"].__doc__ == "How often."


def test_two_mattes_are_worked_out_at_the_same_time() -> None:
    """Neither waits for the other: each begins before one is done."""
    both, picture = Barrier(2, timeout=10.0), np.zeros((20, 30, 3), np.uint8)

    def work() -> Matte:
        both.wait()
        return PlainMatte(picture, np.zeros((1, 3, 20, 30), np.float32), np.ones((1, 1, 20, 30), np.float32))

    mattes = [LaterMatte(picture, work) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        alphas = [drawn.result() for drawn in [threads.submit(matte.alpha, deep=False) for matte in mattes]]
    assert all((alpha == 255).all() for alpha in alphas)
