using System.Text.Json.Serialization;

namespace Sdk.ReferenceNode.Commands;

/// <summary>One line of <c>disk verify</c>: a file that was read, or, last, how the reading went.</summary>
internal sealed record ReaderAnswer
{
    public string? File { get; init; }

    public long? LengthBytes { get; init; }

    public string? Sha256 { get; init; }

    public double? MiBPerSecond { get; init; }

    public long? PeakWorkingSetBytes { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReaderAnswer))]
internal sealed partial class ReaderAnswerJson : JsonSerializerContext;
