from pathlib import Path

from tornado_gateway.config.signatures import signature_of


def test_every_way_to_change_what_a_path_leads_to(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    seen = [signature_of(file)]
    assert seen == [None]
    file.write_text("a")
    seen.append(signature_of(file))
    file.write_text("ab")
    seen.append(signature_of(file))
    other = tmp_path / "other"
    other.write_text("ab")
    other.rename(file)
    seen.append(signature_of(file))
    file.chmod(0o400)
    seen.append(signature_of(file))
    assert len(set(seen)) == len(seen)
    link.symlink_to(file)
    assert signature_of(link) == signature_of(str(file)) == seen[-1]


def test_what_is_no_file_has_none(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (loop, tmp_path / "a" / "b", "\0", "x" * 5000):
        assert signature_of(path) is None
