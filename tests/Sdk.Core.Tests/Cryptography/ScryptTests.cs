using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Generators;
using Sdk.Core.Cryptography;

namespace Sdk.Core.Tests.Cryptography;

public class ScryptTests
{
    // RFC 7914, section 12.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    [InlineData("pleaseletmein", "SodiumChloride", 16384, 8, 1, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")]
    public void Keys_are_those_of_RFC_7914(string password, string salt, int n, int r, int p, string expected)
    {
        var key = new byte[64];
        Scrypt.DeriveKey(Encoding.ASCII.GetBytes(password), Encoding.ASCII.GetBytes(salt), new ScryptCost(n, r, p), key, null, default);
        Assert.Equal(expected, Hex.Text(key));
    }

    [Theory]
    [InlineData(2, 1, 1)]
    [InlineData(4, 3, 2)]
    [InlineData(64, 5, 3)]
    [InlineData(1024, 1, 8)]
    public void Keys_agree_with_an_independent_implementation(int n, int r, int p)
    {
        byte[] password = RandomNumberGenerator.GetBytes(11), salt = RandomNumberGenerator.GetBytes(32), key = new byte[32];
        Scrypt.DeriveKey(password, salt, new ScryptCost(n, r, p), key, null, default);
        Assert.Equal(Hex.Text(SCrypt.Generate(password, salt, n, r, p, 32)), Hex.Text(key));
    }

    [Theory]
    [InlineData(262144, 8, 1, true)]
    [InlineData(262144, 1, 8, true)]
    [InlineData(524288, 8, 1, true)]
    [InlineData(1048576, 8, 1, false)]
    [InlineData(262144, 8, 8, false)]
    [InlineData(3, 8, 1, false)]
    [InlineData(1, 8, 1, false)]
    [InlineData(0, 8, 1, false)]
    [InlineData(-262144, 8, 1, false)]
    [InlineData(1024, 0, 1, false)]
    [InlineData(1024, 8, 0, false)]
    [InlineData(2, int.MaxValue, 1, false)]
    [InlineData(2, 1, int.MaxValue, false)]
    [InlineData(1 << 30, 1 << 30, 1 << 30, false)]
    public void Costs_have_bounds(int n, int r, int p, bool isWithin) => Assert.Equal(isWithin, new ScryptCost(n, r, p).IsWithinBounds);

    [Fact]
    public void Progress_rises_and_cancellation_is_heard()
    {
        var reports = new List<double>();
        using var cancellation = new CancellationTokenSource();
        var progress = new Recorder(value =>
        {
            reports.Add(value);
            if (value >= 0.5)
            {
                cancellation.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(() =>
            Scrypt.DeriveKey("password"u8, "salt"u8, new ScryptCost(1024, 1, 2), new byte[32], progress, cancellation.Token));
        Assert.Equal(reports.Order(), reports);
        Assert.Equal(0.5, reports[^1]);
    }

    private sealed class Recorder(Action<double> onReport) : IProgress<double>
    {
        public void Report(double value) => onReport(value);
    }
}
