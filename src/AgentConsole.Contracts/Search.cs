namespace AgentConsole.Contracts;

/// <summary>Something that a search found.</summary>
/// <param name="Kind">
/// <c>agent</c>, <c>key</c>, <c>run</c>, <c>step</c>, <c>user</c>, <c>service-account</c>, <c>team</c>, <c>token</c>, <c>organization</c>, <c>plan</c>, <c>view</c>,
/// <c>price</c>, <c>rerating</c>, <c>inactivity-policy</c>, <c>unclaimed</c>, <c>sink</c>, <c>rotation</c>, <c>purge</c>, <c>session</c>, <c>passkey</c>,
/// <c>break-glass</c>, <c>trail-record</c>, <c>request</c> or <c>records</c> (of something that is gone or has no page).
/// </param>
/// <param name="Id">With its prefix; of a request its correlation id.</param>
/// <param name="Detail">What tells it from its neighbours.</param>
/// <param name="Url">Its page in the console.</param>
public sealed record SearchResult(string Kind, string Id, string Title, string Detail, string Url);

/// <summary>What was found, best first within each kind.</summary>
public sealed record SearchResults(IReadOnlyList<SearchResult> Data);
