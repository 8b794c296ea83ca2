namespace Sdk.Core.Cryptography;

/// <summary>How <see cref="Keystore"/> writes a file. The defaults are the usual ones of wallets: 256 MiB and about a second.</summary>
public sealed class KeystoreOptions
{
    /// <summary>scrypt's N, a power of two: the number of steps, and with r the memory, 128·N·r bytes of at most 512 MiB.</summary>
    /// <value>262144.</value>
    public int ScryptN { get; set; } = 262_144;

    /// <summary>scrypt's r: the size of a block in units of 128 bytes.</summary>
    /// <value>8.</value>
    public int ScryptR { get; set; } = 8;

    /// <summary>scrypt's p: how many times over.</summary>
    /// <value>1.</value>
    public int ScryptP { get; set; } = 1;

    /// <summary>Whether a file of the same name may be replaced.</summary>
    /// <value>false.</value>
    public bool Overwrite { get; set; }

    internal ScryptCost Cost => new(ScryptN, ScryptR, ScryptP);
}
