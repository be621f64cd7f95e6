"""What a provider's report makes of a disparo: the same in whatever order reports come, and when one comes twice.

A report of arrival outranks everything. A report of failure outranks the acceptance of the message.
"""

from __future__ import annotations

from chalicelib.delivery.providers.notices import ReportedStatus
from chalicelib.dispatch.states import DisparoStatus

_MOVES: dict[tuple[DisparoStatus, ReportedStatus], DisparoStatus] = {
    (DisparoStatus.ENVIADO, ReportedStatus.ENTREGUE): DisparoStatus.CONFIRMADO,
    (DisparoStatus.ENVIADO, ReportedStatus.FALHOU): DisparoStatus.ERRO,
    (DisparoStatus.INCERTO, ReportedStatus.ACEITO): DisparoStatus.ENVIADO,
    (DisparoStatus.INCERTO, ReportedStatus.ENTREGUE): DisparoStatus.CONFIRMADO,
    (DisparoStatus.INCERTO, ReportedStatus.FALHOU): DisparoStatus.ERRO,
    (DisparoStatus.ERRO, ReportedStatus.ENTREGUE): DisparoStatus.CONFIRMADO,
}
# Its worker has not recorded the outcome yet, or is about to try again.
_EARLY = frozenset({DisparoStatus.PENDENTE, DisparoStatus.ENVIANDO})


def after(status: DisparoStatus, reported: ReportedStatus, *, was_taken: bool) -> DisparoStatus:
    """The status of a disparo after one more report; most reports change nothing.

    `was_taken` says whether the provider had accepted the message. An `erro` from before that, or one that a person has
    declared, stays.
    """
    if status is DisparoStatus.ERRO and not was_taken:
        return status
    return _MOVES.get((status, reported), status)


def comes_too_early(status: DisparoStatus) -> bool:
    """Whether a report about a disparo with this status has to be kept for later."""
    return status in _EARLY
