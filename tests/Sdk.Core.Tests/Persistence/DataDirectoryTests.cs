using Sdk.Core.Persistence;

namespace Sdk.Core.Tests.Persistence;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_second_opener_is_refused_until_the_first_is_gone()
    {
        using (DataDirectory.Open(_directory["data"]))
        {
            Assert.Throws<DataDirectoryLockedException>(() => DataDirectory.Open(_directory["data"]));
        }

        using DataDirectory again = DataDirectory.Open(_directory["data"]);
        Assert.Equal(_directory["data"], again.FullPath);
    }

    [Theory]
    [InlineData("2\n")]
    [InlineData("one\n")]
    [InlineData("99999999999999999999")]
    public void An_unknown_layout_is_refused_and_the_directory_given_free(string format)
    {
        Directory.CreateDirectory(_directory["data"]);
        File.WriteAllText(Path.Combine(_directory["data"], "format"), format);
        Assert.Throws<FormatTooNewException>(() => DataDirectory.Open(_directory["data"]));
        Assert.Throws<FormatTooNewException>(() => DataDirectory.Open(_directory["data"]));
    }

    [Fact]
    public void The_directory_is_closed_to_others_even_where_it_was_open_before()
    {
        Directory.CreateDirectory(_directory["data"]);
        using DataDirectory data = DataDirectory.Open(_directory["data"]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data.FullPath));
        }
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData(".hidden")]
    [InlineData("lock")]
    [InlineData("")]
    public void Names_that_leave_the_directory_or_are_its_own_are_refused(string name)
    {
        using DataDirectory data = DataDirectory.Open(_directory["data"]);
        Assert.ThrowsAny<ArgumentException>(() => data.PathOf(name));
    }
}
