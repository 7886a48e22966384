"""A certificate authority of one's own, for certificates that only the tests trust."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class LocalCA:
    """Signs certificates; `certificate` is what has to be trusted."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def begin(cls) -> "LocalCA":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Tests of Tenantry")
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        certificate = _builder(name, name, key, days=30).add_extension(constraints, critical=True)
        return cls(key, certificate.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, folder: Path, *names: str, days: float = 60, begins: float = -1) -> None:
        """Put a certificate for these names, and its key, into a folder, as an operator would."""
        key = ec.generate_private_key(ec.SECP256R1())
        known_as = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = _builder(_name(names[0]), self.certificate.subject, key, days=days, begins=begins)
        certificate = builder.add_extension(known_as, critical=False).sign(self.key, hashes.SHA256())
        folder.mkdir(parents=True, exist_ok=True)
        leaf = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / "fullchain.pem").write_bytes(leaf + self.pem)
        (folder / "privkey.pem").touch(0o600)
        (folder / "privkey.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    days: float,
    begins: float = -1,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
