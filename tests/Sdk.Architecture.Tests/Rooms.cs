// Two rooms in which every kind of use occurs once, so that a test can prove that each is seen.
#pragma warning disable CA1822, CA1852, CA1812, CA1813, CA1018 // shapes only

namespace Sdk.Architecture.Tests.Rooms.Below
{
    internal sealed class Furniture
    {
        public static void Move()
        {
        }
    }

    internal sealed class Collapse : Exception;

    internal sealed class StampAttribute : Attribute;
}

namespace Sdk.Architecture.Tests.Rooms.Above
{
    using Below;

    internal sealed class InField
    {
        public Furniture? Chair = new();
    }

    internal sealed class InBody
    {
        public void Act() => Furniture.Move();
    }

    internal sealed class AfterASwitch
    {
        public string Act(int value)
        {
            var text = value switch { 0 => "a", 1 => "b", 2 => "c", 3 => "d", 4 => "e", _ => "f" };
            Furniture.Move();
            return text;
        }
    }

    internal sealed class InAsyncBody
    {
        public async Task Act()
        {
            await Task.Yield();
            Furniture.Move();
        }
    }

    internal sealed class InLambda
    {
        public Action Act() => () => Furniture.Move();
    }

    internal sealed class InGenericArgument
    {
        public object Act() => new List<Furniture>();
    }

    internal sealed class InCatch
    {
        public void Act(Action action)
        {
            try
            {
                action();
            }
            catch (Collapse)
            {
            }
        }
    }

    [Stamp]
    internal sealed class InAttribute;
}
