import cairn.client.ApiClient;
import cairn.client.ApiException;
import cairn.client.api.ManyObjectsApi;
import cairn.client.api.ObjectsApi;
import cairn.client.api.StoresApi;
import cairn.client.model.Batch;
import cairn.client.model.BatchGet;
import cairn.client.model.BatchGetObject;
import cairn.client.model.BatchOperation;
import cairn.client.model.BatchOperation.OpEnum;
import cairn.client.model.BatchResult;
import cairn.client.model.Destination;
import cairn.client.model.ObjectList;
import cairn.client.model.ObjectName;
import cairn.client.model.Transfer;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/**
 * What people do with cairn, through a client that openapi-generator makes for Java, against a real server. Both of its
 * libraries have the same methods; Connection.java is what differs.
 */
public final class RoundTrip {
    interface Call {
        void run() throws ApiException;
    }

    private static int passed;
    private static int failed;

    private final String store;
    private final StoresApi stores;
    private final ObjectsApi objects;
    private final ManyObjectsApi many;

    private RoundTrip(ApiClient client, String store) {
        this.store = store;
        stores = new StoresApi(client);
        objects = new ObjectsApi(client);
        many = new ManyObjectsApi(client);
    }

    private static void check(String title, boolean holds, Object seen) {
        if (holds) {
            passed++;
            return;
        }
        failed++;
        System.out.println("FAILED java: " + title + ": " + seen);
    }

    private static void refused(String title, int status, Call call) {
        try {
            call.run();
            check(title, false, "it was done");
        } catch (ApiException refusal) {
            check(title, refusal.getCode() == status, refusal);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Puts an object and returns its ETag. */
    private String put(String key, String value, String ifMatch, String ifNoneMatch) throws ApiException {
        return Connection.SENDS_FILES
            ? putFile(key, value, ifMatch, ifNoneMatch)
            : putInBatch(key, value, ifMatch, ifNoneMatch);
    }

    private String putFile(String key, String value, String ifMatch, String ifNoneMatch) throws ApiException {
        try {
            File file = File.createTempFile("cairn", null);
            try {
                Files.write(file.toPath(), bytes(value));
                return objects.putObject(store, key, file, ifMatch, ifNoneMatch, null, null, null, null).getEtag();
            } finally {
                file.delete();
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private String putInBatch(String key, String value, String ifMatch, String ifNoneMatch) throws ApiException {
        BatchOperation step = new BatchOperation().op(OpEnum.PUT).key(key).data(bytes(value))
            .ifMatch(ifMatch).ifNoneMatch(ifNoneMatch);
        return many.applyBatch(store, new Batch().operations(List.of(step)), null, null).getResults().get(0).getEtag();
    }

    private String get(String key) throws ApiException {
        File file = objects.getObject(store, key, null, null, null, null, null, null, null, null);
        try {
            return Files.readString(file.toPath());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } finally {
            file.delete();
        }
    }

    private void roundTrip(String key) throws ApiException {
        String etag = put(key, "value of " + key, null, null);
        check("putObject " + key, etag.length() == 34, etag);
        check("getObject " + key, get(key).equals("value of " + key), get(key));
        check("deleteObject " + key, objects.deleteObject(store, key, null, null, null).getEtag() == null, key);
        refused(key + " is gone", 404, () -> get(key));
    }

    private void conditions() throws ApiException {
        String etag = put("swapped", "1", null, null);
        put("swapped", "2", etag, null);
        refused("If-Match swaps once", 412, () -> put("swapped", "3", etag, null));
        refused("If-None-Match keeps", 412, () -> put("swapped", "3", null, "*"));
        refused("If-Match of a delete", 412, () -> objects.deleteObject(store, "swapped", etag, null, null));
        check("what was refused has changed nothing", get("swapped").equals("2"), get("swapped"));
    }

    private void listing() throws ApiException {
        put("page/1", "x", null, null);
        put("page/2", "x", null, null);
        ObjectList first = objects.listObjects(store, "page/", null, 1, null, null);
        check("listObjects", first.getObjects().size() == 1 && first.getCursor() != null, first);
        ObjectList next = objects.listObjects(store, "page/", null, null, first.getCursor(), null);
        check("listObjects, next page",
            "page/2".equals(next.getObjects().get(0).getKey()) && next.getCursor() == null, next);
        ObjectList folders = objects.listObjects(store, null, "/", null, null, null);
        check("listObjects, folders", folders.getPrefixes().contains("page/"), folders);
    }

    private void batches() throws ApiException {
        Batch batch = new Batch().operations(Arrays.asList(
            new BatchOperation().op(OpEnum.PUT).key("a").data(bytes("A")).contentType("text/plain"),
            new BatchOperation().op(OpEnum.RENAME).key("a").to("b"),
            new BatchOperation().op(OpEnum.COPY).key("b").to("c"),
            new BatchOperation().op(OpEnum.DELETE).key("b")));
        BatchResult done = many.applyBatch(store, batch, null, null);
        check("applyBatch", done.getResults().size() == 4, done);
        List<BatchGetObject> found = many.getObjects(store, new BatchGet().keys(List.of("c", "b"))).getObjects();
        check("getObjects", new String(found.get(0).getData(), StandardCharsets.UTF_8).equals("A"), found);
        check("getObjects says null", found.size() == 2 && found.get(1) == null, found);
        BatchGet byName = new BatchGet().objects(List.of(new ObjectName().keyHash(found.get(0).getKeyHash())));
        check("getObjects by hash", "c".equals(many.getObjects(store, byName).getObjects().get(0).getKey()), byName);
        Batch empty = new Batch().operations(List.of(new BatchOperation().op(OpEnum.PUT).key("e").data(new byte[0])));
        refused("applyBatch refused", 422, () -> many.applyBatch(store, empty, null, null));
    }

    private void movesAndCopies() throws ApiException {
        put("travelling", "x", null, null);
        Transfer copy = new Transfer().key("travelling").destination(new Destination().key("copied"));
        check("copyObject", many.copyObject(store, copy, null, null, null).getCreated(), copy);
        Transfer move = new Transfer().key("travelling").destination(new Destination().key("moved")).overwrite(false);
        check("moveObject", "moved".equals(many.moveObject(store, move, null, null, null).getKey()), move);
        refused("moveObject of nothing", 404, () -> many.moveObject(store, move, null, null, null));
    }

    private void all() throws ApiException {
        check("createStore", stores.createStore(store).getCreated(), store);
        check("getStore", stores.getStore(store).getVerification() == null, stores.getStore(store));
        for (String key : List.of("plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "%2F"))
            roundTrip(key);
        conditions();
        listing();
        batches();
        movesAndCopies();
        refused("deleteStore with objects", 409, () -> stores.deleteStore(store, null));
        stores.deleteStore(store, true);
        refused("deleteStore", 404, () -> stores.getStore(store));
    }

    public static void main(String[] arguments) {
        try {
            new RoundTrip(Connection.to(arguments[0]), arguments[1]).all();
        } catch (Exception error) {
            check("it broke off", false, error);
        }
        System.out.println(arguments[1] + ": " + passed + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
