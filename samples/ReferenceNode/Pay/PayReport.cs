using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sdk.ReferenceNode.Pay;

/// <summary>Who paid and who did not. With <c>--json</c> this is the one document on standard output.</summary>
internal sealed record PayReport
{
    /// <summary>True only if who had cover paid for all, who had none got no more than the threshold, and the ledger has every token.</summary>
    public bool Ok { get; set; }

    /// <summary>Why it ended early, in one line; absent when it did not.</summary>
    public string? Error { get; set; }

    /// <summary>The embedded ledger's chain id, drawn for this run.</summary>
    public ulong ChainId { get; set; }

    /// <summary>What the provider lends a stranger, in tokens.</summary>
    public string Threshold { get; set; } = "";

    /// <summary>The price of one service, in tokens.</summary>
    public string Price { get; set; } = "";

    public IList<CustomerView> Customers { get; } = [];

    /// <summary>What the provider has in the vault at the end, in tokens: all of it from cheques.</summary>
    public string ProviderDeposit { get; set; } = "";

    public string ToJson() => JsonSerializer.Serialize(this, PayReportJson.Readable.PayReport);
}

/// <summary>A customer of the provider, at the end.</summary>
/// <param name="Who">In words.</param>
/// <param name="Deposit">What it had in the vault at first, in tokens.</param>
/// <param name="Served">Services that it got.</param>
/// <param name="Refused">Why it got no more; absent where it got all.</param>
/// <param name="Cheques">Cheques that the provider received.</param>
/// <param name="Paid">What they brought, in tokens, as the ledger has it.</param>
/// <param name="Owed">What is not paid, in tokens.</param>
/// <param name="IsAsExpected">Whether it came out as it had to.</param>
internal sealed record CustomerView(string Who, string Deposit, int Served, string? Refused, int Cheques, string Paid, string Owed, bool IsAsExpected);

[JsonSerializable(typeof(PayReport))]
internal sealed partial class PayReportJson : JsonSerializerContext
{
    /// <summary>For people too: indented, and quotation marks in messages stay what they are. The document never goes into HTML.</summary>
    public static PayReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
