using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

internal static class PeopleRegistration
{
    public static IServiceCollection AddPeople(this IServiceCollection services)
    {
        services.AddOptions<SignInOptions>().BindConfiguration(SignInOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SignInOptions>, SignInOptionsCheck>();
        services.AddOptions<PasskeyOptions>().BindConfiguration(PasskeyOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PasskeyOptions>, PasskeyOptionsCheck>();
        services.AddOptions<BootstrapOptions>().BindConfiguration(BootstrapOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BootstrapOptions>, BootstrapOptionsCheck>();

        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<ILoadAtStart>(s => s.GetRequiredService<AccessDirectory>());
        services.AddSingleton<ActorSource>();

        services.AddSingleton<PasswordHashing>();
        services.AddSingleton<SecondFactor>();
        services.AddSingleton<SignInGuard>();
        services.AddSingleton<OneTimeLinks>();
        services.AddSingleton<SetupService>();
        services.AddSingleton<SignInService>();
        services.AddSingleton<SessionService>();
        services.AddSingleton<PasskeyCeremony>();
        services.AddSingleton<SpentTickets>();
        services.AddSingleton<PasskeyService>();
        services.AddSingleton<StepUpService>();
        services.AddSingleton<BreakGlassService>();
        services.AddSingleton<AccountService>();
        services.AddSingleton<LinkService>();
        services.AddSingleton<TeamService>();
        services.AddSingleton<OrganizationService>();
        services.AddSingleton<UserService>();
        services.AddSingleton<ServiceAccountService>();
        services.AddSingleton<TokenService>();

        services.AddSingleton<TokenUse>();
        services.AddHostedService(s => s.GetRequiredService<TokenUse>());
        services.AddSingleton<SessionUse>();
        services.AddHostedService(s => s.GetRequiredService<SessionUse>());
        services.AddSingleton<IRefreshOnNews>(s => s.GetRequiredService<AccessDirectory>());
        return services;
    }
}
