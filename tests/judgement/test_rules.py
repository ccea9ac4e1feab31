"""What each rule finds, and what it leaves alone: the rules that come with Frontdesk, on sentences."""

import pytest

from tests.judgement.submissions import AT, HASHER, RULES, codes, rules_with, submitted

# What people write under the articles of a treatment centre, and nobody should have to explain.
PLAIN = """
Ninety days today.
I used heroin for ten years and I am three years clean now.
Thank you for this article, it helped me to understand my son.
My husband took pills for his back, and then he could not stop.
Where can I find the courage to tell my mother?
I lost my brother to fentanyl in 2019. Please talk to your kids.
How much this place has changed my life I cannot say.
Suboxone saved my life. Do not let anybody shame you for it.
I relapsed last week, and came back to my meeting the next day.
My counselor plugged away with me until I could sleep again.
It was the center of my life for years.
We had 12 steps and 3 meetings a week, at 7:30 and at 19:00.
I got clean on 10-20-2019 at the age of 34.
Call 988 if you think about hurting yourself. It helped me.
SAMHSA has a line, 1-800-662-4357, day and night.
I was lost.Me too, I thought, when I read this.
He wrote 10/10, would recommend... really
Gracias por este articulo, me ayudo mucho con mi hermano.
I drank 2 bottles a day. Now I drink water, and a lot of it!!!
Some days I cannot, and then somebody calls me and I can.
My sister is a nurse and she says naloxone is not hard to give.
100% worth it, one day at a time :)
They put me on 8 mg of suboxone and it saved my life.
I was taking 120 mg of methadone when I came here, and I am down to 40mg now.
Back then I was high on pills every day, and my kids saw it.
We got high on oxys behind the school, and two of us are dead.
I work at another facility, and what I read here is true there too.
I have been taking 50 mg of naltrexone for a year.
""".strip().splitlines()

STRUCK = {
    "has_links": [
        "See http://pills.example.com/buy for more",
        "go to www.cheap-stuff.biz now",
        "I read it at evil.com, really",
        "HXXPS://evil.example",
        "look at ｅｖｉｌ．ｃｏｍ",
        "e\u200bvil.c\u200bom",
        "evil.com/path?x=1",
    ],
    "link_shortener": ["https://bit.ly/3xyz", "it is at tinyurl.com/abc", "t.me/somebody has it"],
    "only_links": ["http://evil.example/a http://evil.example/b", "evil.com", "wow evil.com"],
    "hidden_link": ["visit evil dot com", "evil [dot] com", "evil(DOT)net today", "jo at gmail dot com"],
    "repeated_text": [
        "buy " * 20,
        "no no no no no no no",
        "a" * 30,
        "Buy it here today.\nBuy it here today.\nBuy it here today.",
        "one two three four " * 15,
    ],
    "advertising": [
        "Check out my new channel",
        "please subscribe to my videos",
        "Make easy money online with this",
        "best online casino ever",
        "CLICK HERE",
    ],
    "drug_sourcing": [
        "where can I get fentanyl around here",
        "Where could I find some good heroin?",
        "hmu for percs",
        "hit me up for xans",
        "got percs for sale, dm me",
        "I need a plug in Ohio",
        "anyone selling oxys",
        "p3rcs for sale",
        "F E N T for sale, hmu",
        "buy xanax online",
        "vicodin no prescription needed",
        "where can i score some реrсs",
        "Dónde consigo heroína por aquí",
        "where can I buy pércs",
        "telegram me for coke",
        "anyone selling suboxone",
    ],
    "drug_dosing": [
        "how much fentanyl is safe",
        "how many percs can I take at once",
        "I take 30mg twice a day and feel it",
        "she took about 200 mg to sleep",
        "what is a safe dose if you are new",
        "lethal dose?",
        "can you mix xanax with alcohol",
        "80mg of oxycodone did nothing",
        "what is the best way to snort oxys",
        "start by taking 20 mg and wait",
        "how much suboxone do I need to feel something",
        "get high on xanax",
        "30 mg of fentanyl",
    ],
    "rival_facility": [
        "Come to our rehab instead, call 555-123-4567",
        "our detox is better and cheaper",
        "We have beds available today",
        "call our admissions line",
        "I work for a treatment center, we can get you in",
        "I work at a detox and we take your insurance",
        "We accept most insurance",
        "we can place you today, flights paid",
        "Try Sunrise rehab instead",
    ],
    "looks_like_enquiry": [
        "do you take Aetna",
        "Do you guys accept Blue Cross?",
        "can I get a bed for my son",
        "please call me",
        "Please, can somebody call me back today",
        "How much does it cost?",
        "is there a waiting list",
        "My daughter needs help now",
        "I need to get into detox",
        "do you have any beds open",
        "how do I get my husband into treatment",
        "what insurance do you take",
        "¿Aceptan Medicaid?",
        "cuánto cuesta",
        "does my insurance cover this",
    ],
    "contact_phone": [
        "call 555-123-4567",
        "(555) 123-4567",
        "555.123.4567",
        "5551234567",
        "+1 555 123 4567",
        "1-555-123-4567 any time",
        "+44 20 7946 0958",
        "0049 30 1234567",
        "my number:555 123 4567",
        "555-1234",
        "５５５-１２３-４５６７",
        "(555)123-4567",
    ],
    "contact_email": ["write to jo.wren+x@mail.example.org please", "JO@EXAMPLE.COM", "<jo@example.org>"],
    "contact_street": [
        "I live at 12 Oak Street",
        "come to 1600 Pennsylvania Ave NW",
        "450 N. Main St.",
        "at 12 oak street",
        "P.O. Box 12, Ohio",
        "1234 Martin Luther King Blvd",
        "Calle Ocho 1234",
    ],
}


@pytest.mark.parametrize("message", PLAIN)
def test_what_people_write_of_recovery_is_left_alone(message: str) -> None:
    assert codes(message) == []


@pytest.mark.parametrize(("code", "message"), [(c, m) for c, messages in STRUCK.items() for m in messages])
def test_rule_strikes(code: str, message: str) -> None:
    assert code in codes(message)


@pytest.mark.parametrize("message", [m for messages in STRUCK.values() for m in messages])
def test_no_rule_on_words_alone_makes_spam(message: str) -> None:

    assert not any(strike.is_spam for strike in RULES.strikes(submitted(message), AT, HASHER))


def test_words_in_the_name_count() -> None:
    assert codes(name="http://evil.example") == ["has_links"]
    assert codes(name="Call 555-123-4567") == ["contact_phone"]


def test_enquiry_may_have_contact_details_and_be_an_enquiry() -> None:
    message = "Do you take Aetna? Please call me, 555-123-4567, or write to jo@example.org."
    assert codes(message, kind="enquiry") == []
    assert codes(message) == ["contact_phone", "contact_email", "looks_like_enquiry"]


def test_links_to_where_help_is_are_not_counted() -> None:
    assert codes("Read https://www.samhsa.gov/find-help and 988lifeline.org") == []
    assert codes("https://samhsa.gov.evil.example/") == ["has_links", "only_links"]


def test_as_many_links_as_the_file_says_give_no_reason() -> None:
    rules = rules_with("most = 0", "most = 2")
    assert codes("first evil.com, then https://evil.example/x and on", rules) == []
    assert codes("evil.com then evil.org then evil.net and on", rules) == ["has_links"]


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("spam@evil.example", ["blocked_address"]),
        ("SPAM@evil.example", ["blocked_address"]),
        ("other@evil.example", []),
        ("anybody@bad.example", ["blocked_address"]),
        ("anybody@mail.bad.example", ["blocked_address"]),
        ("anybody@notbad.example", []),
        ("bad.example@good.example", []),
    ],
)
def test_addresses_and_domains_are_blocked(email: str, expected: list[str]) -> None:
    rules = rules_with(
        "addresses = []\ndomains = []", 'addresses = ["Spam@evil.example"]\ndomains = ["Bad.example"]'
    )
    assert codes(rules=rules, email=email) == expected


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("192.0.2.0", ["blocked_network"]),
        ("192.0.2.255", ["blocked_network"]),
        ("192.0.3.0", []),
        ("192.0.1.255", []),
        ("::ffff:192.0.2.9", ["blocked_network"]),
        ("2001:db8:0:1::9", ["blocked_network"]),
        ("2001:db9::1", []),
        ("198.51.100.7", ["blocked_network"]),
        ("", []),
        ("not an ip", []),
    ],
)
def test_networks_are_blocked(ip: str, expected: list[str]) -> None:
    blocks = '["192.0.2.0/24", "192.0.2.128/25", "2001:db8::/32", "198.51.100.7"]'
    assert codes(rules=rules_with("networks = []", f"networks = {blocks}"), ip=ip) == expected


def test_blocked_words_are_found_however_they_are_dressed_up() -> None:
    rules = rules_with("phrases = []", 'phrases = ["snake oil", "miracl*"]')
    for message in (
        "Snake oil!",
        "sn@ke 0il",
        "ＳＮＡＫＥ ＯＩＬ",
        "sna\u200bke  oil",
        "snáke-oil",
        "miracles",
        "Miracle",
    ):
        assert codes(message, rules) == ["blocked_word"], message
    for message in ("snake oils", "rattlesnake oil", "oil snake", "snake and oil", "mirac"):
        assert codes(message, rules) == [], message


def test_staff_are_recognised_by_whole_names() -> None:
    rules = rules_with("names = []", 'names = ["Zoë Núñez", "Dr. O\'Hara"]')
    for message in ("Ask ZOE NUNEZ.", "zoë núñez helped me", "dr ohara was kind", "Dr. O’Hara!"):
        assert codes(message, rules) == ["staff_name"], message
    for message in ("Zoe helped me", "Zoe Nunezes", "Dr. Harare"):
        assert codes(message, rules) == [], message


def test_what_makes_spam_comes_first_and_each_code_once() -> None:
    rules = rules_with("phrases = []", 'phrases = ["evil.com", "casino"]'.replace("evil.com", "evil"))
    message = "evil casino, evil casino at evil.com"
    assert codes(message, rules, website="x", form_token="") == [
        "honeypot",
        "blocked_word",
        "form_token_missing",
        "has_links",
    ]


def test_rule_that_is_off_or_for_the_other_kind_finds_nothing() -> None:
    off = rules_with('name = "looks_like_enquiry"', 'name = "looks_like_enquiry"\non = false')
    assert codes("do you take Aetna", off) == []
    assert codes("casino: online casino") == ["advertising"]
    assert codes("casino: online casino", kind="enquiry") == []


def test_what_a_rule_does_stands_in_the_file() -> None:

    rules = rules_with(
        'name = "links"\nfor = ["comment", "enquiry"]\ndoes = "hold"',
        'name = "links"\nfor = ["comment", "enquiry"]\ndoes = "spam"',
    )
    [strike, _] = rules.strikes(submitted("evil.com"), AT, HASHER)
    assert strike.is_spam
