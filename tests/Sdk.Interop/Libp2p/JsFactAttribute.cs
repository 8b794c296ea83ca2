namespace Sdk.Interop.Libp2p;

/// <summary>A test that talks to js-libp2p, and is skipped, with the reason, on a machine where npm has not installed it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class JsFactAttribute : FactAttribute
{
    public JsFactAttribute() => Skip = JsInstallation.Missing;
}

/// <summary>A <see cref="JsFactAttribute"/> with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class JsTheoryAttribute : TheoryAttribute
{
    public JsTheoryAttribute() => Skip = JsInstallation.Missing;
}
