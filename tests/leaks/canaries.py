"""Canaries: words that nobody else would say, one for each field of each request, and what may be told."""

import secrets
from dataclasses import dataclass, field


@dataclass
class Canaries:
    """Makes canaries, and remembers which may be found and where they came from."""

    origins: dict[str, str] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    # The addresses of authors who asked for mail: they stand in the mail that they were sent.
    mailed: set[str] = field(default_factory=set)

    def word(self, origin: str, *, published: bool = False) -> str:
        """A new word. `origin` says which field of which request it was typed into."""
        word = f"zq{secrets.token_hex(8)}"
        self.origins[word] = origin
        if published:
            self.published.add(word)
        return word

    def address(self, origin: str, *, mailed: bool = False) -> str:
        word = self.word(origin)
        if mailed:
            self.mailed.add(word)
        return f"{word}@example.org"

    def found_in(self, text: str) -> set[str]:
        """The canaries in `text`, in whatever case they were written."""
        lower = text.lower()
        return {word for word in self.origins if word in lower}
