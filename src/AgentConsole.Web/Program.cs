using AgentConsole.Web.Hosting;

return await ConsoleProgram.RunAsync(args);
