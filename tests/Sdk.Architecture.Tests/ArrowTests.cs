using System.Reflection;

namespace Sdk.Architecture.Tests;

/// <summary>The direction of the house (docs/ARCHITECTURE.md), checked on what was compiled.</summary>
public sealed class ArrowTests
{
    internal static readonly string[] Packages = ["Sdk.Core", "Sdk.Storage", "Sdk.Messaging", "Sdk.Identity", "Sdk.IpShare"];

    private static readonly Dictionary<string, string[]> PackageArrows = new()
    {
        ["Sdk.Core"] = [],
        ["Sdk.Storage"] = ["Sdk.Core"],
        ["Sdk.Messaging"] = ["Sdk.Core", "Sdk.Storage"],
        ["Sdk.Identity"] = ["Sdk.Core", "Sdk.Storage"],
        ["Sdk.IpShare"] = ["Sdk.Core", "Sdk.Storage", "Sdk.Messaging", "Sdk.Identity"],
    };

    private static readonly Dictionary<string, string[]> CoreArrows = new()
    {
        ["Cryptography"] = [],
        ["Persistence"] = [],
        ["Addressing"] = ["Cryptography", "Persistence"],
        ["Networking"] = ["Addressing", "Cryptography", "Persistence"],
        ["Overlay"] = ["Networking", "Addressing", "Cryptography", "Persistence"],
        ["Ledger"] = ["Cryptography", "Persistence"],
        ["Payments"] = ["Ledger", "Cryptography", "Persistence"],
        ["Trust"] = ["Cryptography"],
        ["Discovery"] = ["Trust", "Overlay", "Ledger", "Networking", "Addressing", "Cryptography", "Persistence"],
        ["Protocols"] = ["Trust", "Payments", "Ledger", "Networking", "Cryptography", "Persistence"],
        [""] = ["Protocols", "Discovery", "Trust", "Payments", "Ledger", "Overlay", "Networking", "Addressing", "Cryptography", "Persistence"],
    };

    private static readonly Dictionary<string, string[]> StorageArrows = new()
    {
        ["Disk"] = [],
        ["Local"] = ["Disk"],
        ["Replication"] = ["Disk", "Local"],
        ["Space"] = ["Disk", "Local", "Replication"],
        [""] = ["Disk", "Local", "Replication", "Space"],
    };

    /// <summary>Values without behaviour that a folder makes and a user gets: they stand at the root, and use nothing of the house.</summary>
    private static readonly string[] Receipts = ["Sdk.Storage.BatchCertified", "Sdk.Storage.FlushReceipt"];

    [Fact]
    public void Packages_import_only_in_the_direction_of_the_design() =>
        AssertNone(PackageRules(PackageArrows).Faults(Packages.SelectMany(UsesOf)));

    [Fact]
    public void Folders_of_Core_import_only_in_the_direction_of_the_design() =>
        AssertNone(FolderRules("Sdk.Core", CoreArrows).Faults(UsesOf("Sdk.Core")));

    [Fact]
    public void Folders_of_Storage_import_only_in_the_direction_of_the_design() =>
        AssertNone(FolderRules("Sdk.Storage", StorageArrows).Faults(UsesOf("Sdk.Storage")));

    [Fact]
    public void What_every_folder_may_use_uses_nothing_of_the_house_itself()
    {
        foreach (var package in new[] { "Sdk.Core", "Sdk.Storage" })
        {
            var house = UsesOf(package).Where(use => IsGround(use.User) && Packages.Contains(use.Used.Assembly) && !IsGround(use.Used));
            AssertNone(house.Select(use => $"{use.User} names {use.Used}"));
        }
    }

    [Fact]
    public void Cheques_and_escrows_know_nothing_of_each_other()
    {
        // A trade under escrow is paid by its vouchers alone: no type of payments can take a trade, and no type of escrows a cheque.
        var uses = UsesOf("Sdk.Core");
        Assert.Contains(uses, use => IsEscrow(use.User));
        Assert.Contains(uses, use => IsPayment(use.User));
        var mixed = uses.Where(use => (IsPayment(use.User) && IsEscrow(use.Used)) || (IsEscrow(use.User) && IsPayment(use.Used)));
        AssertNone(mixed.Select(use => $"{use.User} names {use.Used}"));

        static bool IsEscrow(TypeName type) => type.Namespace == "Sdk.Core.Ledger.Modules.Escrow";

        static bool IsPayment(TypeName type) => type.Namespace == "Sdk.Core.Payments"
            || (type.Namespace == "Sdk.Core.Protocols" && (type.Name.StartsWith("Payment", StringComparison.Ordinal) || type.Name.StartsWith("Cheque", StringComparison.Ordinal)));
    }

    [Fact]
    public void No_package_opens_its_internals_to_another_package()
    {
        foreach (var package in Packages)
        {
            var friends = Assembly.Load(package).GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>()
                .Select(attribute => attribute.AssemblyName);
            Assert.Empty(friends.Intersect(Packages));
        }
    }

    [Fact]
    public void A_wrong_rule_between_assemblies_is_noticed()
    {
        var here = typeof(ArrowTests).Assembly;
        var wrong = new Rules(type => type.Assembly, new() { [here.GetName().Name!] = [] });
        Assert.Contains(
            wrong.Faults(CompiledAssembly.ReadUses(here.Location)),
            fault => fault.StartsWith("Sdk.Architecture.Tests must not use xunit.assert", StringComparison.Ordinal));
    }

    [Fact]
    public void A_room_without_rules_is_noticed()
    {
        var uses = new[] { new TypeUse(new TypeName("Sdk.Core", "Sdk.Core.Attic", "Box"), new TypeName("Sdk.Core", "Sdk.Core.Cryptography", "KeyPair")) };
        Assert.Equal(["Attic is a room without rules (Sdk.Core.Attic.Box)"], FolderRules("Sdk.Core", CoreArrows).Faults(uses));
    }

    [Theory]
    [InlineData(nameof(Rooms.Above.InField))]
    [InlineData(nameof(Rooms.Above.InBody))]
    [InlineData(nameof(Rooms.Above.AfterASwitch))]
    [InlineData(nameof(Rooms.Above.InAsyncBody))]
    [InlineData(nameof(Rooms.Above.InLambda))]
    [InlineData(nameof(Rooms.Above.InGenericArgument))]
    [InlineData(nameof(Rooms.Above.InCatch))]
    [InlineData(nameof(Rooms.Above.InAttribute))]
    public void A_use_that_the_rules_forbid_is_noticed_wherever_it_hides(string user)
    {
        var uses = CompiledAssembly.ReadUses(typeof(ArrowTests).Assembly.Location).Where(use => use.User.Name == user);
        var rules = new Rules(type => type.Namespace.StartsWith("Sdk.Architecture.Tests.Rooms.", StringComparison.Ordinal) ? type.Namespace : null, new()
        {
            ["Sdk.Architecture.Tests.Rooms.Above"] = [],
        });
        Assert.Contains(rules.Faults(uses), fault => fault.Contains("must not use Sdk.Architecture.Tests.Rooms.Below", StringComparison.Ordinal));
    }

    private static Rules PackageRules(Dictionary<string, string[]> arrows) =>
        new(type => Packages.Contains(type.Assembly) ? type.Assembly : null, arrows);

    /// <summary>The rooms of one package are the first folders under its root; the exceptions of the package are ground under all of them.</summary>
    private static Rules FolderRules(string package, Dictionary<string, string[]> arrows) => new(
        type => type.Assembly != package || !type.Namespace.StartsWith(package, StringComparison.Ordinal) || IsGround(type) ? null
            : type.Namespace.Length == package.Length ? ""
            : type.Namespace[(package.Length + 1)..].Split('.')[0],
        arrows);

    /// <summary>The exceptions at the root of a package, the reasons (enumerations) that they carry, and the values handed up to the user.</summary>
    private static bool IsGround(TypeName type) =>
        Receipts.Contains(type.ToString()) || IsThrown(type);

    private static bool IsThrown(TypeName type) =>
        Packages.Contains(type.Namespace)
        && Assembly.Load(type.Assembly).GetType(type.ToString()) is { } loaded
        && (IsException(loaded) || (loaded.IsEnum && loaded.Assembly.GetTypes().Where(IsException).Any(e => e.GetProperties().Any(p => p.PropertyType == loaded))));

    private static bool IsException(Type type) => typeof(Exception).IsAssignableFrom(type);

    /// <summary>Shows every fault, where an assertion on a collection would show the beginnings of three.</summary>
    private static void AssertNone(IEnumerable<string> faults)
    {
        var lines = string.Join('\n', faults);
        Assert.True(lines.Length == 0, lines);
    }

    private static IReadOnlyCollection<TypeUse> UsesOf(string package) => CompiledAssembly.ReadUses(Assembly.Load(package).Location);
}
