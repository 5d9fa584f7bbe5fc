#!/bin/sh
# A certificate authority, two certificates, the key of the client, a key for the store, and passwords. For one machine, not
# for production.
set -eu
cd "$(dirname "$0")"
ec='-algorithm EC -pkeyopt ec_paramgen_curve:P-256'
# shellcheck disable=SC2086
openssl genpkey $ec -out ca.key
openssl req -x509 -key ca.key -subj '/CN=ACME CA' -days 365 -out ca.pem
for name in mcp.acme.example id.acme.example; do
  # shellcheck disable=SC2086
  openssl genpkey $ec -out "$name.key"
  printf 'subjectAltName=DNS:%s\n' "$name" > "$name.ext"
  openssl req -new -key "$name.key" -subj "/CN=$name" | openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile "$name.ext" -out "$name.pem"
  rm "$name.ext"
done
# shellcheck disable=SC2086
openssl genpkey $ec -out client.key
openssl req -x509 -key client.key -subj '/CN=mcp-orders' -days 365 -out client.pem
openssl rand -base64 32 > replica-keys
# The user of the image, 1000, has to read what compose mounts.
chmod 0444 client.key replica-keys
# What compose.yaml gives to the containers. Keycloak knows the client by its certificate.
cat > ../.env <<EOF
CLIENT_CERTIFICATE=$(openssl x509 -in client.pem -outform DER | openssl base64 -A)
KEYCLOAK_ADMIN_PASSWORD=$(openssl rand -hex 12)
ALICE_PASSWORD=$(openssl rand -hex 12)
GRAFANA_ADMIN_PASSWORD=$(openssl rand -hex 12)
EOF
chmod 0600 ../.env
