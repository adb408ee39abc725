"""Loading: which plugins are imported, what keeps one out, and that one out keeps nobody else out."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType, SimpleNamespace

import pytest

from promptdock import PromptdockError, hookimpl, hookspecs
from promptdock.errors import PluginError
from promptdock.hook_table import read_hooks
from promptdock.plugins.catalog import PluginRecord, PluginState
from promptdock.plugins.loader import load_plugins
from promptdock.settings import load_settings
from tests.support.distributions import write_distribution
from tests.support.hosts import bare_host, records

GOOD = """
    from promptdock import hookimpl

    @hookimpl
    def turn_started(event):
        pass
"""


def good() -> object:
    """A plugin that loads."""
    return SimpleNamespace(turn_started=hookimpl(lambda event: None))


def of_source(site: Path, home: Path, source: str, *, module: str) -> PluginRecord:
    """Install a distribution with one plugin of this source beside a good one, and give its record."""
    write_distribution(site, "promptdock-mine", version="1.2", plugins={"mine": module}, modules={module: source})
    write_distribution(site, "promptdock-other", plugins={"other": f"{module}_good"}, modules={f"{module}_good": GOOD})
    found = records(bare_host(home))
    assert found["other"].state is PluginState.LOADED
    return found["mine"]


def test_an_installed_plugin_is_loaded_with_its_provenance(site: Path, tmp_path: Path) -> None:
    record = of_source(site, tmp_path, GOOD, module="loader_good")
    assert (record.distribution, record.version, record.state) == ("promptdock-mine", "1.2", PluginState.LOADED)
    assert record.hooks == ("turn_started",)
    assert record.load_ms > 0
    assert (record.reason, record.remedy, record.traceback) == (None, None, None)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ValueError('no luck')", "its import failed: ValueError: no luck"),
        ("import nowhere_to_be_found", "its import failed: ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def f(:", "its import failed: SyntaxError: "),
        ("import sys\nsys.exit(3)", "it called sys.exit(3) on import"),
        ("raise GeneratorExit", "its import failed: GeneratorExit"),
    ],
)
def test_a_plugin_that_fails_on_import_is_quarantined_alone(
    site: Path, tmp_path: Path, source: str, reason: str, request: pytest.FixtureRequest
) -> None:
    module = f"loader_fails_{abs(hash(request.node.name))}"
    record = of_source(site, tmp_path, source, module=module)
    assert record.state is PluginState.QUARANTINED
    assert str(record.reason).startswith(reason)
    assert (
        str(record.remedy)
        .lower()
        .endswith(
            "correct or upgrade promptdock-mine; 'promptdock plugins list --debug' shows the traceback. "
            "to do without it: promptdock_plugins_deny=mine"
        )
    )
    installs = "Install nowhere_to_be_found into promptdock's environment, or "
    assert str(record.remedy).startswith(installs) == ("nowhere_to_be_found" in source)
    assert "Traceback" in str(record.traceback)
    assert module not in sys.modules


def test_a_module_without_hooks_is_quarantined(site: Path, tmp_path: Path) -> None:
    record = of_source(site, tmp_path, "def turn_started(event): ...", module="loader_hookless")
    assert record.reason == "it implements no hook; did you forget @hookimpl?"


def test_an_entry_point_that_is_no_reference_says_so(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "d", plugins={"mine": "no module!"})
    reason = records(bare_host(tmp_path))["mine"].reason
    assert reason == (
        "its import failed: ImportError: the entry point's value 'no module!' is not 'module' or 'module:object'"
    )


def test_an_entry_point_may_name_an_object_of_a_module(site: Path, tmp_path: Path) -> None:
    source = "from promptdock import hookimpl\nclass P:\n    @hookimpl\n    def turn_started(self): ...\nplugin = P()\n"
    write_distribution(site, "d", plugins={"mine": "loader_object:plugin"}, modules={"loader_object": source})
    assert records(bare_host(tmp_path))["mine"].state is PluginState.LOADED


def test_keyboard_interrupt_on_import_ends_the_start(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "d", plugins={"mine": "loader_int"}, modules={"loader_int": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        bare_host(tmp_path)


def test_a_denied_plugin_is_not_imported(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "Some_Dist", plugins={"mine": "loader_denied"}, modules={"loader_denied": "1 / 0"})
    record = records(bare_host(tmp_path, plugins_deny=("mine@some-dist",)))["mine"]
    assert (record.state, record.reason) == (PluginState.DENIED, "denied by 'mine@some-dist' in plugins_deny")
    assert record.hooks == ()
    assert "loader_denied" not in sys.modules


def test_with_an_allow_list_nothing_else_is_imported(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "d", plugins={"mine": "loader_unlisted"}, modules={"loader_unlisted": "1 / 0"})
    found = records(bare_host(tmp_path, {"given": good()}, plugins_allow=("given",)))
    assert {name: record.state.value for name, record in found.items()} == {"mine": "denied", "given": "loaded"}
    assert found["mine"].reason == "not in plugins_allow"


def test_built_ins_obey_the_lists_like_anybody(tmp_path: Path) -> None:
    host = load_plugins(load_settings(home=tmp_path, plugins_deny=("guard", "promptdock")), {})
    assert {record.state for record in host.catalog.plugins} == {PluginState.DENIED}
    only = load_plugins(load_settings(home=tmp_path, plugins_allow=("guard",)), {})
    loaded = [record.name for record in only.catalog.plugins if record.state is PluginState.LOADED]
    assert loaded == ["guard"]


def test_every_hook_has_a_user_among_the_built_ins(tmp_path: Path) -> None:
    catalog = load_plugins(load_settings(home=tmp_path, plugins_allow=("promptdock",)), {}).catalog
    used = {hook for record in catalog.plugins if record.state is PluginState.LOADED for hook in record.hooks}
    assert used == set(read_hooks().hooks) - set(hookspecs.DEPRECATED)


def test_all_claimants_of_an_id_are_quarantined_unimported(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "one", version="1.0", plugins={"same": "loader_one"}, modules={"loader_one": GOOD})
    write_distribution(site, "two", version="2.0", plugins={"same": "loader_two"}, modules={"loader_two": GOOD})
    host = bare_host(tmp_path)
    claims = [record for record in host.catalog.plugins if record.name == "same"]
    assert [record.state for record in claims] == [PluginState.QUARANTINED] * 2
    for record in claims:
        assert record.reason == "several distributions claim the plugin id 'same': one 1.0 and two 2.0"
        assert "ninstall" in str(record.remedy)
        assert "PROMPTDOCK_PLUGINS_DENY=same@two" in str(record.remedy)
    assert {"loader_one", "loader_two"}.isdisjoint(sys.modules)


def test_the_remedy_for_two_claimants_works(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "one", plugins={"same": "loader_first"}, modules={"loader_first": GOOD})
    write_distribution(site, "two", plugins={"same": "loader_second"}, modules={"loader_second": GOOD})
    host = bare_host(tmp_path, plugins_deny=("same@two",))
    claims = {record.distribution: record.state.value for record in host.catalog.plugins if record.name == "same"}
    assert claims == {"one": "loaded", "two": "denied"}


def test_a_file_and_an_installed_plugin_of_one_name_clash_too(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "one", plugins={"same": "loader_beside"}, modules={"loader_beside": GOOD})
    path = tmp_path / "plugins" / "same.py"
    path.parent.mkdir()
    path.write_text(dedent(GOOD))
    reason = str(records(bare_host(tmp_path))["same"].reason)
    assert reason == f"several distributions claim the plugin id 'same': one 1.0 and file:{path}"
    remedy = str(records(bare_host(tmp_path))["same"].remedy)
    assert remedy == f"Delete or rename {path}, or deny it: PROMPTDOCK_PLUGINS_DENY=same@file"
    for entry in ("same@file", f"same@file:{path}"):
        states = {
            record.distribution: record.state.value
            for record in bare_host(tmp_path, plugins_deny=(entry,)).catalog.plugins
            if record.name == "same"
        }
        assert states == {"one": "loaded", f"file:{path}": "denied"}


def test_the_remedy_for_three_claimants_leaves_one(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "one", plugins={"same": "loader_a"}, modules={"loader_a": GOOD})
    write_distribution(site, "two", plugins={"same": "loader_b"}, modules={"loader_b": GOOD})
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "same.py").write_text(dedent(GOOD))
    remedy = str(records(bare_host(tmp_path))["same"].remedy)
    denied = remedy.partition("PROMPTDOCK_PLUGINS_DENY=")[2].split(",")
    assert denied == ["same@two", "same@file"]
    claims = [
        record for record in bare_host(tmp_path, plugins_deny=tuple(denied)).catalog.plugins if record.name == "same"
    ]
    assert [record.state.value for record in claims] == ["loaded", "denied", "denied"]


def test_two_claims_of_one_distribution_cannot_be_told_apart_by_denying(tmp_path: Path, site: Path) -> None:
    write_distribution(site, "one", plugins={"same": "loader_c"}, modules={"loader_c": GOOD})
    points = next(site.glob("one-*/entry_points.txt"))
    points.write_text(points.read_text() + "same = loader_d\n")
    remedy = str(records(bare_host(tmp_path))["same"].remedy)
    assert remedy.startswith("Correct or uninstall one: it brings two plugins of one id. To do without it: ")


def test_what_is_wrong_in_a_one_file_plugin_is_named_by_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "bad.py").write_text(
        "from promptdock import hookimpl, tool\n@tool\ndef greet() -> str:\n    return 'hi'\n"
        "@hookimpl\ndef register_tools():\n    return [greet]\n"
    )
    (folder / "lost.py").write_text("import nowhere_to_be_found\n")
    found = records(bare_host(tmp_path))
    assert found["bad"].reason == "register_tools: The tool greet in bad.py has no description"
    assert found["lost"].remedy == (
        "Install nowhere_to_be_found into promptdock's environment, or correct the file "
        f"{folder / 'lost.py'}; 'promptdock plugins list --debug' shows the traceback. "
        "To do without it: PROMPTDOCK_PLUGINS_DENY=lost"
    )


@pytest.mark.parametrize("name", ["Mine", "my-plugin", "1st", "_mine", "my.plugin", "ä", "a" * 65])
def test_an_id_must_be_valid(tmp_path: Path, name: str) -> None:
    record = records(bare_host(tmp_path, {name: good()}))[name]
    assert record.reason == f"the id {name!r} is not valid"
    assert "rename" in str(record.remedy)


def test_one_object_under_two_ids_is_no_plugin(tmp_path: Path) -> None:
    shared = good()
    found = records(bare_host(tmp_path, {"a": shared, "b": shared, "c": good()}))
    assert found["a"].reason == found["b"].reason == "the same object is registered as 'a' and 'b'"
    assert found["c"].state is PluginState.LOADED


def test_a_one_file_plugin_is_loaded_from_the_plugins_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "greeter.py").write_text(dedent(GOOD))
    (folder / "broken.py").write_text("import sys\nsys.exit()")
    found = records(bare_host(tmp_path, plugins_dir=folder))
    assert found["greeter"].state is PluginState.LOADED
    assert found["greeter"].distribution == f"file:{folder / 'greeter.py'}"
    assert found["broken"].reason == "it called sys.exit(None) on import"


def test_what_a_plugin_prints_on_import_is_printed(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_source(site, tmp_path, f"print('hello')\n{dedent(GOOD)}", module="loader_prints")
    assert capsys.readouterr().out == "hello\n"


def test_the_manager_holds_the_loaded_plugins_and_no_others(tmp_path: Path) -> None:
    def failing() -> None:
        raise ValueError

    bad = SimpleNamespace(register_tools=hookimpl(failing), turn_started=hookimpl(lambda: None))
    loaded = load_plugins(load_settings(home=tmp_path, plugins_deny=("promptdock",)), {"good": good(), "bad": bad})
    assert [name for name, _ in loaded.manager.list_name_plugin()] == ["good"]
    assert [call.plugin for call in loaded.calls["turn_started"]] == ["good"]
    assert "register_tools" not in loaded.calls


def test_two_hosts_share_nothing(tmp_path: Path) -> None:
    first = bare_host(tmp_path, {"a": good()})
    second = bare_host(tmp_path, {"b": good()})
    assert (list(records(first)), list(records(second))) == (["a"], ["b"])


def test_implementations_are_called_in_load_order_tryfirst_before_and_trylast_after(tmp_path: Path) -> None:
    def plugin(*, tryfirst: bool = False, trylast: bool = False) -> object:
        return SimpleNamespace(turn_started=hookimpl(tryfirst=tryfirst, trylast=trylast)(lambda: None))

    extra = {
        "a_last": plugin(trylast=True),
        "b": plugin(),
        "c_first": plugin(tryfirst=True),
        "d": plugin(),
        "e_first": plugin(tryfirst=True),
        "f_last": plugin(trylast=True),
    }
    loaded = load_plugins(load_settings(home=tmp_path, plugins_deny=("promptdock",)), extra)
    order = [call.plugin for call in loaded.calls["turn_started"]]
    assert order == ["c_first", "e_first", "b", "d", "a_last", "f_last"]


def test_strict_refuses_to_start_and_names_every_quarantined_plugin(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "d", plugins={"mine": "loader_strict"}, modules={"loader_strict": "1 / 0"})
    with pytest.raises(PluginError) as caught:
        bare_host(tmp_path, {"hookless": ModuleType("hookless"), "good": good()}, strict=True)
    text = str(caught.value)
    assert "mine (d 1.0): its import failed: ZeroDivisionError: division by zero" in text
    assert "hookless (<code>): it implements no hook" in text
    assert "good" not in text
    assert "promptdock plugins list" in text
    assert isinstance(caught.value, PromptdockError)


def test_strict_minds_no_denied_plugin(site: Path, tmp_path: Path) -> None:
    write_distribution(site, "d", plugins={"mine": "loader_lenient"}, modules={"loader_lenient": "1 / 0"})
    assert not bare_host(tmp_path, plugins_deny=("mine",), strict=True).catalog.tools


def test_settings_that_speak_of_nothing_are_warnings(tmp_path: Path) -> None:
    host = bare_host(
        tmp_path,
        {"mine": good()},
        plugins_deny=("msitake",),
        plugins_dir=tmp_path / "nowhere",
        plugins={"mine": {"a": 1}, "gone": {"b": 2}},
        tool_aliases={"mine.tool": "other"},
    )
    assert host.warnings == (
        "plugins_deny: 'msitake' matches no plugin that is installed.",
        f"plugins_dir: {tmp_path / 'nowhere'} is not a folder.",
        "plugins.gone: no plugin with this id is installed.",
        "plugins.mine: this plugin has no settings.",
        "tool_aliases: no tool has the id 'mine.tool'.",
    )
    assert not bare_host(tmp_path, {"mine": good()}).warnings
