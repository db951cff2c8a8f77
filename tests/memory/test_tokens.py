"""Counting tokens: exact with the vocabulary, never too few without."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.tokens import CAP, LARGE, Counter, counter

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "tiktoken"
needs_vocabulary = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no vocabulary in {FOLDER}: the estimate has nothing to compare to"
)
ESTIMATE = Counter("estimate")


@pytest.fixture(scope="module")
def exact() -> Counter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
        return counter("gpt-5")


ORDINARY = {
    "Latin": (
        "Could you remind me on Tuesday that the release notes still need a second pair of eyes?",
        "Ich habe gestern mit dem Vermieter gesprochen, er meldet sich wegen der Heizung.",
        "On se retrouve à la gare vers dix heures, et n'oublie pas d'apporter les billets.",
        "Czy ktoś pamięta, gdzie zapisaliśmy hasło do serwera testowego w poprzednim tygodniu?",
        "Yarın sabah toplantıdan önce raporu göndermem gerekiyor, lütfen bana hatırlat.",
        "Muistatko vielä, milloin lupasimme toimittaa ensimmäisen version asiakkaalle?",
        "Mañana por la tarde vamos a revisar el presupuesto con todo el equipo.",
    ),
    "Cyrillic": (
        "Напомни мне, пожалуйста, завтра утром позвонить врачу и перенести приём на пятницу.",
        "Мы договорились, что новая версия выйдет в конце месяца, если тесты пройдут.",
        "Хто з вас уже бачив новий розклад занять на наступний тиждень?",
        "Моля те, изпрати ми адреса на хотела, преди да тръгнем за летището.",
        "Сестра переехала в Казань и теперь работает в библиотеке университета.",
    ),
    "Greek": (
        "Μπορείς να μου θυμίσεις αύριο το πρωί να στείλω το συμβόλαιο στη Μαρία;",
        "Η συνάντηση μεταφέρθηκε για την Πέμπτη στις τέσσερις το απόγευμα.",
        "Ο αδελφός μου μένει στη Θεσσαλονίκη και δουλεύει σε ένα μικρό βιβλιοπωλείο.",
        "Δεν θυμάμαι πού αφήσαμε τα κλειδιά του γραφείου χθες το βράδυ.",
        "Καλημέρα σε όλους, η νέα έκδοση είναι έτοιμη για δοκιμή.",
    ),
    "Arabic": (
        "هل يمكنك أن تذكرني غدا صباحا بإرسال العقد إلى المدير؟",
        "اتفقنا على أن يكون الاجتماع يوم الخميس في الساعة الرابعة بعد الظهر.",
        "أختي تعيش في القاهرة وتعمل في مكتبة صغيرة قرب الجامعة.",
        "لا أتذكر أين وضعنا مفاتيح المكتب مساء أمس.",
        "صباح الخير جميعا، النسخة الجديدة جاهزة للتجربة.",
    ),
    "Hebrew": (
        "אתה יכול להזכיר לי מחר בבוקר לשלוח את החוזה למנהלת?",
        "סיכמנו שהפגישה תהיה ביום חמישי בארבע אחר הצהריים.",
        "אחותי גרה בחיפה ועובדת בספרייה קטנה ליד האוניברסיטה.",
        "אני לא זוכר איפה השארנו את המפתחות של המשרד אתמול בערב.",
        "בוקר טוב לכולם, הגרסה החדשה מוכנה לבדיקה.",
    ),
    "Devanagari": (
        "क्या आप मुझे कल सुबह याद दिला सकते हैं कि अनुबंध भेजना है?",
        "हमने तय किया था कि बैठक गुरुवार को शाम चार बजे होगी।",
        "मेरी बहन जयपुर में रहती है और एक छोटी लाइब्रेरी में काम करती है।",
        "मुझे याद नहीं कि हमने कल रात दफ़्तर की चाबियाँ कहाँ रखी थीं।",
        "सबको सुप्रभात, नया संस्करण जाँच के लिए तैयार है।",
    ),
    "Thai": (
        "ช่วยเตือนฉันพรุ่งนี้เช้าให้ส่งสัญญาให้ผู้จัดการด้วยนะ",
        "เราตกลงกันว่าจะประชุมวันพฤหัสบดีตอนสี่โมงเย็น",
        "พี่สาวของฉันอยู่ที่เชียงใหม่และทำงานในห้องสมุดเล็กๆ",
        "ฉันจำไม่ได้ว่าเมื่อคืนเราวางกุญแจสำนักงานไว้ที่ไหน",
        "สวัสดีตอนเช้าทุกคน เวอร์ชันใหม่พร้อมให้ทดสอบแล้ว",
    ),
    "Chinese": (
        "明天早上请提醒我把合同发给经理,谢谢。",
        "我们说好了星期四下午四点开会,地点还是老地方。",
        "我姐姐住在杭州,在大学旁边的一家小图书馆工作。",
        "我不记得昨天晚上我们把办公室的钥匙放在哪里了。",
        "大家早上好,新版本已經準備好了,可以開始測試。",
    ),
    "Japanese": (
        "明日の朝、契約書をマネージャーに送るように思い出させてくれますか?",
        "会議は木曜日の午後四時からということで決まりました。",
        "姉は京都に住んでいて、大学の近くの小さな図書館で働いています。",
        "昨日の夜、事務所の鍵をどこに置いたか覚えていません。",
        "おはようございます、新しいバージョンのテストをお願いします。",
    ),
    "Korean": (
        "내일 아침에 계약서를 팀장님께 보내라고 알려 줄 수 있어요?",
        "회의는 목요일 오후 네 시에 하기로 결정했습니다.",
        "제 언니는 부산에 살고 대학교 근처 작은 도서관에서 일해요.",
        "어젯밤에 사무실 열쇠를 어디에 두었는지 기억이 안 나요.",
        "여러분 좋은 아침입니다, 새 버전을 시험할 준비가 되었습니다.",
    ),
    "code": (
        "def fetch(url: str) -> bytes:\n    with get(url) as page:\n        return page.read()\n",
        "SELECT name, count(*) FROM visits WHERE day >= '2026-11-01' GROUP BY name ORDER BY 2;",
        "git commit -am 'Fix the off-by-one in paginate()' && git push origin HEAD:review/ada",
        '{"id": 4711, "name": "Ada", "roles": ["owner", "editor"], "active": true}',
        "https://example.org/wiki/Release_notes?version=2.1.0&format=html#known-issues",
    ),
    "digits": (
        "+49 151 234 567 89, room 4.021, invoice 2026-11-0047, 1,299.99 EUR",
        "3.14159265358979 2.71828182845904 1.41421356237309",
        "192.168.10.254 10.0.0.1 255.255.255.0 8080 443 22",
        "2026-11-20T10:48:04Z 2026-11-21T08:00:00+01:00",
    ),
    "emoji": (
        "🎉🚀 ship it! 👍🏽❤️",
        "😂😂😂 no way 🙈",
        "👩‍💻 + ☕ = ✅",
        "🇩🇪 🇫🇷 🇯🇵 🏳️‍🌈",
    ),
    "whitespace": (
        "one\n\n\ntwo\n\n\n\nthree",
        "| a   | b    |\n|-----|------|\n| 1   | 22   |\n",
        "\tx = 1\n\t\ty = 2\n\n\tz = 3\n",
        "a    b        c                d",
    ),
}


@needs_vocabulary
@pytest.mark.parametrize("script", ORDINARY)
def test_the_estimate_is_never_too_low_on_ordinary_text(exact: Counter, script: str) -> None:
    ratios = [ESTIMATE.count(text) / exact.count(text) for text in ORDINARY[script]]
    assert min(ratios) >= 1


@needs_vocabulary
@pytest.mark.parametrize("script", ORDINARY)
def test_the_estimate_is_not_far_too_high_either(exact: Counter, script: str) -> None:
    assert median(ESTIMATE.count(text) / exact.count(text) for text in ORDINARY[script]) <= 1.6


@needs_vocabulary
def test_the_vocabulary_counts_exactly(exact: Counter) -> None:
    assert exact.name == "o200k_base"
    assert exact.count("Hello, world!") == 4
    assert exact.count("") == 0


@needs_vocabulary
@pytest.mark.parametrize(
    ("model", "name"),
    [("gpt-4", "cl100k_base"), ("gpt-4o-mini", "o200k_base"), ("llama-3.1:8b", "o200k_base")],
)
def test_every_model_has_a_counter(model: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
    assert counter(model).name == name


@needs_vocabulary
@pytest.mark.parametrize("text", ["<|endoftext|>" * 3, "\ud83d lone \udc00", " " * 1_100_000])
def test_odd_text_is_counted(exact: Counter, text: str) -> None:
    assert exact.count(text) > 0


def test_without_a_vocabulary_it_estimates_and_reaches_for_no_network(tmp_path: Path) -> None:
    probe = (
        "import socket, sys\n"
        "def refuse(*_): raise SystemExit('the network was reached for')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from memory.tokens import counter\n"
        "print(counter('gpt-5').name, 'tiktoken' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={"TIKTOKEN_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "estimate False\n", done.stderr


@needs_vocabulary
def test_a_damaged_vocabulary_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
        with (tmp_path / file.name).open("ab") as copy:
            copy.write(b"x")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert counter("gpt-5").name == "estimate"
    assert len(list(tmp_path.iterdir())) == 2


class Panic(BaseException):
    """As tiktoken's PanicException, no Exception."""


def panics(text: str) -> list[int]:
    raise Panic


def test_a_panic_in_the_tokenizer_falls_back_to_the_estimate() -> None:
    assert Counter("o200k_base", panics).count("hello") == ESTIMATE.count("hello")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_a_stop_is_no_panic(stop: type[BaseException]) -> None:
    def stops(text: str) -> list[int]:
        raise stop

    with pytest.raises(stop):
        Counter("o200k_base", stops).count("hello")


async def test_measuring_counts_the_same() -> None:
    for text in ("hello", "hello " * LARGE):
        assert await ESTIMATE.measure(text) == ESTIMATE.count(text)


async def test_large_texts_are_measured_off_the_loop() -> None:
    async def elsewhere(text: str) -> bool:
        on_loop: list[bool] = []

        def encode(piece: str) -> list[int]:
            on_loop.append(asyncio._get_running_loop() is not None)
            return [0]

        await Counter("o200k_base", encode).measure(text)
        return not any(on_loop)

    assert not await elsewhere("x" * LARGE)
    assert await elsewhere("x" * (LARGE + 1))


def test_beyond_the_cap_no_text_counts_too_little() -> None:
    assert ESTIMATE.count("a" * CAP + "💡" * 10) >= ESTIMATE.count("a" * CAP) + 40


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    assert 0 <= ESTIMATE.count(text) <= len(text.encode(errors="surrogatepass"))


@given(st.text(), st.text())
def test_more_text_never_has_fewer_tokens(text: str, more: str) -> None:
    assert ESTIMATE.count(f"{text}\n{more}") >= ESTIMATE.count(text)


@needs_vocabulary
@settings(max_examples=30)
@given(st.text(min_size=1))
def test_the_vocabulary_keeps_the_laws_of_counting(exact: Counter, text: str) -> None:
    assert 1 <= exact.count(text) <= len(text.encode(errors="surrogatepass"))
    assert exact.count(text) == exact.count(text)
