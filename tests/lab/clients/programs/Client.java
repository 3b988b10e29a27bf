// SPDX-License-Identifier: Apache-2.0
// One TLS connection with Java's JSSE (two with resume=...); the request comes on standard input. Arguments
// are key=value words: see program_words() in clients/base.py. The answer goes to standard output; what went
// wrong, in Java's words, to standard error, with exit code 1.

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

public final class Client {
    private static final Map<String, String> words = new HashMap<>();

    /** For a client that verifies nothing. */
    private static final class TrustAll extends X509ExtendedTrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }

    /** Sends its certificate whatever authorities the server asks for; Java's own would send none. */
    private static final class OneKey extends X509ExtendedKeyManager {
        private final PrivateKey key;
        private final X509Certificate[] chain;

        OneKey(PrivateKey key, X509Certificate[] chain) {
            this.key = key;
            this.chain = chain;
        }

        public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
            return Arrays.asList(types).contains(key.getAlgorithm()) ? "only" : null;
        }
        public String[] getClientAliases(String type, Principal[] issuers) { return new String[] {"only"}; }
        public X509Certificate[] getCertificateChain(String alias) { return chain; }
        public PrivateKey getPrivateKey(String alias) { return key; }
        public String chooseServerAlias(String type, Principal[] issuers, Socket socket) { return null; }
        public String[] getServerAliases(String type, Principal[] issuers) { return null; }
    }

    private static TrustManager[] trust() throws Exception {
        if (words.get("roots").isEmpty()) {
            return new TrustManager[] {new TrustAll()};
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream file = new FileInputStream(words.get("roots"))) {
            int index = 0;
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                store.setCertificateEntry("root" + index++, each);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager[] keys() throws Exception {
        if (words.get("certificate").isEmpty()) {
            return null;
        }
        char[] password = words.get("password").toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream file = new FileInputStream(words.get("certificate"))) {
            store.load(file, password);
        }
        String alias = store.aliases().nextElement();
        PrivateKey key = (PrivateKey) store.getKey(alias, password);
        Certificate[] chain = store.getCertificateChain(alias);
        X509Certificate[] sent = Arrays.copyOf(chain, chain.length, X509Certificate[].class);
        return new KeyManager[] {new OneKey(key, sent)};
    }

    private static SSLParameters parameters(SSLParameters parameters) {
        if (!words.get("protocols").isEmpty()) {
            parameters.setProtocols(words.get("protocols").split(","));
        }
        if (!words.get("suites").isEmpty()) {
            parameters.setCipherSuites(words.get("suites").split(","));
        }
        if (!words.get("alpn").isEmpty()) {
            parameters.setApplicationProtocols(words.get("alpn").split(","));
        }
        String sent = words.get("server_name");
        parameters.setServerNames(sent.isEmpty() ? List.of() : List.of(new SNIHostName(sent)));
        if (!words.get("expect_name").isEmpty() && !words.get("roots").isEmpty()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        return parameters;
    }

    /** Connects plainly, and lays TLS over it under the name that is to be expected, which JSSE checks. */
    private static byte[] exchange(SSLContext context, byte[] request) throws IOException {
        Socket plain = new Socket();
        if (!words.get("source").isEmpty()) {
            plain.bind(new InetSocketAddress(InetAddress.getByName(words.get("source")), 0));
        }
        int port = Integer.parseInt(words.get("port"));
        plain.connect(new InetSocketAddress(InetAddress.getByName(words.get("address")), port));
        String peer = words.get("expect_name").isEmpty() ? words.get("address") : words.get("expect_name");
        SSLSocketFactory factory = context.getSocketFactory();
        try (SSLSocket secured = (SSLSocket) factory.createSocket(plain, peer, port, true)) {
            secured.setSSLParameters(parameters(secured.getSSLParameters()));
            secured.startHandshake();
            secured.getOutputStream().write(request);
            secured.getOutputStream().flush();
            byte[] answer = new byte[65536];
            int size = secured.getInputStream().read(answer);
            if (size <= 0) {
                throw new IOException("EOF instead of an answer");
            }
            byte[] whole = Arrays.copyOf(answer, size);
            try {
                while (secured.getInputStream().read(answer) > 0) {
                    continue;
                }
            } catch (IOException ended) {
                // It was answered; how the server says good-bye is its own affair.
            }
            return whole;
        }
    }

    public static void main(String[] arguments) {
        for (String word : arguments) {
            int equals = word.indexOf('=');
            words.put(word.substring(0, equals), word.substring(equals + 1));
        }
        try {
            byte[] request = System.in.readAllBytes();
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(), trust(), null);
            byte[] answer = exchange(context, request);
            if (!words.get("resume").isEmpty()) {
                System.err.println("first connection done");
                answer = exchange(context, request);
            }
            System.out.write(answer);
            System.out.flush();
        } catch (Exception problem) {
            for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
                System.err.println(cause);
            }
            System.exit(1);
        }
    }
}
