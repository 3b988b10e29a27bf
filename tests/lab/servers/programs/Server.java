// SPDX-License-Identifier: Apache-2.0
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * An HTTP server with TLS from JSSE: one line per connection, CONNECTED or FAILED and its own words.
 *
 * <p>Arguments are key=value: port, store (PKCS #12), password; client_ca, client_certificates (request, require);
 * protocols, suites, alpn (comma separated). Groups and signature schemes come from system properties.
 */
public final class Server {
  private static final int PATIENCE_MS = 15000;
  private static final byte[] ANSWER =
      "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n".getBytes(StandardCharsets.US_ASCII);

  private Server() {}

  public static void main(String[] words) throws Exception {
    Map<String, String> given = new HashMap<>();
    for (String word : words) {
      int cut = word.indexOf('=');
      given.put(word.substring(0, cut), word.substring(cut + 1));
    }
    ServerSocket plain = context(given).getServerSocketFactory()
        .createServerSocket(Integer.parseInt(given.get("port")), 128);
    SSLServerSocket listener = (SSLServerSocket) plain;
    SSLParameters parameters = listener.getSSLParameters();
    if (given.containsKey("protocols")) {
      parameters.setProtocols(given.get("protocols").split(","));
    }
    if (given.containsKey("suites")) {
      parameters.setCipherSuites(given.get("suites").split(","));
    }
    if (given.containsKey("alpn")) {
      parameters.setApplicationProtocols(given.get("alpn").split(","));
    }
    if ("require".equals(given.get("client_certificates"))) {
      parameters.setNeedClientAuth(true);
    } else if (given.containsKey("client_certificates")) {
      parameters.setWantClientAuth(true);
    }
    listener.setSSLParameters(parameters);
    while (true) {
      SSLSocket socket = (SSLSocket) listener.accept();
      Thread thread = new Thread(() -> serve(socket));
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static SSLContext context(Map<String, String> given) throws Exception {
    char[] password = given.get("password").toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream file = new FileInputStream(given.get("store"))) {
      store.load(file, password);
    }
    // Unlike "PKIX", it serves the certificate that it is given, however weak.
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, password);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    if (given.containsKey("client_ca")) {
      try (InputStream file = new FileInputStream(given.get("client_ca"))) {
        anchors.setCertificateEntry("anchor", CertificateFactory.getInstance("X.509").generateCertificate(file));
      }
    }
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), given.containsKey("client_ca") ? trust.getTrustManagers() : null, null);
    return context;
  }

  private static void serve(SSLSocket socket) {
    boolean answered = false;
    try (socket) {
      socket.setSoTimeout(PATIENCE_MS);
      socket.startHandshake();
      if (socket.getInputStream().read(new byte[65536]) <= 0) {
        throw new SSLException("closed without a request");
      }
      socket.getOutputStream().write(ANSWER);
      socket.getOutputStream().flush();
      answered = true;
      say("CONNECTED", socket.getSession().getProtocol());
    } catch (Exception error) {
      if (!answered) {
        Throwable cause = error.getCause();
        say("FAILED", error + (cause == null ? "" : "; " + cause));
      }
    }
  }

  private static synchronized void say(String word, String text) {
    System.out.println(word + " " + text.replaceAll("\\s+", " "));
    System.out.flush();
  }
}
