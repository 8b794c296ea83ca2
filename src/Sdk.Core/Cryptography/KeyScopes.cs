namespace Sdk.Core.Cryptography;

/// <summary>What a device or session key may do in the name of its account. A delegation can narrow them, never widen.</summary>
[Flags]
public enum KeyScopes : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Connect to peers as a device of the account.</summary>
    Connect = 1,

    /// <summary>Open the account's disks and read them.</summary>
    OpenDisk = 2,

    /// <summary>Write to the account's disks.</summary>
    WriteDisk = 4,

    /// <summary>Hold other accounts' data as a member of their groups.</summary>
    HoldData = 8,

    /// <summary>Offer services in the account's name, and agree to buy them.</summary>
    Trade = 16,

    /// <summary>Everything above.</summary>
    All = Connect | OpenDisk | WriteDisk | HoldData | Trade,
}
