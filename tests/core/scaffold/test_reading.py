"""What is seen of a one-file plugin without running it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from promptdock.scaffold.reading import FoundTool, PluginSource, read_plugin
from promptdock.scaffold.refusal import ScaffoldRefused

BOMB = "raise SystemExit('it was run')\n"


def read(folder: Path, source: str) -> PluginSource:
    (folder / "plugin.py").write_text(dedent(source))
    return read_plugin(folder / "plugin.py")


def test_hooks_tools_and_imports(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '''
        """Greets people.

        Warmly.
        """
        import os.path, yaml
        from promptdock import SearchTerms, hookimpl as mark, tool as t
        from a.b import c

        @t(name="greet-somebody", examples=[{"name": "Ada"}, {"name": "Bob"}])
        def greet(name: str) -> str: ...

        @t
        def leave() -> str: ...

        @mark
        def register_tools(): return [greet, leave]

        @mark(specname="turn_started", nonblocking=True)
        def began(event): import lazy

        raise SystemExit("it was run")
        ''',
    )
    assert found.summary == "Greets people."
    assert found.hooks == ("register_tools", "turn_started")
    assert found.tools == (FoundTool("greet-somebody", {"name": "Ada"}), FoundTool("leave"))
    assert set(found.imports) == {"os", "yaml", "promptdock", "a", "lazy"}


@pytest.mark.parametrize(
    "source",
    [
        "import promptdock\n@promptdock.hookimpl\ndef register_tools(): ...\n",
        "import promptdock as p\n@p.hookimpl()\nasync def register_tools(): ...\n",
        "from promptdock import hookimpl\nif True:\n    @hookimpl\n    def register_tools(): ...\n",
        "try:\n    from promptdock import hookimpl\nfinally:\n    pass\n@hookimpl\ndef register_tools(): ...\n",
        "from promptdock import hookimpl\nregister_tools = hookimpl(lambda: [])\n",
        "from promptdock import hookimpl\nregister_tools = hookimpl(tryfirst=True)(lambda: [])\n",
        "from promptdock.hookmarkers import hookimpl\n@hookimpl\ndef register_tools(): ...\n",
    ],
)
def test_ways_to_write_a_hook(tmp_path: Path, source: str) -> None:
    assert read(tmp_path, source + BOMB).hooks == ("register_tools",)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def register_tools(): ...\n",
        "from pluggy import hookimpl\n@hookimpl\ndef register_tools(): ...\n",
        "from promptdock import hookimpl\ndef outer():\n    @hookimpl\n    def register_tools(): ...\n",
        "'''@hookimpl'''\n",
    ],
)
def test_what_is_no_plugin(tmp_path: Path, source: str) -> None:
    with pytest.raises(ScaffoldRefused, match=r"plugin\.py is no plugin: no function in it is marked with @hookimpl"):
        read(tmp_path, source + BOMB)


def test_imports_for_type_checkers_are_not_needed(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """
        import typing
        from promptdock import hookimpl
        if typing.TYPE_CHECKING:
            import only_types
        else:
            import run
        @hookimpl
        def register_tools(): ...
        """,
    )
    assert set(found.imports) == {"typing", "promptdock", "run"}


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldRefused, match=r"plugin\.py, line 2: .*never closed"):
        read(tmp_path, "x = 1\ny = (\n")


@pytest.mark.parametrize("content", [b"\x00", b"# coding: martian\n", b"\xff = 1\n"])
def test_what_is_no_python(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "plugin.py").write_bytes(content)
    with pytest.raises(ScaffoldRefused, match=r"plugin\.py.*: .+\. Correct that first"):
        read_plugin(tmp_path / "plugin.py")


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldRefused, match="is a folder"):
        read_plugin(tmp_path)
    with pytest.raises(ScaffoldRefused, match="does not exist"):
        read_plugin(tmp_path / "nothing.py")
