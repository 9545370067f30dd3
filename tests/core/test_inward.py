"""Which addresses lead inward, judged against the registries of special-purpose addresses, first and last of each."""

from ipaddress import ip_address, ip_network

import pytest

from fitmycv_admin.core.inward import BadPlace, is_inward, place_of

INWARD = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
    "fec0::/10", "ff00::/8",
]  # fmt: skip


@pytest.mark.parametrize("network", INWARD)
def test_the_first_and_the_last_address_of_each_range_lead_inward(network: str) -> None:
    found = ip_network(network)
    assert is_inward(str(found[0]))
    assert is_inward(str(found[-1]))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "fd00:ec2::254", "100.100.100.200",  # metadata of clouds
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254",  # mapped
        "::127.0.0.1", "::a00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe",  # compatible, translated
        "2002:a00:1::1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe",  # 6to4, Teredo
        "fe80::1%eth0", "::ffff:0:10.0.0.1", "fe80::5efe:10.0.0.1",
        "", "localhost", "example.org", "1.2.3", "2130706433",
    ],
)  # fmt: skip
def test_addresses_that_wrap_hide_or_are_none_lead_inward(address: str) -> None:
    assert is_inward(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255",
        "2606:4700:4700::1111", "2a00:1450:4007::200e", "::ffff:8.8.8.8",
    ],
)  # fmt: skip
def test_public_addresses_and_the_neighbours_of_ranges_do_not(address: str) -> None:
    assert ip_address(address)
    assert not is_inward(address)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org", "https://",
        "https://user@example.org/", "https://a:b@example.org/", "https://example.org/#mark", "https://exa mple.org",
        "https://example.org/\r\nHost: evil", "https://example.org\\@127.0.0.1/", "https://[::1", "https://h:99999/",
        "https://example.org/é", "//example.org/",
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(BadPlace):
        place_of(url)


def test_a_web_address_is_taken_apart_as_its_receiver_knows_itself() -> None:
    place = place_of("https://Hooks.Example.org.:8443/a/b?c=d")
    assert (place.is_tls, place.host, place.port) == (True, "hooks.example.org", 8443)
    assert (place.path, place.name) == ("/a/b?c=d", "hooks.example.org:8443")
    assert place_of("https://[2606:4700::1]/x").name == "[2606:4700::1]"
    assert place_of("https://bücher.example/").host == "xn--bcher-kva.example"
