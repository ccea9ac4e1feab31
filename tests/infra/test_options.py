"""What a stack may have besides: off unless asked for, and harmless when on."""

from typing import Any

import pytest

from infra.intrinsics import holds, resolve

OPTIONS = {
    "HasCertificateArn": {"ApiDomain", "ApiDomainMapping"},
    "HasWafRequests": {"WebAcl", "WebAclAssociation"},
    "HasReadCache": {"ReadCachePolicy", "ReadDistribution"},
    "HasMonthlyBudget": {"Budget"},
    "HasAlarmEmail": {"AlarmSubscription"},
    "HasGatewayLogRole": {"GatewayRole", "GatewayAccount"},
}


@pytest.mark.parametrize(("condition", "made"), OPTIONS.items())
def test_what_is_an_option_is_made_where_it_is_asked_for(
    template: dict[str, Any], condition: str, made: set[str]
) -> None:
    resources = template["Resources"]
    assert {name for name, r in resources.items() if r.get("Condition") == condition} == made
    defaults = {name: str(p.get("Default", "")) for name, p in template["Parameters"].items()}
    # The gateway's role is there unless the account has one.
    assert holds(template["Conditions"][condition], defaults) is (condition == "HasGatewayLogRole")


def test_traces_are_of_functions_and_not_of_the_gateway(template: dict[str, Any]) -> None:
    defaults = {name: str(p.get("Default", "")) for name, p in template["Parameters"].items()}
    assert not holds(template["Conditions"]["HasTraces"], defaults)
    assert holds(template["Conditions"]["HasTraces"], defaults | {"Traces": "true"})
    # Its traces hold paths, and the path of a link from a mail is its credential.
    assert "TracingEnabled" not in str(template["Resources"]["RestAPI"])


def test_the_read_cache_takes_no_submission_and_no_credential(resources: dict[str, Any]) -> None:
    behaviour = resources["ReadDistribution"]["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
    policy = resources["ReadCachePolicy"]["Properties"]["CachePolicyConfig"]
    asked = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert asked["HeadersConfig"]["Headers"] == ["Origin"]
    assert asked["CookiesConfig"] == {"CookieBehavior": "none"}
    assert asked["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 60)


def test_the_waf_keeps_no_sample_of_requests(resources: dict[str, Any]) -> None:
    assert "'SampledRequestsEnabled': True" not in str(resources["WebAcl"])
    assert str(resources["WebAcl"]).count("'SampledRequestsEnabled': False") == 2


def test_the_custom_domain_is_public_urls_host(resources: dict[str, Any]) -> None:
    domain = resources["ApiDomain"]["Properties"]["DomainName"]
    assert resolve(domain, {"PublicUrl": "https://comments.example.org"}) == "comments.example.org"
