namespace Sdk.Core.Payments;

/// <summary>Which side of a transfer a node is.</summary>
public enum TransferRole
{
    /// <summary>Makes the secret, locks first, and claims the second lock.</summary>
    Initiator = 1,

    /// <summary>Locks second, such as a side chain's processing node, and claims the first lock with the secret that the initiator showed.</summary>
    Responder = 2,
}
