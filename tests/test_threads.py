"""How many threads torch computes with."""

from __future__ import annotations

from threading import Barrier, Thread

import torch

from facedyn_app.device import use_one_thread


def test_threads_that_each_take_one_leave_those_to_come_theirs() -> None:
    def number_of_new_thread() -> int:
        found: list[int] = []
        new = Thread(target=lambda: found.append(torch.get_num_threads()))
        new.start()
        new.join()
        return found[0]

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        for _ in range(100):
            together = Barrier(4)

            def take_one(together: Barrier = together) -> None:
                together.wait()
                use_one_thread()

            threads = [Thread(target=take_one) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert number_of_new_thread() == 3
    finally:
        torch.set_num_threads(before)
