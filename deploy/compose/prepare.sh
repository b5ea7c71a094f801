#!/bin/sh
# Makes the secrets that compose.yaml reads: once, into secrets/ beside it, or into the folder given. What is there stays.
set -eu
folder=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$folder"

# The folder keeps others out; within a container the files must be readable by whoever runs there.
keep() {
  [ -s "$folder/$1" ] || cat >"$folder/$1"
  chmod 0644 "$folder/$1"
}
chance() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }
hash() { printf %s "$(cat "$folder/$1")" | sha256sum | cut -d ' ' -f 1; }

chance | keep postgres_password
printf 'postgres://muster:%s@postgres/muster\n' "$(cat "$folder/postgres_password")" | keep store_url
chance | keep metrics_token
chance | keep operator_token
chance | keep gateway_token
chance | keep grafana_password
keep tokens.toml <<END
# Who may come in. The tokens lie beside this file, but only their SHA-256 is told to Muster.

[[token]]
name = "prometheus"
role = "reader"
hash = "$(hash metrics_token)"

[[token]]
name = "operator"
role = "operator"
hash = "$(hash operator_token)"

[[token]]
name = "gateway"
role = "source"
sources = ["*"]
hash = "$(hash gateway_token)"
END
echo "secrets are in $folder"
