import threading

import torch

from spinepose_mm.deployment.threads import one_torch_thread


def test_threads_come_back_for_all_that_overlap():
    before, inside, leave, counts = torch.get_num_threads(), threading.Event(), threading.Event(), []
    torch.set_num_threads(2)

    def other():
        with one_torch_thread():
            counts.append(torch.get_num_threads())
            inside.set()
            leave.wait(10)
        counts.append(torch.get_num_threads())

    try:
        with one_torch_thread():
            thread = threading.Thread(target=other)
            thread.start()
            assert inside.wait(10) and torch.get_num_threads() == 1
        leave.set()
        thread.join()
        assert counts == [1, 2] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
