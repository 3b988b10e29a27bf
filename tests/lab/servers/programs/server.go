// SPDX-License-Identifier: Apache-2.0

// An HTTP server with TLS from Go's crypto/tls: one line per connection, CONNECTED or FAILED and its own words.
// Arguments are key=value: port, chain, key; client_ca, client_certificates (request, require); min, max, suites and
// groups as numbers; alpn (comma separated); staple (file); tickets=no.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	patience = 15 * time.Second
	answer   = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
)

func numbers(list string) (all []uint16) {
	for _, word := range strings.Split(list, ",") {
		number, err := strconv.ParseUint(word, 0, 16)
		if err != nil {
			log.Fatal(err)
		}
		all = append(all, uint16(number))
	}
	return all
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func configuration(given map[string]string) *tls.Config {
	certificate, err := tls.LoadX509KeyPair(given["chain"], given["key"])
	if err != nil {
		log.Fatal(err)
	}
	if path, ok := given["staple"]; ok {
		certificate.OCSPStaple = read(path)
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	if word, ok := given["min"]; ok {
		config.MinVersion = numbers(word)[0]
	}
	if word, ok := given["max"]; ok {
		config.MaxVersion = numbers(word)[0]
	}
	if list, ok := given["suites"]; ok {
		config.CipherSuites = numbers(list)
	}
	if list, ok := given["groups"]; ok {
		for _, number := range numbers(list) {
			config.CurvePreferences = append(config.CurvePreferences, tls.CurveID(number))
		}
	}
	if list, ok := given["alpn"]; ok {
		config.NextProtos = strings.Split(list, ",")
	}
	config.SessionTicketsDisabled = given["tickets"] == "no"
	if path, ok := given["client_ca"]; ok {
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(read(path))
		config.ClientAuth = tls.VerifyClientCertIfGiven
		if given["client_certificates"] == "require" {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	return config
}

func say(word string, text any) {
	fmt.Println(word, strings.Join(strings.Fields(fmt.Sprint(text)), " "))
}

func serve(connection *tls.Conn) {
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(patience))
	if err := connection.Handshake(); err != nil {
		say("FAILED", err)
		return
	}
	if _, err := connection.Read(make([]byte, 65536)); err != nil {
		say("FAILED", "no request: "+err.Error())
		return
	}
	if _, err := connection.Write([]byte(answer)); err != nil {
		say("FAILED", err)
		return
	}
	say("CONNECTED", fmt.Sprintf("%#x", connection.ConnectionState().Version))
}

func main() {
	given := map[string]string{}
	for _, word := range os.Args[1:] {
		key, value, _ := strings.Cut(word, "=")
		given[key] = value
	}
	config := configuration(given)
	listener, err := net.Listen("tcp", ":"+given["port"])
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(tls.Server(connection, config))
	}
}
