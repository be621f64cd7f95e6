"""How long a campaign takes, what holds it up, and what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campaigns.rules.forecast import BindingLimit, cost_of, forecast
from chalicelib.canal import Canal
from chalicelib.dispatch.rules.windows import rules_for
from chalicelib.tenants.config import SendLimit, SendWindow, Tariff, TenantConfig

ZONE = ZoneInfo("America/Sao_Paulo")
# Tuesday, 9 in São Paulo.
START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OPEN = TenantConfig()
WINDOW = rules_for("", Canal.WHATSAPP, OPEN)


def test_few_messages_are_held_up_by_the_rate_alone() -> None:
    found = forecast(61, START, SendLimit(por_minuto=60), WINDOW, ZONE)
    assert found == (START + timedelta(minutes=1), BindingLimit.TAXA)


def test_rate_by_the_second_counts_where_it_is_slower() -> None:
    found = forecast(11, START, SendLimit(por_minuto=6_000, por_segundo=1), WINDOW, ZONE)
    assert found.termina_em == START + timedelta(seconds=10)


def test_window_holds_up_what_does_not_fit_into_the_day() -> None:
    """Nine hours a day of one message a minute: 540 today, ten hours tomorrow."""
    found = forecast(541, START, SendLimit(por_minuto=1), WINDOW, ZONE)
    assert found == (datetime(2026, 11, 25, 11, 0, tzinfo=UTC), BindingLimit.JANELA)


def test_budget_holds_up_what_the_day_does_not_pay() -> None:
    found = forecast(25, START, SendLimit(por_dia=10), WINDOW, ZONE)
    assert found.limite is BindingLimit.ORCAMENTO
    assert found.termina_em == datetime(2026, 11, 26, 11, 0, tzinfo=UTC) + 4 * timedelta(minutes=1) / 100


def test_without_a_window_the_day_goes_on_at_midnight() -> None:
    found = forecast(3, START, SendLimit(por_dia=1), None, ZONE)
    assert found == (datetime(2026, 11, 26, 3, 0, tzinfo=UTC), BindingLimit.ORCAMENTO)
    assert forecast(2_000, START, SendLimit(por_minuto=1), None, ZONE).limite is BindingLimit.TAXA


def test_start_outside_of_the_window_waits_for_its_opening() -> None:
    saturday = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    found = forecast(1, saturday, SendLimit(), WINDOW, ZONE)
    assert found == (datetime(2026, 11, 30, 11, 0, tzinfo=UTC), BindingLimit.JANELA)
    # A quarter of an hour of sending is nothing beside the weekend.
    assert forecast(1_500, saturday, SendLimit(), WINDOW, ZONE).limite is BindingLimit.JANELA


def test_nobody_takes_no_time() -> None:
    assert forecast(0, START, SendLimit(), WINDOW, ZONE) == (START, BindingLimit.TAXA)


def test_more_than_ten_years_have_no_end() -> None:
    assert forecast(10**6, START, SendLimit(por_dia=1), None, ZONE) == (None, BindingLimit.ORCAMENTO)


@given(
    st.integers(0, 3_000), st.integers(1, 300), st.none() | st.integers(1, 500), st.booleans(),
)  # fmt: skip
def test_more_messages_never_end_earlier_and_the_budget_of_a_day_is_kept(
    count: int, per_minute: int, per_day: int | None, has_window: bool
) -> None:
    config = TenantConfig(janela=SendWindow(ligada=has_window))
    window = rules_for("", Canal.WHATSAPP, config)
    limit = SendLimit(por_minuto=per_minute, por_dia=per_day)
    one, more = (forecast(each, START, limit, window, ZONE).termina_em for each in (count, count + 1))
    assert one is not None
    assert more is not None
    assert START <= one <= more
    if per_day is not None and count:
        days = (one.astimezone(ZONE).date() - START.astimezone(ZONE).date()).days + 1
        assert count <= days * per_day
    if window is not None:
        local = one.astimezone(ZONE)
        assert local.weekday() < 5
        assert timedelta(hours=8) <= timedelta(hours=local.hour, minutes=local.minute) < timedelta(hours=18)


def test_cost_is_that_of_the_latest_tariff_that_has_begun() -> None:
    tariffs = [
        Tariff(canal=Canal.WHATSAPP, desde=date(2026, 1, 1), valor=0.1),
        Tariff(canal=Canal.WHATSAPP, desde=date(2026, 11, 24), valor=0.35, moeda="USD"),
        Tariff(canal=Canal.WHATSAPP, desde=date(2027, 1, 1), valor=9),
    ]
    assert cost_of(3, Canal.WHATSAPP, date(2026, 11, 24), tariffs) == (Canal.WHATSAPP, 3, "USD", 0.35, 1.05)
    assert cost_of(3, Canal.WHATSAPP, date(2026, 11, 23), tariffs).total == 0.3
    assert cost_of(3, Canal.EMAIL, date(2026, 11, 24), tariffs) == (Canal.EMAIL, 3, None, None, None)
