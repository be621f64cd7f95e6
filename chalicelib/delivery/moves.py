"""What a disparo becomes by what its provider says of it: the same whatever comes first, or twice.

Proof outranks: that the message arrived is believed against everything, that it failed against its having been taken.
"""

from __future__ import annotations

from chalicelib.delivery.statuses import Situacao
from chalicelib.dispatch.states import StatusDisparo

_MOVES: dict[tuple[StatusDisparo, Situacao], StatusDisparo] = {
    (StatusDisparo.ENVIADO, Situacao.ENTREGUE): StatusDisparo.CONFIRMADO,
    (StatusDisparo.ENVIADO, Situacao.FALHOU): StatusDisparo.ERRO,
    (StatusDisparo.INCERTO, Situacao.ACEITO): StatusDisparo.ENVIADO,
    (StatusDisparo.INCERTO, Situacao.ENTREGUE): StatusDisparo.CONFIRMADO,
    (StatusDisparo.INCERTO, Situacao.FALHOU): StatusDisparo.ERRO,
    (StatusDisparo.ERRO, Situacao.ENTREGUE): StatusDisparo.CONFIRMADO,
}
# Its worker has not written down yet what came of it, or is about to try again.
_EARLY = frozenset({StatusDisparo.PENDENTE, StatusDisparo.ENVIANDO})


def after(status: StatusDisparo, situacao: Situacao, *, was_taken: bool) -> StatusDisparo:
    """The status after one thing more is known; most change nothing.

    `was_taken`: the provider had the message, so that a failure is one that it reported itself. What failed before, or
    a person has declared unsent, stays so.
    """
    if status is StatusDisparo.ERRO and not was_taken:
        return status
    return _MOVES.get((status, situacao), status)


def comes_too_early(status: StatusDisparo) -> bool:
    """Whether what is said of the disparo has to be kept for later."""
    return status in _EARLY
