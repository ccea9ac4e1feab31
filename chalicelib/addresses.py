"""Email addresses, as they are typed: one form of each, so that what was written one way is found another."""

from email_validator import EmailNotValidError, validate_email


class NotAnAddress(Exception):
    """No mail can be sent to it by its form alone."""


def normalise_address(typed: str) -> str:
    """The address as it is kept: domain in lower case and Unicode, the part before the `@` as typed.

    Its keyed hash does not depend on the case of either. Raises NotAnAddress.
    """
    try:
        # No SMTPUTF8: SES does not send to such addresses. `.test` passes the form check; it just bounces.
        address = validate_email(
            typed.strip(" "), allow_smtputf8=False, check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        raise NotAnAddress from None
    # RFC 5321, 4.5.3.1.1: longer than 64 no server has to take.
    if "." not in address.domain or len(address.local_part) > 64:
        raise NotAnAddress
    return address.normalized
