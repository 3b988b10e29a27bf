// SPDX-License-Identifier: Apache-2.0
// One TLS connection with Node's tls module (two with resume=...); the request comes on standard input.
// Arguments are key=value words: see program_words() in clients/base.py. The answer goes to standard output;
// what went wrong, in Node's words, to standard error, with exit code 1.
'use strict';

const fs = require('fs');
const tls = require('tls');

const words = Object.fromEntries(process.argv.slice(2).map((word) => {
  const equals = word.indexOf('=');
  return [word.slice(0, equals), word.slice(equals + 1)];
}));

function options(session) {
  const given = {
    host: words.address,
    port: Number(words.port),
    servername: words.server_name,  // An empty string sends no name.
    rejectUnauthorized: words.roots !== '',
    checkServerIdentity: (unused, certificate) =>
      words.expect_name ? tls.checkServerIdentity(words.expect_name, certificate) : undefined,
  };
  if (words.roots) {
    given.ca = fs.readFileSync(words.roots, 'utf8').match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g);
  }
  if (words.min) given.minVersion = words.min;
  if (words.max) given.maxVersion = words.max;
  if (words.ciphers) given.ciphers = words.ciphers;
  if (words.groups) given.ecdhCurve = words.groups;
  if (words.sigalgs) given.sigalgs = words.sigalgs;
  if (words.alpn) given.ALPNProtocols = words.alpn.split(',');
  if (words.source) given.localAddress = words.source;
  if (words.certificate) {
    given.cert = fs.readFileSync(words.certificate);
    given.key = fs.readFileSync(words.key);
  }
  if (words.resume === 'session_id') given.secureOptions = require('crypto').constants.SSL_OP_NO_TICKET;
  if (session) given.session = session;
  return given;
}

function fail(error) {
  process.stderr.write(`${error.code || error.name}: ${error.message}\n`);
  process.exit(1);
}

function connect(session, done) {
  let answer = '';
  let latest = null;
  let reused = false;
  const socket = tls.connect(options(session), () => {
    reused = socket.isSessionReused();
    socket.write(words.request_text);
  });
  socket.on('session', (given) => { latest = given; });
  socket.on('data', (data) => { answer += data; });
  socket.on('error', (error) => { if (!answer) fail(error); });
  socket.on('close', () => {
    if (!answer) fail({ code: 'EOF', message: 'socket closed instead of an answer' });
    done(answer, latest, reused);
  });
}

words.request_text = fs.readFileSync(0, 'latin1');
try {
  connect(null, (answer, session) => {
    if (!words.resume) { process.stdout.write(answer); return; }
    process.stderr.write('first connection done\n');
    connect(session, (again, unused, reused) => {
      process.stderr.write(reused ? 'resumed\n' : 'not resumed\n');
      process.stdout.write(again);
    });
  });
} catch (error) {
  fail(error);
}
