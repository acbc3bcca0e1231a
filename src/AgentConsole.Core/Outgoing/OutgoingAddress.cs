using System.Net;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Outgoing;

/// <summary>Addresses that users give the console to call.</summary>
public static class OutgoingAddress
{
    public const int MaxLength = 500;

    /// <summary>
    /// Reads an address: HTTPS, or HTTP where the settings allow some network for it; no name and password, no query and no fragment, since an address is
    /// shown and kept in the trail. Where the host's name leads is judged at each connection by <see cref="OutgoingHttp"/>.
    /// </summary>
    /// <param name="setting">The setting that allows networks, for the sentence of a refusal.</param>
    public static Uri? Read(string? value, string field, AddressRules rules, string setting, FieldErrors errors)
    {
        var text = Texts.Line(value, field, MaxLength, errors, required: true);
        if (text is null)
            return null;
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp)
            || address.Host.Length == 0
        )
        {
            errors.Add(field, "Must be an address such as https://vault.example:8200.");
            return null;
        }
        var before = errors.Count;
        if (address.UserInfo.Length > 0)
            errors.Add(field, "Holds a name or password. An address is shown and kept in the trail; take them out.");
        if (address.Query.Length > 0 || address.Fragment.Length > 0 || text.AsSpan().ContainsAny('?', '#'))
            errors.Add(field, "Holds a query or fragment. An address is shown and kept in the trail; take it out.");
        if (address.Scheme == Uri.UriSchemeHttp && !rules.AllowsSome)
            errors.Add(field, $"Must begin with https://. Plain HTTP is for networks that {setting} names.");
        if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var literal))
        {
            if (!rules.MayReach(literal))
                errors.Add(field, $"{literal} is not on the public internet. An operator can allow its network with {setting}.");
            else if (address.Scheme == Uri.UriSchemeHttp && !rules.Allows(literal))
                errors.Add(field, $"Must begin with https://. Plain HTTP is for networks that {setting} names.");
        }
        return errors.Count == before ? address : null;
    }
}
