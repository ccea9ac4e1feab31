"""The credentials in which each function acts, and how long they are used."""

from typing import Any

from infra.local.roles import SECONDS, Credentials


class Sts:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def assume_role(self, **request: Any) -> Any:
        self.asked.append(request["RoleArn"].rpartition("/")[2])
        number = str(len(self.asked))
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return {"Credentials": dict.fromkeys(names, number)}


def test_new_environments_share_the_credentials_of_their_function() -> None:
    sts = Sts()
    credentials = Credentials(sts, lambda: 0.0)
    assert credentials.of("public") == credentials.of("public") != credentials.of("staff")
    assert sts.asked == ["frontdesk-local-public", "frontdesk-local-staff"]


def test_credentials_are_renewed_before_an_environment_could_outlive_them() -> None:
    now = 0.0
    credentials = Credentials(Sts(), lambda: now)
    first = credentials.of("public")
    now = SECONDS / 2 + 1
    assert credentials.of("public") != first
