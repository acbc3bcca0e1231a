global using AgentConsole.Contracts;
global using AgentConsole.Testing;
global using Xunit;
