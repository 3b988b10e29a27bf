// SPDX-License-Identifier: Apache-2.0
// An HTTP server with TLS from Node: one line per connection, CONNECTED or FAILED and its own words.
// Arguments are key=value: port, chain, key; client_ca, client_certificates (request, require); min, max; ciphers;
// groups; sigalgs; alpn (comma separated).
'use strict';
const fs = require('fs');
const tls = require('tls');

const PATIENCE_MS = 15000;
const ANSWER = 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n';
const given = Object.fromEntries(process.argv.slice(2).map((word) => {
  const cut = word.indexOf('=');
  return [word.slice(0, cut), word.slice(cut + 1)];
}));

const options = {
  cert: fs.readFileSync(given.chain),
  key: fs.readFileSync(given.key),
  dhparam: 'auto',
  handshakeTimeout: PATIENCE_MS,
};
if (given.min) options.minVersion = given.min;
if (given.max) options.maxVersion = given.max;
if (given.ciphers) options.ciphers = given.ciphers;
if (given.groups) options.ecdhCurve = given.groups;
if (given.sigalgs) options.sigalgs = given.sigalgs;
if (given.alpn) options.ALPNProtocols = given.alpn.split(',');
if (given.client_ca) {
  options.ca = fs.readFileSync(given.client_ca);
  options.requestCert = true;
  options.rejectUnauthorized = given.client_certificates === 'require';
}

function say(word, text) {
  process.stdout.write(`${word} ${String(text).replace(/\s+/g, ' ')}\n`);
}

const server = tls.createServer(options, (socket) => {
  let answered = false;
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.once('data', () => {
    answered = true;
    say('CONNECTED', socket.getProtocol());
    socket.end(ANSWER);
  });
  socket.on('error', (error) => {
    if (!answered) say('FAILED', `${error.code} ${error.message}`);
  });
  socket.on('close', () => {
    if (!answered) say('FAILED', 'closed without a request');
  });
});
server.on('tlsClientError', (error, socket) => {
  say('FAILED', `${error.code} ${error.message} ${socket.authorizationError || ''}`);
});
server.listen({ port: Number(given.port), host: '::', backlog: 128 });
