"""Measures encrypted uploads to a local S3 server against what obstore alone reaches there.

``python -m bench.upload --megabytes 2048`` sends one object of that size both ways and prints
rates, their ratio and the peak of our memory. Each way runs in a process of its own.
"""

import argparse
import json
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import obstore
from obstore.store import S3Store

from fakes.vaults import SLUG, USERS, new_id, new_vault
from mangrove.core.backup import Compression
from mangrove.core.blobs import BlobPlace, BlobRole
from mangrove.core.secret import Secret
from mangrove.core.vaults.url import parse_vault_url
from mangrove.vault.storage.object_store import ObjectStorage
from servers.object_stores import REGION, rclone_binary
from servers.process import HOST, free_port, is_listening, running

MIB = 1 << 20
ACCESS, SECRET = "AKIABENCH", "secretsecretsecret"
WAYS = ("obstore", "vault")


def chunks(megabytes: int) -> Iterator[bytes]:
    """Yield bytes that no compression makes smaller, without the cost of making them."""
    block = os.urandom(MIB + 4096)
    for number in range(megabytes):
        start = number % 4096
        yield block[start : start + MIB]


def send_alone(endpoint: str, bucket: str, megabytes: int) -> None:
    """Send with obstore alone, with the part size and the parallel parts that we use."""
    store = S3Store(
        bucket,
        endpoint=endpoint,
        region=REGION,
        access_key_id=ACCESS,
        secret_access_key=SECRET,
        client_options={"allow_http": True, "timeout": "1800s"},  # to join 2 GB takes a server long
    )
    name = f"alone-{secrets.token_hex(4)}"
    obstore.put(store, name, chunks(megabytes), chunk_size=8 * MIB, max_concurrency=3)


def send_encrypted(endpoint: str, bucket: str, megabytes: int) -> None:
    """Send through a vault: encrypted, hashed, never over an existing object."""
    url = f"s3://{bucket}/{secrets.token_hex(4)}?endpoint={endpoint}&region={REGION}"
    vault = new_vault(ObjectStorage(parse_vault_url(url), ACCESS, Secret(SECRET)))
    with vault.open().begin(SLUG, new_id()) as draft:
        place = BlobPlace(BlobRole.SEGMENT, USERS, Compression.NONE)
        began_s = time.perf_counter()
        draft.put(place, chunks(megabytes))
        report(time.perf_counter() - began_s)


def report(wall_s: float) -> None:
    """Print what one way came to."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"wall_s": wall_s, "peak_bytes": peak}))  # noqa: T201 - the result


def one(way: str, endpoint: str, bucket: str, megabytes: int) -> dict[str, Any]:
    """Run one way in a process of its own."""
    options = ["--way", way, "--endpoint", endpoint, "--bucket", bucket]
    command = [sys.executable, "-m", "bench.upload", "--megabytes", str(megabytes), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(megabytes: int, repeats: int) -> dict[str, float]:
    """Run both ways in turn; the best of each counts, for what disturbs only makes it slower."""
    with tempfile.TemporaryDirectory() as work:
        port, folder = free_port(), Path(work) / "buckets"
        folder.mkdir()
        command = [rclone_binary(), "serve", "s3", str(folder), "--addr", f"{HOST}:{port}"]
        options = ["--auth-key", f"{ACCESS},{SECRET}", "--no-cleanup"]
        config = ["--config", str(Path(work) / "conf")]
        log = Path(work) / "log"
        with running([*command, *options, *config], lambda: is_listening(port), log=log):
            endpoint = f"http://{HOST}:{port}"
            keys = {"aws_access_key_id": ACCESS, "aws_secret_access_key": SECRET}
            client = boto3.client("s3", endpoint_url=endpoint, region_name=REGION, **keys)
            client.create_bucket(Bucket="bench")
            client.close()
            rows: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
            for _ in range(repeats):
                for way in WAYS:
                    rows[way].append(one(way, endpoint, "bench", megabytes))
    best = {way: min(float(row["wall_s"]) for row in rows[way]) for way in WAYS}
    peak = max(float(row["peak_bytes"]) for row in rows["vault"])
    return {
        "obstore_mb_s": megabytes * MIB / 1e6 / best["obstore"],
        "vault_mb_s": megabytes * MIB / 1e6 / best["vault"],
        "ratio": best["obstore"] / best["vault"],
        "peak_mb": peak / 1e6,
    }


def main() -> None:
    """Measure and print, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--endpoint")
    parser.add_argument("--bucket")
    options = parser.parse_args()
    if options.way is None:
        print(json.dumps(measure(options.megabytes, options.repeats), indent=2))  # noqa: T201
    elif options.way == "vault":
        send_encrypted(options.endpoint, options.bucket, options.megabytes)
    else:
        began_s = time.perf_counter()
        send_alone(options.endpoint, options.bucket, options.megabytes)
        report(time.perf_counter() - began_s)


if __name__ == "__main__":
    main()
