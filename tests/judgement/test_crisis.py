"""Who is found to be in danger: however it is typed, unless it is denied, over, or a turn of phrase."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.judgement.crisis import finding
from chalicelib.judgement.crisis.finding import find_danger
from chalicelib.judgement.crisis.words import split_sentences
from chalicelib.text import normalise
from tests.judgement.crisis_set import read_sentences

PHRASES = Path(finding.__file__).with_name("phrases.txt").read_text(encoding="utf-8").splitlines()


def codes(text: str) -> list[str]:
    return [reason.code for reason in find_danger(normalise(text))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I want to kill myself", "crisis_self_harm"),
        ("Me quiero matar", "crisis_self_harm"),
        ("I took all my pills", "crisis_overdose"),
        ("me tomé todas las pastillas", "crisis_overdose"),
        ("used again last night and I can't stop", "crisis_relapse"),
        ("recaí anoche", "crisis_relapse"),
        ("My son overdosed and he's not breathing", "crisis_other_in_danger"),
        ("mi hijo dice que se quiere matar", "crisis_other_in_danger"),
    ],
)
def test_each_danger_has_its_code(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "typed",
    [
        "I WANT TO DIE",
        "i wanna die",
        "I want\nto\ndie",
        "I wan\u200bt to d\u200die",
        "I w4nt to d1e",
        "i want to diiiie 😭😭😭",
        "i wnat to die",
        "𝐈 𝐰𝐚𝐧𝐭 𝐭𝐨 𝐝𝐢𝐞",
        "I wаnt tо die",
        "im so tired. i just really want to die",
        "I want to d.i.e",
        "I don’t want to live anymore",
        "I don't want to live anymore",
        "I dont want to live any more",
        "gonna kms",
        "I'm s u i c i d a l",
        "ya no quiero vivir",
        "YA NO QUIERO VIVIR",
        "quiero suicidarme",
        "tuve una sobredosis hoy",
        "recai anoche",
        "recaí anoche",
    ],
)
def test_it_is_found_however_it_is_typed(typed: str) -> None:
    assert codes(typed)


@pytest.mark.parametrize(
    "text",
    [
        "This heat is killing me",
        "I'm dying to meet the team",
        "I could kill for a coffee",
        "no quiero morir de aburrimiento",
        "quiero morir de risa con ustedes",
        "I want to die of embarrassment",
        "I cut myself a slice of cake today",
        "I used to want to die, two years sober now",
        "I don't want to die",
        "I am not suicidal",
        "I would never hurt myself",
        "No quiero morir",
        "I'd rather die than stop, I said. That was in 2014. Sober since, and grateful.",
        "When I was 19 I stood on a bridge. Today I am a nurse.",
        "El invierno pasado mi padre tuvo una sobredosis, hoy está en recuperación.",
        "Mi hija no ha vuelto a consumir",
        "Ya no pienso en morir",
        "She would literally die if you cancelled the choir",
        "I overdosed in 2016. Nine years clean in March.",
        "I relapsed four years ago and have been sober since",
        "Recaí en 2018, hoy llevo cuatro años limpio",
        "Do you treat people after an overdose?",
        "What should we do if our son relapses?",
        "You are not alone, please don't hurt yourself, call 988",
        'We sang "Ready to die" by Biggie in the van',
        "kys whoever designed this form",
        "",
        "?!...",
    ],
)
def test_what_is_no_danger_is_left_alone(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to kill myself but I can't stop thinking about doing it",
        "I used to be sober, three years. I relapsed, I lost her, and now I want to kill myself.",
        "I can't promise I won't hurt myself",
        "I'm trying not to kill myself",
        "Everyone would be better off without me",
        "I was clean for 3 years and I shot up last night",
        "In 2019 I got clean, and I want to die",
        "I was 19 when it began. I am sober and suicidal.",
    ],
)
def test_denial_and_past_end_where_the_danger_begins(text: str) -> None:
    assert codes(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sleeping tablets, a whole box of them. I took them.", "crisis_overdose"),
        ("The rope is here. It is beside me.", "crisis_self_harm"),
        ("His lips are blue, my roommate I mean", "crisis_other_in_danger"),
        ("Tremors and sweats. My last drink was on Sunday.", "crisis_relapse"),
        ("The cat is given to my sister. The rent is paid. I gave my watch away.", "crisis_self_harm"),
        ("I gave my watch to my brother. Nobody is at fault.", "crisis_self_harm"),
        ("He emptied his room, and asked us to forgive him", "crisis_other_in_danger"),
    ],
)
def test_signs_say_it_in_whatever_order(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "We sell rope.",
        "It is on the table beside me.",
        "She took a box. We had lunch. He went home. They sell sleeping tablets there.",
        "We have no rope on the table, and never had.",
        "In the film the rope is on the table.",
        "In 2009 a belt lay in my hand.",
    ],
)
def test_signs_apart_denied_told_or_past_say_nothing(text: str) -> None:
    assert codes(text) == []


def test_several_dangers_are_told_each_once_and_the_gravest_first() -> None:
    text = "I relapsed last night. I took all my pills. I want to die. I want to die."
    assert codes(text) == ["crisis_self_harm", "crisis_overdose", "crisis_relapse"]


def test_reason_says_nothing_of_what_was_written() -> None:
    """There are four, whatever anybody writes."""
    told = {reason.text for sentence in read_sentences() for reason in find_danger(sentence.text)}
    assert len(told) == 4


def test_every_word_of_the_phrases_can_be_met() -> None:
    """A phrase is compared with evened-out words: one that evening out takes away would never be found."""
    lines = [line.split(" = ")[-1] for line in PHRASES if line and line[0] not in "%["]
    words = {word for line in lines for word in line.replace("|", " ").replace("?", " ").split()}
    plain = {word for word in words if word[0] not in "@#" and word != ".."}
    assert {word for word in plain if split_sentences(word) != [(word,)]} == set()
    classes = {line.split()[0] for line in PHRASES if line.startswith("@") and " = " in line}
    assert {word for word in words if word[0] == "@"} <= classes


def test_no_phrase_stands_there_twice() -> None:
    lines = [line for line in PHRASES if line and line[0] not in "%["]
    assert sorted(lines) == sorted(set(lines))


HOSTILE: dict[str, Callable[[int], str]] = {
    "one word": lambda n: "a" * n,
    "spaced letters": lambda n: "i " * (n // 2),
    "spaces": lambda n: ("\n" + " " * 9) * (n // 10),
    "one beginning": lambda n: "want " * (n // 5),
    "gaps": lambda n: "took all the the the the " * (n // 25),
    "gaps closed": lambda n: "took all my pills " * (n // 18),
    "denied": lambda n: "not kill myself " * (n // 16),
    "past": lambda n: "I used to want to die " * (n // 22),
    "quoted": lambda n: '"want to die" ' * (n // 14),
    "idiom": lambda n: "".join(f"want to die of boredom {k}. " for k in range(n // 28)),
    "signs": lambda n: "not took a box of pills in my hand " * (n // 35),
    "signs asked about": lambda n: "if you took a lot of pills " * (n // 27),
    "apostrophes": lambda n: "I'm " * (n // 4),
    "marks": lambda n: "a\u0300" * (n // 2),
    "dots": lambda n: "a." * (n // 2),
    "digits": lambda n: "1" * n,
    "other script": lambda n: "ཱི" * (n // 2),
}


def steps(text: str) -> int:
    """How many calls are made for a text, of ours and built in: a measure that no clock disturbs."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        find_danger(text)
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_grows_no_faster_than_the_text(kind: str) -> None:
    make = HOSTILE[kind]
    find_danger(make(5_000))
    once, twice = steps(make(5_000)), steps(make(10_000))
    assert twice <= 2.2 * once + 50
    # For 5,000 characters: no text makes more than a few calls for each of them.
    assert once < 30_000


@pytest.mark.parametrize(
    "text",
    [
        "I lost the will to live until I found this place",
        "I wanted to die every day until my daughter was born",
        "My snoring nearly killed my wife",
        "Ten years ago I cut myself",
        "Fifteen years ago I cut my wrists. Life is good",
        "I hope I don't wake up early tomorrow",
        "I hope I don't sound rude",
        "Tonight is my last night here at the center, thank you all",
        "Tonight is my last night shift this week",
        "Hoy es mi última noche en la clínica",
        "I used to play guitar and want to again",
        "I used to want to die and I never want to again",
    ],
)
def test_what_is_over_is_no_danger(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # Who names help or hope may be far from either.
        ("Day 1 again and I feel hopeful", "crisis_relapse"),
        ("I relapsed last night and I am too ashamed to go back to a meeting", "crisis_relapse"),
        ("Relapsed again. Everybody says feel positive. I feel nothing", "crisis_relapse"),
        ("I drank again last night, back on track to losing everything", "crisis_relapse"),
        ("Relapsed last night and I don't feel hopeful", "crisis_relapse"),
        ("I drank last night, not going back to meetings, what's the point", "crisis_relapse"),
        ("Recaí ayer y no tengo esperanza", "crisis_relapse"),
        ("I drank again last night and want to die. Back to the rooms I guess", "crisis_self_harm"),
        ("I relapsed and took 30 pills. I am hopeful it will be over soon", "crisis_overdose"),
        # Said of now, whatever was.
        ("I want to end it until I found nobody cares", "crisis_self_harm"),
        ("I am going to cut my wrists like ten years ago", "crisis_self_harm"),
        ("I cut my wrists two years ago and tonight I am holding the blade", "crisis_self_harm"),
        # It is back.
        ("I used to want to die and today I want to again", "crisis_self_harm"),
        ("I used to want to die. The thoughts are back", "crisis_self_harm"),
        ("used to cut myself, it has come back", "crisis_self_harm"),
        ("antes quería morir y hoy quiero otra vez", "crisis_self_harm"),
        # The last night.
        ("tonight is my last night", "crisis_self_harm"),
        ("This is going to be my last night", "crisis_self_harm"),
        ("Es mi última noche, perdónenme", "crisis_self_harm"),
        ("es mi última noche con ustedes", "crisis_self_harm"),
        ("this is my last night with my kids", "crisis_self_harm"),
        ("tonight will be my last night at home", "crisis_self_harm"),
        ("This will be my last night here on this earth", "crisis_self_harm"),
        ("I hope I don't wake up", "crisis_self_harm"),
        ("I hope I don't make it to the morning", "crisis_self_harm"),
    ],
)
def test_what_is_now_or_is_back_is_danger(text: str, code: str) -> None:
    assert code in codes(text)
