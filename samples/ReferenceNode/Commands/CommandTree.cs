using System.CommandLine;
using Sdk.ReferenceNode.Demo;

namespace Sdk.ReferenceNode.Commands;

/// <summary>All verbs. No verb at all is the demo on the repository around the current folder.</summary>
internal static class CommandTree
{
    public static RootCommand Create()
    {
        var root = new RootCommand("A node built from the Sdk packages. Without a command it runs the demo on the repository around it.")
        {
            DemoCommand.Create(),
            KeysCommand.Create(),
            NetworkCommand.Create(),
            MarketCommand.Create(),
            PayCommand.Create(),
            NodeCommand.Create(),
            DiskCommand.Create(),
        };
        root.SetAction((_, cancellationToken) => DemoCommand.RunAsync(new DemoOptions(), cancellationToken));
        return root;
    }

    /// <summary>An option that takes a size such as <c>256MiB</c>.</summary>
    public static Option<long?> SizeOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            if (ByteSize.TryParse(result.Tokens[0].Value, out var bytes) && bytes > 0)
            {
                return bytes;
            }

            result.AddError($"'{result.Tokens[0].Value}' is not a size; write for example 256MiB.");
            return null;
        },
    };
}
