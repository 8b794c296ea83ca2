namespace Sdk.ReferenceNode.Archive;

/// <summary>A file to be copied: its name inside the archive (with '/'), where it lies on this machine, and its length when it was listed.</summary>
internal sealed record SourceFile(string Path, string FullPath, long LengthBytes)
{
    /// <summary>Opens the file for one pass, or says in one line why it cannot be read.</summary>
    public FileStream Open()
    {
        try
        {
            // The copy fills its own large blocks: a second buffer in between would only copy the bytes once more.
            return new FileStream(FullPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"Cannot read {FullPath}: {e.Message}", e);
        }
    }
}
