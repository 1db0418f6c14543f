"""`bursar.yaml` → Config. Precedence: option > BURSAR__SECTION__KEY > file > default. Unknown keys are errors."""

import difflib
import os
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

from bursar.domain.errors import ConfigError

HOME = "BURSAR_HOME"
CONFIG = "BURSAR_CONFIG"
LOCAL = ("http://127.0.0.1:", "http://localhost:")
PREFIX = "BURSAR__"
PLACES = frozenset({"project", "home"})
"""What loading sets and no file may say."""
_REFERENCE = re.compile(r"\$\{(?:file:(?P<file>[^}]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?)\}")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Section):
    """A place bills, invoices or metrics come from. `uri` is file:// in this version; `kind` is a format or auto."""

    name: Name
    kind: str = "auto"
    uri: str

    @property
    def folder(self) -> Path:
        """Where it lies on this machine. Raises ConfigError for any other place."""
        if not self.uri.startswith("file://"):
            raise ConfigError(
                f"source {self.name}: cannot read {self.uri.partition('://')[0]}:// yet",
                cure="Copy the export to a folder and use a file:// uri.",
            )
        return Path(self.uri.removeprefix("file://"))


class Tolerance(Section):
    """How far a closed bill may be from its invoice, as a ratio of the invoice."""

    reconcile_ratio: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.03")


class Box(Section):
    """Limits of the ingest child and of builds. Sizes as DuckDB writes them, seconds of wall clock.

    `cpu_seconds` of processor time are any file's; a larger one has a second more for every 250 kB.
    """

    memory: Annotated[str, StringConstraints(pattern=r"^\d+(MB|GB)$")] = "640MB"
    build_memory: Annotated[str, StringConstraints(pattern=r"^\d+(MB|GB)$")] = "1GB"
    threads: Annotated[int, Field(ge=1, le=64)] = 2
    wall_seconds: Annotated[int, Field(ge=10)] = 1800
    cpu_seconds: Annotated[int, Field(ge=1)] = 20


class Store(Section):
    """The operational database; an empty URL is a SQLite file in the state folder."""

    url: SecretStr = SecretStr("")


class Owner(Section):
    """Where a team is reached and who may approve for it. The key is the team, as rules.yaml names it."""

    slack: str = ""
    jira: str = ""
    github: str = ""
    approvers: tuple[str, ...] = ()


class Slack(Section):
    """A Slack bot. `default` is the channel of what nobody owns; `url` another server that speaks Slack's API."""

    token: SecretStr
    signing_secret: SecretStr = SecretStr("")
    default: str
    url: str = "https://slack.com/api"


class Channels(Section):
    """Where alerts go. Without any they go to the console."""

    slack: Slack | None = None


class Estate(Section):
    """A control plane that plans may change; `kind` is simulated in this version."""

    name: Name
    kind: Literal["simulated"] = "simulated"
    uri: str = ""
    account: str = ""


class Opa(Section):
    """The policy engine. A named binary is the only one looked for; seconds are deadlines of one decision."""

    binary: Path | None = None
    seconds: Annotated[float, Field(gt=0, le=60)] = 5.0


class Schedule(Section):
    """When the worker does what: seconds between looks at local folders."""

    poll_seconds: Annotated[int, Field(ge=1)] = 5


class Freeze(Section):
    """Days, both inclusive (UTC), on which no plan is applied, and why."""

    first: date
    last: date
    reason: str


class Config(Section):
    """Everything `bursar.yaml` may say. An empty file is a valid one."""

    version: Literal[1] = 1
    sources: tuple[Source, ...] = ()
    tolerance: Tolerance = Tolerance()
    box: Box = Box()
    store: Store = Store()
    owners: dict[str, Owner] = Field(default_factory=dict[str, Owner])
    channels: Channels = Channels()
    estates: tuple[Estate, ...] = ()
    opa: Opa = Opa()
    schedule: Schedule = Schedule()
    freezes: tuple[Freeze, ...] = ()
    project: Path | None = Field(default=None, exclude=True, description="Folder of bursar.yaml; set on loading")
    home: Path = Field(default=Path(".bursar"), exclude=True, description="State folder; set on loading")

    def file(self, name: str) -> Path | None:
        """A file of the user's project, such as rules.yaml, if there is one."""
        path = self.project / name if self.project else None
        return path if path and path.is_file() else None


def load(*, path: Path | None = None, home: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration that counts here. Raises ConfigError naming the key and the nearest known one."""
    env = os.environ if environment is None else environment
    file = _find(path, env)
    content = _read(file) if file else {}
    _no_secrets(content)
    for name, value in env.items():
        if name.startswith(PREFIX):
            _set(content, name.removeprefix(PREFIX).lower().split("__"), value)
    if set_here := PLACES & content.keys():
        raise ConfigError(
            f"{file.name if file else PREFIX}: unknown key {min(set_here)}", cure=f"Known here: {', '.join(sorted(_known(())))}."
        )
    try:
        config = Config.model_validate(_resolve(content, env))
    except ValidationError as error:
        raise _explained(error, file) from error
    where = home or Path(env.get(HOME) or ".bursar")
    return config.model_copy(update={"project": file.parent if file else None, "home": where})


def text_yaml(text: str, *, file: str) -> object:
    """A project file's YAML with every scalar the text that was written and keys given once. Raises ConfigError naming file and line."""
    try:
        return yaml.load(text, Loader=_Text)  # noqa: S506 - BaseLoader makes nothing but text, lists and mappings
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigError(f"{file}{line}: {problem}", cure="Check indentation, quotes and repeated keys at that line.") from error


class _Text(yaml.BaseLoader):
    """YAML whose scalars are text, with keys given once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        pairs = [(self.construct_object(key, deep=True), value) for key, value in node.value]  # pyright: ignore[reportUnknownMemberType]
        seen: set[object] = set()
        for (key, _), (where, _) in zip(pairs, node.value, strict=True):
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"'{key}' is given twice", problem_mark=where.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _find(path: Path | None, env: Mapping[str, str]) -> Path | None:
    named = path or (Path(env[CONFIG]) if env.get(CONFIG) else None)
    if named and not named.is_file():
        raise ConfigError(f"no such configuration: {named}", cure="Write one with: bursar init")
    default = Path("bursar.yaml")
    return named or (default if default.is_file() else None)


def _read(file: Path) -> dict[str, object]:
    try:
        content: object = yaml.safe_load(file.read_text("utf-8")) or {}
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", cure="Make it readable by this user.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise ConfigError(f"{file.name}{line}: not valid YAML", cure="Check the indentation and quotes at that line.") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{file.name}: must hold keys and values", cure="Write one with: bursar init")
    return cast("dict[str, object]", content)


def _no_secrets(content: Mapping[str, object]) -> None:
    """A file of settings goes into repositories: secrets in it are references. One for a Slack on this machine is none."""
    told = _section(_section(content, "channels"), "slack")
    if str(told.get("url", "")).startswith(LOCAL):
        return
    for name in ("token", "signing_secret"):
        if name in told and "${" not in str(told[name]):
            cure = "Refer to it: ${SLACK_BOT_TOKEN}, or ${file:/run/secrets/slack}."
            raise ConfigError(f"channels.slack.{name} is a secret, and stands in the file itself", cure=cure)


def _section(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = content.get(name)
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else dict[str, object]()


def _set(content: dict[str, object], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        inner = content.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{PREFIX}{'__'.join(keys).upper()}: {key} is not a section", cure="See: bursar init")
        content = cast("dict[str, object]", inner)
    content[keys[-1]] = value


def _resolve(value: object, env: Mapping[str, str]) -> object:
    """References `${NAME}`, `${NAME:-default}` and `${file:/path}` within text values, replaced."""
    if isinstance(value, dict):
        return {str(key): _resolve(inner, env) for key, inner in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_resolve(inner, env) for inner in cast("list[object]", value)]
    return _REFERENCE.sub(lambda match: _referred(match, env), value) if isinstance(value, str) else value


def _referred(match: re.Match[str], env: Mapping[str, str]) -> str:
    if match["file"]:
        try:
            return Path(match["file"]).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not a text"
            raise ConfigError(f"{match[0]}: {why}", cure="Create the file, readable by this user.") from error
    default: str | None = match["default"]
    found = env.get(match["name"]) or default
    if found is None:
        raise ConfigError(f"{match[0]}: {match['name']} is not set", cure=f"Set the environment variable {match['name']}.")
    return found


def _explained(error: ValidationError, file: Path | None) -> ConfigError:
    first = error.errors()[0]
    place = ".".join(str(step) for step in first["loc"])
    where = f"{file.name}: " if file else ""
    if first["type"] != "extra_forbidden":
        return ConfigError(f"{where}{place}: {first['msg']}", cure="See the commented example: bursar init")
    near = difflib.get_close_matches(str(first["loc"][-1]), _known(first["loc"]), n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(_known(first['loc'])))}."
    return ConfigError(f"{where}unknown key {place}", cure=hint)


_SECTIONS: dict[str, type[BaseModel]] = {
    "sources": Source,
    "tolerance": Tolerance,
    "box": Box,
    "store": Store,
    "owners": Owner,
    "channels": Channels,
    "slack": Slack,
    "estates": Estate,
    "opa": Opa,
    "schedule": Schedule,
    "freezes": Freeze,
}


def _known(location: tuple[int | str, ...]) -> list[str]:
    """The keys that would have been right where a wrong one stands."""
    model: type[BaseModel] = Config
    for step in location[:-1]:
        model = _SECTIONS.get(str(step), model)
    return [name for name in model.model_fields if name not in PLACES]
