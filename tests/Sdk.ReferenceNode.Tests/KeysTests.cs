namespace Sdk.ReferenceNode.Tests;

public sealed class KeysTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_key_is_listed_and_opens_with_its_password_only()
    {
        var created = await Keys("correct horse\n", "new", "mine");
        Assert.Equal(0, created.ExitCode);
        var account = created.Output.Split('\n')[0].Split(' ')[^1];
        Assert.StartsWith("0x", account, StringComparison.Ordinal);

        Assert.Equal($"mine  {account}\n", (await Keys("", "list")).Output);

        var shown = await Keys("correct horse\n", "show", "mine");
        Assert.Contains(account, shown.Output, StringComparison.Ordinal);
        Assert.Contains("peer id:", shown.Output, StringComparison.Ordinal);

        var refused = await Keys("battery staple\n", "show", "mine");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("password", refused.ErrorLine, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(refused.Output);

        var again = await Keys("another\n", "new", "mine");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("exists already", again.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_corrupted_keystore_is_one_clear_line()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "broken.json"), "{ \"version\": 3, \"crypto\": {");

        var outcome = await Keys("password\n", "show", "broken");

        Assert.Equal(1, outcome.ExitCode);
        Assert.StartsWith("error: ", outcome.ErrorLine, StringComparison.Ordinal);
        Assert.Equal("broken  (not a keystore)\n", (await Keys("", "list")).Output);
    }

    [Fact]
    public async Task A_name_cannot_leave_the_folder()
    {
        var outcome = await Keys("password\n", "new", "../outside");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("error: '../outside' cannot name a keystore.", outcome.ErrorLine);
    }

    [Fact]
    public async Task No_password_is_one_clear_line()
    {
        var outcome = await Keys("", "new", "mine");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("error: Standard input ended before the password.", outcome.ErrorLine);
        Assert.Empty(Directory.EnumerateFiles(_folder.FullName));
    }

    private Task<Outcome> Keys(string input, string verb, params string[] rest) =>
        SdkNode.RunAsync(input, ["keys", verb, .. rest, "--dir", _folder.FullName]);
}
