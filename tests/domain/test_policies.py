from tornado_gateway.domain.policies import FALLBACK_KINDS, USUAL_KINDS, Fallback, Timeouts


def test_what_was_said_goes_before_what_another_said() -> None:
    route, provider = Timeouts(connect=1, total=9), Timeouts(connect=5, first_token=30, idle=20)
    assert route.over(provider) == Timeouts(connect=1, first_token=30, idle=20, total=9)
    assert Timeouts().over(provider) == provider
    assert provider.over(Timeouts()) == provider


def test_a_fallback_is_for_the_providers_trouble_unless_it_says_more() -> None:
    assert Fallback("x").on == USUAL_KINDS
    assert {"context_length", "content_filter", "rejected"} == FALLBACK_KINDS - USUAL_KINDS
