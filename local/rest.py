"""A client of the REST API, for the command line and the demo."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx2


class ApiError(Exception):
    """The API refused; the text is what its problem document says to a person."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        complaints = [f"{each['pointer']}: {each['detail']}" for each in document.get("errors", ())]
        super().__init__(" ".join([f"{status} {document.get('detail', '')}".strip(), *complaints]))
        self.status = status
        self.code = document.get("code")


class Rest:
    """The API at a URL, as one user."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """The JSON of an answer.

        Raises:
            ApiError: it is a problem document.
        """
        answer = self._http.request(method, path, **request)
        document = answer.json() if answer.content else None
        if answer.is_error:
            raise ApiError(answer.status_code, document or {})
        return document
