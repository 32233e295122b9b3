"""Makes papers/fonts/ from the fonts of Debian's packages fonts-lxgw-wenkai and fonts-noto-cjk (both OFL 1.1).

Run it when a sign is to be added:

    python docs/make_fonts.py LXGWWenKai-Regular.ttf NotoSerifCJK-Bold.ttc Unihan_OtherMappings.txt.bz2

The third file comes with the package unicode-data. signs.txt lists what the text's font can print.
Needs fontTools, which nothing else here does.
"""

from __future__ import annotations

import bz2
import re
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

FONTS = Path(__file__).parent.parent / "papers" / "fonts"
SIMPLIFIED = 2  # place of Simplified Chinese in Noto's collection
NAME_IDS = {1: "{}", 3: "{} {} subset", 4: "{}", 6: "{}", 16: "{}"}
"""OFL: a changed font may not bear a reserved name. Copyright and licence (0, 13, 14) stay as they are."""


def signs(mappings: Path) -> set[int]:
    """GB 2312 and the 8,105 characters of 通用规范汉字表 (2013), of which names are to be made since; Latin, marks, digits."""
    wanted = _gb2312(0xF8)
    with bz2.open(mappings, "rt", encoding="utf-8") as lines:
        wanted |= {int(line[2 : line.index("\t")], 16) for line in lines if "\tkTGH\t" in line}
    return wanted | set(range(0x20, 0x17F)) | set(range(0x2010, 0x2040)) | {ord(sign) for sign in "〇〔〕【】「」《》·—…□☑☐✓①②③④⑤⑥⑦⑧⑨⑩℃№￥"}


def bold() -> set[int]:
    """GB 2312, of which titles, headings and the names of places are made. What is not in it is set in the other font."""
    return _gb2312(0xF8) | set(range(0x20, 0x7F)) | {ord(sign) for sign in "〇〔〕《》“”·"}


def _gb2312(end: int) -> set[int]:
    pairs = (bytes([high, low]).decode("gb2312", "ignore") for high in range(0xA1, end) for low in range(0xA1, 0xFF))
    return {ord(sign) for sign in pairs if sign}


def shrink(font: TTFont, wanted: set[int], family: str, style: str, target: Path) -> None:
    """The wanted signs only, under our own name."""
    options = Options()
    options.layout_features = ["ccmp", "locl", "mark", "mkmk", "kern", "halt", "palt"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.hinting, options.desubroutinize, options.notdef_outline = False, False, True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    for record in list(font["name"].names):
        if record.nameID in NAME_IDS:
            record.string = NAME_IDS[record.nameID].format(family if record.nameID != 6 else re.sub(r"\s", "", family), style)
    font.save(target)
    print(target.name, target.stat().st_size, len(font.getBestCmap()))


def main(body: Path, title: Path, mappings: Path) -> None:
    wanted = signs(mappings)
    text = TTFont(body)
    shrink(text, wanted, "Fanxiao Wen", "Regular", FONTS / "FanxiaoWen-Regular.ttf")
    (FONTS / "signs.txt").write_text("".join(map(chr, sorted(text.getBestCmap()))), encoding="utf-8")
    shrink(TTCollection(title).fonts[SIMPLIFIED], bold(), "Fanxiao Song", "Bold", FONTS / "FanxiaoSong-Bold.otf")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
