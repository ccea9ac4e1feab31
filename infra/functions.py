"""The stack's functions: one zip, each with its own role, log group, time-out and memory."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """`name` is its FUNCTION setting and names its policy file; `logical_id` is Chalice's name for it.

    `reserved` is its concurrency: so many run at once, no more, and nobody else can take them.
    """

    name: str
    logical_id: str
    handler: str
    seconds: int
    megabytes: int
    reserved: int
    opens_sealed: bool = False

    @property
    def prefix(self) -> str:
        """What the logical ids of its own resources begin with: PublicRole, DeliveryEventsLogGroup."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def role(self) -> str:
        return f"{self.prefix}Role"

    @property
    def log_group(self) -> str:
        return f"{self.prefix}LogGroup"

    @property
    def deployed_name(self) -> dict[str, str]:
        return {"Fn::Sub": f"frontdesk-${{Stage}}-{self.name.replace('_', '-')}"}


# Behind the gateway, which gives up at 29 s: the function's own end comes first, and is logged as such.
# Memory is also CPU: 512 MB where somebody waits for a cold start, or where mail is rendered.
# Housekeeping's share of one run is 200 rows of each kind, a round trip each.
# Reserved: the sum leaves most of an account's 1,000 alone. The outbox's stream has few shards, and one run
# of housekeeping at a time is enough. Mail is bounded by SES's rate.
FUNCTIONS: tuple[Function, ...] = (
    Function("public", "APIHandler", "app.app", 28, 512, reserved=50),
    Function("staff", "Staff", "app.app", 28, 512, reserved=20, opens_sealed=True),
    Function("authorizer", "Authorizer", "app.authorizer", 10, 512, reserved=20),
    Function("relay", "Relay", "app.relay", 30, 256, reserved=2),
    Function("mail", "Mail", "app.mail", 30, 512, reserved=5, opens_sealed=True),
    Function("delivery_events", "DeliveryEvents", "app.delivery_events", 30, 256, reserved=5),
    Function("housekeeping", "Housekeeping", "app.housekeeping", 120, 256, reserved=1),
)
