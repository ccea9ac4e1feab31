"""Kinds of fields, each with its rule, its stable error codes, and its place in the OpenAPI document."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from chalicelib.addresses import NotAnAddress, normalise_address
from chalicelib.api.requests import Request
from chalicelib.errors import FieldProblem, InvalidFields
from chalicelib.pages import PageRefused
from chalicelib.text import ForbiddenCharacter, normalise

_PAGE_SENTENCES = {
    "not_a_page": "This is not the address of a page.",
    "foreign_host": "This page is not on a site that takes comments here.",
    "too_long": "This address is too long.",
}
# pydantic's own error types that callers meet, as our codes and sentences.
_CODES = {
    "missing": ("required", "This is required."),
    "extra_forbidden": ("unknown", "There is no such field."),
    "text_too_long": ("too_long", "This is too long."),
    "address_too_long": ("too_long", "This address is too long."),
    "string_too_long": ("too_long", "This is too long."),
    "string_too_short": ("too_short", "This is too short."),
    "string_type": ("wrong_type", "This must be text."),
    "string_unicode": ("forbidden_character", "This has a character that is not allowed."),
    "bool_type": ("wrong_type", "This must be true or false."),
    "int_type": ("wrong_type", "This must be a whole number."),
    "int_parsing": ("wrong_type", "This must be a whole number."),
    "list_type": ("wrong_type", "This must be a list."),
    "model_type": ("wrong_type", "This must be an object."),
    "literal_error": ("unknown_choice", "This is not one of the choices."),
    "too_long": ("too_long", "These are too many."),
    "too_short": ("too_short", "These are too few."),
    "greater_than_equal": ("too_small", "This is too small."),
    "less_than_equal": ("too_large", "This is too large."),
}
# An unknown key is repeated only where it looks like a name, not like something that a person typed.
_NAME_LIKE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")

# Format characters, and marks that combine with what is before them.
_UNSEEN = ("Cf", "Mn", "Me")
# Letters and signs that are drawn as nothing (Unicode: Default_Ignorable_Code_Point, and Braille's blank).
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"

M = TypeVar("M", bound=BaseModel)


class Body(BaseModel):
    """A JSON object that a caller sends: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True)
class Text:
    """`Annotated[str, Text(1, 80)]`: 1 to 80 code points after normalisation; not blank unless 0 will do."""

    shortest: int
    longest: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "minLength": self.shortest, "maxLength": self.longest}

    def _check(self, typed: str) -> str:
        try:
            text = normalise(typed)
        except ForbiddenCharacter:
            raise PydanticCustomError(
                "forbidden_character", "This has a character that is not allowed."
            ) from None
        if self.shortest and _is_blank(text):
            raise PydanticCustomError("required", "This is required.")
        if len(text) > self.longest:
            raise PydanticCustomError("text_too_long", "This is too long.")
        return text


def _is_blank(text: str) -> bool:
    """Nothing to see: spaces, characters of no width, and marks with nothing under them."""
    return all(
        character.isspace() or character in _FILLERS or unicodedata.category(character) in _UNSEEN
        for character in text
    )


def _check_email(typed: str) -> str:
    try:
        return normalise_address(typed)
    except NotAnAddress:
        raise PydanticCustomError("not_an_address", "This is not an email address.") from None


def _check_page(typed: str, info: ValidationInfo) -> str:
    try:
        page_id: str = (info.context or {})["sites"].page_id(typed)
    except PageRefused as refused:
        code = "address_too_long" if refused.code == "too_long" else refused.code
        raise PydanticCustomError(code, _PAGE_SENTENCES[refused.code]) from None
    return page_id


_EMAIL_SCHEMA = {"type": "string", "format": "email", "maxLength": 254}
Email = Annotated[str, AfterValidator(_check_email), WithJsonSchema(_EMAIL_SCHEMA)]
PageAddress = Annotated[str, AfterValidator(_check_page), Field(max_length=8192)]


def parse(model: type[M], given: dict[str, Any], context: dict[str, Any] | None = None) -> M:
    """Raises InvalidFields with every bad field at once."""
    try:
        return model.model_validate(given, context=context)
    except ValidationError as error:
        raise InvalidFields(
            [_problem(e) for e in error.errors(include_input=False, include_url=False)]
        ) from None


def parse_query(model: type[M], request: Request, context: dict[str, Any] | None = None) -> M:
    """The query string as `model`; of a repeated parameter the last counts. Raises InvalidFields."""
    given = {name: request.query(name) for name in model.model_fields}
    return parse(model, {name: value for name, value in given.items() if value is not None}, context)


def _problem(error: Any) -> FieldProblem:
    names = [str(part) for part in error["loc"]]
    if error["type"] == "extra_forbidden" and not _NAME_LIKE.fullmatch(names[-1]):
        names[-1] = "(unknown)"
    code, sentence = _CODES.get(error["type"], (error["type"], error["msg"]))
    return FieldProblem(".".join(names), code, sentence)
