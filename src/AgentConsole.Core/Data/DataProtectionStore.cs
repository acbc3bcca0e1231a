using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using AgentConsole.Core.Common;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Data;

/// <summary>Keeps the keys of ASP.NET Core Data Protection in the store, encrypted under the master key, so that every node has the same.</summary>
internal static class DataProtectionRegistration
{
    public static IServiceCollection AddConsoleDataProtection(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("agentconsole");
        services.AddSingleton<DataProtectionStore>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(s => new ConfigureOptions<KeyManagementOptions>(keys =>
        {
            keys.XmlRepository = s.GetRequiredService<DataProtectionStore>();
            keys.XmlEncryptor = new MasterKeyXmlEncryptor(s.GetRequiredService<MasterKey>());
        }));
        return services;
    }
}

/// <summary>The framework asks synchronously: at start, and when a key is 90 days old.</summary>
internal sealed class DataProtectionStore(IDbContextFactory<ConsoleDbContext> contexts, WriteGate gate, IStoreEngine engine, IdSource ids)
    : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var db = contexts.CreateDbContext();
        return [.. db.DataProtectionKeys.AsNoTracking().OrderBy(k => k.Id).Select(k => k.Xml).ToList().Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        var id = ids.Next();
        object key = engine.StoresGuidsAsBytes ? id.ToByteArray(bigEndian: true) : id;
        var xml = element.ToString(SaveOptions.DisableFormatting);
        using var turn = gate.Enter();
        using var db = contexts.CreateDbContext();
        db.Database.ExecuteSql($"INSERT INTO data_protection_keys (id, friendly_name, xml) VALUES ({key}, {friendlyName ?? ""}, {xml})");
    }
}

internal sealed class MasterKeyXmlEncryptor(MasterKey master) : IXmlEncryptor
{
    public const string Purpose = "data-protection";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedText = Convert.ToBase64String(MasterKey.Seal(master.Derive(Purpose), plain));
        CryptographicOperations.ZeroMemory(plain);
        return new EncryptedXmlInfo(new XElement("sealedByMasterKey", sealedText), typeof(MasterKeyXmlDecryptor));
    }
}

/// <summary>Made by the framework from the type's name, which stands beside each stored key: the name must stay.</summary>
public sealed class MasterKeyXmlDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        var key = services.GetRequiredService<MasterKey>().Derive(MasterKeyXmlEncryptor.Purpose);
        return XElement.Parse(Encoding.UTF8.GetString(MasterKey.Open(key, Convert.FromBase64String(encryptedElement.Value))));
    }
}
