global using AgentConsole.Testing;
global using Xunit;
