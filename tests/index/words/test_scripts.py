"""Words of many scripts: each is found by the word that stands in it, and not by another that only looks alike."""

from collections.abc import Iterator

import pytest

from index import Collection, Query
from tests.index.harness import document, open_index

# What is sought, a text that holds it, and one that does not.
SCRIPTS = {
    "latin": ("naïve", "a naive cafe", "a native cave"),
    "latin, decomposed": ("résumé", "his re\u0301sume\u0301", "his rescue"),
    "ligature": ("fine", "a ﬁne day", "a five day"),
    "fullwidth": ("abc12", "ＡＢＣ１２", "ＡＢＤ１２"),
    "subscript": ("co2", "CO₂ in the air", "CO₃ in the air"),
    "soft hyphen": ("hyphenation", "hyphen\u00adation", "a station"),
    "zero-width space": ("supercalifragilistic", "supercali\u200bfragilistic", "super fragilistic"),
    "variation selector": ("heart", "heart\ufe0f", "hearth"),
    "german": ("STRASSE", "die Straße", "die Strafe"),
    "turkish": ("istanbul", "İstanbul", "Istanköy"),
    "greek": ("ΟΔΥΣΣΕΥΣ", "ὁ Ὀδυσσεύς", "ἡ Ὀδύσσεια"),
    "cyrillic": ("елка", "новая ёлка", "новая белка"),
    "cyrillic, short i": ("мой", "мой дом", "мои дома"),
    "armenian": ("ԵՐԵՒԱՆ", "Երեւան", "Երեկո"),
    "georgian": ("თბილისი", "თბილისი", "თბილი"),
    "hebrew": ("שלום", "שָׁלוֹם", "שלטון"),
    "arabic": ("كتاب", "كِتَابٌ", "كاتب"),
    "arabic, alef": ("احمد", "أحمد", "حامد"),
    "persian": ("میخواهم", "می\u200cخواهم", "خواهر"),
    "syriac": ("ܫܠܡܐ", "ܫܠܳܡܳܐ", "ܡܠܟܐ"),
    "devanagari": ("हिन्दी", "हिन्दी में", "हन्द"),
    "bengali": ("বাংলা", "বাংলা ভাষা", "বল"),
    "gurmukhi": ("ਪੰਜਾਬੀ", "ਪੰਜਾਬੀ", "ਪਜਬ"),
    "tamil": ("தமிழ்", "தமிழ் மொழி", "தமழ"),
    "sinhala": ("සිංහල", "සිංහල", "සහල"),
    "thai": ("ภาษา", "ฉันพูดภาษาไทย", "ฉันภูมิใจ"),
    "lao": ("ພາສາ", "ຂ້ອຍເວົ້າພາສາລາວ", "ຂ້ອຍໄປຕະຫຼາດ"),
    "khmer": ("ភាសា", "ខ្ញុំនិយាយភាសាខ្មែរ", "ខ្ញុំទៅផ្សារ"),
    "myanmar": ("ဘာသာ", "မြန်မာဘာသာစကား", "နေကောင်းလား"),
    "chinese": ("北京", "我住在北京市", "我住在南京市"),
    "chinese, one sign": ("猫", "我的猫很好", "我的狗很好"),
    "japanese": ("東京", "昨日東京へ行った", "昨日京都へ行った"),
    "katakana, halfwidth": ("パン", "ﾊﾟﾝを食べる", "ハンを押す"),
    "korean": ("학교", "학교에서 공부한다", "교학상장"),
    "korean, decomposed": ("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af", "한국"),
    "latin in chinese": ("python", "我用Python写程序", "我用Pythagoras定理"),
    "ethiopic": ("ሰላም", "ሰላም ነው", "ሰላ"),
    "cherokee": ("ᏣᎳᎩ", "ꮳꮃꭹ", "ᏣᎳ"),
}  # fmt: skip


@pytest.fixture(scope="module", params=["in the index", "beside it"])
def collection(request: pytest.FixtureRequest) -> Iterator[Collection]:
    index = open_index(None)
    found = index.collection()
    if request.param == "beside it":
        found.words.pause()
    for name, (_, right, wrong) in SCRIPTS.items():
        found.put_many([document(f"{name}: right", 1, right), document(f"{name}: wrong", 2, wrong)]).result()
    assert found.wait_for_words(60) or request.param == "beside it"
    yield found
    index.close()


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_right_text_is_found_and_the_wrong_one_is_not(collection: Collection, name: str) -> None:
    ids = {hit.id for hit in collection.search(Query(mode="text", text=SCRIPTS[name][0], top_k=1000))}
    assert f"{name}: right" in ids
    assert f"{name}: wrong" not in ids


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_text_is_found_by_itself_in_quotes(collection: Collection, name: str) -> None:
    ids = {hit.id for hit in collection.search(Query(mode="text", text=f'"{SCRIPTS[name][1]}"', top_k=1000))}
    assert f"{name}: right" in ids
    assert f"{name}: wrong" not in ids
