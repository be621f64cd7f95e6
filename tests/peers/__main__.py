"""Tests the profiles against the real MCP servers that they are for, our webhooks against npm's verifier, and our
contract against linters and generators of clients.

`python -m tests.peers [PROFILE…]`, with `standardwebhooks` for the webhooks, `contract` for the linters and `clients`
for the generators.

The exit status is 1 if a server does not behave as its profile says, or cannot be installed.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.clients import PYTHON_GENERATOR, TYPESCRIPT_GENERATOR, generated_clients
from tests.peers.contract import LINTERS, contract_linters
from tests.peers.environments import FOLDER, NotInstalled
from tests.peers.trials import PEERS as SERVERS
from tests.peers.trials import Peer, Result
from tests.peers.webhooks import LIBRARY, standard_webhooks

PEERS = (
    *SERVERS,
    Peer("standardwebhooks", f"{LIBRARY} (npm)", standard_webhooks),
    Peer("contract", f"{', '.join(LINTERS)} (npm)", contract_linters),
    Peer("clients", f"{', '.join((*PYTHON_GENERATOR, *TYPESCRIPT_GENERATOR))}", generated_clients),
)


def main(names: Sequence[str]) -> int:
    """Run the trials of these peers, or of all; returns the number of peers that failed."""
    wanted = [each for each in PEERS if not names or each.profile in names]
    if not wanted:
        print(f"no such peer; there are: {', '.join(each.profile for each in PEERS)}")
        return 1
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("       trial             request to the provider             answer (E: isError)")
    return sum(not _passes(each) for each in wanted)


def _passes(peer: Peer) -> bool:
    print(f"\n{peer.profile} · {peer.package}", flush=True)
    with TemporaryDirectory(dir=FOLDER) as folder:
        try:
            results = [_printed(each) for each in peer.run(Path(folder))]
        except NotInstalled as error:
            print(f"  cannot be installed from the package index: {error}")
            return False
        except Exception as error:  # noqa: BLE001 - the next peer is tried after any error
            print(f"  failed: {type(error).__name__}: {error}")
            _print_end_of(Path(folder) / "peer.log")
            return False
    return not any(each.wrong for each in results)


def _printed(result: Result) -> Result:
    mark = "NO" if result.wrong else "ok"
    print(
        f"  {mark:2}  {result.trial:16.16}  {result.request:34.34}  {result.answer:64.64}  {result.outcome}", flush=True
    )
    if result.wrong:
        print(f"      {result.wrong}")
    return result


def _print_end_of(log: Path) -> None:
    """Print the last lines that a peer logged."""
    if log.exists():
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]:
            print(f"      | {line}")


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
