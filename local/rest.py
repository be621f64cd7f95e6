"""A client of the REST API, for the command line and the demo."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx2


class ApiError(Exception):
    """The API answered with a problem document; the text is what that says to a person."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        details = [f"{each['pointer']}: {each['detail']}" for each in document.get("errors", ())]
        super().__init__(" ".join([f"{status} {document.get('detail', '')}".strip(), *details]))
        self.status = status
        self.code = document.get("code")


class Rest:
    """A client of the API at a URL, as one user."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send a request and return the JSON of its response.

        Raises:
            ApiError: the response is a problem document.
        """
        response = self._http.request(method, path, **request)
        document = response.json() if response.content else None
        if response.is_error:
            raise ApiError(response.status_code, document or {})
        return document
