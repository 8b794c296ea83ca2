using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sdk.ReferenceNode.Market;

/// <summary>What happened on a market. With <c>--json</c> this is the one document on standard output.</summary>
internal sealed record MarketReport
{
    /// <summary>True only if every offer was found, and every attempt to buy came out as it had to.</summary>
    public bool Ok { get; set; }

    /// <summary>Why it ended early, in one line; absent when it did not.</summary>
    public string? Error { get; set; }

    public int Nodes { get; set; }

    /// <summary>Offers that providers announced.</summary>
    public int Announced { get; set; }

    /// <summary>What the buyer found, the cheapest first at its reputation.</summary>
    public IReadOnlyList<OfferView> Found { get; set; } = [];

    /// <summary>How long it took to find them.</summary>
    public double FindMilliseconds { get; set; }

    /// <summary>What the buyer tried, in this order.</summary>
    public IList<PurchaseView> Purchases { get; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, MarketReportJson.Readable.MarketReport);
}

/// <summary>An offer.</summary>
/// <param name="Provider">The account that sells.</param>
/// <param name="Region">Where.</param>
/// <param name="Prices">Price per hour for rising reputations, such as <c>300: 0.02</c>.</param>
/// <param name="Capacity">Places.</param>
internal sealed record OfferView(string Provider, string? Region, IReadOnlyList<string> Prices, ulong Capacity);

/// <summary>An attempt to buy.</summary>
/// <param name="What">What the buyer wanted, in words.</param>
/// <param name="Provider">From whom.</param>
/// <param name="Outcome"><c>agreed</c>, or the reason why not.</param>
/// <param name="Quantity">Places agreed on, or that the provider would have agreed to.</param>
/// <param name="PricePerUnit">Their price per hour.</param>
/// <param name="Total">The price of it all.</param>
/// <param name="Agreement">What names the agreement: the digest that both signed.</param>
/// <param name="IsAsExpected">Whether it came out as it had to; an agreement only if both keep it, and its signatures are good.</param>
internal sealed record PurchaseView(
    string What, string Provider, string Outcome, ulong? Quantity, string? PricePerUnit, string? Total, string? Agreement, bool IsAsExpected);

[JsonSerializable(typeof(MarketReport))]
internal sealed partial class MarketReportJson : JsonSerializerContext
{
    /// <summary>For people too: indented, and quotation marks in messages stay what they are. The document never goes into HTML.</summary>
    public static MarketReportJson Readable { get; } = new(new JsonSerializerOptions
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
