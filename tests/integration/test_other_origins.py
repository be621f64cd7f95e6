"""Pages of other origins: which ones may call the API and upload, asked by HTTP and by a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from chalicelib.api.every_answer import PREFLIGHT
from chalicelib.config import MAX_BODY, Settings
from chalicelib.identity import ADMIN, OPERATOR
from local.aws import Aws, provision
from tests.builders import TENANT
from tests.integration.conftest import JSON, ContractClient
from tests.integration.test_local_api import Client

CHROMIUM = shutil.which("chromium")
ALLOW, VARY = "Access-Control-Allow-Origin", "Vary"
STRANGER = "https://elsewhere.example"
# It calls the API, uploads a file by the form that the API gives, and sends what came of it to its own server.
PAGE = """<!doctype html><script type="module">
const {api, token} = await (await fetch("/palavras")).json();
const said = {};
async function note(name, work) {
  try { said[name] = await work(); } catch (error) { said[name] = error.name; }
}
const authorization = {Authorization: "Bearer " + token};
await note("read", async () => {
  const answer = await fetch(api + "/leads?limit=1", {headers: authorization});
  return [answer.status, (await answer.json()).total, answer.headers.has("X-Request-Id")];
});
await note("refused", async () => {
  const answer = await fetch(api + "/leads", {headers: {Authorization: "Bearer nada"}});
  return [answer.status, (await answer.json()).code];
});
await note("upload", async () => {
  const headers = {...authorization, "Content-Type": "application/json", "Idempotency-Key": "k"};
  const file = new Blob(["Nome;Email\\nMaria;maria@example.com\\n"]);
  const body = JSON.stringify({arquivo: "leads.csv", tamanho: file.size});
  const job = await (await fetch(api + "/ingest/leads/xlsx", {method: "POST", headers, body})).json();
  const form = new FormData();
  for (const [name, value] of Object.entries(job.upload.fields)) form.append(name, value);
  form.append("file", file);
  return [(await fetch(job.upload.url, {method: "POST", body: form})).status, job.upload.fields.key];
});
await fetch("/dito", {method: "POST", body: JSON.stringify(said)});
</script>"""


class Pages:
    """Serves the page, and remembers what it says."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.said: Queue[dict[str, Any]] = Queue()
        self.port = 0

    def origin(self, host: str = "localhost") -> str:
        return f"http://{host}:{self.port}"


@pytest.fixture
def pages() -> Iterator[Pages]:
    pages = Pages()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(pages.words) if self.path == "/palavras" else PAGE
            self._answer(body.encode(), JSON if self.path == "/palavras" else "text/html")

        def do_POST(self) -> None:
            pages.said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"", "text/plain")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pages.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield pages
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def origins(pages: Pages) -> str:
    """What the deployment allows: the page by one name of its host, and another origin."""
    return f"https://app.example.com,{pages.origin()}"


@pytest.fixture
def environ(environ: dict[str, str], origins: str) -> dict[str, str]:
    return {**environ, "ALLOWED_ORIGINS": origins}


def test_every_path_answers_a_preflight_of_an_allowed_origin_without_a_token(api: ContractClient, pages: Pages) -> None:
    assert len(api.app.routes) > 50
    for path, methods in api.app.routes.items():
        concrete = re.sub(r"{\w+}", "x", path)
        status, _, headers = Client.ask(
            api, PREFLIGHT, concrete, Origin=pages.origin(), Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="authorization,content-type,idempotency-key",
        )  # fmt: skip
        assert (status, headers[ALLOW], headers[VARY]) == (204, pages.origin(), "Origin"), path
        assert set(headers["Access-Control-Allow-Methods"].split(", ")) == {*methods, PREFLIGHT}, path
        allowed = headers["Access-Control-Allow-Headers"].lower()
        assert all(each in allowed for each in ("authorization", "content-type", "idempotency-key", "if-match"))
        assert headers["Access-Control-Allow-Credentials"] is None


@pytest.mark.parametrize(
    "origin", [STRANGER, "http://app.example.com", "https://app.example.com.evil.example", "null", ""]
)
def test_page_of_another_origin_reads_nothing(api: ContractClient, origin: str) -> None:
    for method in (PREFLIGHT, "GET"):
        _, _, headers = Client.ask(api, method, "/leads", token=api.token(TENANT), Origin=origin)
        assert (headers[ALLOW], headers[VARY]) == (None, "Origin"), method


def test_answers_and_refusals_name_the_origin_that_asked(api: ContractClient, pages: Pages) -> None:
    token = api.token(TENANT)
    for method, path, body, expected in (
        ("GET", "/leads", None, 200),
        ("GET", "/leads?limit=0", None, 422),
        ("GET", "/auditoria", None, 403),
        ("POST", "/segmentos", b"x", 422),
    ):
        status, _, headers = api.ask(
            method, path, token=token, body=body, Content_Type=JSON, Origin="https://app.example.com"
        )
        assert (status, headers[ALLOW], headers[VARY]) == (expected, "https://app.example.com", "Origin")
        assert "X-Request-Id" in headers["Access-Control-Expose-Headers"]


def test_every_page_reads_what_the_gateway_answers_itself(api: ContractClient) -> None:
    for method, path, body, expected in (
        ("GET", "/leads", None, 401),
        ("GET", "/nada", None, 404),
        ("TRACE", "/leads", None, 405),
        ("POST", "/segmentos", b" " * (MAX_BODY + 1), 413),
    ):
        status, _, headers = api.ask(method, path, body=body, Content_Type=JSON, Origin=STRANGER)
        assert (status, headers[ALLOW]) == (expected, "*")
        assert "WWW-Authenticate" in headers["Access-Control-Expose-Headers"]


def test_bucket_is_shared_with_the_same_origins(aws: Aws, user_pool: str, app_settings: Settings) -> None:
    provision(aws, app_settings, {})
    [rule] = aws.client("s3").get_bucket_cors(Bucket=app_settings.bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == list(app_settings.allowed_origins)
    assert rule["AllowedMethods"] == ["GET", "POST"]


class TestAnyOrigin:
    """A deployment that allows all of them."""

    @pytest.fixture
    def origins(self) -> str:
        return "*"

    def test_every_page_reads_every_answer(self, api: ContractClient) -> None:
        for method in (PREFLIGHT, "GET"):
            _, _, headers = Client.ask(api, method, "/leads", token=api.token(TENANT), Origin=STRANGER)
            assert (headers[ALLOW], headers[VARY]) == ("*", None)


class TestNoOrigin:
    """A deployment that allows none, as without the setting."""

    @pytest.fixture
    def origins(self) -> str:
        return ""

    def test_no_page_reads_an_answer(self, api: ContractClient, aws: Aws, app_settings: Settings) -> None:
        for method, expected in ((PREFLIGHT, 204), ("GET", 200)):
            status, _, headers = Client.ask(api, method, "/leads", token=api.token(TENANT), Origin=STRANGER)
            assert (status, headers[ALLOW], headers[VARY]) == (expected, None, None)
        provision(aws, app_settings, {})
        with pytest.raises(aws.client("s3").exceptions.ClientError, match="NoSuchCORSConfiguration"):
            aws.client("s3").get_bucket_cors(Bucket=app_settings.bucket)


def visit(pages: Pages, api: ContractClient, folder: Path, host: str) -> dict[str, Any]:
    """What the page says in a browser that opens it under this name of its host."""
    pages.words = {"api": f"http://{api.host}:{api.port}", "token": api.token(TENANT, OPERATOR)}
    assert CHROMIUM is not None
    browser = subprocess.Popen(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--remote-debugging-port=0", f"--user-data-dir={folder}", pages.origin(host)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return pages.said.get(timeout=120)
    finally:
        browser.terminate()
        browser.wait()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_browser_lets_the_allowed_page_call_and_upload_and_another_one_nothing(
    pages: Pages, api: ContractClient, aws: Aws, app_settings: Settings, tmp_path: Path
) -> None:
    provision(aws, app_settings, {})
    said = visit(pages, api, tmp_path / "allowed", "localhost")
    assert said["read"] == [200, 0, True]
    assert said["refused"] == [401, "nao_autenticado"]
    status, key = said["upload"]
    assert status == 204
    stored = aws.client("s3").get_object(Bucket=app_settings.bucket, Key=key)
    assert stored["Body"].read().startswith(b"Nome;Email")
    said = visit(pages, api, tmp_path / "other", "127.0.0.1")
    assert said == dict.fromkeys(("read", "refused", "upload"), "TypeError")
    assert len(api.ask("GET", "/ingest/leads/jobs", token=api.token(TENANT, ADMIN))[1]["itens"]) == 1
