"""Ids that sort by the time of their making."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from uuid import UUID, uuid4

from promptdock.ids import least_id, new_hex, new_id, new_request_id, read_id


def test_ids_and_names_of_requests_sort_by_time_and_no_two_are_alike() -> None:
    def hex_of_new_id() -> str:
        return new_id().hex

    for make in (hex_of_new_id, new_hex, new_request_id):
        made: list[str] = []
        for _ in range(20):
            made += [make() for _ in range(50)]
            time.sleep(0.001)
        batches = [made[start : start + 50] for start in range(0, len(made), 50)]
        assert all(max(earlier) < min(later) for earlier, later in pairwise(batches))
        assert len(set(made)) == len(made)


def test_an_id_is_of_version_7() -> None:
    made = new_id()
    assert (made.version, made.variant) == (7, uuid4().variant)
    assert abs((made.int >> 80) / 1000 - time.time()) < 5


def test_ids_of_a_moment_are_known_by_where_they_begin() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert least_id(before) < made < least_id(after + 1)
    assert least_id(before - 1) < least_id(before)
    assert least_id(-1) == least_id(0) < made


def test_an_id_as_digits_is_an_id() -> None:
    made = new_hex()
    assert made == UUID(made).hex
    assert UUID(made).version == 7


def test_the_name_of_a_request_says_what_it_is() -> None:
    assert re.fullmatch("req_[0-9a-f]{32}", new_request_id())


def test_an_id_is_read_and_anything_else_is_none() -> None:
    made = new_id()
    assert read_id(str(made)) == made
    assert read_id("no id") is None
    assert read_id(None) is None
