using System.CommandLine;
using System.CommandLine.Invocation;
using Sdk.Core;
using Sdk.ReferenceNode;
using Sdk.ReferenceNode.Commands;

using var interruption = new Interruption();
var parsed = CommandTree.Create().Parse(args);
if (parsed.Action is ParseErrorAction)
{
    await Console.Error.WriteLineAsync($"error: {parsed.Errors[0].Message} (--help shows how)");
    return ExitCodes.Usage;
}

try
{
    // Signals and exceptions are ours: one line for a person, one exit code for a shell.
    return await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Token);
}
catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("interrupted");
    return ExitCodes.Interrupted;
}
catch (Exception e) when (e is CommandException or SdkException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"error: {e.Message.ReplaceLineEndings(" ")}");
    return e is CommandException command ? command.ExitCode : ExitCodes.Failure;
}
catch (Exception e)
{
    await Console.Error.WriteLineAsync($"error: this is a fault of the program itself: {e}");
    return ExitCodes.Failure;
}
