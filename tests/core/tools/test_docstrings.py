"""Docstrings of three styles say the same."""

from __future__ import annotations

import pytest

from promptdock.tools.docstrings import DocstringText, read_docstring

GOOGLE = """Find a train.

    Knows all stations.

    Args:
        start: Where from;
            a station.
        end (str, optional): Where to.
        silent:

    Returns:
        list: Trains.

    Raises:
        ValueError: Never.
    """

NUMPY = """Find a train.

    Knows all stations.

    Parameters
    ----------
    start : str
        Where from;
        a station.
    end : str, optional
        Where to.

    Returns
    -------
    list
        Trains.
    """

SPHINX = """Find a train.

    Knows all stations.

    :param start: Where from;
        a station.
    :param str end: Where to.
    :returns: Trains.
    """


def _documented(text: str | None) -> DocstringText:
    def function() -> None: ...

    function.__doc__ = text
    return read_docstring(function)


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_the_three_styles(text: str) -> None:
    read = _documented(text)
    assert read.description == "Find a train.\n\nKnows all stations."
    assert dict(read.parameters) == {"start": "Where from;\na station.", "end": "Where to."}


@pytest.mark.parametrize("text", [None, "", "   \n  "])
def test_no_docstring(text: str | None) -> None:
    assert _documented(text) == DocstringText()


def test_only_parameters() -> None:
    assert _documented("\n    Args:\n        a: A number.\n    ") == DocstringText(parameters={"a": "A number."})


def test_numpy_parameters_that_share_a_text() -> None:
    assert dict(_documented("Add.\n\nParameters\n----------\na, b : int\n    A number.\n").parameters) == {
        "a": "A number.",
        "b": "A number.",
    }


@pytest.mark.parametrize("text", ["Just text.", "One: two\n\nNote: three.", ":weird", "Args:", "----", ":param"])
def test_text_of_no_style_never_fails(text: str) -> None:
    assert isinstance(_documented(text).description, str)
