namespace Sdk.Core.Networking;

/// <summary>Why a connection ended, for the counts.</summary>
internal enum CloseReason
{
    /// <summary>Whoever used it here, or the switch, closed it.</summary>
    Local = 1,

    /// <summary>It made room for others.</summary>
    Trimmed,

    /// <summary>The peer closed it, or reset it.</summary>
    Remote,

    /// <summary>The peer broke the rules, or fell silent.</summary>
    Violation,

    /// <summary>What carried it broke.</summary>
    Broken,
}
