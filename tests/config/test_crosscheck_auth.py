from collections.abc import Callable

import pytest

Complaints = Callable[[str], list[str]]

A = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
B = "0" * 64
ROUTES = "routes: {echo4: {provider: echo}, 'gpt-*': {provider: echo}}\nproviders: {echo: {kind: echo}}\n"


def told(complaints: Complaints, text: str) -> list[str]:
    return [line.split(": ", 1)[1] for line in complaints(text) if "pricing" not in line and "price" not in line]


def key(members: str = "") -> str:
    return f"{{id: a, sha256: {A}{members}}}"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example", "", "${HOST}"])
@pytest.mark.parametrize("auth", ["", "auth: {}", "auth: {required: auto}", "auth: {keys: []}", "auth: []"])
def test_a_host_that_others_reach_wants_to_know_who_calls(complaints: Complaints, host: str, auth: str) -> None:
    (line,) = complaints(f"server: {{host: '{host.replace('${HOST}', '192.0.2.1')}'}}\n{auth}")
    assert line.startswith("f:1:16: server.host: ")
    assert "list auth.keys, or write auth.required: false" in line


@pytest.mark.parametrize("host", ["0.0.0.0", "gateway.example"])
@pytest.mark.parametrize(
    "auth", ["{required: false}", f"{{keys: [{key()}]}}", "{store: true}\nledger: {url: 'sqlite:///u.db'}"]
)
def test_and_is_content_with_any_answer(complaints: Complaints, host: str, auth: str) -> None:
    assert complaints(f"server: {{host: '{host}'}}\nauth: {auth}") == []


@pytest.mark.parametrize("host", [None, "127.0.0.1", "localhost", "::1"])
def test_this_machines_own_callers_need_no_key(complaints: Complaints, host: str | None) -> None:
    server = "" if host is None else f"server: {{host: '{host}'}}"
    assert complaints(server) == []
    assert complaints(f"{server}\nauth: {{required: false, keys: [{key()}]}}") == []
    (line,) = complaints(f"{server}\nauth: {{keys: [{key()}]}}")
    assert ": warning: auth: callers without a key are let in too: write required: true" in line


def test_a_door_without_keys_is_odd(complaints: Complaints) -> None:
    assert told(complaints, "auth: {required: true, metrics: true}") == [
        "warning: auth.required: nobody gets in: there are no keys, no jwt and no store",
        "warning: auth.metrics: nobody can read them: there are no keys, no jwt and no store",
    ]


def test_each_id_and_each_key_once(complaints: Complaints) -> None:
    keys = f"[{{id: a, sha256: {A}}}, {{id: b, sha256: {B}}}, {{id: a, sha256: {A.upper()}}}]"
    assert told(complaints, f"auth: {{required: true, keys: {keys}}}") == [
        "auth.keys[2].id: the same id as keys[0]",
        "auth.keys[2].sha256: the same key as keys[0]",
    ]


@pytest.mark.parametrize("models", ["[echo4, gpt-4, 'gpt-*', 'g*', '*', 'gpt-4o*']", "[]"])
def test_models_that_there_are(complaints: Complaints, models: str) -> None:
    assert told(complaints, f"{ROUTES}auth: {{required: true, keys: [{key(f', models: {models}')}]}}") == []


def test_models_that_there_are_not(complaints: Complaints) -> None:
    keys = key(", models: [echo3, 'echo5*', nothing]")
    assert told(complaints, f"{ROUTES}auth: {{required: true, keys: [{keys}]}}") == [
        "auth.keys[0].models[0]: no route serves 'echo3' (did you mean 'echo4'?)",
        "warning: auth.keys[0].models[1]: no route's name is like 'echo5*' (did you mean 'echo4'?)",
        "auth.keys[0].models[2]: no route serves 'nothing'",
    ]


def test_the_end_of_a_key(complaints: Complaints) -> None:
    def at(text: str) -> list[str]:
        return told(complaints, f"auth: {{required: true, keys: [{key(f', expires: {text}')}]}}")

    assert at("2999-01-01") == at("2999-01-01T00:00:00Z") == []
    (line,) = at("2020-01-01")
    assert line.startswith("warning: auth.keys[0].expires: the key has expired")
    assert at("2027-13-01") == ["auth.keys[0].expires: '2027-13-01' is no day of the calendar"]


def test_parts_of_a_wrong_shape_are_the_schemas_to_complain_of(complaints: Complaints) -> None:
    for auth in ("7", "[]", "{keys: 7}", "{keys: [7, {id: 7, sha256: [], models: 7, expires: 7}]}", "{jwt: 7}"):
        found = complaints(f"auth: {auth}")
        assert not [line for line in found if "warning" not in line], found
    assert complaints("server: {host: 7}\nauth: {required: 7}") == []


def test_stored_keys_need_a_database(complaints: Complaints) -> None:
    assert told(complaints, "auth: {required: true, store: true}\nledger: {url: 'sqlite:///usage.db'}") == []
    assert told(complaints, "auth: {store: false}") == []
    for ledger in ("", "ledger: {}", "ledger: {url: none}"):
        (line,) = told(complaints, f"auth: {{required: true, store: true}}\n{ledger}")
        assert line.startswith("auth.store: keys are stored in the ledger's database, and there is none")
