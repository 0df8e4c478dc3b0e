import cairn.client.ApiClient;
import cairn.client.JSON;
import java.time.OffsetDateTime;

/** The client of openapi-generator's library "okhttp-gson", its default. */
final class Connection {
    static final boolean SENDS_FILES = true;

    /**
     * The readers it is made with refuse a null in a list, although the file allows it, and members that are new. Those
     * of Gson itself take both.
     */
    static ApiClient to(String server) {
        JSON.setGson(JSON.createGson()
            .registerTypeAdapter(byte[].class, new JSON.ByteArrayAdapter())
            .registerTypeAdapter(OffsetDateTime.class, new JSON.OffsetDateTimeTypeAdapter())
            .create());
        return new ApiClient().setBasePath(server);
    }
}
