import cairn.client.ApiClient;

/** The client of openapi-generator's library "native" (java.net.http and Jackson). */
final class Connection {
    /** It writes the path of a file where the file's bytes should go, so objects are put by a batch. */
    static final boolean SENDS_FILES = false;

    static ApiClient to(String server) {
        ApiClient client = new ApiClient();
        client.updateBaseUri(server);
        return client;
    }
}
