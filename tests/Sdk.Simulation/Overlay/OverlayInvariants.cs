namespace Sdk.Simulation.Overlay;

/// <summary>What the overlay promises, by the short names under which a broken promise is reported.</summary>
internal static class OverlayInvariants
{
    /// <summary>Lookups find the true nearest node: 99.9 % of them.</summary>
    public const string Finds = "O1";

    /// <summary>In few hops: at the median no more than log2(n) / 3.</summary>
    public const string Hops = "O2";

    /// <summary>Also where a fifth of the nodes lie: 99 % of lookups.</summary>
    public const string Liars = "O3";

    /// <summary>And 60 seconds after a fifth of the nodes vanished.</summary>
    public const string Vanished = "O4";

    /// <summary>No node carries far more than others.</summary>
    public const string Load = "O5";

    /// <summary>Every lookup ends, before its limit of questions.</summary>
    public const string Ends = "O6";

    /// <summary>Nobody is asked, or stands in a table, whose record is forged.</summary>
    public const string Forged = "O7";

    /// <summary>While nodes come and go, 99 % of lookups find the nearest of those that stay.</summary>
    public const string Churn = "O8";

    /// <summary>A network that was cut in two becomes one again by itself.</summary>
    public const string Whole = "O9";

    /// <summary>Whoever is besieged by ground addresses still finds others and is found; one network gets few places in its table.</summary>
    public const string Siege = "O10";

    public const double FindsAtLeast = 0.999;
    public const double FindsAmongLiarsAtLeast = 0.99;

    /// <summary>
    /// Twice as many colluders as a lookup has results, ground into one place out of as many networks, keep the address that they surround from
    /// some of those who look for it. Nothing of worth is assigned by position alone, and providers' nonces are fixed, because of this.
    /// </summary>
    public const double FindsBesiegedAtLeast = 0.9;

    /// <exception cref="InvariantViolationException">The median is higher.</exception>
    public static void RequireHops(int median, int nodes)
    {
        double most = Math.Log2(nodes) / 3;
        if (median > most)
        {
            throw new InvariantViolationException(Hops, $"the median lookup takes {median} hops among {nodes} nodes; wanted {most:F1}");
        }
    }
}
