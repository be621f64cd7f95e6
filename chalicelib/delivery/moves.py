"""What a disparo becomes by what its provider says of it: the same whatever comes first, or twice.

Proof outranks: that the message arrived is believed against everything, that it failed against its having been taken.
"""

from __future__ import annotations

from chalicelib.delivery.statuses import ReportedStatus
from chalicelib.dispatch.states import DisparoStatus

_MOVES: dict[tuple[DisparoStatus, ReportedStatus], DisparoStatus] = {
    (DisparoStatus.ENVIADO, ReportedStatus.ENTREGUE): DisparoStatus.CONFIRMADO,
    (DisparoStatus.ENVIADO, ReportedStatus.FALHOU): DisparoStatus.ERRO,
    (DisparoStatus.INCERTO, ReportedStatus.ACEITO): DisparoStatus.ENVIADO,
    (DisparoStatus.INCERTO, ReportedStatus.ENTREGUE): DisparoStatus.CONFIRMADO,
    (DisparoStatus.INCERTO, ReportedStatus.FALHOU): DisparoStatus.ERRO,
    (DisparoStatus.ERRO, ReportedStatus.ENTREGUE): DisparoStatus.CONFIRMADO,
}
# Its worker has not written down yet what came of it, or is about to try again.
_EARLY = frozenset({DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO})


def after(status: DisparoStatus, situacao: ReportedStatus, *, was_taken: bool) -> DisparoStatus:
    """The status after one thing more is known; most change nothing.

    `was_taken`: the provider had the message, so that a failure is one that it reported itself. What failed before, or
    a person has declared unsent, stays so.
    """
    if status is DisparoStatus.ERRO and not was_taken:
        return status
    return _MOVES.get((status, situacao), status)


def comes_too_early(status: DisparoStatus) -> bool:
    """Whether what is said of the disparo has to be kept for later."""
    return status in _EARLY
