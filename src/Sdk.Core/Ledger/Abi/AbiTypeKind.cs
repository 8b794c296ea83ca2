namespace Sdk.Core.Ledger.Abi;

/// <summary>What kind of type an <see cref="AbiType"/> is.</summary>
public enum AbiTypeKind
{
    /// <summary>uint8 to uint256.</summary>
    UnsignedInteger = 1,

    /// <summary>int8 to int256.</summary>
    SignedInteger = 2,

    /// <summary>address.</summary>
    Address = 3,

    /// <summary>bool.</summary>
    Boolean = 4,

    /// <summary>bytes1 to bytes32.</summary>
    FixedBytes = 5,

    /// <summary>bytes.</summary>
    Bytes = 6,

    /// <summary>string.</summary>
    Text = 7,

    /// <summary>T[n].</summary>
    FixedArray = 8,

    /// <summary>T[].</summary>
    Array = 9,

    /// <summary>(T1,T2,…).</summary>
    Tuple = 10,
}
