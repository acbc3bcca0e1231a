#!/usr/bin/env bash
# Adds a migration to both databases from the one model:  build/migrations.sh NAME
# Before the first release: build/migrations.sh --fresh makes the single migration "Initial" anew.
set -euo pipefail
cd "$(dirname "$0")/.."
name="${1:?usage: build/migrations.sh NAME | --fresh}"
dotnet tool restore >/dev/null
if [ "$name" = "--fresh" ]; then
  rm -rf src/AgentConsole.Data.Sqlite/Migrations src/AgentConsole.Data.PostgreSql/Migrations
  name=Initial
fi
for project in Sqlite PostgreSql; do
  dotnet build "src/AgentConsole.Data.$project" -v q --nologo
  dotnet ef migrations add "$name" --no-build --project "src/AgentConsole.Data.$project" --startup-project "src/AgentConsole.Data.$project" --context ConsoleDbContext
done
