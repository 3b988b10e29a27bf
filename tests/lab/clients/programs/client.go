// SPDX-License-Identifier: Apache-2.0

// One TLS connection with Go's crypto/tls (two with resume=...); the request comes on standard input.
// Arguments are key=value words: see program_words() in clients/base.py. The answer goes to standard output;
// what went wrong, in Go's words, to standard error, with exit code 1.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

var versions = map[string]uint16{"TLSv1.0": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11,
	"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

var groups = map[string]tls.CurveID{"x25519": tls.X25519, "secp256r1": tls.CurveP256,
	"secp384r1": tls.CurveP384, "secp521r1": tls.CurveP521}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func arguments() map[string]string {
	words := map[string]string{}
	for _, word := range os.Args[1:] {
		key, value, _ := strings.Cut(word, "=")
		words[key] = value
	}
	return words
}

// verifier checks the chain against the roots, and the name only where there is one to expect: crypto/tls by
// itself insists on checking the name that it sends.
func verifier(roots *x509.CertPool, name string, now time.Time) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now,
			Intermediates: x509.NewCertPool()}
		for _, certificate := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(certificate)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		return err
	}
}

func configuration(words map[string]string) *tls.Config {
	days, _ := strconv.Atoi(words["clock_offset_days"])
	now := func() time.Time { return time.Now().AddDate(0, 0, days) }
	config := &tls.Config{ServerName: words["server_name"], MinVersion: versions[words["min"]],
		MaxVersion: versions[words["max"]], Time: now, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	if words["roots"] == "" {
		config.InsecureSkipVerify = true
	} else {
		config.RootCAs = x509.NewCertPool()
		pem, err := os.ReadFile(words["roots"])
		if err != nil {
			fail(err)
		}
		config.RootCAs.AppendCertsFromPEM(pem)
		if words["expect_name"] != words["server_name"] || words["server_name"] == "" {
			config.InsecureSkipVerify = true
			config.VerifyConnection = verifier(config.RootCAs, words["expect_name"], now())
		}
	}
	if words["alpn"] != "" {
		config.NextProtos = strings.Split(words["alpn"], ",")
	}
	if words["certificate"] != "" {
		pair, err := tls.LoadX509KeyPair(words["certificate"], words["key"])
		if err != nil {
			fail(err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &pair, nil
		}
	}
	for _, suite := range strings.Fields(words["suites"]) {
		number, _ := strconv.ParseUint(suite, 16, 16)
		config.CipherSuites = append(config.CipherSuites, uint16(number))
	}
	for _, group := range strings.Fields(words["groups"]) {
		config.CurvePreferences = append(config.CurvePreferences, groups[group])
	}
	return config
}

// dial makes the connection and the handshake.
func dial(words map[string]string, config *tls.Config) (*tls.Conn, error) {
	dialer := &net.Dialer{}
	if words["source"] != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(words["source"])}
	}
	plain, err := dialer.Dial("tcp", net.JoinHostPort(words["address"], words["port"]))
	if err != nil {
		return nil, err
	}
	secured := tls.Client(plain, config)
	if err := secured.Handshake(); err != nil {
		plain.Close()
		return nil, err
	}
	return secured, nil
}

func exchange(words map[string]string, config *tls.Config, request []byte) ([]byte, bool, error) {
	secured, err := dial(words, config)
	if err != nil {
		return nil, false, err
	}
	defer secured.Close()
	if _, err := secured.Write(request); err != nil {
		return nil, false, err
	}
	answer, err := io.ReadAll(secured)
	if len(answer) == 0 && err == nil {
		err = errors.New("EOF instead of an answer")
	}
	if len(answer) > 0 {
		err = nil
	}
	return answer, secured.ConnectionState().DidResume, err
}

func main() {
	words := arguments()
	request, _ := io.ReadAll(os.Stdin)
	config := configuration(words)
	answer, _, err := exchange(words, config, request)
	if err == nil && words["resume"] != "" {
		var resumed bool
		fmt.Fprintln(os.Stderr, "first connection done")
		answer, resumed, err = exchange(words, config, request)
		if err == nil && !resumed {
			fmt.Fprintln(os.Stderr, "not resumed")
		}
	}
	if err != nil {
		fail(err)
	}
	os.Stdout.Write(answer)
}
