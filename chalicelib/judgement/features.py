"""What the classifier sees of a text: which of its buckets the text falls into, and nothing else.

A text's features are its words and signs, and the runs of four letters within a word, so that
"subscribe" and "subscr1be" have most in common. Each counts once, however often it stands there.

Every feature is hashed under a secret key (BLAKE2b, RFC 7693, keyed) into one of 16,384 buckets. Without
the key a bucket says nothing of words; with it, one can ask whether a guessed word's bucket was seen, where
others lie as well. So the model can be stolen without giving a word away.
"""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice

BUCKETS = 1 << 14
# Of what a text's features are made. Change it with any change here: counts of another version mean nothing.
VERSION = 1
_RUN = 4
# As long as a message may be; compatibility forms can make eighteen characters of one.
_LONGEST = 5000
# As many as 5,000 characters of prose have. What a text has beyond is not looked at: a hostile one would
# have three times as many, and take three times as long.
_MOST_FEATURES = 1500
_TOKEN = re.compile(r"\w+|[^\w\s]+")


def buckets_of(text: str, key: bytes) -> tuple[int, ...]:
    """Return the buckets that `text` falls into, sorted, each once. `key` is 16 to 64 bytes."""
    start = blake2b(digest_size=2, key=key)
    found = set()
    for feature in islice(_features(text), _MOST_FEATURES):
        # A copy of the keyed state: to set it up anew for each feature takes half as long again.
        digest = start.copy()
        digest.update(feature.encode())
        found.add(int.from_bytes(digest.digest(), "big") % BUCKETS)
    return tuple(sorted(found))


def _features(text: str) -> Iterator[str]:
    """The text's features in the order in which they stand there: a set's order changes from run to run."""
    seen: dict[str, None] = {}
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text)[:_LONGEST].casefold()):
        # Edges tell a word from the same letters within another one.
        edged = f"<{token}>"
        if edged in seen:
            continue
        runs = [edged[i : i + _RUN] for i in range(len(edged) - _RUN + 1)]
        seen |= dict.fromkeys([edged, *runs])
        if len(seen) >= _MOST_FEATURES:
            break
    return iter(seen)
