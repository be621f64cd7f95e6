"""The people of a tenant, who are Cognito's: an administrator lists, invites, regroups, disables and enables them.

Cognito cannot look people up by an attribute of ours. So each tenant has a group of its own in the pool, which lists
its people and decides nothing: whose somebody is, `custom:tenant_id` says, and that never changes.

Each change is one transaction. It locks the people of the tenant and writes the audit, and the one call that gives or
takes rights is the last that it makes. So a call that fails leaves no entry, and the same request finishes the work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from chalicelib.access.requests import AuditedAction, NewPerson, PeopleQuery, PersonChange
from chalicelib.access.sessions import Sessions
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Rows
from chalicelib.adapters.identities.user_pool import MOST_AT_ONCE, EmailTaken, NotAccepted, PoolUser, UserPool
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound, UnderWay
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.identity import ADMIN, Group, Identity, list_of
from chalicelib.leads.edits.written import read_email
from chalicelib.pages import cursor_of
from chalicelib.versions import ExpectedVersion

_AT_ONCE = 8
"""Calls that a page makes at a time: one for each person on it."""
_GROUPS = tuple(Group)


class People:
    """Keeps the people of each tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, pool: UserPool, sessions: Sessions, clock: Clock) -> None:
        self._database = database
        self._pool = pool
        self._sessions = sessions
        self._clock = clock

    def page(self, tenant_id: str, query: PeopleQuery) -> dict[str, Any]:
        """A page of the tenant's people, in the order of Cognito.

        Raises:
            Invalid: `cursor_invalido`.
            Unavailable: Cognito does not answer.
        """
        try:
            found, rest = self._pool.page(list_of(tenant_id), query.limit, query.after(str))
        except NotAccepted:
            raise Invalid("cursor_invalido", (FieldError("?/cursor", "cursor_invalido", "cursor"),)) from None
        people = [user for user in found if user.tenant_id == tenant_id]
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            shown = list(threads.map(self._shown, people))
        return {"itens": shown, "proximo": None if rest is None else cursor_of(rest)}

    def get(self, tenant_id: str, usuario_id: UUID) -> dict[str, Any]:
        """One person.

        Raises:
            NotFound: the tenant has no such person.
            Unavailable: Cognito does not answer.
        """
        return self._shown(self._found(tenant_id, usuario_id))

    def invite(self, identity: Identity, request: NewPerson, key: IdempotencyKey | None = None) -> dict[str, Any]:
        """Make a person's login, put them into a group, and let Cognito write to them.

        Whoever was invited before and has never signed in gets a new invitation, and the group of this one.

        Raises:
            Invalid: `email_invalido` and other codes of an address.
            Conflict: `usuario_ja_existe`, of this tenant or of another.
            UnderWay: `requisicao_em_andamento`, another change of the tenant's people is not finished.
            Unavailable: Cognito does not answer.
        """
        email = read_email(request.email, "/email")
        tenant_id = identity.tenant_id

        def work(rows: Rows) -> dict[str, Any]:
            _lock(rows)
            user = self._invited(email, tenant_id)
            self._pool.join(user, list_of(tenant_id))
            self._regroup(rows, user, request.grupo)
            return _described(user, request.grupo)

        return self._database.run(tenant_id, once(key, self._clock(), work))

    def change(
        self, identity: Identity, usuario_id: UUID, request: PersonChange, expected: ExpectedVersion | None = None
    ) -> dict[str, Any]:
        """Give a person another group, let them sign in, or not any more. What they lose, they lose within a minute.

        Raises:
            NotFound: the tenant has no such person.
            PreconditionFailed: `versao_mudou`.
            Conflict: `ultimo_admin`, nobody else who can sign in would be an administrator.
            UnderWay: `requisicao_em_andamento`, another change of the tenant's people is not finished.
            Unavailable: Cognito does not answer. Of two fields the first may be changed, and the audit says so.
        """

        def regroup(rows: Rows, user: PoolUser) -> None:
            if request.grupo is not None and request.grupo is not ADMIN:
                self._check_not_last(identity, user)
            if request.grupo is not None:
                self._regroup(rows, user, request.grupo)

        def disable(rows: Rows, user: PoolUser) -> None:
            # The first of the steps: later ones find what these have changed.
            if expected is not None:
                expected.check(self._shown(user))
            if request.ativo is False and user.is_enabled:
                self._check_not_last(identity, user)
                _note(rows, user, "ativo", True, False)
                self._pool.disable(user)
                self._sessions.end(rows, user.subject)

        def enable(rows: Rows, user: PoolUser) -> None:
            if request.ativo is True and not user.is_enabled:
                _note(rows, user, "ativo", False, True)
                self._pool.enable(user)

        # Rights go before they come.
        for step in (disable, regroup, enable):
            self._database.run(identity.tenant_id, self._step(identity.tenant_id, usuario_id, step))
        return self.get(identity.tenant_id, usuario_id)

    def _step(self, tenant_id: str, usuario_id: UUID, step: Callable[[Rows, PoolUser], None]) -> Callable[[Rows], None]:
        def work(rows: Rows) -> None:
            _lock(rows)
            step(rows, self._found(tenant_id, usuario_id))

        return work

    def _invited(self, email: str, tenant_id: str) -> PoolUser:
        """The user of a new login, or of an invitation that nobody has followed."""
        try:
            return self._pool.create(email, tenant_id)
        except NotAccepted:
            raise Invalid("requisicao_invalida", (FieldError("/email", "email_invalido", "email"),)) from None
        except EmailTaken:
            user = self._pool.named(email)
        if user is None or user.tenant_id != tenant_id or user.has_signed_in or not user.is_enabled:
            # Of another tenant or of this one: the answer is the same.
            raise Conflict("usuario_ja_existe")
        self._pool.invite_again(user)
        return user

    def _regroup(self, rows: Rows, user: PoolUser, group: Group) -> None:
        """Make a group the one that counts, which is the highest. Only the last call gives or takes rights."""
        held = self._pool.groups_of(user)
        before = _highest(held)
        if before is group:
            return
        _note(rows, user, "grupo", before, group)
        if group not in held:
            self._pool.join(user, group)
        for higher in _GROUPS[_GROUPS.index(group) + 1 :]:
            if higher in held:
                self._pool.leave(user, higher)
        if before is not None and _GROUPS.index(group) < _GROUPS.index(before):
            self._sessions.end(rows, user.subject)

    def _check_not_last(self, identity: Identity, user: PoolUser) -> None:
        """Check that somebody else who can sign in is an administrator; who asks is asked about first."""
        if not self._is_acting_admin(user):
            return
        caller = UUID(identity.subject)
        if str(caller) != user.subject and self._is_acting_admin(self._found(identity.tenant_id, caller)):
            return
        others = (each for each in members(self._pool, identity.tenant_id) if each.subject != user.subject)
        if not any(map(self._is_acting_admin, others)):
            raise Conflict("ultimo_admin")

    def _is_acting_admin(self, user: PoolUser) -> bool:
        """Whether they can do what an administrator can: an invitation that nobody follows helps nobody."""
        return user.is_enabled and user.has_signed_in and ADMIN in self._pool.groups_of(user)

    def _found(self, tenant_id: str, usuario_id: UUID) -> PoolUser:
        user = self._pool.find(usuario_id)
        if user is None or user.tenant_id != tenant_id:
            raise NotFound("nao_encontrado")
        return user

    def _shown(self, user: PoolUser) -> dict[str, Any]:
        return _described(user, _highest(self._pool.groups_of(user)))


def members(pool: UserPool, tenant_id: str) -> Iterator[PoolUser]:
    """All people of a tenant, in the order of Cognito, who is asked page by page."""
    rest: str | None = None
    while True:
        found, rest = pool.page(list_of(tenant_id), MOST_AT_ONCE, rest)
        yield from (each for each in found if each.tenant_id == tenant_id)
        if rest is None:
            return


def _described(user: PoolUser, group: Group | None) -> dict[str, Any]:
    return {
        "usuario_id": user.subject,
        "email": user.email,
        "grupo": group,
        "ativo": user.is_enabled,
        "entrou": user.has_signed_in,
        "criado_em": user.created_at,
    }


def _lock(rows: Rows) -> None:
    if rows.one("lock_usuarios") is None:
        raise UnderWay("requisicao_em_andamento")


def _note(rows: Rows, user: PoolUser, field: str, before: object, after: object) -> None:
    """Tell the audit; a person without a group is a new one."""
    action = AuditedAction.CRIACAO if before is None else AuditedAction.MUDANCA
    change = [{"campo": field, "de": before, "para": after, "oculto": False}]
    rows.run("audit_usuario", acao=action.value, usuario_id=user.subject, mudancas=json.dumps(change))


def _highest(groups: frozenset[str]) -> Group | None:
    return max((group for group in Group if group in groups), key=_GROUPS.index, default=None)
