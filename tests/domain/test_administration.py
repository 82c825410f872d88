from tornado_gateway.domain.administration import AdminPolicy, Asked, Told


def test_a_token_is_known_and_nothing_else_is() -> None:
    policy = AdminPolicy.of("planted", write=False)
    assert policy.knows("planted")
    assert not any(policy.knows(each) for each in ("", "plante", "planted ", "\udcff"))
    assert "planted" not in repr(policy)


def test_without_one_nobody_is_known() -> None:
    assert AdminPolicy.of("", write=True) == AdminPolicy(None, write=True)
    assert not AdminPolicy().knows("")


def test_what_may_hold_a_secret_does_not_show() -> None:
    assert "planted" not in repr(Asked("PUT", "config", body=b"planted")) + repr(Told(b"planted"))
