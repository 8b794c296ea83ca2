using System.Diagnostics;
using Sdk.ReferenceNode.Archive;

namespace Sdk.ReferenceNode.Tests;

public sealed class SourceFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_named_folder_gives_everything_below_it_in_order()
    {
        _folder.Write("b", 1);
        _folder.Write("a/z", 2);
        _folder.Write(".hidden/bin/x", 3);

        Assert.Equal([".hidden/bin/x", "a/z", "b"], Names(_folder.FullName));
    }

    [Fact]
    public void A_named_file_gives_itself() => Assert.Equal(["one"], Names(_folder.Write("one", 1)));

    [Fact]
    public void Without_a_path_the_files_that_git_tracks_are_taken_from_anywhere_inside_the_repository()
    {
        _folder.Write("tracked/file", 1);
        _folder.Write("untracked", 1);
        Git("init", "-q");
        Git("add", "tracked/file");

        Assert.Equal(["tracked/file"], SourceFolder.List(null, Path.Combine(_folder.FullName, "tracked")).Select(file => file.Path));
    }

    [Fact]
    public void Without_a_repository_everything_but_build_output_is_taken()
    {
        _folder.Write("src/file", 1);
        _folder.Write("src/bin/file", 1);
        _folder.Write("obj/file", 1);

        Assert.Equal(["src/file"], SourceFolder.List(null, _folder.FullName).Select(file => file.Path));
    }

    [Fact]
    public void Links_are_left_out()
    {
        _folder.Write("file", 1);
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), "/etc/hostname");
        Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, "circle"), _folder.FullName);

        Assert.Equal(["file"], Names(_folder.FullName));
    }

    [Fact]
    public void A_path_that_does_not_exist_is_one_clear_line()
    {
        var refusal = Assert.Throws<CommandException>(() => Names("/no/such/folder"));
        Assert.Equal("There is no file or folder /no/such/folder.", refusal.Message);
    }

    [Fact]
    public void A_folder_without_files_is_one_clear_line() =>
        Assert.StartsWith("There is no file in", Assert.Throws<CommandException>(() => Names(_folder.FullName)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_cannot_be_read_is_one_clear_line()
    {
        // A folder is what even the superuser cannot open as a file.
        var unreadable = new SourceFile("x", _folder.FullName, 1);
        var refusal = Assert.Throws<CommandException>(() => unreadable.Open());
        Assert.StartsWith($"Cannot read {_folder.FullName}", refusal.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(string path) => SourceFolder.List(path, Environment.CurrentDirectory).Select(file => file.Path);

    private void Git(params string[] arguments)
    {
        using var git = Process.Start("git", ["-C", _folder.FullName, .. arguments]);
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }
}
