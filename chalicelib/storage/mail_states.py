"""How many rows of the outbox are in a state: for the statistics. Key and index: the outbox table's."""

from chalicelib.outbox import State
from chalicelib.storage.dynamodb import Count, Database, values
from chalicelib.storage.outbox import BY_STATE


class MailStates:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def count(self, state: State, most_pages: int) -> Count:
        return self._database.count(
            most_pages,
            TableName=self._name,
            IndexName=BY_STATE,
            KeyConditionExpression="#state = :state",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=values(state=state),
        )
