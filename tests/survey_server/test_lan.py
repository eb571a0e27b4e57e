from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509

from survey_server.lan import CERTIFICATE_DAYS, address_on_the_network, certificate_for

ADDRESS = "127.0.0.1"


def shake_hands(chain: Path, key: Path, authority: Path, address: str, *, version: ssl.TLSVersion) -> dict:
    """Connect to a server with this certificate as a client that trusts ``authority`` and asks for ``address``."""
    at_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    at_server.load_cert_chain(chain, key)
    at_phone = ssl.create_default_context(cafile=str(authority))
    at_phone.minimum_version = at_phone.maximum_version = version
    at_phone.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_server((ADDRESS, 0)) as door:
        thread = threading.Thread(target=serve_once, args=(door, at_server))
        thread.start()
        try:
            line = socket.create_connection(door.getsockname())
            with line, at_phone.wrap_socket(line, server_hostname=address) as secure:
                assert secure.recv(2) == b"ok"
                return dict(secure.getpeercert() or {})
        finally:
            thread.join()


def serve_once(door: socket.socket, context: ssl.SSLContext) -> None:
    line, _ = door.accept()
    with line:
        try:
            with context.wrap_socket(line, server_side=True) as secure:
                secure.sendall(b"ok")
        except OSError:
            return  # the client did not trust us and hung up, which is what the test looks at


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", [ADDRESS, "localhost"])
def test_who_trusts_our_authority_trusts_this_machine(tmp_path: Path, version: ssl.TLSVersion, name: str) -> None:
    seen = shake_hands(*certificate_for(tmp_path, ADDRESS), name, version=version)
    assert ("IP Address", ADDRESS) in seen["subjectAltName"]


def test_the_certificate_is_worth_nothing_for_another_address(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        shake_hands(*certificate_for(tmp_path, ADDRESS), "192.0.2.7", version=ssl.TLSVersion.TLSv1_3)


def test_another_authority_does_not_vouch_for_us(tmp_path: Path) -> None:
    chain, key, _ = certificate_for(tmp_path / "ours", ADDRESS)
    _, _, stranger = certificate_for(tmp_path / "theirs", ADDRESS)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(chain, key, stranger, ADDRESS, version=ssl.TLSVersion.TLSv1_3)


def test_a_phone_that_trusted_us_once_need_not_do_it_again(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in certificate_for(tmp_path, ADDRESS)]
    assert [path.read_bytes() for path in certificate_for(tmp_path, ADDRESS)] == first

    *moved, authority = certificate_for(tmp_path, "192.0.2.7")
    assert authority.read_bytes() == first[2]
    assert [path.read_bytes() for path in moved] != first[:2]
    assert [path.read_bytes() for path in certificate_for(tmp_path, ADDRESS)] == first


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    certificate_for(tmp_path, ADDRESS)
    keys = sorted(tmp_path.glob("*.key"))
    assert [key.name for key in keys] == ["127.0.0.1.key", "authority.key"]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_the_authority_can_make_no_other_and_phones_accept_the_length_of_life(tmp_path: Path) -> None:
    chain, _, _ = certificate_for(tmp_path, ADDRESS)
    leaf, authority = x509.load_pem_x509_certificates(chain.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days <= CERTIFICATE_DAYS + 1 <= 398
    leaf.verify_directly_issued_by(authority)


def test_this_machine_has_an_address() -> None:
    assert ipaddress.ip_address(address_on_the_network()).version == 4
