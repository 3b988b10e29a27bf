#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the certificates of this folder afresh. They are committed, because new keys would give new bytes
# and tests want the same ones everywhere; the keys are thrown away, because no test signs anything.
# Needs the openssl command, 3.0 or later. Usage: make_certs.sh [DIRECTORY]
set -eu

out=$(cd "${1:-$(dirname "$0")}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > ca.cnf <<'CNF'
[ca]
default_ca = authority
[authority]
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
countryName = optional
organizationName = optional
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = caIssuers;URI:http://pki.example.com/root.der
crlDistributionPoints = URI:http://pki.example.com/root.crl
certificatePolicies = 2.23.140.1.2.1
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
authorityInfoAccess = OCSP;URI:http://ocsp.example.com, caIssuers;URI:http://pki.example.com/intermediate.der
crlDistributionPoints = URI:http://pki.example.com/intermediate.crl
certificatePolicies = 2.23.140.1.2.1
subjectAltName = @server_names
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = email:client@example.com
[server_names]
DNS.1 = example.com
DNS.2 = *.example.com
DNS.3 = *.shop.example.com
DNS.4 = *.eu.example.com
DNS.5 = *.us.example.com
DNS.6 = *.ap.example.com
DNS.7 = example.net
DNS.8 = *.example.net
DNS.9 = *.cdn.example.net
DNS.10 = *.static.example.net
DNS.11 = *.media.example.net
DNS.12 = example.org
DNS.13 = *.example.org
DNS.14 = *.status.example.org
DNS.15 = *.accounts.example.org
[self_signed]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:selfsigned.example.com
[req]
distinguished_name = name
[name]
CNF
: > index.txt
echo 5A0000000000000000000001 > serial.txt

key() {  # NAME KIND
  case $2 in
    rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" 2>/dev/null ;;
    rsa4096) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out "$1.key" 2>/dev/null ;;
    ec) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ;;
  esac
}

# NAME KIND SUBJECT SECTION ISSUER(self for none) NOT_BEFORE NOT_AFTER
issue() {
  key "$1" "$2"
  openssl req -new -config ca.cnf -key "$1.key" -subj "$3" -out "$1.csr"
  if [ "$5" = self ]; then signer="-selfsign -keyfile $1.key"; else signer="-cert $5.pem -keyfile $5.key"; fi
  # shellcheck disable=SC2086 # the signer is several words
  openssl ca -batch -notext -config ca.cnf $signer -extensions "$4" -startdate "$6" -enddate "$7" \
    -in "$1.csr" -out "$1.pem" 2>/dev/null
  openssl x509 -in "$1.pem" -outform DER -out "$out/$1.der"
}

begin=20200101000000Z
end=20350101000000Z
issue rsa_root rsa4096 "/O=Shakedown Tests/CN=Shakedown Test RSA Root" root self $begin $end
issue rsa_intermediate rsa "/O=Shakedown Tests/CN=Shakedown Test RSA Issuing CA 1" intermediate rsa_root $begin $end
issue rsa_leaf rsa "/C=CH/O=Example Ltd/CN=*.example.com" server rsa_intermediate $begin $end
issue rsa_client rsa "/O=Example Ltd/CN=client.example.com" client rsa_intermediate $begin $end
issue rsa_leaf_expired rsa "/C=CH/O=Example Ltd/CN=*.example.com" server rsa_intermediate $begin 20210101000000Z
issue ec_root ec "/O=Shakedown Tests/CN=Shakedown Test ECDSA Root" root self $begin $end
issue ec_intermediate ec "/O=Shakedown Tests/CN=Shakedown Test ECDSA Issuing CA 1" intermediate ec_root $begin $end
issue ec_leaf ec "/C=CH/O=Example Ltd/CN=*.example.com" server ec_intermediate $begin $end
issue self_signed rsa "/CN=selfsigned.example.com" self_signed self $begin $end
ls -l "$out"/*.der
