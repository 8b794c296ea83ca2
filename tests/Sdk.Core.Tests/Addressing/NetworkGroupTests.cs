using System.Net;
using Sdk.Core.Addressing;

namespace Sdk.Core.Tests.Addressing;

public class NetworkGroupTests
{
    [Theory]
    [InlineData("198.51.100.7", "198.51.100.0/24")]
    [InlineData("::ffff:198.51.100.7", "198.51.100.0/24")]
    [InlineData("2001:db8:17:1::9", "2001:db8:17::/48")]
    [InlineData("2002:c633:6407:1::9", "198.51.100.0/24")]
    [InlineData("64:ff9b::c633:6407", "198.51.100.0/24")]
    [InlineData("172.32.0.1", "172.32.0.0/24")]
    [InlineData("100.128.0.1", "100.128.0.0/24")]
    public void An_address_stands_in_the_network_that_one_party_easily_has(string ip, string group) =>
        Assert.Equal(group, NetworkGroup.Of(IPAddress.Parse(ip)).ToString());

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.3.4")]
    [InlineData("169.254.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.1")]
    public void An_address_of_the_machine_or_of_a_private_network_stands_in_none(string ip) =>
        Assert.Equal(NetworkGroup.None, NetworkGroup.Of(IPAddress.Parse(ip)));

    [Fact]
    public void Groups_are_equal_where_their_networks_are()
    {
        Assert.Equal(Of("198.51.100.1"), Of("198.51.100.254"));
        Assert.NotEqual(Of("198.51.100.1"), Of("198.51.101.1"));
        Assert.Equal(Of("2001:db8:17::1"), Of("2001:db8:17:ffff::1"));
        Assert.NotEqual(Of("2001:db8:17::1"), Of("2001:db8:18::1"));
    }

    private static NetworkGroup Of(string ip) => NetworkGroup.Of(IPAddress.Parse(ip));
}
