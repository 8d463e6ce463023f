"""The server's secrets at work: one seed, from which signing, card issuing and sealing keys are derived.

The seed lives in a file outside the database. HKDF (RFC 5869) gives each purpose and community its own key:
whoever reads the database can neither move the head of a chain, nor make a card, nor open a credential.
"""

from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from card_tools.credential import Issuer
from server.errors import Invalid

SEED_LENGTH = 32


class Keys:
    """Everything the server signs, issues and seals with."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_LENGTH:
            raise Invalid(
                f"the server's key has {SEED_LENGTH} bytes, not {len(seed)}",
                zh=f"服务器密钥应为 {SEED_LENGTH} 字节，请从备份恢复密钥文件。",
            )
        self._seed = seed

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key for one purpose."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"yika-{purpose}".encode()).derive(
            self._seed
        )

    @cached_property
    def _signing(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.derive("sign-1"))

    @cached_property
    def public(self) -> bytes:
        """The public key that kiosks pin."""
        return self._signing.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> str:
        """The server's signature, in hex."""
        return self._signing.sign(message).hex()

    def holds(self, message: bytes, signature: str) -> bool:
        """Whether this server made this signature."""
        return signature_holds(self.public, message, signature)

    @cached_property
    def _box(self) -> AESSIV:
        return AESSIV(self.derive("box-1", 64))

    def seal(self, plain: bytes, about: str) -> str:
        """Encrypt a secret that must lie in the database, bound to what it is about (AES-SIV, RFC 5297)."""
        return self._box.encrypt(plain, [about.encode()]).hex()

    def unseal(self, sealed: str, about: str) -> bytes:
        """What was sealed about this; :class:`Invalid` when it is something else."""
        try:
            return self._box.decrypt(bytes.fromhex(sealed), [about.encode()])
        except (InvalidTag, ValueError) as error:
            raise Invalid(
                f"what is sealed about {about} was not sealed by this server's key",
                zh=f"{about} 不是用这台服务器的密钥加密的，请换回原来的密钥文件。",
            ) from error

    def issuer(self, community_id: str) -> Issuer:
        """The community's issuer of cards."""
        return _issuer(self.derive(f"issuer-1:{community_id}"))

    def ntag_master(self, community_id: str) -> bytes:
        """The secret from which the community's NTAG21x chips get their passwords; it stays in the office."""
        return self.derive(f"ntag-1:{community_id}")

    def challenge_master(self, community_id: str) -> bytes:
        """The AES-128 master key of the community's NTAG 424 DNA cards; it stays in the office."""
        return self.derive(f"challenge-1:{community_id}", 16)


@lru_cache(maxsize=64)
def _issuer(private_key: bytes) -> Issuer:
    return Issuer(private_key)


def signature_holds(public_key: bytes, message: bytes, signature: str) -> bool:
    """Whether an Ed25519 signature in hex holds; anything malformed does not."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
