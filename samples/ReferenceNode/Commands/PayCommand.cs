using System.CommandLine;
using Sdk.ReferenceNode.Pay;

namespace Sdk.ReferenceNode.Commands;

/// <summary><c>pay</c>: nodes in this process that serve each other and pay by cheques, on an embedded ledger.</summary>
internal static class PayCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document to standard output, and everything else to standard error." };
        var command = new Command("pay", "Start nodes in this process that pay a provider by cheques, and one that cannot.") { json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        var report = new PayReport();
        try
        {
            var screen = new PayScreen(Terminal.Open(json));
            screen.Begin();
            await using var payments = new TrialPayments();
            await payments.RunAsync(report, cancellationToken);
            screen.Show(report);
            return report.Ok ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception e)
        {
            report.Error = e is OperationCanceledException ? "interrupted" : e.Message.ReplaceLineEndings(" ");
            throw; // Program prints the one line and chooses the exit code
        }
        finally
        {
            if (json)
            {
                Console.Out.WriteLine(report.ToJson());
            }
        }
    }
}
