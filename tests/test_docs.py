"""The docs know every hook, every setting, every command and every route there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from litestar.routes import HTTPRoute
from pydantic import BaseModel

import promptdock
from promptdock import Event, ServiceEvent, hookspecs
from promptdock.cli.main import cli
from promptdock.hookmarkers import hook_version
from promptdock.prompts import wire
from promptdock.rights import RIGHTS, Action, Thing
from promptdock.settings import ProviderSettings, Settings
from promptdock.testing.fixtures import FIXTURES
from promptdock.tools.errors import ToolErrorCode
from promptdock.web import create_app
from tests.support import command_reference, hook_reference
from tests.support.hook_reference import users_of

ROOT = Path(__file__).parents[1]
HOOKS = (*hookspecs.REGISTER, *hookspecs.DECIDE, *hookspecs.TRANSFORM, *hookspecs.OBSERVE)


EVENTS = {
    kind.hook: kind
    for name in promptdock.__all__
    if isinstance(kind := getattr(promptdock, name), type) and issubclass(kind, Event) and kind.hook
}
NAMES_OF_A_COMPARABLE_SYSTEM = 107
TESTED = ("core", "plugins_builtin", "scenarios")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]


def arguments(hook: str) -> str:
    """The arguments of a hook, as the docs write them."""
    function = getattr(hookspecs, hook)
    return ", ".join(function.__code__.co_varnames[: function.__code__.co_argcount])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented_with_its_arguments(hook: str) -> None:
    """In the table of docs/plugins.md."""
    assert f"`{hook}({arguments(hook)})`" in (ROOT / "docs" / "plugins.md").read_text()


@pytest.mark.parametrize("hook", hookspecs.DEPRECATED)
def test_every_deprecated_hook_is_documented_with_its_successor(hook: str) -> None:
    """In a table of its own of docs/plugins.md; no shipped plugin has it."""
    old = hook_version(getattr(hookspecs, hook)).deprecated
    assert old is not None
    instead = f"`{old.successor}({arguments(old.successor)})`"
    row = f"| `{hook}({arguments(hook)})` | {old.since} | {old.removed_in} | {instead} |"
    assert row in (ROOT / "docs" / "plugins.md").read_text()
    assert users_of(hook) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_every_deprecated_argument_is_documented_with_its_successor(hook: str) -> None:
    """In the same table."""
    for name, old in hook_version(getattr(hookspecs, hook)).arguments.items():
        row = f"| argument `{name}` of `{hook}` | {old.since} | {old.removed_in} | `{old.successor}` |"
        assert row in (ROOT / "docs" / "plugins.md").read_text()


@pytest.mark.parametrize("hook", [*HOOKS, *hookspecs.DEPRECATED])
def test_every_hook_has_a_whole_contract(hook: str) -> None:
    """When, what comes back, since which version; and its kind."""
    text = getattr(hookspecs, hook).__doc__ or ""
    for part in ("Kind: ", "Returns:", "Since: "):
        assert part in text


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_shipped_plugin_that_uses_it(hook: str) -> None:
    """A hook that nobody needs is not a hook."""
    assert users_of(hook) != []


@pytest.mark.parametrize("hook", [*HOOKS, *hookspecs.DEPRECATED])
def test_every_hook_has_a_test(hook: str) -> None:
    """That names it; this file and its helpers do not count."""
    named = re.compile(rf"\b{hook}\b")
    assert any(named.search(path.read_text()) for folder in TESTED for path in (ROOT / "tests" / folder).rglob("*.py"))


@pytest.mark.parametrize(
    ("page", "written"),
    [
        (hook_reference.PAGE, hook_reference.hook_reference),
        (command_reference.PAGE, command_reference.command_reference),
    ],
    ids=["hooks", "commands"],
)
def test_a_page_that_is_written_from_the_code_is_up_to_date(page: Path, written: Callable[[], str]) -> None:
    """It is in the source, so that it can be read without building anything."""
    assert page.read_text(encoding="utf-8") == written(), f"run `make docs-reference`: {page.name} is out of date"


def test_every_hook_is_in_one_kind() -> None:
    """The four tuples are the list of hooks, with those that are deprecated."""
    specs = {name for name, value in vars(hookspecs).items() if hasattr(value, "promptdock_spec")}
    assert specs == {*HOOKS, *hookspecs.DEPRECATED}
    assert len(HOOKS) == len(set(HOOKS))


def test_every_observe_hook_has_its_own_event() -> None:
    """Which is public, and says whether it happens in a turn or around turns."""
    assert set(EVENTS) == set(hookspecs.OBSERVE)
    around = {hook for hook, kind in EVENTS.items() if issubclass(kind, ServiceEvent)}
    assert around == set(hookspecs.OBSERVE_SERVICE)
    for hook, kind in EVENTS.items():
        assert f"~promptdock.{kind.__name__}`" in getattr(hookspecs, hook).__doc__


@pytest.mark.parametrize("hook", hookspecs.OBSERVE)
def test_every_event_is_documented_with_its_members(hook: str) -> None:
    """In a table of docs/events.md, and in its own docstring."""
    kind = EVENTS[hook]
    rows = (ROOT / "docs" / "events.md").read_text().splitlines()
    (row,) = (row for row in rows if row.startswith(f"| `{hook}` | `{kind.__name__}` |"))
    base = ServiceEvent if issubclass(kind, ServiceEvent) else Event
    own = set(kind.__struct_fields__) - set(base.__struct_fields__)
    assert set(re.findall(r"`(\w+)`", row.split(" | ")[-1])) == own
    for member in own:
        assert f"        {member}: " in (kind.__doc__ or "")


def test_every_name_of_the_comparable_system_is_mapped_once() -> None:
    """To hooks that there are, or to a reason why there is none."""
    table = (ROOT / "docs" / "events.md").read_text().split("| the comparable system's names |")[1]
    rows = [row.strip("|").split(" | ") for row in table.splitlines() if row.startswith("| `")]
    names = [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    assert len(names) == len(set(names)) == NAMES_OF_A_COMPARABLE_SYSTEM
    for _, ours in rows:
        assert ours.startswith("no counterpart, because ") or re.findall(r"`(\w+)`", ours)[0] in hookspecs.OBSERVE


@cache
def routes() -> dict[tuple[str, str], Any]:
    """What each route's ``opt`` says, by method and path; without what only serves the page at ``/schema``."""
    found: dict[tuple[str, str], Any] = {}
    for route in create_app(Settings()).routes:
        path = re.sub(r":\w+}", "}", route.path)
        if isinstance(route, HTTPRoute) and not path.startswith(("/schema/assets/", "/schema/{")):
            for handler in route.route_handlers:
                found |= {(method, path): handler.opt for method in handler.http_methods if method != "OPTIONS"}
    return found


def documented_routes() -> dict[tuple[str, str], str]:
    """Who may use each route, by method and path, as docs/api.md has it."""
    rows = re.findall(r"^\| ([A-Z]+) \| `(/[^`]*)` \| ([^|]+) \|", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert len({(method, path) for method, path, _ in rows}) == len(rows)
    return {(method, path): who for method, path, who in rows}


def test_every_route_is_documented() -> None:
    """In the tables of docs/api.md, once; and no other is."""
    assert set(documented_routes()) == set(routes())


def test_the_documented_routes_say_who_may_use_them() -> None:
    """In the very words of the table of rights."""
    documented = documented_routes()
    rights = {where: opt["right"] for where, opt in routes().items() if "right" in opt}
    assert rights
    assert {where: documented[where] for where in rights} == {where: RIGHTS[right] for where, right in rights.items()}


@pytest.mark.parametrize("thing", list(Thing))
def test_every_right_is_documented(thing: Thing) -> None:
    """In the table of docs/api.md: to read, create, update and delete it."""
    cells = [thing, *(RIGHTS.get((thing, action), "nobody") for action in Action)]
    assert f"| {' | '.join(cells)} |" in (ROOT / "docs" / "api.md").read_text()


@pytest.mark.parametrize("kind", [form[0] for form in wire._FORMS.values()])
def test_every_kind_of_streamed_event_is_documented(kind: str) -> None:
    """In the table of docs/prompts.md."""
    assert f"\n| `{kind}` | " in (ROOT / "docs" / "prompts.md").read_text()


@pytest.mark.parametrize(
    ("model", "prefix", "field"),
    [(Settings, "PROMPTDOCK_", name) for name in Settings.model_fields]
    + [(ProviderSettings, "…__", name) for name in ProviderSettings.model_fields],
)
def test_every_setting_is_documented(model: type[BaseModel], prefix: str, field: str) -> None:
    """In docs/settings.md, with its variable, its default and what it is."""
    info = model.model_fields[field]
    default = f"`{info.default}`" if info.default_factory is None and info.default not in {None, ()} else "none"
    start = f"| `{field}` | `{prefix}{field.upper()}` | "
    (row,) = (row for row in (ROOT / "docs" / "settings.md").read_text().splitlines() if row.startswith(start))
    shown, what = row.removeprefix(start).removesuffix(" |").split(" | ")
    assert shown == ("`~/.promptdock`" if field == "home" else default)
    assert what.replace("`", "").startswith(info.description or "")


@pytest.mark.parametrize("code", list(ToolErrorCode))
def test_every_tool_error_code_is_documented(code: ToolErrorCode) -> None:
    """They are an interface."""
    assert f"`{code}`" in (ROOT / "docs" / "plugins.md").read_text()


def test_lines_of_the_documents_fit_a_screen() -> None:
    """Save those of tables, which cannot be broken."""
    lines = [line for page in PAGES for line in page.read_text().splitlines()]
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


@pytest.mark.parametrize("hook", [*hookspecs.REGISTER, *hookspecs.DECIDE, *hookspecs.TRANSFORM])
def test_what_a_hook_is_for_is_in_the_table_of_wishes(hook: str) -> None:
    """That of docs/howto/index.md, with a link to its contract; observe hooks are there as a whole."""
    assert f"[`{hook}`](../hooks.md#{hook})" in (ROOT / "docs" / "howto" / "index.md").read_text()


@pytest.mark.parametrize("fixture", FIXTURES)
def test_every_fixture_is_documented(fixture: str) -> None:
    """In docs/howto/testing.md."""
    assert f"`{fixture}`" in (ROOT / "docs" / "howto" / "testing.md").read_text()


def test_every_command_that_a_document_names_is_one() -> None:
    """In the text; those in blocks are run."""
    for page in PAGES:
        for first, second in re.findall(r"`promptdock ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", page.read_text()):
            group = cli.get_command(click.Context(cli), first)
            assert group is not None, f"{page.name}: promptdock {first}"
            if isinstance(group, click.Group) and second:
                assert group.get_command(click.Context(group), second), f"{page.name}: promptdock {first} {second}"


def test_links_between_documents_hold() -> None:
    """Every relative link leads to a file."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
