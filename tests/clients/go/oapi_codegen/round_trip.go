// Every operation of openapi.yaml through the client that oapi-codegen makes, against a real server:
//
//	go run ./oapi_codegen http://127.0.0.1:8080
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"cairn-client-tests/check"
	"cairn-client-tests/oapi_codegen/cairn"
)

const (
	store  = "oapi-codegen"
	other  = "oapi-codegen-other"
	octets = "application/octet-stream"
	mib    = 1 << 20
)

var ctx = context.Background()

func stores(client *cairn.ClientWithResponses) {
	made := check.Must(client.CreateStoreWithResponse(ctx, store))
	check.That("createStore", made.StatusCode() == 201 && made.JSON201.Created, made.Status())
	again := check.Must(client.CreateStoreWithResponse(ctx, store))
	check.That("createStore again", again.StatusCode() == 200 && !again.JSON200.Created, again.Status())
	check.Must(client.CreateStoreWithResponse(ctx, other))
	list := check.Must(client.ListStoresWithResponse(ctx, nil)).JSON200
	check.That("listStores", list != nil && len(list.Stores) >= 2, list)
	figures := check.Must(client.GetStoreWithResponse(ctx, store)).JSON200
	check.That("getStore", figures != nil && figures.Objects == 0, figures)
	absent := check.Must(client.GetStoreWithResponse(ctx, "absent"))
	check.That("getStore of none", absent.ApplicationproblemJSON404 != nil, absent.Status())
}

// exactly makes a key arrive as it is: url.Parse, which the client uses, takes `.` and `..` out of a path, so the path
// is set once more, with the dots percent-encoded.
func exactly(key string) cairn.RequestEditorFn {
	return func(_ context.Context, request *http.Request) error {
		const prefix = "/v1/stores/" + store + "/objects/"
		request.URL.Path = prefix + key
		request.URL.RawPath = prefix + strings.ReplaceAll(url.PathEscape(key), ".", "%2E")
		return nil
	}
}

func put(client *cairn.ClientWithResponses, key string, value []byte, params *cairn.PutObjectParams,
	editors ...cairn.RequestEditorFn) *cairn.PutObjectResponse {
	body := bytes.NewReader(value)
	return check.Must(client.PutObjectWithBodyWithResponse(ctx, store, key, params, "text/x-test", body, editors...))
}

func roundTrip(client *cairn.ClientWithResponses, key string, value []byte, editors ...cairn.RequestEditorFn) {
	title := fmt.Sprintf("%q, %d bytes", key, len(value))
	written := put(client, key, value, nil, append(editors, withMeta)...)
	check.That("putObject "+title, written.JSON201 != nil && *written.JSON201.Key == key, written.Status())
	got := check.Must(client.GetObjectWithResponse(ctx, store, key, nil, editors...))
	check.That("getObject "+title, got.StatusCode() == 200 && sha256.Sum256(got.Body) == sha256.Sum256(value), got.Status())
	headers := got.HTTPResponse.Header
	check.That("type of "+title, headers.Get("Content-Type") == "text/x-test", headers)
	check.That("meta of "+title, headers.Get("Cairn-Meta-Client") == "go", headers)
	head := check.Must(client.HeadObjectWithResponse(ctx, store, key, nil, editors...))
	check.That("headObject "+title, head.HTTPResponse.ContentLength == int64(len(value)), head.Status())
	if written.JSON201 != nil {
		byHash(client, title, written.JSON201.KeyHash, value)
	}
	gone := check.Must(client.DeleteObjectWithResponse(ctx, store, key, nil, editors...))
	check.That("deleteObject "+title, gone.JSON200 != nil && *gone.JSON200.Key == key, gone.Status())
	absent := check.Must(client.GetObjectWithResponse(ctx, store, key, nil, editors...))
	check.That(title+" is gone", absent.StatusCode() == 404, absent.Status())
}

func withMeta(_ context.Context, request *http.Request) error {
	request.Header.Set("Cairn-Meta-Client", "go")
	return nil
}

func byHash(client *cairn.ClientWithResponses, title, hash string, value []byte) {
	got := check.Must(client.GetObjectByHashWithResponse(ctx, store, hash, nil))
	check.That("getObjectByHash "+title, len(got.Body) == len(value), got.Status())
	head := check.Must(client.HeadObjectByHashWithResponse(ctx, store, hash, nil))
	check.That("headObjectByHash "+title, head.StatusCode() == 200, head.Status())
}

func hashes(client *cairn.ClientWithResponses) {
	const testKey = "e0614cc5ecbeed92" // XXH3-64 of "test_key"
	made := check.Must(client.PutObjectByHashWithBodyWithResponse(ctx, store, testKey, nil, octets, strings.NewReader("x")))
	check.That("putObjectByHash", made.StatusCode() == 201, made.Status())
	found := check.Must(client.GetObjectWithResponse(ctx, store, "test_key", nil))
	check.That("found by its key", string(found.Body) == "x", found.Status())
	gone := check.Must(client.DeleteObjectByHashWithResponse(ctx, store, testKey, nil))
	check.That("deleteObjectByHash", gone.StatusCode() == 200, gone.Status())
}

func compareAndSwap(client *cairn.ClientWithResponses) {
	etag := put(client, "swapped", []byte("1"), nil).JSON201.Etag
	condition := &cairn.PutObjectParams{IfMatch: &etag}
	first := put(client, "swapped", []byte("2"), condition).StatusCode()
	second := put(client, "swapped", []byte("2"), condition).StatusCode()
	check.That("If-Match swaps once", first == 200 && second == 412, []int{first, second})
}

func batches(client *cairn.ClientWithResponses) {
	steps := []cairn.BatchOperation{
		{Op: cairn.BatchOperationOpPut, Key: check.Pointer("a"), Data: check.Pointer([]byte("A")), ContentType: check.Pointer("text/plain")},
		{Op: cairn.BatchOperationOpRename, Key: check.Pointer("a"), To: check.Pointer("b")},
		{Op: cairn.BatchOperationOpCopy, Key: check.Pointer("b"), To: check.Pointer("c")},
		{Op: cairn.BatchOperationOpDelete, Key: check.Pointer("b")},
	}
	done := check.Must(client.ApplyBatchWithResponse(ctx, store, nil, cairn.Batch{Operations: steps}))
	check.That("applyBatch", done.JSON200 != nil && len(done.JSON200.Results) == len(steps), string(done.Body))
	found := check.Must(client.GetObjectsWithResponse(ctx, store, cairn.BatchGet{Keys: &[]string{"c", "b"}})).JSON200
	check.That("getObjects", found != nil && string(found.Objects[0].Data) == "A" && found.Objects[1] == nil, found)
	steps[1] = cairn.BatchOperation{Op: cairn.BatchOperationOpPut, Key: check.Pointer("e"), Data: check.Pointer([]byte{})}
	refused := check.Must(client.ApplyBatchWithResponse(ctx, store, nil, cairn.Batch{Operations: steps[:2]}))
	problem := refused.ApplicationproblemJSON422
	check.That("applyBatch refused", problem != nil && *problem.Index == 1, string(refused.Body))
}

func listing(client *cairn.ClientWithResponses) {
	for _, key := range []string{"page/1", "page/2"} {
		put(client, key, []byte("x"), nil)
	}
	query := &cairn.ListObjectsParams{Prefix: check.Pointer("page/"), Limit: check.Pointer(1)}
	first := check.Must(client.ListObjectsWithResponse(ctx, store, query)).JSON200
	check.That("listObjects", first != nil && len(first.Objects) == 1 && *first.Objects[0].Key == "page/1", first)
	query.Cursor = first.Cursor
	next := check.Must(client.ListObjectsWithResponse(ctx, store, query)).JSON200
	check.That("listObjects, next page", next != nil && *next.Objects[0].Key == "page/2" && next.Cursor == nil, next)
}

func movesAndCopies(client *cairn.ClientWithResponses) {
	put(client, "travelling", []byte("x"), nil)
	target := cairn.Destination{Store: check.Pointer(other), Key: check.Pointer("copied")}
	command := cairn.Transfer{Key: check.Pointer("travelling"), Destination: target}
	copied := check.Must(client.CopyObjectWithResponse(ctx, store, nil, command))
	check.That("copyObject", copied.JSON201 != nil && copied.JSON201.Store == other, string(copied.Body))
	command.Destination.Key, command.Overwrite = check.Pointer("moved"), check.Pointer(false)
	moved := check.Must(client.MoveObjectWithResponse(ctx, store, nil, command))
	check.That("moveObject", moved.JSON201 != nil && *moved.JSON201.Key == "moved", string(moved.Body))
}

func verification(client *cairn.ClientWithResponses) {
	begun := check.Must(client.VerifyStoreWithResponse(ctx, store, &cairn.VerifyStoreParams{Rate: check.Pointer(int64(0))})).JSON202
	check.That("verifyStore", begun != nil && begun.Flaws == 0, begun)
	figures := check.Must(client.GetStoreWithResponse(ctx, store)).JSON200.Verification
	check.That("getStore shows it", begun != nil && figures != nil && figures.Started.Equal(begun.Started), figures)
}

func pages(client *cairn.ClientWithResponses) {
	check.That("getHealth", check.Must(client.GetHealthWithResponse(ctx)).StatusCode() == 200, nil)
	check.That("getReadiness", check.Must(client.GetReadinessWithResponse(ctx)).StatusCode() == 200, nil)
	metrics := check.Must(client.GetMetricsWithResponse(ctx))
	check.That("getMetrics", strings.Contains(string(metrics.Body), "# TYPE cairn_"), metrics.Status())
	file := check.Must(client.GetOpenapiWithResponse(ctx))
	check.That("getOpenapi", strings.HasPrefix(string(file.Body), "openapi: 3."), file.Status())
}

func deleteStores(client *cairn.ClientWithResponses) {
	refused := check.Must(client.DeleteStoreWithResponse(ctx, store, nil))
	check.That("deleteStore with objects", refused.ApplicationproblemJSON409 != nil, refused.Status())
	for _, name := range []string{store, other} {
		gone := check.Must(client.DeleteStoreWithResponse(ctx, name, &cairn.DeleteStoreParams{Force: check.Pointer(true)}))
		check.That("deleteStore "+name, gone.StatusCode() == 204, gone.Status())
	}
}

func large() []byte {
	value := make([]byte, 200*mib)
	for at := 0; at < len(value); at += 4096 {
		value[at] = byte(at / 4096 % 251)
	}
	return value
}

func main() {
	client := check.Must(cairn.NewClientWithResponses(os.Args[1]))
	stores(client)
	for _, key := range []string{"plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "a/../b", "%2F", "\x00"} {
		roundTrip(client, key, []byte("value of "+key))
	}
	for _, key := range []string{".", ".."} {
		roundTrip(client, key, []byte("value of "+key), exactly(key))
	}
	roundTrip(client, "empty", nil)
	roundTrip(client, "large", large())
	hashes(client)
	compareAndSwap(client)
	batches(client)
	listing(client)
	movesAndCopies(client)
	verification(client)
	pages(client)
	deleteStores(client)
	check.Done("go oapi-codegen")
}
