"""The link of an invitation names one version of an agendamento, and nobody can make or change one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import NotFound, Unavailable
from chalicelib.scheduling.invitations.links import LeadLinks, LinkedMeeting
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.tokens import Signer

MEETING = UUID(int=7)
signer = Signer(lambda: ["chave"])
links = LeadLinks(public_url="https://api.example.com", signer=signer)


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True), st.uuids(), st.integers(0, 2**31 - 1))
def test_link_is_read_as_it_was_made(tenant_id: str, agendamento_id: UUID, versao: int) -> None:
    token = links.token(tenant_id, agendamento_id, versao)
    assert links.read(token) == LinkedMeeting(tenant_id, agendamento_id, versao)
    assert links.url(tenant_id, agendamento_id, versao) == f"https://api.example.com/convite/{token}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        links.token("tenant-1", MEETING, 1)[:-1],
        UnsubscribeLinks(public_url=None, signer=signer).token("tenant-1", MEETING),
    ],
)
def test_token_that_is_not_one_of_ours_is_unknown(token: str) -> None:
    with pytest.raises(NotFound) as raised:
        links.read(token)
    assert raised.value.code == "convite_desconhecido"


def test_message_goes_without_a_link_where_none_can_be_made() -> None:
    def no_keys() -> list[str]:
        raise Unavailable("segredo_ausente", nome="assinatura")

    assert LeadLinks(public_url=None, signer=signer).url("t", MEETING, 1) is None
    assert LeadLinks(public_url="https://x", signer=Signer(no_keys)).url("t", MEETING, 1) is None
