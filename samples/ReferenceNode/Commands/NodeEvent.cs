using System.Text.Json.Serialization;

namespace Sdk.ReferenceNode.Commands;

/// <summary>Something that happened at a node, as one line of JSON; what does not apply is left out.</summary>
internal sealed record NodeEvent
{
    /// <summary><c>connect</c>, <c>disconnect</c>, <c>identify</c>, <c>found</c> or <c>message</c>.</summary>
    public required string Event { get; init; }

    /// <summary>The peer at the other end; of a message, who wrote it, where that is known.</summary>
    public string? Peer { get; init; }

    /// <summary>Where the peer is, as the transport sees it.</summary>
    public string? Address { get; init; }

    /// <summary>Whether this node dialled.</summary>
    public bool? Dialled { get; init; }

    public string? Agent { get; init; }

    /// <summary>What the peer answers.</summary>
    public IReadOnlyList<string>? Protocols { get; init; }

    /// <summary>Where the peer says it listens; of <c>found</c>, where it was said to be on the local network.</summary>
    public string[]? Addresses { get; init; }

    /// <summary>Where the peer sees this node.</summary>
    public string? Observed { get; init; }

    public string? Topic { get; init; }

    /// <summary>Base64.</summary>
    public string? Data { get; init; }

    /// <summary>The data as text, where they are UTF-8.</summary>
    public string? Text { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NodeReady))]
[JsonSerializable(typeof(NodeEvent))]
internal sealed partial class NodeJson : JsonSerializerContext;
