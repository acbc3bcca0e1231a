#!/usr/bin/env bash
# A PostgreSQL of our own for the tests: in a temporary folder, on a free port, from Debian's package (installed where it is missing).
#   build/postgres.sh start FOLDER   starts it and prints its connection string
#   build/postgres.sh stop FOLDER    stops it and removes the folder
set -euo pipefail
verb="${1:?usage: build/postgres.sh start|stop FOLDER}"
folder="${2:?usage: build/postgres.sh start|stop FOLDER}"
user="$(id -un)"
[ "$(id -u)" = 0 ] && user=postgres # initdb and postgres refuse to run as root

as_user() { if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@"; else "$@"; fi; }

find_bin() { find /usr/lib/postgresql -maxdepth 3 -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1; }

bin="$(find_bin)"
if [ "$verb" = stop ]; then
  [ -d "$folder/db" ] && (cd / && as_user "$bin/pg_ctl" -D "$folder/db" -m immediate stop >/dev/null 2>&1) || true
  rm -rf "$folder"
  exit 0
fi

if [ -z "$bin" ]; then
  sudo=""; [ "$(id -u)" = 0 ] || sudo="sudo -n"
  { $sudo apt-get update && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends postgresql; } >&2 ||
    { echo "PostgreSQL is not installed and Debian's package 'postgresql' could not be installed; the tests need it." >&2; exit 1; }
  bin="$(find_bin)"
fi

mkdir -p "$folder"
[ "$(id -u)" = 0 ] && chown "$user" "$folder"
chmod 700 "$folder"
cd /
as_user "$bin/initdb" -D "$folder/db" -U console --auth=trust --encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }
for _ in 1 2 3 4 5; do # another process may take the port between the look and the start
  port="$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' 2>/dev/null || shuf -i 20000-60000 -n 1)"
  # The data is thrown away: tests of durability kill the console, not this server.
  if as_user "$bin/pg_ctl" -D "$folder/db" -l "$folder/postgres.log" -w -t 60 \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=128MB" start >&2; then
    echo "Host=127.0.0.1;Port=$port;Username=console;Database=postgres"
    exit 0
  fi
done
cat "$folder/postgres.log" >&2
exit 1
