"""The configuration of one connection to which items are pushed."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from syncer.connect.config import ConnectionConfig


class PushConfig(ConnectionConfig):
    """A `[[connections]]` table of kind `push`.

    Nobody is asked, so there is neither `url` nor `auth`; the secret is what a sender signs with
    (`whsec_` and 24 to 64 bytes in Base64). `containers` and `exclude` say which containers may be
    pushed; left out: any. `text_links`: lines such as "Blocked by …" in a body make links.
    """

    kind: Literal["push"] = "push"
    text_links: bool = True

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if self.webhook_secret_env is None and self.webhook_secret_file is None:
            raise ValueError(
                "what is pushed must be signed: give webhook_secret_env or webhook_secret_file"
            )
        return self
