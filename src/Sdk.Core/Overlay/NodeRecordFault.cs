namespace Sdk.Core.Overlay;

/// <summary>Why a <see cref="NodeRecord"/> is not believed.</summary>
public enum NodeRecordFault
{
    /// <summary>It is good.</summary>
    None,

    /// <summary>It belongs to another network.</summary>
    Network,

    /// <summary>It, or the credential in it, has expired.</summary>
    Expired,

    /// <summary>It says to be of a time to come.</summary>
    Future,

    /// <summary>The account did not sign the device's credential, or a key in it is none.</summary>
    Credential,

    /// <summary>The device did not sign the record.</summary>
    Signature,
}
