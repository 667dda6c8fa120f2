"""Pydantic's findings told as faults: with the file's key, its line and the way to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from syncer.settings.faults import Fault, Places, did_you_mean, dotted, one_of, place_of
from syncer.settings.positions import KeyPath

_SAYS: Final = {
    "bool_parsing": "must be true or false.",
    "bool_type": "must be true or false.",
    "date_from_datetime_inexact": "must be a date without a time, such as 2027-03-19.",
    "date_from_datetime_parsing": "must be a date, such as 2027-03-19.",
    "date_parsing": "must be a date, such as 2027-03-19.",
    "date_type": "must be a date, such as 2027-03-19.",
    "dict_type": "must be a table.",
    "float_parsing": "must be a number.",
    "float_type": "must be a number.",
    "int_from_float": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "int_type": "must be a whole number.",
    "missing": "is missing.",
    "model_type": "must be a table.",
    "model_attributes_type": "must be a table.",
    "string_type": "must be a text in quotes.",
    "string_too_short": "must not be empty.",
    "too_short": "must not be empty.",
    "tuple_type": "must be a list in square brackets.",
    "union_tag_not_found": 'has no "kind".',
}


def faults_of(
    error: ValidationError,
    *,
    data: Mapping[str, Any],
    model: type[BaseModel],
    places: Places,
    base: KeyPath = (),
) -> list[Fault]:
    """A fault for each finding of pydantic in `data`, which stands at `base` in the files."""
    return [
        _fault(details, data=data, model=model, places=places, base=base)
        for details in error.errors(include_url=False)
    ]


def _fault(
    details: ErrorDetails,
    *,
    data: Mapping[str, Any],
    model: type[BaseModel],
    places: Places,
    base: KeyPath,
) -> Fault:
    path = _in_data(details["loc"], data)
    if details["type"] == "missing":
        path = (*path, str(details["loc"][-1]))
    message, fix = _words(details, path, model)
    place = place_of((*base, *path), places)
    return Fault(message=message, place=place, key=dotted((*base, *path)), fix=fix)


def _in_data(loc: Sequence[str | int], data: Any) -> KeyPath:  # noqa: ANN401  any TOML value
    """The part of pydantic's location that is a way through the data: without union members."""
    path: KeyPath = ()
    for part in loc:
        if isinstance(data, Mapping) and part in data:
            data, path = data[str(part)], (*path, part)
        elif isinstance(data, Sequence) and isinstance(part, int) and part < len(data):
            data, path = data[part], (*path, part)
    return path


def _words(details: ErrorDetails, path: KeyPath, model: type[BaseModel]) -> tuple[str, str]:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        known = known_keys(model, path[:-1])
        return "unknown key.", did_you_mean(str(path[-1]), known) or f"Known are {one_of(known)}."
    if kind == "value_error":
        return _sentence(str(context["error"])), ""
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        return _not_one_of(details)
    return _SAYS.get(kind, _sentence(details["msg"])), ""


def _not_one_of(details: ErrorDetails) -> tuple[str, str]:
    context = details.get("ctx", {})
    expected = str(context.get("expected") or context.get("expected_tags", ""))
    given = context.get("tag", details["input"])
    words = [word.strip(" '\"") for word in expected.replace(" or ", ", ").split(",")]
    known = [word for word in words if word]
    near = did_you_mean(str(given), known)
    return f"must be one of {', '.join(known)}, not {str(given)[:60]!r}.", near


def _sentence(text: str) -> str:
    plain = text.removeprefix("Value error, ").strip()
    return plain if plain.endswith((".", "?", "!")) else f"{plain}."


def known_keys(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """The keys that a table at this path may have."""
    models = [model]
    for part in path:
        if isinstance(part, str):
            models = [inner for one in models for inner in _inner_models(one, part)]
    return [name for one in models for name in _names(one)]


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield info.alias or name


def _inner_models(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    for name, info in model.model_fields.items():
        if key == (info.alias or name):
            yield from _models_in(info.annotation)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if (
        isinstance(annotation, type)
        and issubclass(annotation, BaseModel)
        and not get_origin(annotation)
    ):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
