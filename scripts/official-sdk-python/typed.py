"""Calls an official client with plain keyword arguments, through its typed models, and holds the answer to their types.

Invariant: every field of an answer has the type that the SDK's model declares for it, all the way down; a number that arrived
as a string, or an object in place of a list, ends the life that asked.
"""

import functools
import typing

from darabonba.model import DaraModel


class Mismatch(Exception):
    """Something is not as it must be."""


class Typed:
    """An official client whose methods take a request's fields and return the answer's body, checked."""

    def __init__(self, client, region):
        self.client = client
        self.region = region

    def __getattr__(self, name):
        method = getattr(self.client, name)
        request = typing.get_type_hints(method).get("request")

        def call(**fields):
            if request is None:
                answer = method()
            else:
                if "region_id" in declared(request):
                    fields.setdefault("region_id", self.region)
                answer = method(filled(request, fields))
            if answer.status_code != 200:
                raise Mismatch(f"{name}: HTTP {answer.status_code}")
            check(name, type(answer.body), answer.body)
            if "request_id" in declared(type(answer.body)) and not answer.body.request_id:
                raise Mismatch(f"{name}: no RequestId")
            return answer.body

        return call


@functools.cache
def declared(model):
    """The fields of a model and their types, as its constructor declares them."""
    hints = typing.get_type_hints(model.__init__)
    hints.pop("return", None)
    return hints


def filled(kind, value):
    """The value with every dictionary in it made into the model that is declared there."""
    if typing.get_origin(kind) is list:
        return [filled(typing.get_args(kind)[0], item) for item in value]
    if isinstance(kind, type) and issubclass(kind, DaraModel) and isinstance(value, dict):
        hints = declared(kind)
        unknown = value.keys() - hints.keys()
        if unknown:
            raise Mismatch(f"{kind.__name__} has no {unknown}: {sorted(hints)}")
        return kind(**{name: filled(hints[name], inner) for name, inner in value.items()})
    return value


def check(where, kind, value):
    """Refuses a value that is not of the declared type. What is absent passes: few fields are always sent."""
    if value is None or kind is typing.Any:
        return
    origin = typing.get_origin(kind)
    if origin is list:
        require(where, isinstance(value, list), kind, value)
        for index, item in enumerate(value):
            check(f"{where}[{index}]", typing.get_args(kind)[0], item)
    elif origin is dict:
        require(where, isinstance(value, dict), kind, value)
        for key, item in value.items():
            check(f"{where}[{key!r}]", typing.get_args(kind)[1], item)
    elif issubclass(kind, DaraModel):
        require(where, isinstance(value, kind), kind, value)
        for name, inner in declared(kind).items():
            check(f"{where}.{name}", inner, getattr(value, name, None))
    elif kind is float:
        # JSON does not tell 1 from 1.0.
        require(where, type(value) in (int, float), kind, value)
    else:
        require(where, type(value) is kind, kind, value)


def require(where, holds, kind, value):
    if not holds:
        raise Mismatch(f"{where}: the model declares {kind}, there came {value!r}")
