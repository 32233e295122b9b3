"""One-time passwords from an app on the phone (TOTP, RFC 6238), each of which counts once."""

from __future__ import annotations

import pyotp
from sqlalchemy.dialects.postgresql import insert

from storage.crypto import Cipher
from storage.tables import SecondFactor
from storage.work import Work

STEP = 30
"""Seconds for which one password stands."""
TOLERATED = (-1, 0, 1)
"""Steps by which the phone's clock may be wrong."""
ISSUER = "fanxiao 返校"


async def factor_of(work: Work, person_id: int) -> SecondFactor | None:
    """The person's key, locked."""
    return await work.session.get(SecondFactor, person_id, with_for_update=True)


async def begin_factor(work: Work, cipher: Cipher, person_id: int) -> str:
    """The secret of a key that is not in use yet: the same one until it is confirmed."""
    fresh = insert(SecondFactor).values(person_id=person_id, secret_encrypted=cipher.encrypt(pyotp.random_base32()), created_at=work.now)
    await work.session.execute(fresh.on_conflict_do_nothing())
    found = await work.session.get_one(SecondFactor, person_id)
    return cipher.decrypt(found.secret_encrypted)


def uri(secret: str, name: str) -> str:
    """What the app's camera reads."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name=ISSUER)


async def check_factor(work: Work, cipher: Cipher, person_id: int, password: str) -> bool:
    """Whether the password is right and newer than any before; the first right one puts the key into use."""
    found = await factor_of(work, person_id)
    if found is None:
        return False
    totp, step = pyotp.TOTP(cipher.decrypt(found.secret_encrypted), interval=STEP), int(work.now.timestamp()) // STEP
    right = [one for one in (step + off for off in TOLERATED) if one > found.last_step and totp.verify(password, for_time=one * STEP)]
    if not right:
        return False
    found.last_step, found.confirmed_at = right[0], found.confirmed_at or work.now
    return True


async def drop_factor(work: Work, person_id: int) -> None:
    """A lost phone: the person sets up a new key when they enter next."""
    found = await factor_of(work, person_id)
    if found is not None:
        await work.session.delete(found)
