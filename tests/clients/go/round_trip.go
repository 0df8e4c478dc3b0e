// Every operation of openapi.yaml through the client that oapi-codegen makes, against a real server:
//
//	go run . http://127.0.0.1:8080
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

	"cairn-client-tests/cairn"
)

const (
	store  = "go"
	other  = "go-other"
	octets = "application/octet-stream"
	mib    = 1 << 20
)

var (
	ctx            = context.Background()
	passed, failed int
)

func check(title string, holds bool, seen any) {
	if holds {
		passed++
		return
	}
	failed++
	fmt.Printf("FAILED go: %s: %+v\n", title, seen)
}

// must ends the run where there is no answer to look at.
func must[T any](answer T, err error) T {
	if err != nil {
		fmt.Println("FAILED go:", err)
		os.Exit(1)
	}
	return answer
}

func pointer[T any](value T) *T { return &value }

func stores(client *cairn.ClientWithResponses) {
	made := must(client.CreateStoreWithResponse(ctx, store))
	check("createStore", made.StatusCode() == 201 && made.JSON201.Created, made.Status())
	again := must(client.CreateStoreWithResponse(ctx, store))
	check("createStore again", again.StatusCode() == 200 && !again.JSON200.Created, again.Status())
	must(client.CreateStoreWithResponse(ctx, other))
	list := must(client.ListStoresWithResponse(ctx)).JSON200
	check("listStores", list != nil && len(list.Stores) >= 2, list)
	figures := must(client.GetStoreWithResponse(ctx, store)).JSON200
	check("getStore", figures != nil && figures.Objects == 0, figures)
	absent := must(client.GetStoreWithResponse(ctx, "absent"))
	check("getStore of none", absent.ApplicationproblemJSON404 != nil, absent.Status())
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
	return must(client.PutObjectWithBodyWithResponse(ctx, store, key, params, "text/x-test", body, editors...))
}

func roundTrip(client *cairn.ClientWithResponses, key string, value []byte, editors ...cairn.RequestEditorFn) {
	title := fmt.Sprintf("%q, %d bytes", key, len(value))
	written := put(client, key, value, nil, append(editors, withMeta)...)
	check("putObject "+title, written.JSON201 != nil && *written.JSON201.Key == key, written.Status())
	got := must(client.GetObjectWithResponse(ctx, store, key, nil, editors...))
	check("getObject "+title, got.StatusCode() == 200 && sha256.Sum256(got.Body) == sha256.Sum256(value), got.Status())
	headers := got.HTTPResponse.Header
	check("type of "+title, headers.Get("Content-Type") == "text/x-test", headers)
	check("meta of "+title, headers.Get("Cairn-Meta-Client") == "go", headers)
	head := must(client.HeadObjectWithResponse(ctx, store, key, nil, editors...))
	check("headObject "+title, head.HTTPResponse.ContentLength == int64(len(value)), head.Status())
	if written.JSON201 != nil {
		byHash(client, title, written.JSON201.KeyHash, value)
	}
	gone := must(client.DeleteObjectWithResponse(ctx, store, key, nil, editors...))
	check("deleteObject "+title, gone.JSON200 != nil && *gone.JSON200.Key == key, gone.Status())
	absent := must(client.GetObjectWithResponse(ctx, store, key, nil, editors...))
	check(title+" is gone", absent.StatusCode() == 404, absent.Status())
}

func withMeta(_ context.Context, request *http.Request) error {
	request.Header.Set("Cairn-Meta-Client", "go")
	return nil
}

func byHash(client *cairn.ClientWithResponses, title, hash string, value []byte) {
	got := must(client.GetObjectByHashWithResponse(ctx, store, hash, nil))
	check("getObjectByHash "+title, len(got.Body) == len(value), got.Status())
	head := must(client.HeadObjectByHashWithResponse(ctx, store, hash, nil))
	check("headObjectByHash "+title, head.StatusCode() == 200, head.Status())
}

func hashes(client *cairn.ClientWithResponses) {
	const testKey = "e0614cc5ecbeed92" // XXH3-64 of "test_key"
	made := must(client.PutObjectByHashWithBodyWithResponse(ctx, store, testKey, nil, octets, strings.NewReader("x")))
	check("putObjectByHash", made.StatusCode() == 201, made.Status())
	found := must(client.GetObjectWithResponse(ctx, store, "test_key", nil))
	check("found by its key", string(found.Body) == "x", found.Status())
	gone := must(client.DeleteObjectByHashWithResponse(ctx, store, testKey, nil))
	check("deleteObjectByHash", gone.StatusCode() == 200, gone.Status())
}

func compareAndSwap(client *cairn.ClientWithResponses) {
	etag := put(client, "swapped", []byte("1"), nil).JSON201.Etag
	condition := &cairn.PutObjectParams{IfMatch: &etag}
	first := put(client, "swapped", []byte("2"), condition).StatusCode()
	second := put(client, "swapped", []byte("2"), condition).StatusCode()
	check("If-Match swaps once", first == 200 && second == 412, []int{first, second})
}

func batches(client *cairn.ClientWithResponses) {
	steps := []cairn.BatchOperation{
		{Op: cairn.Put, Key: pointer("a"), Data: pointer([]byte("A")), ContentType: pointer("text/plain")},
		{Op: cairn.Rename, Key: pointer("a"), To: pointer("b")},
		{Op: cairn.Copy, Key: pointer("b"), To: pointer("c")},
		{Op: cairn.Delete, Key: pointer("b")},
	}
	done := must(client.ApplyBatchWithResponse(ctx, store, nil, cairn.Batch{Operations: steps}))
	check("applyBatch", done.JSON200 != nil && len(done.JSON200.Results) == len(steps), string(done.Body))
	found := must(client.GetObjectsWithResponse(ctx, store, cairn.BatchGet{Keys: &[]string{"c", "b"}})).JSON200
	check("getObjects", found != nil && string(found.Objects[0].Data) == "A" && found.Objects[1] == nil, found)
	steps[1] = cairn.BatchOperation{Op: cairn.Put, Key: pointer("e"), Data: pointer([]byte{})}
	refused := must(client.ApplyBatchWithResponse(ctx, store, nil, cairn.Batch{Operations: steps[:2]}))
	problem := refused.ApplicationproblemJSON422
	check("applyBatch refused", problem != nil && *problem.Index == 1, string(refused.Body))
}

func listing(client *cairn.ClientWithResponses) {
	for _, key := range []string{"page/1", "page/2"} {
		put(client, key, []byte("x"), nil)
	}
	query := &cairn.ListObjectsParams{Prefix: pointer("page/"), Limit: pointer(1)}
	first := must(client.ListObjectsWithResponse(ctx, store, query)).JSON200
	check("listObjects", first != nil && len(first.Objects) == 1 && *first.Objects[0].Key == "page/1", first)
	query.Cursor = first.Cursor
	next := must(client.ListObjectsWithResponse(ctx, store, query)).JSON200
	check("listObjects, next page", next != nil && *next.Objects[0].Key == "page/2" && next.Cursor == nil, next)
}

func movesAndCopies(client *cairn.ClientWithResponses) {
	put(client, "travelling", []byte("x"), nil)
	target := cairn.Destination{Store: pointer(other), Key: pointer("copied")}
	command := cairn.Transfer{Key: pointer("travelling"), Destination: target}
	copied := must(client.CopyObjectWithResponse(ctx, store, nil, command))
	check("copyObject", copied.JSON201 != nil && copied.JSON201.Store == other, string(copied.Body))
	command.Destination.Key, command.Overwrite = pointer("moved"), pointer(false)
	moved := must(client.MoveObjectWithResponse(ctx, store, nil, command))
	check("moveObject", moved.JSON201 != nil && *moved.JSON201.Key == "moved", string(moved.Body))
}

func verification(client *cairn.ClientWithResponses) {
	begun := must(client.VerifyStoreWithResponse(ctx, store, &cairn.VerifyStoreParams{Rate: pointer(int64(0))})).JSON202
	check("verifyStore", begun != nil && begun.Flaws == 0, begun)
	figures := must(client.GetStoreWithResponse(ctx, store)).JSON200.Verification
	check("getStore shows it", begun != nil && figures != nil && figures.Started.Equal(begun.Started), figures)
}

func pages(client *cairn.ClientWithResponses) {
	check("getHealth", must(client.GetHealthWithResponse(ctx)).StatusCode() == 200, nil)
	check("getReadiness", must(client.GetReadinessWithResponse(ctx)).StatusCode() == 200, nil)
	metrics := must(client.GetMetricsWithResponse(ctx))
	check("getMetrics", strings.Contains(string(metrics.Body), "# TYPE cairn_"), metrics.Status())
	file := must(client.GetOpenapiWithResponse(ctx))
	check("getOpenapi", strings.HasPrefix(string(file.Body), "openapi: 3."), file.Status())
}

func deleteStores(client *cairn.ClientWithResponses) {
	refused := must(client.DeleteStoreWithResponse(ctx, store, nil))
	check("deleteStore with objects", refused.ApplicationproblemJSON409 != nil, refused.Status())
	for _, name := range []string{store, other} {
		gone := must(client.DeleteStoreWithResponse(ctx, name, &cairn.DeleteStoreParams{Force: pointer(true)}))
		check("deleteStore "+name, gone.StatusCode() == 204, gone.Status())
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
	client := must(cairn.NewClientWithResponses(os.Args[1]))
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
	fmt.Printf("go: %d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
