"""A text as sentences of plain words: the same words however somebody typed them.

Case, accents, curly quotes, zero-width characters, digits in the place of letters, letters spaced apart and
the usual short forms are evened out, so that each phrase needs to be known once.
"""

import re
import unicodedata
from itertools import groupby

from chalicelib.judgement.runs import may_have_run

# Letters of other alphabets that look like ours, and marks that stand for an apostrophe or a quotation mark.
_LOOKALIKES = dict(zip("асеіорхуѕ’‘ʼ`´“”„«»…ı", "aceiopxys'''''\"\"\"\"\".i", strict=True))
# Combining marks, and what has no width.
_UNSEEN = (
    (0x00AD, 0x00AD),
    (0x0300, 0x036F),
    (0x200B, 0x200F),
    (0x2060, 0x2064),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
)
# Letters with accents, and those of other shapes: full width, mathematical.
_ADORNED = ((0x00C0, 0x017F), (0xFF01, 0xFF5E), (0x1D400, 0x1D7FF))
# A word, the end of a sentence (a blank line is one), or a mark within one. No branch can match in two ways.
_TOKEN = re.compile(r"[a-z](?=\.)(?:\.[a-z]){2,}|[a-z0-9$@]++(?:'[a-z]++)*+|[.!?]++|\n[ \t]*+\n|[,;:()]++|\"")
# Characters, so that no visitor can fill the memory with rare ones.
_MOST_REMEMBERED = 4000
_DRAWN_OUT = re.compile(r"([a-z])\1\1+")
_LEET = str.maketrans("013457$@", "oieastsa")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
# From so many letters in a row on it is a word spaced apart, not initials.
_SPACED_LETTERS = 3
_CONTRACTIONS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would"}
_HAVE_IS = frozenset({"he", "she", "it", "that", "there", "what"})
# What one word stands for. Typed without its apostrophe, where that is no other word.
_SHORT_FORMS = {
    "im": "i am",
    "ima": "i am going to",
    "imma": "i am going to",
    "ive": "i have",
    "hes": "he is",
    "shes": "she is",
    "theyre": "they are",
    "thats": "that is",
    "whats": "what is",
    "theres": "there is",
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
    "won't": "will not",
    "wont": "will not",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "isnt": "is not",
    "wasnt": "was not",
    "arent": "are not",
    "havent": "have not",
    "hasnt": "has not",
    "couldnt": "could not",
    "wouldnt": "would not",
    "shouldnt": "should not",
    "aint": "is not",
    "ain't": "is not",
    "wanna": "want to",
    "gonna": "going to",
    "gotta": "got to",
    "tryna": "trying to",
    "idk": "i do not know",
    "idc": "i do not care",
    "dnt": "do not",
    "cnt": "can not",
    "havnt": "have not",
    "wana": "want to",
    "gona": "going to",
    "iam": "i am",
    "somethin": "something",
    "nothin": "nothing",
    "everythin": "everything",
    "takin": "taking",
    "livin": "living",
    "shakin": "shaking",
    "breathin": "breathing",
    "2day": "today",
    "sry": "sorry",
    "thx": "thanks",
    "dunno": "do not know",
    "cuz": "because",
    "bc": "because",
    "abt": "about",
    "u": "you",
    "ur": "your",
    "rn": "right now",
    "nite": "night",
    "tonite": "tonight",
    "2nite": "tonight",
    "tmrw": "tomorrow",
    "yrs": "years",
    "yr": "year",
    "hrs": "hours",
    "mins": "minutes",
    "thinkin": "thinking",
    "tryin": "trying",
    "feelin": "feeling",
    "drinkin": "drinking",
    "usin": "using",
    "dyin": "dying",
    "alot": "a lot",
    "myslef": "myself",
    "mysef": "myself",
    "meself": "myself",
    "anymore": "any more",
    "kms": "kill myself",
    "od'd": "overdosed",
    "oded": "overdosed",
    "odd'd": "overdosed",
    "od'ing": "overdosing",
    "oding": "overdosing",
    "od'ed": "overdosed",
    "od": "overdose",
    "overdoesed": "overdosed",
    "overdoes": "overdose",
    "suicidle": "suicidal",
    "sucidal": "suicidal",
    "sewerslide": "suicide",
    "sucide": "suicide",
    "suiside": "suicide",
    "unalived": "kill",
    "unalive": "kill",
    "unaliving": "killing",
    "relasped": "relapsed",
    "relapes": "relapse",
    "ke": "que",
    "kiero": "quiero",
    "qiero": "quiero",
    "aki": "aqui",
    "aora": "ahora",
    "pastiyas": "pastillas",
    "kitarme": "quitarme",
    "bibir": "vivir",
    "vibir": "vivir",
    "bivir": "vivir",
    "asta": "hasta",
    "pa": "para",
    "nadien": "nadie",
    "q": "que",
    "k": "que",
    "xq": "porque",
    "pq": "porque",
    "toy": "estoy",
    "tmb": "tambien",
    "suisidio": "suicidio",
    "suisidarme": "suicidarme",
}
# So that one word more does not make a phrase another one.
_FILLERS = (
    "really just so fucking fuckin freaking actually honestly literally seriously basically kinda kind sort"
    " simply like even already bloody damn lol tho though please truly very totally probably maybe"
    " realmente simplemente literalmente sinceramente pinche puta tan muy"
)
_YEAR_DIGITS = 4
YEAR, NUMBER, MANY, COMMA, QUOTE, END = "#year", "#", "#many", ",", '"', "."
_FEW = "two three four five six seven dos tres cuatro cinco seis siete"
_MANY = (
    "eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred"
    " ocho nueve diez doce quince veinte treinta cuarenta cincuenta sesenta cien"
)


# Words that must be known even with two letters changed about, or one left out.
_WEIGHTY = (
    "suicide suicidal overdose overdosed overdosing relapse relapsed relapsing killing myself himself herself"
    " anymore breathing alive dying want kill tonight sober drinking heroin fentanyl unconscious pills"
    " suicidio matarme suicidarme sobredosis pastillas recaida recayo morir vivir quiero consumir respira"
)
_LONG = 6
# Words of their own, though they look like one of those misspelt.
_NO_MISSPELLINGS = {"sobre", "suicida", "pastilla", "consumi"}


def _misspelt(word: str) -> set[str]:
    """The word with two neighbouring letters changed about, or, of a long one, any but the first left out."""
    turned = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    shortened = {word[:i] + word[i + 1 :] for i in range(1, len(word))} if len(word) >= _LONG else set()
    return (turned | shortened) - {word}


# By what they begin with: a mark within a sentence, and the end of one.
_MARKS = {
    **dict.fromkeys(",;:()", (COMMA,)),
    **dict.fromkeys(".!?\n", (END,)),
    '"': (QUOTE,),
}
# What a token becomes that is not left as it is.
_PLAIN: dict[str, tuple[str, ...]] = {
    **_MARKS,
    **{
        wrong: tuple(_SHORT_FORMS.get(word, word).split())
        for word in _WEIGHTY.split()
        for wrong in sorted(_misspelt(word) - {*_WEIGHTY.split()} - _NO_MISSPELLINGS)
    },
    **{short: tuple(long.split()) for short, long in _SHORT_FORMS.items()},
    **dict.fromkeys(_FILLERS.split(), ()),
    **dict.fromkeys(_FEW.split(), (NUMBER,)),
    **dict.fromkeys(_MANY.split(), (MANY,)),
}


def split_sentences(text: str) -> list[tuple[str, ...]]:
    """Return the sentences of `text` as words, in a time that grows with its length.

    Commas (and what separates like them) and quotation marks are words of their own.
    """
    tokens = _TOKEN.findall(_fold(text))
    # Where each letter stands, as bytes: so that texts without spaced letters are not walked for them.
    if b"\1" * _SPACED_LETTERS in bytes(map(_LETTERS.__contains__, tokens)):
        tokens = _join_letters(tokens)
    words = _words_of(tokens)
    words.append(END)
    sentences, start = [], 0
    while start < len(words):
        end = words.index(END, start)
        if end > start:
            sentences.append(tuple(words[start:end]))
        start = end + 1
    return sentences


class _Folding(dict[int, int | str | None]):
    """What a character becomes. A letter with an accent is taken apart when it is first met.

    Each character by itself, for to take a text apart puts its marks in order, in the square of their count.
    """

    def __missing__(self, code: int) -> int | str | None:
        plain: int | str = code
        adorned = any(first <= code <= last for first, last in _ADORNED)
        if adorned:
            apart = unicodedata.normalize("NFKD", chr(code)).lower()
            plain = "".join(c for c in apart if not unicodedata.combining(c))
        # Those take longest, and are few: whatever came before, each is taken apart once.
        if adorned or len(self) < _MOST_REMEMBERED:
            self[code] = plain
        return plain


_FOLDING = _Folding(
    {
        **{code: code for code in range(0x80)},
        **dict.fromkeys((code for first, last in _UNSEEN for code in range(first, last + 1)), None),
        **{ord(odd): plain for odd, plain in _LOOKALIKES.items()},
    }
)


def _fold(text: str) -> str:
    folded = text.lower()
    plain = folded if folded.isascii() else folded.translate(_FOLDING)
    return _DRAWN_OUT.sub(r"\1", plain) if may_have_run(plain, 2) else plain


def _join_letters(tokens: list[str]) -> list[str]:
    """Letters spaced apart are one word; fewer of them are words of one letter."""
    joined: list[str] = []
    for alone, side_by_side in groupby(tokens, _LETTERS.__contains__):
        group = list(side_by_side)
        joined += ["".join(group)] if alone and len(group) >= _SPACED_LETTERS else group
    return joined


def _words_of(tokens: list[str]) -> list[str]:
    """The words that the tokens of a text stand for: most for themselves."""
    words: list[str] = []
    # What has something else than letters is taken apart once, however often it comes again.
    apart: dict[str, tuple[str, ...]] = {}
    for token in tokens:
        plain = _PLAIN.get(token)
        if plain is not None:
            words += plain
        elif token.isalpha():
            words.append(token)
        else:
            if token not in apart:
                apart[token] = _take_apart(token)
            words += apart[token]
    return words


def _take_apart(token: str) -> tuple[str, ...]:
    """What is not letters alone: figures, marks, or a word with something else in it.

    That can be an apostrophe, dots, or digits in the place of letters.
    """
    if token.isdigit():
        return (_number(token),)
    if token[0] in _MARKS:
        return _MARKS[token[0]]
    if "'" in token:
        return _apart(token)
    plain = token.replace(".", "")
    # Not "30mg", not "24h".
    if plain[0].isalpha() and plain[-1].isalpha():
        plain = plain.translate(_LEET)
    return _PLAIN.get(plain, (plain,))


def _apart(token: str) -> tuple[str, ...]:
    """A word with an apostrophe as the words that it is short for; of a possessive, the word."""
    stem, _, ending = token.rpartition("'")
    if stem.endswith("n") and ending == "t":
        return (stem[:-1], "not")
    if ending == "s":
        return (stem, "is") if stem in _HAVE_IS else (stem,)
    return (stem, _CONTRACTIONS[ending]) if ending in _CONTRACTIONS else (stem + ending,)


def _number(digits: str) -> str:
    if len(digits) == _YEAR_DIGITS and digits[:2] in ("19", "20"):
        return YEAR
    # More digits than a number of pills has are not read: that would take the square of their count.
    return MANY if len(digits) > 1 or digits in "89" else NUMBER
