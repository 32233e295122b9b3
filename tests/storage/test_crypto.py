"""What is encrypted stays readable through rotation, and is found again by its index."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from storage.crypto import Cipher, Undecipherable
from storage.keys import new_key

OLD, NEW = new_key(), new_key()


@given(st.text())
def test_what_goes_in_comes_out(text: str) -> None:
    cipher = Cipher([OLD])
    token = cipher.encrypt(text)
    assert cipher.decrypt(token) == text
    assert token != cipher.encrypt(text)
    assert cipher.index(text) == cipher.index(text)


def test_an_index_has_16_bytes_and_depends_on_text_and_key() -> None:
    indexes = {cipher.index(text) for cipher in (Cipher([OLD]), Cipher([NEW])) for text in ("+8613909301234", "+8613909301235")}
    assert len(indexes) == 4
    assert {len(index) for index in indexes} == {16}


def test_a_new_key_in_front_reads_old_values_and_changes_no_index() -> None:
    before, after = Cipher([OLD]), Cipher([NEW, OLD])
    token = before.encrypt("x")
    assert after.decrypt(token) == "x"
    assert after.index("x") == before.index("x")
    assert after.derive("role") == before.derive("role")
    assert Fernet(NEW).decrypt(after.encrypt("x")) == b"x"
    assert Fernet(NEW).decrypt(after.rotate(token)) == b"x"


def test_another_key_reads_nothing() -> None:
    token = Cipher([OLD]).encrypt("x")
    for action in (Cipher([NEW]).decrypt, Cipher([NEW]).rotate):
        with pytest.raises(Undecipherable):
            action(token)


def test_purposes_do_not_share_keys() -> None:
    cipher = Cipher([OLD])
    assert len({cipher.derive("role a"), cipher.derive("role b"), cipher.derive("blind index")}) == 3


@pytest.mark.parametrize("keys", [[], ["short"], ["x" * 44]])
def test_an_unusable_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Cipher(keys)
