"""bursar.yaml: what it may say, who overrides whom, and a cure for every mistake."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.config import Config, load
from bursar.domain.errors import ConfigError

EVERYTHING = """\
version: 1
sources:
  - {name: drop, kind: auto, uri: "file:///srv/bills"}
tolerance: {reconcile_ratio: 0.05}
box: {memory: 1GB, threads: 4}
store: {url: "postgresql://bursar:${PASSWORD}@db/bursar"}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    """A bursar.yaml of this text."""
    file = folder / "bursar.yaml"
    file.write_text(text)
    return file


def refused(text: str, folder: Path, **environment: str) -> ConfigError:
    """The error a configuration of this text makes."""
    with pytest.raises(ConfigError) as caught:
        load(path=written(folder, text), environment=environment)
    return caught.value


def test_nothing_configured_is_a_configuration(project: Path) -> None:
    """Without a file and without settings the defaults count, and the state is beside the user."""
    config = load(environment={})
    assert config == Config()
    assert (config.home, config.project, config.tolerance.reconcile_ratio) == (Path(".bursar"), None, Decimal("0.03"))


@pytest.mark.parametrize("text", ["", "# only a comment\n", "version: 1\n"])
def test_an_empty_file_is_valid(project: Path, text: str) -> None:
    """Every key has a default."""
    assert load(path=written(project, text), environment={}).sources == ()


def test_everything_may_be_said(project: Path) -> None:
    """Each section reads, ratios keep their digits and references are filled in."""
    config = load(path=written(project, EVERYTHING), environment={"PASSWORD": "s3cret"})
    assert config.sources[0].uri == "file:///srv/bills"
    assert config.tolerance.reconcile_ratio == Decimal("0.05")
    assert (config.box.memory, config.box.threads) == ("1GB", 4)
    assert config.store.url.get_secret_value() == "postgresql://bursar:s3cret@db/bursar"


def test_a_secret_is_not_shown_by_accident(project: Path) -> None:
    """Printing the configuration never prints a password."""
    config = load(path=written(project, EVERYTHING), environment={"PASSWORD": "s3cret"})
    assert "s3cret" not in f"{config!r} {config} {config.model_dump_json()}"


def test_the_nearer_setting_wins(project: Path) -> None:
    """The option beats the environment, the environment the file, the file the default."""
    written(project, "box: {threads: 4, memory: 1GB}\n")
    env = {"BURSAR__BOX__THREADS": "8", "BURSAR_HOME": "/from/environment"}
    config = load(environment=env)
    assert (config.box.threads, config.box.memory, config.box.wall_seconds) == (8, "1GB", 1800)
    assert config.home == Path("/from/environment")
    assert load(home=Path("/from/option"), environment=env).home == Path("/from/option")


def test_the_file_is_found_by_option_environment_or_place(project: Path) -> None:
    """Named on the command line, else in BURSAR_CONFIG, else bursar.yaml here."""
    written(project, "box: {threads: 2}\n")
    other = project / "other"
    other.mkdir()
    named = written(other, "box: {threads: 3}\n")
    assert load(environment={}).box.threads == 2
    assert load(environment={"BURSAR_CONFIG": str(named)}).box.threads == 3
    assert load(path=named, environment={"BURSAR_CONFIG": "/nowhere"}).project == other


@pytest.mark.parametrize(
    ("text", "cause", "cure"),
    [
        ("sorces: []", "unknown key sorces", "Did you mean sources?"),
        ("box: {treads: 2}", "unknown key box.treads", "Did you mean threads?"),
        ("sources: [{name: a, uri: 'file:///x', knd: auto}]", "unknown key sources.0.knd", "Did you mean kind?"),
        ("tolerance: {zzz: 1}", "unknown key tolerance.zzz", "Known here: reconcile_ratio."),
        ("home: /x", "unknown key home", "Known here"),
        ("project: /x", "unknown key project", "Known here"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_known_one(project: Path, text: str, cause: str, cure: str) -> None:
    """A typo never passes silently, at any depth, and what is set by loading cannot be written."""
    error = refused(text, project)
    assert f"bursar.yaml: {cause}" in error.message
    assert cure in error.cure


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 2", "version"),
        ("tolerance: {reconcile_ratio: 0}", "tolerance.reconcile_ratio"),
        ("tolerance: {reconcile_ratio: 3}", "tolerance.reconcile_ratio"),
        ("tolerance: {reconcile_ratio: lots}", "tolerance.reconcile_ratio"),
        ("box: {memory: plenty}", "box.memory"),
        ("box: {threads: 0}", "box.threads"),
        ("sources: [{name: '../up', uri: 'file:///x'}]", "sources.0.name"),
        ("sources: [{name: a}]", "sources.0.uri"),
        ("sources: nothing", "sources"),
        ("box: 3", "box"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(project: Path, text: str, place: str) -> None:
    """The message says which setting of which file is wrong."""
    assert f"bursar.yaml: {place}:" in refused(text, project).message


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text", "42"])
def test_a_file_without_keys_is_refused(project: Path, text: str) -> None:
    """A list or a number is not a configuration."""
    assert "must hold keys and values" in refused(text, project).message


def test_broken_yaml_is_named_with_its_line(project: Path) -> None:
    """The operator is sent to the line."""
    assert "bursar.yaml, line 3" in refused("version: 1\nbox:\n\tthreads: 1\n", project).message


def test_bytes_that_are_no_text_are_refused(project: Path) -> None:
    """A binary file in the configuration's place is said to be one."""
    file = project / "bursar.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load(path=file, environment={})


def test_a_folder_or_nothing_in_its_place_is_said(project: Path) -> None:
    """A configuration that was named must be there."""
    for named in (project / "nowhere.yaml", project):
        with pytest.raises(ConfigError, match="no such configuration"):
            load(path=named, environment={})


def test_references_come_from_the_environment_a_default_or_a_file(project: Path) -> None:
    """`${NAME}`, `${NAME:-default}` and `${file:…}`, inside longer texts too."""
    (project / "password").write_text("from-file\n")
    text = f"store: {{url: '${{USER_NAME:-nobody}}:${{file:{project / 'password'}}}@${{HOST}}'}}"
    assert load(path=written(project, text), environment={"HOST": "db"}).store.url.get_secret_value() == "nobody:from-file@db"


@pytest.mark.parametrize(
    ("text", "cause"), [("store: {url: '${ABSENT}'}", "ABSENT is not set"), ("store: {url: '${file:/nowhere/at/all}'}", "No such file")]
)
def test_a_reference_to_nothing_is_refused(project: Path, text: str, cause: str) -> None:
    """A secret that is not there is not an empty password."""
    assert cause in refused(text, project).message


def test_an_environment_setting_below_a_plain_value_is_refused(project: Path) -> None:
    """BURSAR__VERSION__X cannot go below a number."""
    assert "not a section" in refused("version: 1", project, BURSAR__VERSION__X="2").message


def test_an_unknown_environment_setting_is_refused(project: Path) -> None:
    """A typo in the environment is a typo too."""
    assert "unknown key box.treads" in refused("", project, BURSAR__BOX__TREADS="2").message


def test_files_of_the_project_lie_beside_the_configuration(project: Path) -> None:
    """rules.yaml is looked for beside bursar.yaml, not where the command is run."""
    folder = project / "acme"
    folder.mkdir()
    (folder / "rules.yaml").touch()
    (folder / "folder.yaml").mkdir()
    config = load(path=written(folder, ""), environment={})
    assert config.file("rules.yaml") == folder / "rules.yaml"
    assert config.file("units.yaml") is None
    assert config.file("folder.yaml") is None
    assert Config().file("rules.yaml") is None


@pytest.mark.parametrize("name", ["token", "signing_secret"])
def test_a_secret_in_the_file_itself_is_refused(project: Path, name: str) -> None:
    """It would be in a repository by evening; a reference is taken, and so is a Slack that listens on this machine."""
    slack = {"token": "${SLACK}", "signing_secret": "${SLACK}", "default": "#finops"}
    text = "version: 1\nchannels: {slack: " + json.dumps(slack | {name: "xoxb-plain"}) + "}\n"
    (project / "bursar.yaml").write_text(text)
    with pytest.raises(ConfigError, match=f"channels.slack.{name} is a secret"):
        load(path=project / "bursar.yaml", environment={"SLACK": "s"})
    (project / "bursar.yaml").write_text(text.replace("xoxb-plain", "${SLACK}"))
    assert load(path=project / "bursar.yaml", environment={"SLACK": "s"}).channels.slack
    (project / "bursar.yaml").write_text(text.replace('"default"', '"url": "http://127.0.0.1:1/api", "default"'))
    assert load(path=project / "bursar.yaml", environment={"SLACK": "s"}).channels.slack
