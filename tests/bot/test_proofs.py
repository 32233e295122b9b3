"""Officers' words for a delivery: the way, its proof, or the sentence that asks for it."""

from __future__ import annotations

import pytest

from cases.proofs import Lacking, Told, read_delivery
from plan.deliveries import Deliveries

USUAL = Deliveries()


@pytest.mark.parametrize(
    ("said", "way", "proof"),
    [
        ("当面送达，父亲签收", "in_person", {"signed": True}),
        ("交给奶奶，按了手印", "in_person", {"signed": True}),
        ("留置送达，见证人马国强", "left_with_village", {"witness": "马国强"}),
        ("家长拒绝签收，留置村委会，由妥㛃见证", "left_with_village", {"witness": "妥㛃"}),
        ("留置，见证人：阿卜杜·热合曼", "left_with_village", {"witness": "阿卜杜·热合曼"}),
        ("挂号信 xa12345678901 已寄", "posted", {"number": "XA12345678901"}),
        ("快递SF1234567890123", "posted", {"number": "SF1234567890123"}),
    ],
)
def test_a_way_with_its_proof(said: str, way: str, proof: dict[str, object]) -> None:
    assert read_delivery(USUAL, said) == Told(way, {**proof, "words": said})


@pytest.mark.parametrize(
    ("said", "kept", "reason"),
    [
        ("当面送达", "", "say_signer"),
        ("当面送达，没签字", "", "say_left"),
        ("家里没人，没送到", "", "say_delivered"),
        ("办完了", "", "say_delivery"),
        ("留置送达，村干部见证", "", "say_witness"),
        ("邻居", "留置送达", "say_witness"),
        ("邮寄送达，单号123", "", "say_posting"),
        ("邮寄到13900001234", "", "say_posting"),
    ],
)
def test_what_is_lacking_is_asked_for(said: str, kept: str, reason: str) -> None:
    assert read_delivery(USUAL, said, kept=kept) == Lacking(reason)


def test_what_was_lacking_completes_what_was_said_and_another_way_replaces_it() -> None:
    assert read_delivery(USUAL, "马国强", kept="留置送达") == Told("left_with_village", {"witness": "马国强", "words": "留置送达，马国强"})
    assert read_delivery(USUAL, "", kept="当面送达", photos=2) == Told("in_person", {"photos": 2, "words": "当面送达"})
    assert read_delivery(USUAL, "父亲签收", kept="邮寄送达") == Told("in_person", {"signed": True, "words": "父亲签收"})


def test_a_way_that_the_plan_leaves_out_is_not_accepted() -> None:
    only = Deliveries(ways={name: way for name, way in USUAL.ways.items() if name != "posted"})
    assert read_delivery(only, "邮寄，邮件号XA12345678901") == Lacking("say_other_way")
