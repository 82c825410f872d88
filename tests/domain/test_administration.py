from tornado_gateway.domain.administration import AdminPolicy, Asked, Told


def test_a_token_is_known_and_nothing_else_is() -> None:
    policy = AdminPolicy.of("planted", write=False)
    assert policy.knows("planted")
    assert not any(policy.knows(each) for each in ("", "plante", "planted ", "\udcff"))
    assert "planted" not in repr(policy)


def test_without_one_nobody_is_known() -> None:
    assert AdminPolicy.of("", write=True) == AdminPolicy(None, write=True)
    assert not AdminPolicy().knows("")


def test_its_keys_are_of_the_token_and_of_what_they_are_for() -> None:
    policy = AdminPolicy.of("planted", write=False)
    assert policy.key_for("sessions") == AdminPolicy.of("planted", write=True).key_for("sessions")
    others = {
        policy.key_for("sessions"),
        policy.key_for("forms"),
        AdminPolicy.of("other", write=False).key_for("forms"),
    }
    assert len(others) == 3
    assert policy.digest not in others
    assert AdminPolicy().key_for("sessions") is None


def test_what_may_hold_a_secret_does_not_show() -> None:
    assert "planted" not in repr(Asked("PUT", "config", body=b"planted")) + repr(Told(b"planted"))
