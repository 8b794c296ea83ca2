namespace Sdk.Interop.Ethereum;

/// <summary>A test that needs anvil or Ethereum's known answers, and is skipped, with the reason, where npm has not installed them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EthereumFactAttribute : FactAttribute
{
    public EthereumFactAttribute() => Skip = EthereumInstallation.Missing;
}

/// <summary>An <see cref="EthereumFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EthereumTheoryAttribute : TheoryAttribute
{
    public EthereumTheoryAttribute() => Skip = EthereumInstallation.Missing;
}
