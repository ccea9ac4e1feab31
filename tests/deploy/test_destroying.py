"""What stays after a removal is told."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from infra.deploy.destroying import tell_copies

NAMES = ("frontdesk-prod-comments-restored", "frontdesk-production-comments", "payroll")


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client: Any = botocore.session.get_session().create_client("dynamodb", region_name="us-east-1")
        for name in NAMES:
            client.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield client
        for backup in client.list_backups()["BackupSummaries"]:
            client.delete_backup(BackupArn=backup["BackupArn"])
        for name in NAMES:
            client.delete_table(TableName=name)


def test_copies_that_a_restore_left_are_told_and_nobody_elses(
    dynamodb: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """They hold what people wrote, which a removal with the data says is gone."""
    made = [dynamodb.create_backup(TableName=name, BackupName="copy")["BackupDetails"] for name in NAMES]
    tell_copies(dynamodb, "prod")
    told = capsys.readouterr().out
    assert "Kept: frontdesk-prod-comments-restored, copies of tables" in told
    assert f"Kept: the backups {made[0]['BackupArn']}: delete each" in told
    assert "production" not in told
    assert "payroll" not in told
