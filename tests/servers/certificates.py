"""Certificates for tests: an authority, a server, a client, made afresh for each session."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Fixed moments, because a certificate must be valid on the day of the test whatever day it is.
VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
VALID_FOR = timedelta(days=365 * 60)
ALT_NAMES = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
]


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that signs for tests."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def new_authority(common_name: str) -> Authority:
    """Make an authority of that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name, "mangrove-tests-ca")
    builder = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    return Authority(builder.sign(key, hashes.SHA256()), key)


def write_authority(authority: Authority, path: Path) -> Path:
    """Write the authority's certificate as PEM."""
    path.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    return path


def write_identity(
    authority: Authority, path: Path, common_name: str, organization: str
) -> x509.Certificate:
    """Write a signed certificate and its key into one PEM file, as mongod and pymongo want it.

    Source: MongoDB manual, "Use x.509 Certificates to Authenticate Clients": a client's O or OU
    must differ from the servers', hence ``organization``.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(common_name, organization), authority.certificate.subject, key)
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        builder.add_extension(x509.SubjectAlternativeName(ALT_NAMES), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return certificate


def _name(common_name: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_FROM + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
