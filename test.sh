#!/usr/bin/env bash
# Runs every test on a fresh machine with the .NET SDK: restores, builds, checks the formatting, starts a PostgreSQL of its own, finds a
# Chromium (both installed from Debian's packages where they are missing), and closes with one line "N passed, N failed".
#   ./test.sh                  everything
#   ./test.sh Core.Tests       one project; further arguments go to xunit's runner, e.g. -class AgentConsole.Core.Tests.Data.StoreTests
set -uo pipefail
cd "$(dirname "$0")"
export CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results="$(mktemp -d)"
chmod 711 "$results" # PostgreSQL runs as a user of its own when we are root, and must get through
postgres="$results/postgres"
trap 'build/postgres.sh stop "$postgres"; rm -rf "$results"' EXIT
fail() { echo "$*" >&2; echo "0 passed, 1 failed"; exit 1; }

# The shell of Chromium without its windows needs a third less of the machine than the whole of it.
if [ -z "${CHROMIUM:-}" ]; then
  CHROMIUM="$(command -v chromium-headless-shell || command -v chromium)" || {
    sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -n"
    install() { DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends "$1"; }
    { $sudo apt-get update && { install chromium-headless-shell || install chromium; }; } >"$results/apt.log" 2>&1 ||
      { cat "$results/apt.log" >&2; fail "Chromium is not installed and Debian's packages 'chromium-headless-shell' and 'chromium' could not be installed; the journeys need it. Set CHROMIUM to an executable."; }
    CHROMIUM="$(command -v chromium-headless-shell || command -v chromium)"
  }
fi
export CHROMIUM
AGENTCONSOLE_TEST_POSTGRES="$(build/postgres.sh start "$postgres")" || fail "PostgreSQL could not be started; the tests need it."
export AGENTCONSOLE_TEST_POSTGRES

dotnet tool restore >/dev/null || fail "The tools could not be restored."
dotnet csharpier check . || fail "The formatting differs: run 'dotnet csharpier format .'"
dotnet build AgentConsole.sln -c Release --nologo -v q || fail "The build failed."

projects="Core.Tests Web.Tests E2E.Tests"
if [ $# -gt 0 ]; then projects="$1"; shift; fi
passed=0 failed=0
for project in $projects; do
  echo "== $project"
  dotnet run --no-build -c Release --project "tests/AgentConsole.$project" -- -noColor -ctrf "$results/$project.json" "$@"
  code=$?
  if [ -s "$results/$project.json" ]; then
    p="$(grep -o '"passed": *[0-9]*' "$results/$project.json" | head -n 1 | grep -o '[0-9]*')"
    f="$(grep -o '"failed": *[0-9]*' "$results/$project.json" | head -n 1 | grep -o '[0-9]*')"
    passed=$((passed + ${p:-0})); failed=$((failed + ${f:-0}))
    [ "$code" -ne 0 ] && [ "${f:-0}" -eq 0 ] && failed=$((failed + 1)) # ended badly outside a test
  else
    echo "$project ended without results (exit code $code)" >&2
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
