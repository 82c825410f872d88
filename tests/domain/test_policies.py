from tornado_gateway.domain.policies import FALLBACK_KINDS, USUAL_KINDS, Fallback, Timeouts


def test_what_is_not_said_is_taken_from_the_other() -> None:
    route = Timeouts(connect=1, total=600)
    provider = Timeouts(connect=5, first_token=30, idle=20)
    assert route.over(provider) == Timeouts(connect=1, first_token=30, idle=20, total=600)


def test_a_refused_request_falls_back_only_where_the_file_says_so() -> None:
    assert {"context_length", "content_filter", "rejected"} == FALLBACK_KINDS - USUAL_KINDS
    assert Fallback("x").on == USUAL_KINDS
