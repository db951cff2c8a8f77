"""Discord's own OpenAPI description, as a judge of requests and of the fake's answers."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.servers.discord.world import Json

NAME = re.compile(r"\{\w+\}")  # of a part of a path


@cache
def spec(path: Path) -> "Spec":
    """Read once: it is a megabyte."""
    return Spec(path)


class Spec:
    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        resource = DRAFT202012.create_resource(document)
        self._paths = document["paths"]
        self._named = {NAME.sub("{}", path): path for path in self._paths}
        self._registry: Registry[Any] = Registry().with_resource("urn:discord", resource)
        self._validators: dict[str, Draft202012Validator] = {}

    def request(self, route: str, body: Json) -> list[str]:
        return self._errors(route, "requestBody", _as_described(body))

    def response(self, route: str, status: int, body: bytes) -> list[str]:
        if not body or status >= 400:
            return []
        return self._errors(route, f"responses/{status}", json.loads(body))

    def _errors(self, route: str, part: str, value: Any) -> list[str]:
        method, path = route.split(" ")
        path = self._named.get(NAME.sub("{}", path), path)
        operation = self._paths.get(path, {}).get(method.lower(), {})
        if not operation:
            return [f"{route} is not described"]
        if part.partition("/")[0] not in operation:
            return []
        inside = path.replace("/", "~1")
        place = f"#/paths/{inside}/{method.lower()}/{part}/content/application~1json/schema"
        if place not in self._validators:
            schema = {"$ref": f"urn:discord{place}"}
            self._validators[place] = Draft202012Validator(schema, registry=self._registry)
        found = self._validators[place].iter_errors(value)
        return [f"{route} {part} {each.json_path}: {each.message}" for each in found]


def _as_described(body: Json) -> Json:
    """discord.py sends these ids as numbers; the service takes both."""
    if "files" in body:
        body = {name: body[name] for name in body if name != "files"}
        body["attachments"] = [each | {"id": str(each["id"])} for each in body["attachments"]]
    if "recipient_id" in body:
        return body | {"recipient_id": str(body["recipient_id"])}
    if "message_reference" not in body:
        return body
    reference = body["message_reference"]
    ids = {key: str(reference[key]) for key in reference if key.endswith("_id")}
    return body | {"message_reference": reference | ids}
