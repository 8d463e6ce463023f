"""Logins of people and tokens of programs; passwords are kept as scrypt, tokens as a hash."""

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from server.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.services.acting import Acting, Row, Uow

ROLES = ("admin", "staff", "leader", "auditor", "volunteer")
SCOPES = ("read", "write")
SHORTEST_PASSWORD = 10
_COST = 1 << 14
_WORDS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letters that are mistaken for each other: initial passwords are read from paper."""


def create_user(
    uow: Uow, acting: Acting, username: str, *, role: str, password: str, volunteer: str | None = None
) -> str:
    """A login; its id."""
    if role not in ROLES:
        raise Invalid(f"a role is one of {', '.join(ROLES)}", zh=f"角色请从 {'、'.join(ROLES)} 中选择。")
    if not username.strip() or len(username) > 100:
        raise Invalid("a user has a name of at most 100 characters", zh="请填写用户名，最多100个字。")
    if uow.rows("users").get(username=username) is not None:
        raise Conflict(f"there is a user {username} already", zh=f"已有用户 {username}，请换一个用户名。")
    if volunteer is not None and uow.rows("volunteers").get(number=volunteer) is None:
        raise NotFound(
            f"there is no volunteer {volunteer}", zh=f"没有编号为 {volunteer} 的志愿者，请核对编号。"
        )
    user_id = acting.ids()
    row: Row = {"user_id": user_id, "community_id": uow.community_id, "username": username, "role": role}
    row |= {"password_hash": hash_password(password, acting.entropy(16)), "volunteer": volunteer}
    uow.rows("users").add([row | {"active": True, "created_at": acting.now, "epoch": 0}])
    return user_id


def set_password(uow: Uow, acting: Acting, user_id: str, password: str) -> None:
    """A new password; every session of this user ends."""
    row = _user(uow, user_id)
    changes = {"password_hash": hash_password(password, acting.entropy(16)), "epoch": row["epoch"] + 1}
    uow.rows("users").set(changes, user_id=user_id)


def deactivate_user(uow: Uow, user_id: str) -> None:
    """Let nobody in by this login any more."""
    row = _user(uow, user_id)
    uow.rows("users").set({"active": False, "epoch": row["epoch"] + 1}, user_id=user_id)


def authenticate(uow: Uow, username: str, password: str) -> Row:
    """The user's row for the right password; :class:`Unauthenticated` otherwise, equally slow."""
    row = uow.rows("users").get(username=username)
    right = password_holds(password, row["password_hash"] if row else _NOBODY)
    if row is None or not right or not row["active"]:
        raise Unauthenticated("user name or password is wrong", zh="用户名或密码不正确，请重新输入。")
    return row


def new_password(acting: Acting) -> str:
    """A random password that can be read from paper: 12 characters, 59 bits."""
    return "".join(_WORDS[byte % len(_WORDS)] for byte in acting.entropy(12))


def hash_password(password: str, salt: bytes) -> str:
    """scrypt (RFC 7914), n=2^14 r=8 p=1, as text."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            f"a password has at least {SHORTEST_PASSWORD} characters",
            zh=f"密码至少{SHORTEST_PASSWORD}位，请换一个更长的。",
        )
    return f"scrypt${_COST}${salt.hex()}${_scrypt(password, salt, _COST).hex()}"


def password_holds(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept."""
    _, cost, salt, digest = kept.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt), int(cost)).hex(), digest)


def create_token(uow: Uow, acting: Acting, name: str, *, scope: str, expires_at: int | None = None) -> str:
    """A bearer token for a program; shown once."""
    if scope not in SCOPES:
        raise Invalid(f"a scope is one of {', '.join(SCOPES)}", zh=f"权限请从 {'、'.join(SCOPES)} 中选择。")
    token = f"yika_{acting.entropy(24).hex()}"
    row: Row = {"token_hash": _hash(token), "community_id": uow.community_id, "name": name, "scope": scope}
    row |= {"created_at": acting.now, "expires_at": expires_at, "revoked_at": None}
    uow.rows("tokens").add([row])
    return token


def revoke_token(uow: Uow, acting: Acting, token_hash: str) -> None:
    """Let a token open nothing any more."""
    if not uow.rows("tokens").set({"revoked_at": acting.now}, token_hash=token_hash):
        raise NotFound("there is no such token", zh="没有这个令牌，请刷新页面。")


def token_row(uow: Uow, token: str, now: int) -> Row:
    """The row of a token that holds now, or :class:`Unauthenticated`."""
    row = uow.rows("tokens").get(token_hash=_hash(token))
    if row is None or row["revoked_at"] is not None:
        raise Unauthenticated(
            "this token is unknown or revoked", zh="令牌无效或已停用，请向管理员申请新令牌。"
        )
    if row["expires_at"] is not None and row["expires_at"] <= now:
        raise Unauthenticated("this token has run out", zh="令牌已过期，请向管理员申请新令牌。")
    return row


def _user(uow: Uow, user_id: str) -> Row:
    row = uow.rows("users").get(user_id=user_id)
    if row is None:
        raise NotFound(f"there is no user {user_id}", zh="没有这个账号，请刷新页面。")
    return row


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(password.encode())


def _hash(token: str) -> str:
    return sha256(b"yika-token-1" + token.encode()).hexdigest()


_NOBODY = f"scrypt${_COST}${'00' * 16}${'00' * 32}"
