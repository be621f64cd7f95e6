"""What pydantic found wrong, as an error of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.errors import FieldError, Invalid, escape_pointer
from chalicelib.messages import allowed

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def invalid(error: ValidationError, root: str) -> Invalid:
    """The errors of pydantic as pointers (RFC 6901) below `root`, with codes and without the refused values."""
    errors = error.errors(include_url=False, include_input=False)
    # An item that is wrong is not counted: the list would be said to be too short as well.
    around = {each["loc"][:steps] for each in errors for steps in range(len(each["loc"]))}
    told = (each for each in errors if each["type"] != "too_short" or each["loc"] not in around)
    return Invalid("requisicao_invalida", tuple(_field_error(each, root) for each in told))


def _field_error(error: ErrorDetails, root: str) -> FieldError:
    pointer = root + "".join(f"/{escape_pointer(step)}" for step in error["loc"])
    return FieldError(pointer, error["type"], allowed(error["msg"], error.get("ctx", {})))
