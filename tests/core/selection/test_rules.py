"""The rules that come with promptdock."""

from __future__ import annotations

import pytest

from promptdock import Always, ConfigurationError, SearchTerms, SelectionRequest, SelectionRule


def request(*user_texts: str) -> SelectionRequest:
    """A prompt whose user said these texts, the newest last."""
    return SelectionRequest(
        text=user_texts[-1],
        user_texts=user_texts,
        messages=tuple({"role": "user", "content": text} for text in user_texts),
        provider="offline",
        model="offline",
        caller="anonymous",
    )


def test_t15_a_term_in_the_text_selects() -> None:
    """The verdict names the term that hit."""
    verdict = SearchTerms("Gobstopper", "candy").decide(request("what is an everlasting gobstopper?"))
    assert verdict.selected
    assert verdict.terms == ("Gobstopper",)
    assert verdict.reason == "the input refers to 'Gobstopper'"


def test_t16_no_term_does_not_select() -> None:
    """The verdict says where it looked."""
    verdict = SearchTerms("Gobstopper").decide(request("what is 2+2"))
    assert not verdict.selected
    assert verdict.reason == "none of its terms stands in the input"


def test_a_rule_that_makes_itself_another_way_says_where_it_looked_too() -> None:
    """Its ``otherwise`` is that of any rule, which is none."""

    class Bare(SearchTerms):
        def __init__(self) -> None:
            SelectionRule.__init__(self)
            self.scope = "thread"
            self.terms = ()

    assert Bare().decide(request("what is 2+2")).reason == "none of its terms stands in the thread"


def test_t17_always_selects() -> None:
    """Whatever the text says."""
    assert Always().decide(request("")).selected


def test_t18_an_earlier_text_counts_in_scope_thread_only() -> None:
    """So a tool once called for stays for the session, if its author wants that."""
    thread = request("tell me about gobstoppers: gobstopper", "and what do they cost?")
    assert SearchTerms("gobstopper", scope="thread").decide(thread).selected
    assert not SearchTerms("gobstopper", scope="input").decide(thread).selected


def test_rules_carry_examples_of_prompts() -> None:
    """For whoever checks them; they decide nothing."""
    rule = SearchTerms("dice", selects=["Roll the dice."], ignores=["Roll me a cigarette."])
    assert (rule.selects, rule.ignores) == (("Roll the dice.",), ("Roll me a cigarette.",))
    assert not rule.decide(request("Roll it")).selected
    assert (Always().selects, Always().ignores) == ((), ())


@pytest.mark.parametrize("terms", [(), ("",), ("fine", "?!")])
def test_t20_terms_without_words_are_refused(terms: tuple[str, ...]) -> None:
    """At once, when the rule is made."""
    with pytest.raises(ConfigurationError):
        SearchTerms(*terms)


def test_an_unknown_scope_is_refused() -> None:
    """A typing mistake must not turn into a rule that never selects."""
    with pytest.raises(ConfigurationError, match="'input' or 'thread'"):
        SearchTerms("dice", scope="threads")  # type: ignore[arg-type]


def test_a_text_is_read_once_for_all_rules() -> None:
    """However many terms are looked up in it: a long prompt must not cost a pass for each."""
    prompt = request("what is an everlasting gobstopper?", "and dice?")
    assert prompt.input_words is prompt.input_words
    assert prompt.thread_words is prompt.thread_words
    rules = [SearchTerms("dice", "cards"), SearchTerms("gobstopper", scope="thread")]
    assert [rule.decide(prompt).selected for rule in rules] == [True, True]
