"""The queue holds each name once, says what waits, and says when it is away."""

import pytest
from redis import Redis
from rq.job import Job

from fitmycv_admin.domain.ports import QueueUnavailable
from fitmycv_admin.integrations.rq_queue import RqQueue


def test_a_name_is_in_line_once(valkey: str) -> None:
    queue = RqQueue(valkey)
    for _ in range(3):
        queue.wake("tasks", "task_a_1", "module.function", "id", 0, timeout_s=30)
    queue.wake("tasks", "task_a_2", "module.function", "id", 0, timeout_s=30)
    assert queue.waiting("tasks") == {"task_a_1", "task_a_2"}
    assert queue.waiting("emails") == frozenset()


def test_what_is_in_line_names_a_function_and_ids_in_json(valkey: str) -> None:
    RqQueue(valkey).wake("tasks", "task_b_1", "module.function", "id", 7, timeout_s=30)
    message = Job.fetch("task_b_1", connection=Redis.from_url(valkey), serializer="json")
    assert (message.func_name, message.args, message.timeout) == ("module.function", ["id", 7], 30)


def test_a_queue_that_is_away_says_so() -> None:
    queue = RqQueue("redis://127.0.0.1:1/0")
    with pytest.raises(QueueUnavailable):
        queue.wake("tasks", "task_c_1", "module.function", timeout_s=30)
    with pytest.raises(QueueUnavailable):
        queue.waiting("tasks")
