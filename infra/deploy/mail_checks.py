"""Whether SES will send for us: what AWS, and the domain's DNS, need from a person.

See https://docs.aws.amazon.com/ses/latest/dg/verify-addresses-and-domains.html and, for the sandbox,
https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html.
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.aws import code_of
from infra.deploy.checks import Finding, blocks, good, note

_LEAST_A_DAY = 1000


def check_mail(sender: str, region: str, ses: Any) -> Iterator[Finding]:
    yield from _check_account(ses.get_account())
    domain = sender.rpartition("@")[2]
    # The domain first: an address that is verified alone has no DKIM of its own.
    for identity in (domain, sender):
        found = _find_identity(ses, identity)
        if found is not None:
            yield from _check_identity(identity, found, region)
            return
    yield blocks(
        f"SES does not know {domain}: aws sesv2 create-email-identity --region {region} --email-identity "
        f"{domain}, then run this again for the DNS records to add"
    )


def _check_account(account: dict[str, Any]) -> Iterator[Finding]:
    if not account.get("ProductionAccessEnabled", False):
        yield blocks(
            "SES is in the sandbox, and mails nobody who is not verified: ask for production access (SES "
            "console, Account dashboard); say that people asked for this mail, and how bounces are handled"
        )
    else:
        yield good("SES is out of the sandbox")
    status = account.get("EnforcementStatus", "HEALTHY")
    if not account.get("SendingEnabled", True) or status == "SHUTDOWN":
        yield blocks("SES has paused this account: see the SES console, Reputation metrics, and answer there")
    elif status == "PROBATION":
        yield note("SES reviews this account: see the SES console, Reputation metrics, before it is paused")
    quota = account.get("SendQuota", {})
    a_day, a_second = quota.get("Max24HourSend", 0), quota.get("MaxSendRate", 0)
    # -1 is without limit.
    if 0 <= a_day < _LEAST_A_DAY:
        yield note(
            f"SES sends {a_day:.0f} mails a day, {a_second:.0f} a second: ask for more if you expect more"
        )
    else:
        yield good(f"SES sends {a_day:.0f} mails a day, {a_second:.0f} a second")


def _find_identity(ses: Any, identity: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = ses.get_email_identity(EmailIdentity=identity)
    except ClientError as error:
        if code_of(error) == "NotFoundException":
            return None
        raise
    return found


def _check_identity(identity: str, found: dict[str, Any], region: str) -> Iterator[Finding]:
    dkim = found.get("DkimAttributes", {})
    if not found.get("VerifiedForSendingStatus"):
        yield blocks(f"SES has not verified {identity} yet: {_records(identity, dkim)}")
    elif dkim.get("Status") != "SUCCESS" or not dkim.get("SigningEnabled", True):
        yield blocks(f"Mail from {identity} is not signed with DKIM: {_records(identity, dkim)}")
    else:
        yield good(f"SES sends for {identity}, signed with DKIM")
    mail_from = found.get("MailFromAttributes", {})
    if mail_from.get("MailFromDomainStatus") == "SUCCESS":
        yield good(f"bounces go to {mail_from['MailFromDomain']}")
    elif mail_from.get("MailFromDomain"):
        name = mail_from["MailFromDomain"]
        yield blocks(
            f"The MAIL FROM domain {name} is not verified: add in DNS MX {name} 10 "
            f'feedback-smtp.{region}.amazonses.com and TXT {name} "v=spf1 include:amazonses.com ~all"'
        )
    else:
        yield note(
            f"{identity} has no MAIL FROM domain, so SPF does not align: aws sesv2 "
            f"put-email-identity-mail-from-attributes --region {region} --email-identity {identity} "
            f"--mail-from-domain bounce.{identity.rpartition('@')[2]}"
        )


def _records(identity: str, dkim: dict[str, Any]) -> str:
    """The CNAME records with which SES proves the domain and signs for it."""
    domain = identity.rpartition("@")[2]
    tokens = dkim.get("Tokens", [])
    if not tokens:
        return "set up Easy DKIM in the SES console, Identities"
    records = [f"CNAME {token}._domainkey.{domain} {token}.dkim.amazonses.com" for token in tokens]
    return f"add in DNS {'; '.join(records)}"
