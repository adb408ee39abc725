"""Silver: secrets in a plugin's settings turn up nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..errors import PromptdockError
from ..jsontext import JsonObject
from ..plugins.catalog import PluginState
from ..plugins.loader import load_plugins
from ..service import PromptService
from ..settings import ProviderSettings, Settings
from .calling import open_calls
from .canaries import Canary, planted, secret_fields, sightings
from .check import Check, Finding, Grade, NotApplicable
from .example_calls import example_calls
from .fuzzing import valid_arguments
from .generating import require_hypothesis
from .overhearing import Overheard, overhear
from .refusing import process_kept, refusing
from .required import completed
from .stage import MODEL, open_stage, prompts_of
from .subject import Subject

__all__ = ["CHECKS"]

_DRAWN = 10

_REMEDY = (
    "Declare the field as SecretStr, call get_secret_value() only where the secret is used, and put no settings, "
    "requests or exceptions of the upstream's client into texts."
)


async def _hidden(subject: Subject) -> Sequence[Finding]:
    fields = list(secret_fields(subject.settings_model)) if subject.settings_model is not None else []
    if not fields and not subject.providers:
        raise NotApplicable("it has no settings that look like a secret, and no provider")
    canaries = {path: Canary.of(".".join(path)) for path in fields}
    keys = {provider.provider.name: Canary.of(f"providers.{provider.provider.name}") for provider in subject.providers}
    settings = _with_keys(subject.settings, keys)
    names = {f"plugins.{subject.name}.{_named(path)}": canary for path, canary in canaries.items()}
    names |= {f"providers.{name}.api_key": canary for name, canary in keys.items()}
    await example_calls(subject)  # before any other call: what a tool then keeps, its examples do not read again
    # the keys are made up: nobody is asked with them
    with refusing(subject.scratch):
        heard = list(_refused_settings(subject, settings, canaries))
        filled = _filled(subject, settings, canaries)
        if filled is not None:
            heard += await _all_that_is_said(subject, filled)
    return list(_findings(names, heard))


def _named(path: Sequence[str]) -> str:
    """``servers[].key``, say."""
    return ".".join(path).replace(".[", "[").replace(".{", "{")


def _with_keys(settings: Settings, keys: Mapping[str, str]) -> Settings:
    providers = dict(settings.providers)
    for name, key in keys.items():
        known = providers.get(name, ProviderSettings())
        updated = known.model_dump(exclude={"api_key"}) | {"api_key": key, "max_retries": 0, "timeout": 5.0}
        providers[name] = ProviderSettings.model_validate(updated)
    return settings.model_copy(update={"providers": providers})


def _with_plugin(subject: Subject, settings: Settings, fields: Mapping[tuple[str, ...], object]) -> Settings:
    own = planted(settings.plugins.get(subject.name, {}), fields)
    if subject.settings_model is not None:
        own = completed(subject.settings_model, own, fields)
    return settings.model_copy(update={"plugins": {**settings.plugins, subject.name: own}})


def _filled(subject: Subject, settings: Settings, canaries: Mapping[tuple[str, ...], str]) -> Settings | None:
    """Settings with as many canaries as the plugin takes: a key may have to look in a certain way."""
    taken: dict[tuple[str, ...], str] = {}
    for path, canary in canaries.items():
        trial = _with_plugin(subject, settings, {**taken, path: canary})
        if _is_loaded(subject, trial):
            taken[path] = canary
    filled = _with_plugin(subject, settings, taken)
    return filled if _is_loaded(subject, filled) else None


def _is_loaded(subject: Subject, settings: Settings) -> bool:
    records = load_plugins(settings, subject.extra).catalog.plugins
    return any(record.name == subject.name and record.state is PluginState.LOADED for record in records)


def _refused_settings(
    subject: Subject, settings: Settings, canaries: Mapping[tuple[str, ...], str]
) -> Sequence[Overheard]:
    """What is said about settings that are not valid, and what they are."""
    heard: list[Overheard] = []
    for path, canary in canaries.items():
        unknown = ("promptdock_misspelt_key",)
        for wrong in ({path: canary}, {path: [canary]}, {path: {"value": canary}}, {path: canary, unknown: canary}):
            trial = _with_plugin(subject, settings, wrong)
            with overhear(heard):
                records = load_plugins(trial, subject.extra).catalog.plugins
            heard += [
                Overheard(where="the reason of its quarantine", text=f"{record.reason} {record.remedy}")
                for record in records
                if record.name == subject.name
            ]
    return heard


async def _all_that_is_said(subject: Subject, settings: Settings) -> Sequence[Overheard]:
    """All that is said in turns and calls, of each tool and each provider, when there is no network."""
    require_hypothesis()
    heard: list[Overheard] = []
    drawn = {tool.id: valid_arguments(tool, _DRAWN) for tool in subject.tools}
    with overhear(heard), process_kept():
        async with open_stage(subject, settings) as service:
            heard += _descriptions(subject, service)
            for prompt in prompts_of(subject):
                heard += await _turn(service, prompt, MODEL)
            for registered in subject.providers:
                heard += await _turn(service, "Hello", f"{registered.provider.name}/any")
            async with open_calls(service.host, timeout=settings.tool_timeout, quiet=False) as calls:
                for tool in service.catalog.tools.values():
                    wrong: Sequence[JsonObject] = ({}, {"promptdock_no_such_parameter": 1})
                    for arguments in (*tool.tool.examples, *drawn.get(tool.id, ()), *wrong):
                        content = (await calls.call(tool, arguments)).outcome.content
                        heard.append(Overheard(where=f"what {tool.id} answers", text=content))
            await service.host.drain(settings.hook_timeout)
    return heard


def _descriptions(subject: Subject, service: PromptService) -> Iterator[Overheard]:
    catalog = service.catalog
    for record in catalog.plugins:
        if record.name == subject.name:
            yield Overheard(where="the repr of its settings", text=f"{record.settings!r} {record!r}")
    for tool in catalog.tools.values():
        yield Overheard(where=f"the repr or definition of {tool.id}", text=f"{tool.tool!r} {tool.definition}")
    for rule in catalog.rules:
        text = f"{rule.rule!r} {rule.rule.description} {rule.rule.system} {rule.rule.settings!r}"
        yield Overheard(where="the repr or texts of a rule", text=text)
    for name, registered in catalog.providers.items():
        given = registered.provider
        text = f"{given!r} {given.base_url} {given.key_hint} {given.default_model} {given.known_models!r}"
        yield Overheard(where=f"the repr or listing of the provider {name}", text=text)


async def _turn(service: PromptService, prompt: str, model: str) -> Sequence[Overheard]:
    try:
        result = await service.prompt(prompt, model=model)
    except PromptdockError as error:
        return [Overheard(where="an error", text=f"{error} {error!r}")]
    events = [Overheard(where=f"the event {type(event).__name__}", text=repr(event)) for event in result.events]
    return [*events, Overheard(where="the reply", text=f"{result.as_json()} {result.completion}")]


def _findings(canaries: Mapping[str, str], heard: Sequence[Overheard]) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for one in heard:
        for name in sightings(canaries, one.text):
            if (name, one.where) not in told:
                told.add((name, one.where))
                yield Finding(subject=name, text=f"The secret {name} stands in {one.where}.", remedy=_REMEDY)


CHECKS: tuple[Check, ...] = (
    Check(
        id="secrets-hidden",
        grade=Grade.SILVER,
        title="Secrets do not appear in logs, errors, events or reprs",
        remedy=_REMEDY,
        run=_hidden,
    ),
)
