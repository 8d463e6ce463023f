"""The picture that a community has printed on its cards."""

from server.services.acting import Acting, Uow


def set_logo(uow: Uow, acting: Acting, picture: bytes) -> None:
    """Print this picture from now on: one that was read and found fit for it."""
    uow.rows("logos").put([{"picture": picture, "set_at": acting.now, "set_by": acting.by}])


def remove_logo(uow: Uow) -> None:
    """Print none."""
    uow.rows("logos").remove()


def logo(uow: Uow) -> bytes:
    """The picture; empty where there is none."""
    row = uow.rows("logos").get()
    return bytes(row["picture"]) if row else b""
