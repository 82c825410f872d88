from tornado_gateway.config.model_guardrails import GuardrailSettings, HookSettings


def test_no_secret_of_a_hook_shows() -> None:
    hook = HookSettings("https://user:planted@host/planted", headers={"authorization": "planted"})
    assert "planted" not in repr(GuardrailSettings("x", ("request",), hook=hook))


def test_unless_the_file_says_so_a_rule_refuses_and_a_hook_has_to_answer() -> None:
    assert GuardrailSettings("x", ()).action == "deny"
    assert HookSettings("http://host").fail == "closed"
