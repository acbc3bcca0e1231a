using AgentConsole.Contracts;

namespace AgentConsole.Web.Sinks;

/// <summary>What stands in the fields of one sink.</summary>
internal sealed class SinkForm
{
    public string Team { get; set; } = "";
    public string Name { get; set; } = "";
    public string Kind { get; set; } = "vault";
    public string Address { get; set; } = "";
    public string Mount { get; set; } = "secret";
    public string VaultPath { get; set; } = "agents/{team}/{agent}";
    public string Namespace { get; set; } = "";
    public string Member { get; set; } = "agent_key";
    public string Url { get; set; } = "";
    public string Root { get; set; } = "";
    public string FilePath { get; set; } = "{team}/{agent}.env";
    public string Format { get; set; } = "env";

    /// <summary>Never filled from what is stored.</summary>
    public string Credential { get; set; } = "";
    public bool DropPrevious { get; set; }

    public static SinkForm Of(SinkBody sink)
    {
        var form = new SinkForm
        {
            Team = sink.Team ?? "",
            Name = sink.Name,
            Kind = sink.Kind,
        };
        if (sink.Vault is { } vault)
        {
            (form.Address, form.Mount, form.VaultPath) = (vault.Address ?? "", vault.Mount ?? "", vault.Path ?? "");
            (form.Namespace, form.Member) = (vault.Namespace ?? "", vault.Field ?? "");
        }
        if (sink.Webhook is { } webhook)
            form.Url = webhook.Url ?? "";
        if (sink.File is { } file)
            (form.Root, form.FilePath, form.Format) = (file.Root ?? "", file.Path ?? "", file.Format ?? "");
        return form;
    }

    public SetSink ToBody() =>
        new()
        {
            Team = Team,
            Name = Name,
            Kind = Kind,
            Vault =
                Kind == "vault"
                    ? new VaultSinkSettings
                    {
                        Address = Address,
                        Mount = Mount,
                        Path = VaultPath,
                        Namespace = Namespace,
                        Field = Member,
                    }
                    : null,
            Webhook = Kind == "webhook" ? new WebhookSinkSettings { Url = Url } : null,
            File =
                Kind == "file"
                    ? new FileSinkSettings
                    {
                        Root = Root,
                        Path = FilePath,
                        Format = Format,
                    }
                    : null,
            Credential = Kind == "file" || Credential.Length == 0 ? null : Credential,
            DropPrevious = DropPrevious ? true : null,
        };
}
