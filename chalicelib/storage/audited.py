"""Transactions that carry audit entries: what is done and who did it are stored together, or neither is."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from chalicelib.audit import Act, chain
from chalicelib.errors import Unavailable
from chalicelib.storage.audit import AuditTable, EntryTaken
from chalicelib.storage.dynamodb import Database, Write
from chalicelib.storage.people import AlreadyGone
from chalicelib.storage.stubs import ThreadChanged

# As many members of staff may read the same list at once; then one is asked to try again.
_CHAIN_ATTEMPTS = 20


class Audited:
    def __init__(self, database: Database, audit: AuditTable) -> None:
        self._database = database
        self._audit = audit

    def transact(
        self,
        make_writes: Callable[[], list[Write]],
        *acts: Act,
        unless_within: timedelta | None = None,
        likely_first: bool = False,
    ) -> None:
        """Do the writes and the audit entries of `acts`, all on one subject, in one transaction.

        Where somebody was quicker, in the chain or around a thread, they are made anew and chained again.
        With `likely_first` the first try takes the chain for empty, which saves asking for its last entry.
        """
        for attempt in range(_CHAIN_ATTEMPTS):
            guess = likely_first and attempt == 0
            last = None if guess else self._audit.find_last(acts[0].subject)
            if last and unless_within and acts[0].at - last.act.at < unless_within:
                return
            entries = []
            for act in acts:
                last = chain(act, last)
                entries.append(self._audit.put(last))
            try:
                self._database.transact([*make_writes(), *entries])
            except (EntryTaken, ThreadChanged):
                continue
            return
        raise Unavailable("TransactWriteItems")

    def delete(self, deletes: dict[str, Write], act: Act) -> int:
        """Delete what is there of `deletes`, by key: how many. Where there is nothing, nothing is noted."""
        while deletes:
            try:
                self.transact(partial(list, deletes.values()), act)
            except AlreadyGone as gone:
                deletes = {key: delete for key, delete in deletes.items() if key != gone.key}
            else:
                break
        return len(deletes)
