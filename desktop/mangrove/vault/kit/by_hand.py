"""How a vault is opened without Mangrove: the very text of the kit, which a test runs."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from mangrove.core.vaults.key_changes import holders
from mangrove.core.vaults.kit import RecoveryKit
from mangrove.core.vaults.vault import VaultSpec

IDENTITY_FILE = "identity.txt"
_WORK = "mkdir -p ~/recovery && cd ~/recovery"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, and the commands to type; commands may be none."""

    title: str
    words: str
    commands: tuple[str, ...] = ()


def steps(kit: RecoveryKit) -> tuple[Step, ...]:
    """Return the steps from an empty machine to a directory that mongorestore takes."""
    return tuple(_steps(kit.spec, holds_key=kit.identity is not None))


def lines(kit: RecoveryKit) -> Iterator[str]:
    """Yield the steps as lines of text."""
    for number, step in enumerate(steps(kit), 1):
        yield f"{number}. {step.title}. {step.words}"
        yield from (f"     {line}" for command in step.commands for line in command.split("\n"))
        yield ""


def _steps(spec: VaultSpec, *, holds_key: bool) -> Iterator[Step]:
    end = ".age" if spec.is_encrypted else ""
    yield Step(
        "Get the programs",
        "Any machine with a shell (bash) will do. On Debian or Ubuntu:",
        ("sudo apt install age minisign zstd gzip",),
    )
    yield Step("Get the vault", *_fetching(spec))
    if spec.is_encrypted and not holds_key:
        who = ", ".join(holder.shown for holder in holders(spec))
        words = f"This kit does not hold it. Ask for the key of {who}, and put it into a file:"
        yield Step("Get the key", words, (f"umask 077; cat > {IDENTITY_FILE}",))
    elif spec.is_encrypted:
        yield Step(
            "Get the key",
            "KIT.age is the file that was made together with this sheet; age asks for its"
            f" passphrase. Without the file, type the key of this sheet into {IDENTITY_FILE}.",
            (f"umask 077; age -d KIT.age > {IDENTITY_FILE}",),
        )
    yield Step(
        "Choose a backup",
        "In the vault, each folder named DATE-PROFILE-XXXX is one backup:",
        ("BACKUP=PROFILE/DATE-PROFILE-XXXX",),
    )
    yield Step("See whether it is genuine", *_checking(spec, end))
    yield Step(
        "See whether it is whole",
        "Every stored object is compared with the manifest; each line must end in OK.",
        (_comparing(end),),
    )
    yield Step(
        "Make a dump of it",
        "The result is a directory as mongodump writes it. A message of age or zstd means that an"
        " object is damaged: then start again with another backup.",
        (_unpacking(end),),
    )
    yield Step(
        "Restore it",
        "With MongoDB's own tools; --drop replaces what is there. Then delete ~/recovery: the key"
        " and the data lie in it.",
        ('mongorestore --uri "mongodb://HOST:27017" --dir dump',),
    )


def _fetching(spec: VaultSpec) -> tuple[str, tuple[str, ...]]:
    parts = urlsplit(spec.url)
    if parts.scheme == "file":
        words = "It is a folder; when its disk is mounted elsewhere, name that place instead."
        return words, (f"{_WORK}\nVAULT={shlex.quote(unquote(parts.path))}",)
    if parts.scheme == "s3":
        endpoint = dict(parse_qsl(parts.query)).get("endpoint")
        more = f" --endpoint-url {shlex.quote(endpoint)}" if endpoint else ""
        source = shlex.quote(f"s3://{parts.netloc}{unquote(parts.path)}")
        words = "Copy it with Amazon's own program (or any other for S3), signed in with its keys:"
        return words, (f"{_WORK}\naws s3 sync {source} vault{more}\nVAULT=$(pwd)/vault",)
    return (
        f"It is at {spec.url}. Copy all of it into a folder, with rclone for instance:",
        (f"{_WORK}\nrclone copy REMOTE:PATH vault\nVAULT=$(pwd)/vault",),
    )


def _checking(spec: VaultSpec, end: str) -> tuple[str, tuple[str, ...]]:
    words = f"The comment must name this backup and the vault {spec.vault_id}."
    if spec.retired_keys:
        words += " If minisign names another key, take the key that was in use then."
    commands = [
        'MANIFEST=$(ls "$VAULT/$BACKUP"/manifest.json*.minisig | sort -V | head -n 1)\n'
        "MANIFEST=${MANIFEST%.minisig}"
        if end
        else 'MANIFEST="$VAULT/$BACKUP/manifest.json"'
    ]
    commands.append(f'minisign -V -P {spec.public_key} -m "$MANIFEST"')
    commands += [
        f'# up to sequence {key.last_sequence}:\n# minisign -V -P {key.public_key} -m "$MANIFEST"'
        for key in reversed(spec.retired_keys)
    ]
    return words, tuple(commands)


def _opened(end: str) -> str:
    return f"age -d -i {IDENTITY_FILE}" if end else "cat"


def _comparing(end: str) -> str:
    """One line of JSON a field: name comes before sha256, and no text inside begins like them."""
    return (
        f'{_opened(end)} "$MANIFEST" > manifest.json\n'
        'awk -F\'"\' \'/^ *"name": "/ {n = $4} /^ *"sha256": "/ {print $4 "  " n}\' \\\n'
        "  manifest.json > objects.txt\n"
        '(cd "$VAULT" && sha256sum -c) < objects.txt'
    )


def _unpacking(end: str) -> str:
    """Only what the manifest lists is unpacked, in the order of its segments."""
    seal = f"; o=${{o%{end}}}; o=$(echo \"$o\" | sed 's/\\.r[0-9]*$//')" if end else ""
    return (
        "cut -c 67- objects.txt | sort -V | while IFS= read -r f; do\n"
        f'  o="dump/${{f#"$BACKUP"/}}"{seal}\n'
        '  case "$o" in\n'
        '    *.zst) unpack="zstd -dcq"; o=${o%.zst} ;;\n'
        '    *.gz) unpack="gzip -dc"; o=${o%.gz} ;;\n'
        "    *) unpack=cat ;;\n"
        "  esac\n"
        "  o=$(echo \"$o\" | sed 's/\\.[0-9][0-9]*\\.bson$/.bson/')\n"
        '  mkdir -p "$(dirname "$o")"\n'
        f'  {_opened(end)} "$VAULT/$f" | $unpack >> "$o" || break\n'
        "done"
    )
