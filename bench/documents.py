"""How fast return notices are printed.

    python -m bench.documents [notices]

Prints notices a second from facts to one PDF (words filled in, QR codes, fonts checked, set by typst), and, from the same run,
blank one-page documents a second from typst alone: the ratio is what our pages cost.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import typst

from bot.rendering import Catalogue, DocumentBook
from bot.rendering.letters import notice_batch
from cases.notice_papers import NoticePaper

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
NOTICES, SLOWEST = 1000, 60.0
"""The aim: a thousand in a minute."""
ISSUED = date(2026, 11, 9)


def _paper(number: int) -> NoticePaper:
    """A synthetic one; every second is a second notice."""
    is_second = number % 2 == 1
    return NoticePaper(
        notice_id=number, case_id=number, student_id=number, area_code=f"6229261002{number % 12:02d}", state="issued",
        document="return_order" if is_second else "return_notice", number=f"锁南返通〔2026〕{number}号", issuer="锁南镇人民政府",
        signed_by="赵干事", issued_on=ISSUED, child=f"马小{chr(0x4E00 + number % 20)}", is_girl=number % 3 == 0, born=date(2017, 3, 5),
        guardians=((f"马国{chr(0x5F3A)}", "父亲"), ("马秀兰", "母亲")), school="锁南镇中心小学", school_phone="0930-7120001",
        class_name="三(2)班",
        village=f"第{number % 12 + 1}村", since=date(2026, 11, 2), contacts=((ISSUED - timedelta(days=5), "班主任"), (ISSUED, "村委会")),
        first_number="锁南返通〔2026〕1号" if is_second else None, first_on=ISSUED if is_second else None, deadline_days=7,
        deadline_on=None, deliverer="马主任",
    )  # fmt: skip


def _blank(pages: int) -> float:
    start = time.perf_counter()
    typst.Compiler(font_paths=typst.Fonts(include_system_fonts=False)).compile(
        f"#for n in range({pages}) {{ page[] }}".encode(), format="pdf"
    )
    return time.perf_counter() - start


def main(notices: int) -> int:
    catalogue = Catalogue.load(TEMPLATES)
    book = DocumentBook.load(catalogue, TEMPLATES)
    papers = [_paper(number) for number in range(notices)]
    start = time.perf_counter()
    batch = notice_batch(book, papers, ISSUED, lambda notice_id: (f"https://fanxiao.example/r/{notice_id:022d}", "482913"))
    seconds = time.perf_counter() - start
    blank = _blank(notices)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"notices  {notices:6} in {seconds:6.1f} s  {notices / seconds:8.0f}/s  {len(batch.pdf) / 1024:6.0f} KiB  peak {peak:5.0f} MiB")
    print(f"blank    {notices:6} in {blank:6.2f} s  {notices / blank:8.0f}/s  ratio {blank / seconds:.4f}")
    return int(seconds > SLOWEST * max(notices, NOTICES) / NOTICES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else NOTICES))
