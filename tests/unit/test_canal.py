"""Every channel has its place where one is looked up by name; mypy checks each `match` by channel."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from chalicelib.api.answers.channels import DayCountsByChannel, StatusCountsByChannel
from chalicelib.canal import Canal
from chalicelib.dispatch.channels.document import profiles
from chalicelib.tenants.config import SendLimits, TenantChannels


@pytest.mark.parametrize("model", [SendLimits, TenantChannels, StatusCountsByChannel, DayCountsByChannel])
def test_model_by_channel_has_one_field_for_each_channel(model: type[BaseModel]) -> None:
    # A calendar is connected as channels are, but no message leaves by it.
    assert set(model.model_fields) - {"calendario"} == set(Canal)


def test_every_channel_has_a_profile_and_every_profile_is_of_a_channel() -> None:
    assert {profile["canal"] for profile in profiles().values()} == set(Canal)
