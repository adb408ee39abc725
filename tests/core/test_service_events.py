"""Events around turns: one shape, frozen, and nothing secret in any of them."""

from __future__ import annotations

import pickle
import time
from collections.abc import Sequence
from decimal import Decimal

import pytest

from promptdock import Event, ServiceEvent, hookspecs, service_events
from promptdock.testing import service_events as samples

AROUND = samples()

KINDS: Sequence[type[ServiceEvent]] = [
    kind
    for name in service_events.__all__
    if issubclass(kind := getattr(service_events, name), ServiceEvent) and kind is not ServiceEvent
]


def test_each_kind_has_a_hook_of_its_own_around_turns() -> None:
    hooks = [kind.hook for kind in KINDS]
    assert len(hooks) == len(set(hooks))
    assert set(hooks) == set(hookspecs.OBSERVE_SERVICE)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_says_who_caused_it_and_where_it_belongs(kind: type[ServiceEvent]) -> None:
    assert {"request_id", "turn_id", "at", "caller", "account"} <= set(kind.__struct_fields__)
    assert issubclass(kind, Event)
    assert kind.__match_args__ == ()  # by name only


@pytest.mark.parametrize("event", AROUND, ids=lambda event: event.hook)
def test_an_event_cannot_be_changed_and_takes_nothing_else(event: ServiceEvent) -> None:
    with pytest.raises(AttributeError):
        setattr(event, "caller", "mallory")  # noqa: B010  (a type checker knows that it cannot be set)
    assert not hasattr(event, "__dict__")
    assert pickle.loads(pickle.dumps(event)) == event


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_has_room_for_a_key_a_secret_or_a_body(kind: type[ServiceEvent]) -> None:
    forbidden = {"api_key", "key", "session_key", "secret", "token", "password", "headers", "query", "body", "cookies"}
    assert not forbidden & set(kind.__struct_fields__)


def test_an_event_happens_now_and_in_no_turn_unless_said_otherwise() -> None:
    before = time.time()
    event = service_events.KeyDeleted(request_id="req-1", caller="ann@1", account="1", key_id="k", name="laptop")
    assert before <= event.at <= time.time()
    assert event.turn_id == ""


def test_money_stays_exact() -> None:
    (charge,) = (event for event in AROUND if isinstance(event, service_events.ChargeRecorded))
    assert charge.cost == Decimal("0.000123")
    assert charge.prompt_tokens + charge.completion_tokens == charge.total_tokens
